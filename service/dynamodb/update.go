package dynamodb

import (
	"slices"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

func badPath() error {
	return invalid("The document path provided in the update expression is invalid for update")
}

func badOperand() error {
	return invalid("An operand in the update expression has an incorrect data type")
}

// apply returns the item that an update makes of old. All operands are of the old
// item, whatever the order of actions.
func (r *request) apply(u *expression.Update, old item) (item, error) {
	edit := &editing{item: old}
	for _, a := range u.Set {
		v, err := r.assigned(a.To, old)
		if err != nil {
			return "", err
		}
		if err := edit.set(a.Path, v); err != nil {
			return "", err
		}
	}
	for _, c := range u.Add {
		if err := edit.replace(c.Path, r.values[c.Value], add); err != nil {
			return "", err
		}
	}
	for _, c := range u.Delete {
		if err := edit.replace(c.Path, r.values[c.Value], subtract); err != nil {
			return "", err
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
		return "", invalid("The provided expression refers to an attribute that does not exist in the item")
	case "if_not_exists":
		if v, ok := lookup(old, o.Args[0].Path); ok {
			return v, nil
		}
		return r.assigned(o.Args[1], old)
	}
	a, err := r.assigned(o.Args[0], old)
	if err != nil {
		return "", err
	}
	b, err := r.assigned(o.Args[1], old)
	if err != nil {
		return "", err
	}
	if o.Function == "list_append" {
		if !a.Is(attribute.L) || !b.Is(attribute.L) {
			return "", badOperand()
		}
		return attribute.List(append(a.List(), b.List()...)), nil
	}
	if o.Function == "-" && b.Is(attribute.N) {
		b = attribute.Number(number(b.Text()).Negate().String())
	}
	return sum(a, b)
}

func sum(a, b value) (value, error) {
	if !a.Is(attribute.N) || !b.Is(attribute.N) {
		return "", badOperand()
	}
	d, err := number(a.Text()).Add(number(b.Text()))
	if err != nil {
		return "", invalid("%s", err)
	}
	return attribute.Number(d.String()), nil
}

// add is what ADD makes of a value, which may be none.
func add(was, by value) (value, error) {
	switch {
	case was == "":
		return by, nil
	case was.Is(attribute.N):
		return sum(was, by)
	case !isSet(was) || was.Type() != by.Type():
		return "", badOperand()
	}
	all := was.Set()
	for e := range by.Texts() {
		if !slices.Contains(all, e) {
			all = append(all, e)
		}
	}
	return attribute.Set(was.Type(), all), nil
}

// subtract is what DELETE makes of a set: none, when no element is left.
func subtract(was, by value) (value, error) {
	if was == "" {
		return "", nil
	}
	if !isSet(was) || was.Type() != by.Type() {
		return "", badOperand()
	}
	less := by.Set()
	left := slices.DeleteFunc(was.Set(), func(e string) bool { return slices.Contains(less, e) })
	if len(left) == 0 {
		return "", nil
	}
	return attribute.Set(was.Type(), left), nil
}
