package dynamodb

import (
	"bytes"
	"maps"
	"slices"

	"github.com/brume-cloud/brume/service/dynamodb/decimal"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

func badPath() error {
	return invalid("The document path provided in the update expression is invalid for update")
}

func badOperand() error {
	return invalid("An operand in the update expression has an incorrect data type")
}

// apply returns the item that an update makes of old, which it does not change.
// All operands are of the old item, whatever the order of actions.
func (r *request) apply(u *expression.Update, old item) (item, error) {
	edit := &editing{item: cloneMap(old)}
	for _, a := range u.Set {
		v, err := r.assigned(a.To, old)
		if err != nil {
			return nil, err
		}
		if err := edit.set(a.Path, clone(v)); err != nil {
			return nil, err
		}
	}
	for _, c := range u.Add {
		if err := edit.replace(c.Path, r.values[c.Value], add); err != nil {
			return nil, err
		}
	}
	for _, c := range u.Delete {
		if err := edit.replace(c.Path, r.values[c.Value], subtract); err != nil {
			return nil, err
		}
	}
	return edit.item, edit.removeAll(u.Remove)
}

// assigned is the value of an operand of SET.
func (r *request) assigned(o *expression.Operand, old item) (value, error) {
	switch o.Function {
	case "":
		if v, ok := r.of(o, old); ok {
			return v, nil
		}
		return value{}, invalid("The provided expression refers to an attribute that does not exist in the item")
	case "if_not_exists":
		if v, ok := lookup(old, o.Args[0].Path); ok {
			return v, nil
		}
		return r.assigned(o.Args[1], old)
	}
	a, err := r.assigned(o.Args[0], old)
	if err != nil {
		return value{}, err
	}
	b, err := r.assigned(o.Args[1], old)
	if err != nil {
		return value{}, err
	}
	if o.Function == "list_append" {
		if a.L == nil || b.L == nil {
			return value{}, badOperand()
		}
		return value{L: append(slices.Clone(a.L), b.L...)}, nil // never nil
	}
	if o.Function == "-" && b.N != nil {
		b.N = ptr(number(*b.N).Negate().String())
	}
	return sum(a, b)
}

func sum(a, b value) (value, error) {
	if a.N == nil || b.N == nil {
		return value{}, badOperand()
	}
	var d decimal.Decimal
	d, err := number(*a.N).Add(number(*b.N))
	if err != nil {
		return value{}, invalid("%s", err)
	}
	return value{N: ptr(d.String())}, nil
}

// add is what ADD makes of a value that is there.
func add(was *value, by value) (*value, error) {
	switch {
	case was == nil:
		return &by, nil
	case was.N != nil:
		v, err := sum(*was, by)
		return &v, err
	case was.SS != nil && by.SS != nil:
		return &value{SS: union(was.SS, by.SS)}, nil
	case was.NS != nil && by.NS != nil:
		return &value{NS: union(was.NS, by.NS)}, nil
	case was.BS != nil && by.BS != nil:
		v := value{BS: slices.Clone(was.BS)}
		for _, e := range by.BS {
			if !hasBinary(v.BS, e) {
				v.BS = append(v.BS, e)
			}
		}
		return &v, nil
	}
	return nil, badOperand()
}

func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, e := range b {
		if !slices.Contains(a, e) {
			all = append(all, e)
		}
	}
	return all
}

// subtract is what DELETE makes of a set that is there: nothing, when no element
// is left.
func subtract(was *value, by value) (*value, error) {
	if was == nil {
		return nil, nil
	}
	v := value{}
	switch {
	case was.SS != nil && by.SS != nil:
		v.SS = without(was.SS, by.SS)
	case was.NS != nil && by.NS != nil:
		v.NS = without(was.NS, by.NS)
	case was.BS != nil && by.BS != nil:
		v.BS = slices.DeleteFunc(slices.Clone(was.BS), func(e []byte) bool {
			return slices.ContainsFunc(by.BS, func(b []byte) bool { return bytes.Equal(b, e) })
		})
	default:
		return nil, badOperand()
	}
	if len(v.SS)+len(v.NS)+len(v.BS) == 0 {
		return nil, nil
	}
	return &v, nil
}

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(e string) bool { return slices.Contains(b, e) })
}

// clone returns a copy of a value that shares no map or list with it.
func clone(v value) value {
	switch {
	case v.M != nil:
		v.M = cloneMap(v.M)
	case v.L != nil:
		v.L = slices.Clone(v.L)
		for i := range v.L {
			v.L[i] = clone(v.L[i])
		}
	}
	return v
}

func cloneMap(m item) item {
	c := maps.Clone(m)
	if c == nil {
		return item{}
	}
	for name, v := range c {
		if v.M != nil || v.L != nil {
			c[name] = clone(v)
		}
	}
	return c
}
