package dynamodb

import (
	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// projection is a set of paths as a tree. One without branches is all that is
// there; nil projects everything.
type projection struct {
	names   map[string]*projection
	indexes map[int]*projection
}

func newProjection(paths []expression.Path) *projection {
	root := new(projection)
	for _, path := range paths {
		p := root
		for _, e := range path {
			p = p.branch(e)
		}
	}
	return root
}

// branch returns the branch at a step, which it makes if it is new.
func (p *projection) branch(e expression.Element) *projection {
	if e.List {
		if p.indexes == nil {
			p.indexes = map[int]*projection{}
		}
		if p.indexes[e.Index] == nil {
			p.indexes[e.Index] = new(projection)
		}
		return p.indexes[e.Index]
	}
	if p.names == nil {
		p.names = map[string]*projection{}
	}
	if p.names[e.Name] == nil {
		p.names[e.Name] = new(projection)
	}
	return p.names[e.Name]
}

// of returns the part of an item that is projected. It shares values with it.
func (p *projection) of(it item) item {
	if p == nil {
		return it
	}
	var out attribute.Builder
	out.BeginMap()
	for name, v := range it.All() {
		branch := p.names[name]
		if branch == nil {
			continue
		}
		if v, ok := branch.value(v); ok {
			out.Name(name)
			out.Add(v)
		}
	}
	out.End()
	return out.Map()
}

// value projects what is below a path's step, and reports whether there is any.
// AWS: elements of lists close up.
func (p *projection) value(v value) (value, bool) {
	switch {
	case p.names == nil && p.indexes == nil:
		return v, true
	case p.names != nil:
		m := p.of(v.Map())
		return attribute.Within(m), m.Len() > 0
	}
	var list []value
	for i, e := range v.Elements() {
		if branch := p.indexes[i]; branch != nil {
			if e, ok := branch.value(e); ok {
				list = append(list, e)
			}
		}
	}
	return attribute.List(list), len(list) > 0
}

// topLevel is the projection of whole attributes.
func topLevel(names []string) *projection {
	paths := make([]expression.Path, len(names))
	for i, name := range names {
		paths[i] = expression.Path{{Name: name}}
	}
	return newProjection(paths)
}
