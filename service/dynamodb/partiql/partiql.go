// Package partiql reads the PartiQL statements that DynamoDB takes. What a
// statement says of items becomes conditions, updates and paths of package
// expression, so that there is one evaluation of them; the literals and
// parameters in it become values with placeholders.
//
// AWS: "PartiQL - a SQL-compatible query language for Amazon DynamoDB".
package partiql

import (
	"fmt"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// Kind is what a statement does.
type Kind string

// The kinds of statement. Exists is a check, in transactions alone.
const (
	Select Kind = "Select"
	Insert Kind = "Insert"
	Update Kind = "Update"
	Delete Kind = "Delete"
	Exists Kind = "Exists"
)

// Statement is a statement that was read.
type Statement struct {
	Kind      Kind
	Table     string
	Index     string                // of a Select; empty: none
	Paths     []expression.Path     // of a Select; nil: all
	Where     *expression.Condition // nil: none
	OrderBy   []Order
	Update    *expression.Update
	Item      attribute.Map              // of an Insert
	Returning string                     // such as ALL OLD; empty: none
	Values    map[string]attribute.Value // by the placeholders in Where and Update
}

// Order is one attribute to order by.
type Order struct {
	Name       string
	Descending bool
}

// SyntaxError is a mistake in a statement.
type SyntaxError struct{ Message string }

// Error returns the text.
func (e *SyntaxError) Error() string { return e.Message }

// ErrParameters tells that a statement has more or fewer question marks than there
// are parameters.
var ErrParameters = &SyntaxError{"Number of parameters in request and statement don't match."}

func mistake(format string, args ...any) error {
	return &SyntaxError{"Statement wasn't well formed, can't be processed: " + fmt.Sprintf(format, args...)}
}

// Parse reads a statement, whose question marks stand for the parameters. A
// mistake is a *SyntaxError.
func Parse(source string, parameters []attribute.Value) (*Statement, error) {
	tokens, err := split(source)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, parameters: parameters, out: &Statement{Values: map[string]attribute.Value{}}}
	if err := p.statement(); err != nil {
		return nil, err
	}
	p.accept(";")
	if t := p.peek(); t.kind != end {
		return nil, p.unexpected("the end")
	}
	if p.used != len(parameters) {
		return nil, ErrParameters
	}
	return p.out, nil
}

func (p *parser) statement() error {
	switch {
	case p.word("SELECT"):
		return p.selection()
	case p.word("INSERT"):
		return p.insertion()
	case p.word("UPDATE"):
		return p.updating()
	case p.word("DELETE"):
		return p.deletion()
	case p.word("EXISTS"):
		return p.existence()
	}
	return p.unexpected("SELECT, INSERT, UPDATE, DELETE or EXISTS")
}

func (p *parser) selection() error {
	p.out.Kind = Select
	if !p.accept("*") {
		for {
			path, err := p.path()
			if err != nil {
				return err
			}
			p.out.Paths = append(p.out.Paths, path)
			if !p.accept(",") {
				break
			}
		}
	}
	if err := p.expectWord("FROM"); err != nil {
		return err
	}
	if err := p.table(); err != nil {
		return err
	}
	if err := p.where(); err != nil || !p.word("ORDER") {
		return err
	}
	if err := p.expectWord("BY"); err != nil {
		return err
	}
	for {
		name, err := p.name()
		if err != nil {
			return err
		}
		o := Order{Name: name, Descending: p.word("DESC")}
		if !o.Descending {
			p.word("ASC")
		}
		p.out.OrderBy = append(p.out.OrderBy, o)
		if !p.accept(",") {
			return nil
		}
	}
}

func (p *parser) insertion() error {
	p.out.Kind = Insert
	if err := p.expectWord("INTO"); err != nil {
		return err
	}
	if err := p.table(); err != nil {
		return err
	}
	if err := p.expectWord("VALUE"); err != nil {
		return err
	}
	v, err := p.value(0)
	if err == nil && !v.Is(attribute.M) {
		err = mistake("the VALUE of INSERT must be a map")
	}
	p.out.Item = v.Map()
	return err
}

func (p *parser) deletion() error {
	p.out.Kind = Delete
	if err := p.expectWord("FROM"); err != nil {
		return err
	}
	if err := p.table(); err != nil {
		return err
	}
	if err := p.where(); err != nil {
		return err
	}
	return p.returning()
}

// existence is EXISTS(SELECT * FROM …), which is true when there is such an item.
func (p *parser) existence() error {
	if err := p.expect("("); err != nil {
		return err
	}
	if err := p.expectWord("SELECT"); err != nil {
		return err
	}
	if err := p.selection(); err != nil {
		return err
	}
	p.out.Kind = Exists
	return p.expect(")")
}

// table reads a table's name, and an index's behind a point.
func (p *parser) table() (err error) {
	if p.out.Table, err = p.name(); err != nil {
		return err
	}
	if p.accept(".") {
		p.out.Index, err = p.name()
	}
	return err
}

func (p *parser) returning() error {
	if !p.word("RETURNING") {
		return nil
	}
	for _, what := range []string{"ALL", "MODIFIED"} {
		for _, when := range []string{"OLD", "NEW"} {
			if p.peek().is(what) && p.tokens[p.at+1].is(when) {
				p.at += 2
				p.out.Returning = what + " " + when
				return p.expect("*")
			}
		}
	}
	return p.unexpected("ALL or MODIFIED, OLD or NEW, and *")
}
