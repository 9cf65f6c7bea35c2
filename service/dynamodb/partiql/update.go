package partiql

import (
	"strings"

	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// updating reads UPDATE, whose table may stand with clauses of SET and REMOVE in
// any number and order.
func (p *parser) updating() error {
	p.out.Kind, p.out.Update = Update, new(expression.Update)
	if err := p.table(); err != nil {
		return err
	}
	for clauses := 0; ; clauses++ {
		clause := p.assign
		switch {
		case p.word("SET"):
		case p.word("REMOVE"):
			clause = p.remove
		case clauses == 0:
			return p.unexpected("SET or REMOVE")
		default:
			if err := p.where(); err != nil {
				return err
			}
			return p.returning()
		}
		for {
			if err := clause(); err != nil {
				return err
			}
			if !p.accept(",") {
				break
			}
		}
	}
}

func (p *parser) remove() error {
	path, err := p.path()
	p.out.Update.Remove = append(p.out.Update.Remove, path)
	return err
}

func (p *parser) assign() error {
	path, err := p.path()
	if err != nil {
		return err
	}
	if err := p.expect("="); err != nil {
		return err
	}
	u := p.out.Update
	switch t := p.peek(); {
	case t.is("set_add"):
		return p.elements(path, &u.Add)
	case t.is("set_delete"):
		return p.elements(path, &u.Delete)
	}
	to, err := p.sum()
	u.Set = append(u.Set, expression.Assignment{Path: path, To: to})
	return err
}

// elements reads set_add(path, set) or set_delete, whose path must be the one
// that is set.
func (p *parser) elements(path expression.Path, to *[]expression.Change) error {
	name := strings.ToLower(p.peek().text)
	p.at++
	if err := p.expect("("); err != nil {
		return err
	}
	of, err := p.path()
	if err != nil {
		return err
	}
	if !of.Equal(path) {
		return mistake("the first operand of %s must be the path that is set", name)
	}
	if err := p.expect(","); err != nil {
		return err
	}
	set, err := p.constant()
	if err != nil {
		return err
	}
	*to = append(*to, expression.Change{Path: path, Value: set.Value})
	return p.expect(")")
}

// sum reads an operand of SET, or two with + or - between them.
func (p *parser) sum() (*expression.Operand, error) {
	first, err := p.addend()
	if err != nil {
		return nil, err
	}
	for _, op := range []string{"+", "-"} {
		if p.accept(op) {
			second, err := p.addend()
			return &expression.Operand{Function: op, Args: []*expression.Operand{first, second}}, err
		}
	}
	return first, nil
}

func (p *parser) addend() (*expression.Operand, error) {
	for _, name := range []string{"list_append", "if_not_exists"} {
		if !p.peek().is(name) {
			continue
		}
		p.at++
		if err := p.expect("("); err != nil {
			return nil, err
		}
		first, err := p.operand()
		if err != nil {
			return nil, err
		}
		if err := p.expect(","); err != nil {
			return nil, err
		}
		second, err := p.operand()
		if err != nil {
			return nil, err
		}
		if name == "if_not_exists" && first.Path == nil {
			return nil, mistake("the first operand of if_not_exists must be a path")
		}
		return &expression.Operand{Function: name, Args: []*expression.Operand{first, second}}, p.expect(")")
	}
	return p.operand()
}
