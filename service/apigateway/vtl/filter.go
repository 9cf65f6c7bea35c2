package vtl

import (
	"slices"
	"strings"
)

// condition is a JSONPath's filter, operand a value in it: what it selects, of
// which a literal is one.
type (
	condition func(root, current any) bool
	operand   func(root, current any) []any
)

func (p *pathParser) or() condition {
	defer p.run.nest()()
	left := p.and()
	for p.space(); p.accept("||"); p.space() {
		a, b := left, p.and()
		left = func(root, v any) bool { return a(root, v) || b(root, v) }
	}
	return left
}

func (p *pathParser) and() condition {
	left := p.comparison()
	for p.space(); p.accept("&&"); p.space() {
		a, b := left, p.comparison()
		left = func(root, v any) bool { return a(root, v) && b(root, v) }
	}
	return left
}

func (p *pathParser) comparison() condition {
	defer p.run.nest()()
	p.space()
	if p.accept("!") {
		c := p.comparison()
		return func(root, v any) bool { return !c(root, v) }
	}
	if p.accept("(") {
		c := p.or()
		p.expect(")")
		return c
	}
	left, r := p.operand(), p.run
	p.space()
	for _, op := range []string{"==", "!=", "<=", ">=", "<", ">"} {
		if p.accept(op) {
			right := p.operand()
			return func(root, v any) bool { return r.compares(op, left(root, v), right(root, v)) }
		}
	}
	if negate := p.accept("n"); p.accept("in") {
		right := p.operand()
		return func(root, v any) bool { return r.isIn(left(root, v), right(root, v)) != negate }
	} else if negate {
		p.fail()
	}
	return func(root, v any) bool { return len(left(root, v)) > 0 }
}

func (p *pathParser) operand() operand {
	p.space()
	r := p.run
	for _, start := range []string{"@", "$"} {
		if p.accept(start) {
			steps := p.steps()
			return func(root, v any) []any {
				if start == "$" {
					v = root
				}
				return r.selectAll(root, v, steps)
			}
		}
	}
	value := p.literal()
	return func(any, any) []any { return []any{value} }
}

func (p *pathParser) literal() any {
	if p.quoted() {
		return p.str()
	}
	if p.accept("[") {
		l := &List{}
		for p.space(); !p.accept("]"); p.space() {
			if len(l.items) > 0 {
				p.expect(",")
				p.space()
			}
			l.items = append(l.items, p.literal())
		}
		return l
	}
	for word, value := range map[string]any{"true": true, "false": false, "null": nil} {
		if p.accept(word) {
			return value
		}
	}
	start := p.pos
	for p.pos < len(p.src) && (isDigit(p.src[p.pos]) || strings.IndexByte("+-.eE", p.src[p.pos]) >= 0) {
		p.pos++
	}
	v, err := p.run.parseJSON(p.src[start:p.pos])
	if err != nil {
		p.fail()
	}
	return v
}

// compares compares the first of what two operands select. Strings are ordered as
// numbers are; values of different kinds are neither equal nor ordered.
func (r *run) compares(op string, left, right []any) bool {
	if len(left) == 0 || len(right) == 0 {
		return op == "!=" && len(left) != len(right)
	}
	a, b := left[0], right[0]
	same := sameClass(a, b) && r.equal(a, b)
	switch op {
	case "==":
		return same
	case "!=":
		return !same
	}
	if s, ok := a.(string); ok {
		if t, ok := b.(string); ok {
			a, b = int64(strings.Compare(s, t)), int64(0)
		}
	}
	return compare(op, a, b)
}

func (r *run) isIn(left, right []any) bool {
	if len(left) == 0 || len(right) == 0 {
		return false
	}
	l, ok := right[0].(*List)
	return ok && slices.ContainsFunc(l.items, func(v any) bool { return sameClass(v, left[0]) && r.equal(v, left[0]) })
}
