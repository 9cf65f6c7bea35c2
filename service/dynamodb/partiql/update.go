package partiql

import (
	"errors"
	"strings"

	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

func (p *parser) update() error {
	p.out.Kind = Update
	if err := p.source(true); err != nil {
		return err
	}
	if err := p.actions(); err != nil {
		return err
	}
	if err := p.where(); err != nil {
		return err
	}
	return p.returning()
}

// updateFrom reads the form of an update that begins with FROM.
func (p *parser) updateFrom() error {
	p.out.Kind = Update
	if err := p.source(true); err != nil {
		return err
	}
	if err := p.where(); err != nil {
		return err
	}
	if err := p.actions(); err != nil {
		return err
	}
	return p.returning()
}

// actions reads one SET or REMOVE or more.
func (p *parser) actions() error {
	u := new(expression.Update)
	p.out.Update = u
	action := p.action()
	if action == nil {
		return malformed("Expected data manipulation")
	}
	for ; action != nil; action = p.action() {
		for first := true; first || p.accept(","); first = false {
			if err := action(u); err != nil {
				return err
			}
		}
	}
	var mistake *expression.SyntaxError
	if err := u.Check(); errors.As(err, &mistake) {
		return &SyntaxError{mistake.Message}
	}
	return nil
}

// action takes SET or REMOVE and returns what reads one action of it, nil when
// there is neither.
func (p *parser) action() func(*expression.Update) error {
	switch {
	case p.acceptWords("SET"):
		return p.set
	case p.acceptWords("REMOVE"):
		return p.remove
	}
	return nil
}

func (p *parser) remove(u *expression.Update) error {
	path, err := p.path()
	u.Remove = append(u.Remove, path)
	return err
}

func (p *parser) set(u *expression.Update) error {
	path, err := p.path()
	if err != nil {
		return err
	}
	if err := p.expect("="); err != nil {
		return err
	}
	if name := p.functionName(); name == "set_add" || name == "set_delete" {
		return p.setFunction(u, name, path)
	}
	to, err := p.addend()
	if err != nil {
		return err
	}
	if t := p.peek(); t.is("+") || t.is("-") {
		p.at++
		second, err := p.addend()
		if err != nil {
			return err
		}
		to = &expression.Operand{Function: t.text, Args: []*expression.Operand{to, second}}
	}
	u.Set = append(u.Set, expression.Assignment{Path: path, To: to})
	return nil
}

// functionName is the name of the function that is called next, empty when none is.
func (p *parser) functionName() string {
	if p.peek().kind != word || !p.ahead().is("(") {
		return ""
	}
	return strings.ToLower(p.peek().text)
}

// setFunction reads set_add(path, set) or set_delete(path, set), which are ADD
// and DELETE of update expressions. The path must be the one that is set.
func (p *parser) setFunction(u *expression.Update, name string, path expression.Path) error {
	p.at += 2
	of, err := p.path()
	if err != nil {
		return err
	}
	if !of.Equal(path) {
		return &SyntaxError{"The first argument of " + name + " must be the attribute that is set"}
	}
	if err := p.expect(","); err != nil {
		return err
	}
	by, err := p.constant()
	if err != nil {
		return err
	}
	change := expression.Change{Path: path, Value: by.Value}
	if name == "set_add" {
		u.Add = append(u.Add, change)
	} else {
		u.Delete = append(u.Delete, change)
	}
	return p.expect(")")
}

// addend reads an operand of SET: a value, a path or list_append of two.
func (p *parser) addend() (*expression.Operand, error) {
	if p.literal() {
		return p.constant()
	}
	switch name := p.functionName(); name {
	case "":
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		return &expression.Operand{Path: path}, nil
	case "list_append":
		return p.listAppend()
	default:
		return nil, &SyntaxError{"Unsupported function: " + name}
	}
}

func (p *parser) listAppend() (*expression.Operand, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	p.at += 2
	first, err := p.addend()
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	second, err := p.addend()
	if err != nil {
		return nil, err
	}
	return &expression.Operand{Function: "list_append", Args: []*expression.Operand{first, second}}, p.expect(")")
}
