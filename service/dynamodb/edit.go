package dynamodb

import (
	"cmp"
	"slices"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// editing is an item on its way from one form to another.
type editing struct{ item item }

// leaf changes the value whose part is at the last step of a path. It reports
// whether the value can have such a part.
type leaf func(parent value, last expression.Element) (value, bool)

// change makes the item anew with a leaf changed. All above it must be there.
func (e *editing) change(p expression.Path, do leaf) error {
	is, ok := changed(attribute.Within(e.item), p, do)
	if !ok {
		return badPath()
	}
	e.item = is.Map()
	return nil
}

func changed(v value, p expression.Path, do leaf) (value, bool) {
	if len(p) == 1 {
		if p[0].List && !v.Is(attribute.L) || !p[0].List && !v.Is(attribute.M) {
			return "", false
		}
		return do(v, p[0])
	}
	below, ok := within(v, p[0])
	if !ok {
		return "", false
	}
	if below, ok = changed(below, p[1:], do); !ok {
		return "", false
	}
	return with(v, p[0], below), true
}

// with returns v with another value at a step that it has, or that it can have.
// AWS: an index behind a list's end appends to it.
func with(v value, at expression.Element, part value) value {
	if !at.List {
		return attribute.Within(v.Map().With(at.Name, part))
	}
	list := v.List()
	if at.Index < len(list) {
		list[at.Index] = part
	} else {
		list = append(list, part)
	}
	return attribute.List(list)
}

// set puts a value at a path.
func (e *editing) set(p expression.Path, v value) error {
	return e.change(p, func(parent value, last expression.Element) (value, bool) { return with(parent, last, v), true })
}

// replace changes the value at a path, none when there is none, into what become
// makes of it and by.
func (e *editing) replace(p expression.Path, by value, become func(was, by value) (value, error)) error {
	was, _ := lookup(e.item, p)
	is, err := become(was, by)
	switch {
	case err != nil:
		return err
	case is != "":
		return e.set(p, is)
	}
	return e.remove(p)
}

// removeAll removes what the paths lead to. Indexes are those of the item before:
// the last elements of a list go first.
func (e *editing) removeAll(paths []expression.Path) error {
	paths = slices.Clone(paths)
	slices.SortStableFunc(paths, func(a, b expression.Path) int {
		return cmp.Compare(b[len(b)-1].Index, a[len(a)-1].Index)
	})
	slices.SortStableFunc(paths, func(a, b expression.Path) int { return cmp.Compare(len(b), len(a)) }) // the inner ones before the outer
	for _, p := range paths {
		if err := e.remove(p); err != nil {
			return err
		}
	}
	return nil
}

func (e *editing) remove(p expression.Path) error {
	return e.change(p, func(parent value, last expression.Element) (value, bool) {
		if !last.List {
			return attribute.Within(parent.Map().Without(last.Name)), true
		}
		list := parent.List()
		if last.Index < len(list) {
			list = slices.Delete(list, last.Index, last.Index+1)
		}
		return attribute.List(list), true
	})
}
