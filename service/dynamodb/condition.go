package dynamodb

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// lookup returns what a path leads to in an item.
func lookup(it item, p expression.Path) (value, bool) {
	v := value{M: it}
	for _, e := range p {
		switch {
		case e.List && e.Index < len(v.L):
			v = v.L[e.Index]
		case !e.List && v.M != nil:
			next, ok := v.M[e.Name]
			if !ok {
				return value{}, false
			}
			v = next
		default:
			return value{}, false
		}
	}
	return v, true
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
		return value{}, false
	}
	n, ok := length(&v)
	return value{N: ptr(strconv.Itoa(n))}, ok
}

// length is the function size: bytes, or elements. Numbers have none.
func length(v *value) (int, bool) {
	switch typeOf(v) {
	case typeString:
		return len(*v.S), true
	case typeBinary:
		return len(v.B), true
	}
	n := len(v.SS) + len(v.NS) + len(v.BS) + len(v.L) + len(v.M)
	return n, n > 0 || v.L != nil || v.M != nil
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
	rest := make([]value, 0, 2)
	for _, a := range c.Args[1:] {
		v, has := r.of(a, it)
		if has {
			rest = append(rest, v)
		} else if c.Op != "IN" {
			ok = false
		}
	}
	if !ok {
		return c.Op == "<>" // AWS: what is not there differs from everything
	}
	return compares(c.Op, &first, rest)
}

// compares evaluates an operator on values.
func compares(op string, first *value, rest []value) bool {
	switch op {
	case "=":
		return equal(first, &rest[0])
	case "<>":
		return !equal(first, &rest[0])
	case "IN":
		return slices.ContainsFunc(rest, func(v value) bool { return equal(first, &v) })
	case "BETWEEN":
		return ordered(">=", first, &rest[0]) && ordered("<=", first, &rest[1])
	case "attribute_type":
		return rest[0].S != nil && typeOf(first) == *rest[0].S
	case "begins_with":
		return begins(first, &rest[0])
	case "contains":
		return contains(first, &rest[0])
	}
	return ordered(op, first, &rest[0])
}

func ordered(op string, a, b *value) bool {
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

func begins(v, with *value) bool {
	switch {
	case v.S != nil && with.S != nil:
		return strings.HasPrefix(*v.S, *with.S)
	case v.B != nil && with.B != nil:
		return bytes.HasPrefix(v.B, with.B)
	}
	return false
}

func contains(v, what *value) bool {
	switch {
	case v.S != nil && what.S != nil:
		return strings.Contains(*v.S, *what.S)
	case v.B != nil && what.B != nil:
		return bytes.Contains(v.B, what.B)
	case v.SS != nil && what.S != nil:
		return slices.Contains(v.SS, *what.S)
	case v.NS != nil && what.N != nil:
		return slices.Contains(v.NS, *what.N)
	case v.BS != nil && what.B != nil:
		return hasBinary(v.BS, what.B)
	}
	return slices.ContainsFunc(v.L, func(e value) bool { return equal(&e, what) })
}
