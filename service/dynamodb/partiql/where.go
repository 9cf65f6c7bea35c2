package partiql

import (
	"strings"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

func (p *parser) where() (err error) {
	if p.word("WHERE") {
		p.out.Where, err = p.or()
	}
	return err
}

func (p *parser) or() (*expression.Condition, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, mistake("conditions are nested too deeply")
	}
	defer func() { p.depth-- }()
	return p.chain("OR", p.and)
}

func (p *parser) and() (*expression.Condition, error) { return p.chain("AND", p.not) }

func (p *parser) chain(op string, part func() (*expression.Condition, error)) (*expression.Condition, error) {
	c, err := part()
	if err != nil || !p.peek().is(op) {
		return c, err
	}
	all := &expression.Condition{Op: op, Of: []*expression.Condition{c}}
	for p.word(op) {
		if c, err = part(); err != nil {
			return nil, err
		}
		all.Of = append(all.Of, c)
	}
	return all, nil
}

func (p *parser) not() (*expression.Condition, error) {
	negated := false
	for p.word("NOT") {
		negated = !negated
	}
	c, err := p.term()
	if err != nil || !negated {
		return c, err
	}
	return &expression.Condition{Op: "NOT", Of: []*expression.Condition{c}}, nil
}

func (p *parser) term() (*expression.Condition, error) {
	if p.accept("(") {
		c, err := p.or()
		if err == nil {
			err = p.expect(")")
		}
		return c, err
	}
	switch t := p.peek(); {
	case t.is("begins_with"), t.is("contains"), t.is("attribute_type"):
		if next := p.tokens[p.at+1]; next.kind == sign && next.text == "(" {
			return p.function(strings.ToLower(t.text))
		}
	}
	first, err := p.operand()
	if err != nil {
		return nil, err
	}
	return p.comparison(first)
}

func (p *parser) function(name string) (*expression.Condition, error) {
	p.at += 2
	c := &expression.Condition{Op: name}
	for {
		o, err := p.operand()
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, o)
		if !p.accept(",") {
			break
		}
	}
	if len(c.Args) != 2 {
		return nil, mistake("%s takes two operands", name)
	}
	return c, p.expect(")")
}

// operand reads a value, a path or size(path).
func (p *parser) operand() (*expression.Operand, error) {
	if p.isValue() {
		return p.constant()
	}
	next := p.tokens[min(p.at+1, len(p.tokens)-1)]
	if p.peek().is("size") && next.kind == sign && next.text == "(" {
		p.at += 2
		path, err := p.path()
		if err == nil {
			err = p.expect(")")
		}
		return &expression.Operand{Function: "size", Args: []*expression.Operand{{Path: path}}}, err
	}
	path, err := p.path()
	return &expression.Operand{Path: path}, err
}

func (p *parser) comparison(first *expression.Operand) (*expression.Condition, error) {
	c := &expression.Condition{Args: []*expression.Operand{first}}
	switch {
	case p.word("IS"):
		return p.is(first)
	case p.word("BETWEEN"):
		c.Op = "BETWEEN"
		if err := p.more(c); err != nil {
			return nil, err
		}
		if err := p.expectWord("AND"); err != nil {
			return nil, err
		}
		return c, p.more(c)
	case p.word("IN"):
		return p.in(c)
	}
	for _, op := range []string{"=", "<>", "!=", "<=", ">=", "<", ">"} {
		if p.accept(op) {
			if c.Op = op; op == "!=" {
				c.Op = "<>"
			}
			if first.Value != "" && !p.isValue() { // 1 = a is a = 1
				return p.turned(c)
			}
			return c, p.more(c)
		}
	}
	return nil, p.unexpected("a comparison")
}

// turned exchanges the sides of a comparison, so that the path stands first.
func (p *parser) turned(c *expression.Condition) (*expression.Condition, error) {
	o, err := p.operand()
	c.Args = []*expression.Operand{o, c.Args[0]}
	switch c.Op[0] {
	case '<':
		if c.Op != "<>" {
			c.Op = ">" + c.Op[1:]
		}
	case '>':
		c.Op = "<" + c.Op[1:]
	}
	return c, err
}

func (p *parser) more(c *expression.Condition) error {
	o, err := p.operand()
	c.Args = append(c.Args, o)
	return err
}

// in reads the list of IN, in brackets or parentheses.
func (p *parser) in(c *expression.Condition) (*expression.Condition, error) {
	c.Op = "IN"
	closing := "]"
	if !p.accept("[") {
		closing = ")"
		if err := p.expect("("); err != nil {
			return nil, err
		}
	}
	all, err := p.values(closing, 0)
	if err == nil && len(all) == 0 {
		err = mistake("the list of IN is empty")
	}
	for _, v := range all {
		c.Args = append(c.Args, p.placeholder(v))
	}
	return c, err
}

// is reads MISSING or NULL, and NOT before it.
func (p *parser) is(first *expression.Operand) (*expression.Condition, error) {
	negated := p.word("NOT")
	c := &expression.Condition{Op: "attribute_not_exists", Args: []*expression.Operand{first}}
	switch {
	case p.word("MISSING"):
	case p.word("NULL"):
		c.Op, c.Args = "attribute_type", append(c.Args, p.placeholder(attribute.String(attribute.NULL)))
	default:
		return nil, p.unexpected("MISSING or NULL")
	}
	if negated {
		c = &expression.Condition{Op: "NOT", Of: []*expression.Condition{c}}
	}
	return c, nil
}
