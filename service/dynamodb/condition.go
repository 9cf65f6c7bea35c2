package dynamodb

import (
	"slices"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// lookup returns what a path leads to in an item.
func lookup(it item, p expression.Path) (v value, ok bool) {
	if v, ok = it.Get(p[0].Name); !ok {
		return "", false
	}
	for _, e := range p[1:] {
		if v, ok = within(v, e); !ok {
			return "", false
		}
	}
	return v, true
}

// within returns what one step of a path leads to.
func within(v value, e expression.Element) (value, bool) {
	if e.List {
		return v.At(e.Index)
	}
	return v.Map().Get(e.Name)
}

// of returns the value of an operand of a condition, and whether it has one.
func (r *request) of(o *expression.Operand, it item) (value, bool) {
	switch {
	case o.Value != "":
		return r.values[o.Value], true
	case o.Function == "":
		return lookup(it, o.Path)
	}
	v, ok := r.of(o.Args[0], it)
	if !ok {
		return "", false
	}
	n, ok := length(v)
	return attribute.Number(strconv.Itoa(n)), ok
}

// length is the function size: bytes, or elements. Numbers have none.
func length(v value) (int, bool) {
	switch v.Type() {
	case attribute.S, attribute.B:
		return len(v.Text()), true
	case attribute.N, attribute.NULL, attribute.BOOL:
		return 0, false
	}
	return v.Len(), true
}

// holds evaluates a condition on an item, which is empty when there is none. No
// condition always holds.
func (r *request) holds(c *expression.Condition, it item) bool {
	if c == nil {
		return true
	}
	switch c.Op {
	case "AND":
		return !slices.ContainsFunc(c.Of, func(of *expression.Condition) bool { return !r.holds(of, it) })
	case "OR":
		return slices.ContainsFunc(c.Of, func(of *expression.Condition) bool { return r.holds(of, it) })
	case "NOT":
		return !r.holds(c.Of[0], it)
	}
	first, ok := r.of(c.Args[0], it)
	switch c.Op {
	case "attribute_exists":
		return ok
	case "attribute_not_exists":
		return !ok
	}
	if c.Op == "IN" {
		return ok && r.among(first, c.Args[1:], it)
	}
	var rest [2]value
	for i, a := range c.Args[1:] {
		v, has := r.of(a, it)
		rest[i], ok = v, ok && has
	}
	if !ok {
		return c.Op == "<>" // AWS: what is not there differs from everything
	}
	return compares(c.Op, first, rest)
}

// among evaluates IN.
func (r *request) among(v value, list []*expression.Operand, it item) bool {
	return slices.ContainsFunc(list, func(o *expression.Operand) bool {
		e, has := r.of(o, it)
		return has && equal(v, e)
	})
}

// compares evaluates an operator on values.
func compares(op string, first value, rest [2]value) bool {
	switch op {
	case "=":
		return equal(first, rest[0])
	case "<>":
		return !equal(first, rest[0])
	case "BETWEEN":
		return ordered(">=", first, rest[0]) && ordered("<=", first, rest[1])
	case "attribute_type":
		return rest[0].Is(attribute.S) && first.Is(rest[0].Text())
	case "begins_with":
		return begins(first, rest[0])
	case "contains":
		return contains(first, rest[0])
	}
	return ordered(op, first, rest[0])
}

func ordered(op string, a, b value) bool {
	c, ok := compare(a, b)
	if !ok {
		return false
	}
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func begins(v, with value) bool {
	return v.Type() == with.Type() && (v.Is(attribute.S) || v.Is(attribute.B)) && strings.HasPrefix(v.Text(), with.Text())
}

func contains(v, what value) bool {
	switch t := v.Type(); {
	case t == what.Type() && (t == attribute.S || t == attribute.B):
		return strings.Contains(v.Text(), what.Text())
	case t == attribute.L:
		return slices.ContainsFunc(v.List(), func(e value) bool { return equal(e, what) })
	case t == what.Type()+"S":
		for e := range v.Texts() {
			if e == what.Text() {
				return true
			}
		}
	}
	return false
}
