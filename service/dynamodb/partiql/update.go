package partiql

import (
	"errors"
	"fmt"
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
	call, shown := p.peek().from, strings.ToUpper(name)
	p.at += 2
	first := p.peek().from
	args, err := p.arguments()
	switch {
	case err != nil:
		return err
	case len(args) != 2:
		return &SyntaxError{fmt.Sprintf("%s must have exactly two arguments at %s", shown, call)}
	case !args[0].Path.Equal(path):
		return &SyntaxError{fmt.Sprintf("The first argument to %s must equal the assignment value at %s", shown, call)}
	case !p.maybeSet(args[1]):
		return &SyntaxError{fmt.Sprintf("The second argument to %s must be a value with type SET at %s", shown, first)}
	}
	change := expression.Change{Path: path, Value: args[1].Value}
	if name == "set_add" {
		u.Add = append(u.Add, change)
	} else {
		u.Delete = append(u.Delete, change)
	}
	return nil
}

// arguments reads the paths and values that a function has, and what closes it.
func (p *parser) arguments() (all []*expression.Operand, err error) {
	for first := true; first && !p.peek().is(")") || p.accept(","); first = false {
		a, err := p.addend()
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, p.expect(")")
}

// maybeSet reports whether an argument may be a set: what a parameter is the
// statement does not tell.
func (p *parser) maybeSet(o *expression.Operand) bool {
	if o.Value == "" {
		return false
	}
	v := p.out.Values[len(p.out.Values)-1]
	return v.Type == Set || v.Type == Parameter
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
