package dynamodb

import (
	"cmp"
	"slices"

	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// editing changes an item that nobody else has.
type editing struct{ item item }

// at returns the map or list that a path's last step is in, and what puts a
// changed list back. The map or list must be there.
func (e *editing) at(p expression.Path) (parent value, put func(value), ok bool) {
	parent, put = value{M: e.item}, func(value) {}
	for _, step := range p[:len(p)-1] {
		within := parent
		switch {
		case step.List && step.Index < len(within.L):
			parent = within.L[step.Index]
			put = func(v value) { within.L[step.Index] = v }
		case !step.List && within.M != nil:
			if parent, ok = within.M[step.Name]; !ok {
				return value{}, nil, false
			}
			put = func(v value) { within.M[step.Name] = v }
		default:
			return value{}, nil, false
		}
	}
	last := p[len(p)-1]
	return parent, put, last.List && parent.L != nil || !last.List && parent.M != nil
}

// set puts a value at a path. AWS: an index behind a list's end appends to it.
func (e *editing) set(p expression.Path, v value) error {
	parent, put, ok := e.at(p)
	if !ok {
		return badPath()
	}
	switch last := p[len(p)-1]; {
	case !last.List:
		parent.M[last.Name] = v
	case last.Index < len(parent.L):
		parent.L[last.Index] = v
	default:
		put(value{L: append(parent.L, v)})
	}
	return nil
}

// replace changes the value at a path into what change makes of it and by; nil
// stands for none.
func (e *editing) replace(p expression.Path, by value, change func(*value, value) (*value, error)) error {
	var was *value
	if v, ok := lookup(e.item, p); ok {
		was = &v
	}
	is, err := change(was, by)
	switch {
	case err != nil:
		return err
	case is != nil:
		return e.set(p, *is)
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
	parent, put, ok := e.at(p)
	if !ok {
		return badPath()
	}
	switch last := p[len(p)-1]; {
	case !last.List:
		delete(parent.M, last.Name)
	case last.Index < len(parent.L):
		put(value{L: slices.Delete(parent.L, last.Index, last.Index+1)})
	}
	return nil
}
