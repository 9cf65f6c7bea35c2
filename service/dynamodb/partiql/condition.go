package partiql

import (
	"fmt"
	"strings"

	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

func (p *parser) or() (*expression.Condition, error) { return p.chain("OR", p.and) }

func (p *parser) and() (*expression.Condition, error) { return p.chain("AND", p.not) }

// chain reads parts that are joined by op.
func (p *parser) chain(op string, part func() (*expression.Condition, error)) (*expression.Condition, error) {
	c, err := part()
	if err != nil {
		return nil, err
	}
	chain := &expression.Condition{Op: op, Of: []*expression.Condition{c}}
	for p.acceptWords(op) {
		if t := p.peek(); t.kind == end || t.is(";") {
			return nil, malformed("Missing right-hand side expression of infix operator")
		}
		if c, err = part(); err != nil {
			return nil, err
		}
		chain.Of = append(chain.Of, c)
	}
	if len(chain.Of) == 1 {
		return c, nil
	}
	return chain, nil
}

func negate(c *expression.Condition) *expression.Condition {
	return &expression.Condition{Op: "NOT", Of: []*expression.Condition{c}}
}

func (p *parser) not() (*expression.Condition, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if !p.acceptWords("NOT") {
		return p.term()
	}
	c, err := p.not()
	if err != nil {
		return nil, err
	}
	return negate(c), nil
}

// term reads a condition in parentheses, a function or a comparison.
func (p *parser) term() (*expression.Condition, error) {
	if p.accept("(") {
		c, err := p.or()
		if err != nil {
			return nil, err
		}
		return c, p.expect(")")
	}
	if t := p.peek(); t.kind == word && p.ahead().is("(") && !t.isWord("SIZE") {
		return p.function(strings.ToLower(t.text))
	}
	first, err := p.operand()
	if err != nil {
		return nil, err
	}
	return p.comparison(first)
}

// function reads a function that is a condition.
func (p *parser) function(name string) (*expression.Condition, error) {
	c, operands := &expression.Condition{Op: name}, 2
	switch name {
	case "begins_with", "contains", "attribute_type":
	case "attribute_exists", "attribute_not_exists":
		operands = 1
	case "missing":
		c.Op, operands = "attribute_not_exists", 1
	default:
		if isKeyword(name) && name != "exists" {
			return nil, p.unexpected()
		}
		return nil, &SyntaxError{fmt.Sprintf("Unrecognized function: %s at %s", name, p.peek().from)}
	}
	p.at += 2
	for first := true; first && !p.peek().is(")") || p.accept(","); first = false {
		o, err := p.operand()
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, o)
	}
	switch {
	case len(c.Args) != operands:
		return nil, &SyntaxError{fmt.Sprintf("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(c.Args))}
	case operands == 1 && c.Args[0].Path == nil:
		return nil, &SyntaxError{"Operator or function requires a document path; operator or function: " + name}
	}
	return c, p.expect(")")
}

// operand reads a path, a value, or size of a path.
func (p *parser) operand() (*expression.Operand, error) {
	if p.literal() {
		return p.constant()
	}
	if p.peek().isWord("SIZE") && p.ahead().is("(") {
		p.at += 2
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		return &expression.Operand{Function: "size", Args: []*expression.Operand{{Path: path}}}, p.expect(")")
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	return &expression.Operand{Path: path}, nil
}

// comparison reads what follows the first operand of one.
func (p *parser) comparison(first *expression.Operand) (*expression.Condition, error) {
	if p.acceptWords("IS") {
		return p.is(first)
	}
	negated := p.acceptWords("NOT")
	c := &expression.Condition{Args: []*expression.Operand{first}}
	var err error
	switch t := p.take(); {
	case t.isWord("BETWEEN"):
		err = p.between(c)
	case t.isWord("IN"):
		err = p.in(c)
	case negated:
		return nil, malformed("Unexpected term")
	case t.is("="), t.is("<>"), t.is("<"), t.is("<="), t.is(">"), t.is(">="):
		c.Op = t.text
		err = p.more(c)
	case t.is("!="):
		c.Op = "<>"
		err = p.more(c)
	default:
		return nil, malformed("Unexpected token after expression")
	}
	if err != nil {
		return nil, err
	}
	if negated {
		return negate(c), nil
	}
	return turned(c), nil
}

// turned puts the path of a comparison before its value.
func turned(c *expression.Condition) *expression.Condition {
	if len(c.Args) != 2 || c.Args[0].Value == "" || c.Args[1].Path == nil || c.Op == "IN" {
		return c
	}
	switch c.Op {
	case "<", "<=":
		c.Op = ">" + c.Op[1:]
	case ">", ">=":
		c.Op = "<" + c.Op[1:]
	}
	c.Args[0], c.Args[1] = c.Args[1], c.Args[0]
	return c
}

// more reads one more operand of a comparison.
func (p *parser) more(c *expression.Condition) error {
	o, err := p.operand()
	c.Args = append(c.Args, o)
	return err
}

func (p *parser) between(c *expression.Condition) error {
	c.Op = "BETWEEN"
	if err := p.more(c); err != nil {
		return err
	}
	if !p.acceptWords("AND") {
		return malformed("Expected AND after BETWEEN")
	}
	return p.more(c)
}

// in reads the list of an IN, in brackets or parentheses.
func (p *parser) in(c *expression.Condition) error {
	c.Op = "IN"
	closing := "]"
	if !p.accept("[") {
		if closing = ")"; !p.accept("(") {
			return p.unexpected()
		}
	}
	for first := true; first || p.accept(","); first = false {
		if err := p.more(c); err != nil {
			return err
		}
	}
	const most = 100 // AWS: "PartiQL select statements for DynamoDB"
	if n := len(c.Args) - 1; n > most {
		return &SyntaxError{fmt.Sprintf("Too many operands for operator or function; operator or function: IN, number of operands: %d", n)}
	}
	return p.expect(closing)
}

// is reads what follows IS. Other types than these two have no meaning in
// DynamoDB.
func (p *parser) is(o *expression.Operand) (*expression.Condition, error) {
	negated := p.acceptWords("NOT")
	c := &expression.Condition{Args: []*expression.Operand{o}}
	switch t := p.take(); {
	case o.Path == nil:
		return nil, &SyntaxError{"Unsupported operation: IsType"}
	case t.isWord("MISSING"):
		c.Op = "attribute_not_exists"
	case t.isWord("NULL"):
		c.Op, c.Args = "attribute_type", append(c.Args, p.operandOf(Value{Type: String, Text: "NULL"}))
	case t.kind == word && isKeyword(t.text):
		return nil, &SyntaxError{"Unsupported operation: IsType"}
	default:
		return nil, malformed("Expected type name")
	}
	if negated {
		c = negate(c)
	}
	return c, nil
}
