package vtl

import (
	"fmt"
	"strings"
)

// Scope is what a template sees.
type Scope struct {
	// Variables are the values by name, without the dollar. Rendering adds to it.
	Variables map[string]any
	// Silent makes references without a value render as nothing. Velocity writes
	// them as the template has them.
	Silent bool
}

// RenderError says why a template has no result.
type RenderError struct {
	Reason string
	// BadBody is set if $input's body is not JSON but is used as such.
	BadBody bool
}

// Error implements error.
func (e *RenderError) Error() string { return e.Reason }

// object is a value with methods of its own. call says false for a method that
// it does not have.
type object interface {
	fmt.Stringer
	property(r *run, name string) any
	call(r *run, name string, arguments []any) (any, bool)
}

// run is one rendering. It unwinds by a panic with a *RenderError.
type run struct {
	scope   Scope
	macros  map[string]*macro
	out     *strings.Builder
	steps   int
	depth   int
	stopped bool
}

// Render evaluates the template. The error is a *RenderError: a limit, or what
// would have been an exception in Java. It does not block, and what bounds it is
// in limits.go.
func (t *Template) Render(scope Scope) (out string, err error) {
	defer func() {
		if p := recover(); p != nil {
			bad, ok := p.(*RenderError)
			if !ok {
				panic(p)
			}
			out, err = "", bad
		}
	}()
	if scope.Variables == nil {
		scope.Variables = map[string]any{}
	}
	r := &run{scope: scope, macros: t.macros, out: &strings.Builder{}}
	t.body.exec(r)
	return r.out.String(), nil
}

func (r *run) fail(format string, arguments ...any) {
	panic(&RenderError{Reason: fmt.Sprintf(format, arguments...)})
}

func (r *run) step() { r.take(1) }

func (r *run) take(steps int) {
	if r.steps += steps; r.steps > MaxSteps {
		r.fail("the template takes too many steps")
	}
}

// spend pays for bytes that are copied or searched.
func (r *run) spend(bytes int) { r.take(1 + bytes/bytesPerStep) }

func (r *run) nest() (leave func()) {
	if r.depth++; r.depth > MaxDepth {
		r.fail("too deeply nested")
	}
	return func() { r.depth-- }
}

func (r *run) write(s string) {
	if r.out.Len()+len(s) > MaxOutput {
		r.fail("the result is too long")
	}
	r.spend(len(s))
	r.out.WriteString(s)
}

// capture returns what f writes.
func (r *run) capture(f func()) string {
	out := r.out
	r.out = &strings.Builder{}
	f()
	s := r.out.String()
	r.out = out
	return s
}

// bind sets a variable until restore.
func (r *run) bind(name string, value any) (restore func()) {
	old, had := r.scope.Variables[name]
	r.scope.Variables[name] = value
	return func() {
		if had {
			r.scope.Variables[name] = old
		} else {
			delete(r.scope.Variables, name)
		}
	}
}

func (b block) exec(r *run) halt {
	for _, n := range b {
		r.step()
		if h := n.exec(r); h != 0 {
			return h
		}
		if r.stopped { // inside of an expression
			return endAll
		}
	}
	return 0
}

func (t text) exec(r *run) halt {
	r.write(string(t))
	return 0
}

func (n *reference) exec(r *run) halt {
	switch v := n.eval(r); {
	case v != nil:
		r.put(v)
	case !n.quiet && !r.scope.Silent:
		r.write(n.source)
	}
	return 0
}

func (n *escaped) exec(r *run) halt {
	v := n.ref.eval(r)
	switch {
	case v == nil && !r.scope.Silent:
		r.write(n.all + n.ref.source)
	case n.literal:
		r.write(n.slashes + n.ref.source)
	default:
		r.write(n.slashes)
		if v != nil {
			r.put(v)
		}
	}
	return 0
}

// A value of nil sets nothing: the variable keeps the value that it had.
func (n *setNode) exec(r *run) halt {
	if v := n.value.eval(r); v != nil {
		n.to.assign(r, v)
	}
	return 0
}

func (n *ifNode) exec(r *run) halt {
	for _, b := range n.branches {
		if truth(b.condition.eval(r)) {
			return b.body.exec(r)
		}
	}
	return n.otherwise.exec(r)
}

func (n *foreachNode) exec(r *run) halt {
	var items []any
	switch over := n.over.eval(r).(type) {
	case *List:
		items = over.items
	case *Map:
		r.take(len(over.keys))
		items = over.list().items
	}
	status := &Map{}
	status.Put("parent", r.scope.Variables["foreach"])
	defer r.bind("foreach", status)()
	defer r.bind("velocityCount", nil)()
	defer r.bind("velocityHasNext", nil)()
	defer r.bind(n.name, nil)()
	for i, item := range items[:min(len(items), MaxLoop)] {
		count, more := int64(i)+1, i+1 < len(items)
		status.Put("index", int64(i))
		status.Put("count", count)
		status.Put("hasNext", more)
		status.Put("first", i == 0)
		status.Put("last", !more)
		r.scope.Variables["velocityCount"], r.scope.Variables["velocityHasNext"] = count, more
		r.scope.Variables[n.name] = item
		r.step()
		if h := n.body.exec(r); h == endLoop {
			break
		} else if h != 0 {
			return h
		}
	}
	return 0
}

func (n *defineNode) exec(r *run) halt {
	r.scope.Variables[n.name] = deferred{n.body}
	return 0
}

// A macro's parameters are its own; what else it sets is the template's.
func (n *callNode) exec(r *run) halt {
	defer r.nest()()
	m := r.macros[n.name]
	values := make([]any, len(m.parameters))
	for i := range min(len(values), len(n.arguments)) {
		values[i] = n.arguments[i].eval(r)
	}
	for i, name := range m.parameters {
		defer r.bind(name, values[i])()
	}
	if n.hasBody {
		defer r.bind("bodyContent", deferred{n.body})()
	}
	if m.body.exec(r) == endAll {
		return endAll
	}
	return 0
}

func (n haltNode) exec(r *run) halt {
	r.stopped = r.stopped || halt(n) == endAll
	return halt(n)
}
