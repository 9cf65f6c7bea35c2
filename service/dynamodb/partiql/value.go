package partiql

import (
	"fmt"

	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// maxDepth is how deep literals and conditions may be nested. Items may less.
const maxDepth = 100

// deeper counts a level of nesting; the caller takes it back.
func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return malformed("Too many levels of nesting")
	}
	return nil
}

// literal reports whether the next token begins a value.
func (p *parser) literal() bool {
	t := p.peek()
	switch t.kind {
	case text, number:
		return true
	case symbol:
		return t.is("?") || t.is("[") || t.is("{") || t.is("<<") || (t.is("-") || t.is("+")) && p.ahead().kind == number
	}
	return t.isWord("TRUE") || t.isWord("FALSE") || t.isWord("NULL")
}

// value reads a literal or a parameter.
func (p *parser) value() (Value, error) {
	if err := p.deeper(); err != nil {
		return Value{}, err
	}
	defer func() { p.depth-- }()
	if !p.literal() {
		if name := p.functionName(); name != "" && p.out.Kind == Insert {
			return Value{}, &SyntaxError{fmt.Sprintf("Unsupported data type: %s under key root at %s", name, p.peek().from)}
		}
		return Value{}, p.unexpected()
	}
	switch t := p.take(); {
	case t.kind == text:
		return Value{Type: String, Text: t.text}, nil
	case t.kind == number:
		return Value{Type: Number, Text: t.text}, nil
	case t.is("-"):
		return Value{Type: Number, Text: "-" + p.take().text}, nil
	case t.is("+"):
		return Value{Type: Number, Text: p.take().text}, nil
	case t.is("?"):
		p.out.Parameters++
		return Value{Type: Parameter, Number: p.out.Parameters - 1}, nil
	case t.is("["):
		return p.elements(Value{Type: List}, "]")
	case t.is("<<"):
		return p.elements(Value{Type: Set}, ">>")
	case t.is("{"):
		return p.members()
	case t.isWord("NULL"):
		return Value{Type: Null}, nil
	case t.isWord("TRUE"):
		return Value{Type: Bool, Text: "true"}, nil
	}
	return Value{Type: Bool}, nil
}

// elements reads the elements of a list or set, and what closes it.
func (p *parser) elements(v Value, closing string) (Value, error) {
	if p.accept(closing) {
		return v, nil
	}
	for first := true; first || p.accept(","); first = false {
		e, err := p.value()
		if err != nil {
			return v, err
		}
		v.Elements = append(v.Elements, e)
	}
	return v, p.expect(closing)
}

// members reads the members of a map, and what closes it.
func (p *parser) members() (Value, error) {
	v := Value{Type: Map}
	if p.accept("}") {
		return v, nil
	}
	for first := true; first || p.accept(","); first = false {
		name := p.take()
		if name.kind != text && name.kind != quoted {
			return v, malformed("Expected a string as the name of a member")
		}
		if err := p.expect(":"); err != nil {
			return v, err
		}
		e, err := p.value()
		if err != nil {
			return v, err
		}
		v.Names, v.Elements = append(v.Names, name.text), append(v.Elements, e)
	}
	return v, p.expect("}")
}

// operandOf makes a value of the statement an operand.
func (p *parser) operandOf(v Value) *expression.Operand {
	p.out.Values = append(p.out.Values, v)
	return &expression.Operand{Value: Mark(len(p.out.Values) - 1)}
}

// constant reads a value as an operand.
func (p *parser) constant() (*expression.Operand, error) {
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	return p.operandOf(v), nil
}
