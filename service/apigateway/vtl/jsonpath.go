package vtl

import (
	"slices"
	"strconv"
	"strings"
)

// selector is a step of a JSONPath: it gives the values that it selects from one
// to found, until that says false.
type selector struct {
	names   []string
	indexes []int64
	all     bool
	slice   *slice
	filter  condition
	// descend applies the selector to the value and to all below it.
	descend bool
	length  bool // .length()
}

type slice struct{ from, to *int64 }

// many says whether the selector may select more than one value. A path with one
// that may results in a list always.
func (s selector) many() bool {
	return s.descend || s.all || s.slice != nil || s.filter != nil || len(s.names) > 1 || len(s.indexes) > 1
}

// jsonPath evaluates a path as Jayway's JsonPath does, which AWS uses: a definite
// path results in the value or nil, another in a list.
func (r *run) jsonPath(root any, path string) any {
	if len(path) > maxPath {
		r.fail("a JSONPath is too long")
	}
	r.spend(len(path))
	p := &pathParser{src: strings.TrimSpace(path), run: r}
	if !p.accept("$") && !p.accept("@") && p.src != "" && p.src[0] != '[' && p.src[0] != '.' {
		p.src = "." + p.src // AWS: the root may be left out
	}
	steps := p.steps()
	if p.pos < len(p.src) {
		p.fail()
	}
	found := r.selectAll(root, root, steps)
	if slices.ContainsFunc(steps, selector.many) {
		return &List{items: found}
	}
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

func (r *run) selectAll(root, from any, steps []selector) []any {
	found := []any{from}
	for _, s := range steps {
		var next []any
		for _, v := range found {
			if s.descend {
				r.below(v, func(v any) { next = r.apply(next, s, root, v) })
			} else {
				next = r.apply(next, s, root, v)
			}
		}
		found = next
	}
	return found
}

// below visits a value and all inside of it.
func (r *run) below(v any, visit func(any)) {
	defer r.nest()()
	r.step()
	visit(v)
	for _, child := range children(v) {
		r.below(child, visit)
	}
}

func children(v any) []any {
	switch v := v.(type) {
	case *List:
		return v.items
	case *Map:
		return v.list().items
	}
	return nil
}

func (r *run) apply(out []any, s selector, root, v any) []any {
	r.step()
	inside := children(v)
	r.take(len(inside))
	switch {
	case s.length:
		if text, ok := v.(string); ok {
			return append(out, int64(units(text)))
		}
		return append(out, int64(len(inside)))
	case s.all:
		return append(out, inside...)
	case s.filter != nil:
		candidates := inside
		if _, ok := v.(*Map); ok && !s.descend {
			candidates = []any{v}
		}
		for _, c := range candidates {
			if s.filter(root, c) {
				out = append(out, c)
			}
		}
	case s.names != nil:
		if m, ok := v.(*Map); ok {
			for _, name := range s.names {
				if m.has(name) {
					out = append(out, m.Get(name))
				}
			}
		}
	default:
		if l, ok := v.(*List); ok {
			return append(out, s.positions(l.items)...)
		}
	}
	return out
}

// positions selects by index or slice. Those out of bounds select nothing, and
// negative ones count from the end.
func (s selector) positions(items []any) []any {
	size := int64(len(items))
	if s.slice != nil {
		at := func(p *int64, none int64) int64 {
			if p == nil {
				return none
			}
			if *p < 0 {
				return max(0, *p+size)
			}
			return min(*p, size)
		}
		from, to := at(s.slice.from, 0), at(s.slice.to, size)
		return items[from:max(from, to)]
	}
	var out []any
	for _, i := range s.indexes {
		if i < 0 {
			i += size
		}
		if i >= 0 && i < size {
			out = append(out, items[i])
		}
	}
	return out
}

// pathParser reads a JSONPath. It unwinds as a run does.
type pathParser struct {
	src string
	pos int
	run *run
}

func (p *pathParser) fail() {
	p.run.fail("the JSONPath %.100q is wrong at character %d", p.src, p.pos+1)
}

func (p *pathParser) rest() string { return p.src[p.pos:] }

func (p *pathParser) space() {
	p.pos = len(p.src) - len(strings.TrimLeft(p.rest(), " \t\r\n"))
}

func (p *pathParser) accept(s string) bool {
	if strings.HasPrefix(p.rest(), s) {
		p.pos += len(s)
		return true
	}
	return false
}

func (p *pathParser) expect(s string) {
	if p.space(); !p.accept(s) {
		p.fail()
	}
}

func (p *pathParser) steps() []selector {
	var out []selector
	for {
		p.run.step()
		var s selector
		switch descend := p.accept(".."); {
		case descend && p.accept("["), !descend && p.accept("["):
			s = p.bracket()
			s.descend = descend
		case descend || p.accept("."):
			s = p.dotted()
			s.descend = descend
		default:
			return out
		}
		out = append(out, s)
	}
}

// dotted reads a name, an asterisk or a function after a dot.
func (p *pathParser) dotted() selector {
	if p.accept("*") {
		return selector{all: true}
	}
	end := strings.IndexAny(p.rest(), ".[]()=!<>&|, \t\r\n'\"")
	if end < 0 {
		end = len(p.rest())
	}
	name := p.rest()[:end]
	if name == "" {
		p.fail()
	}
	p.pos += end
	if (name == "length" || name == "size") && p.accept("()") {
		return selector{length: true}
	}
	return selector{names: []string{name}}
}

// bracket reads what follows an opening bracket, and the closing one.
func (p *pathParser) bracket() selector {
	var s selector
	p.space()
	switch {
	case p.accept("*"):
		s.all = true
	case p.accept("?"):
		p.expect("(")
		s.filter = p.or()
		p.expect(")")
	case p.quoted():
		for again := true; again; again = p.comma() {
			s.names = append(s.names, p.str())
		}
	default:
		s = p.numbers()
	}
	p.expect("]")
	return s
}

func (p *pathParser) comma() bool {
	p.space()
	if !p.accept(",") {
		return false
	}
	p.space()
	return true
}

// numbers reads indexes or a slice.
func (p *pathParser) numbers() selector {
	from := p.integer()
	if p.space(); p.accept(":") {
		p.space()
		return selector{slice: &slice{from, p.integer()}}
	}
	if from == nil {
		p.fail()
	}
	s := selector{indexes: []int64{*from}}
	for p.comma() {
		next := p.integer()
		if next == nil {
			p.fail()
		}
		s.indexes = append(s.indexes, *next)
	}
	return s
}

func (p *pathParser) integer() *int64 {
	start := p.pos
	p.accept("-")
	for p.pos < len(p.src) && isDigit(p.src[p.pos]) {
		p.pos++
	}
	if p.pos == start {
		return nil
	}
	n, err := strconv.ParseInt(p.src[start:p.pos], 10, 32)
	if err != nil {
		p.fail()
	}
	return &n
}

func (p *pathParser) quoted() bool {
	return p.pos < len(p.src) && (p.src[p.pos] == '\'' || p.src[p.pos] == '"')
}

// str reads a quoted string. A backslash takes the next character as it is.
func (p *pathParser) str() string {
	if !p.quoted() {
		p.fail()
	}
	quote := p.src[p.pos]
	var b strings.Builder
	for p.pos++; p.pos < len(p.src); p.pos++ {
		switch c := p.src[p.pos]; {
		case c == quote:
			p.pos++
			return b.String()
		case c == '\\' && p.pos+1 < len(p.src):
			p.pos++
			b.WriteByte(p.src[p.pos])
		default:
			b.WriteByte(c)
		}
	}
	p.fail()
	return ""
}
