package vtl

import (
	"math"
	"strings"
)

// truth is Velocity 1.7's: an empty string, a zero and an empty list are true.
func truth(v any) bool {
	if b, ok := v.(bool); ok {
		return b
	}
	return v != nil
}

func (e constant) eval(*run) any { return e.value }

func (e *not) eval(r *run) any { return !truth(e.of.eval(r)) }

func (e *interpolated) eval(r *run) any { return r.capture(func() { e.body.exec(r) }) }

func (e *listOf) eval(r *run) any { return &List{items: r.evaluate(e.elements)} }

func (e *mapOf) eval(r *run) any {
	m := &Map{}
	for i, k := range e.keys {
		m.Put(r.text(k.eval(r)), e.values[i].eval(r))
	}
	return m
}

// A range counts down if its first number is the greater one.
func (e *rangeOf) eval(r *run) any {
	first, ok := e.first.eval(r).(int64)
	last, too := e.last.eval(r).(int64)
	if !ok || !too {
		return nil
	}
	if math.Abs(float64(last)-float64(first)) > MaxSteps {
		r.fail("a range is too long")
	}
	size, step := last-first, int64(1)
	if size < 0 {
		size, step = -size, -1
	}
	r.take(int(size))
	l := &List{}
	for i := range size + 1 {
		l.items = append(l.items, first+i*step)
	}
	return l
}

func (r *run) evaluate(list []expression) []any {
	out := make([]any, len(list))
	for i, e := range list {
		r.step()
		out[i] = e.eval(r)
	}
	return out
}

func (e *reference) eval(r *run) any {
	r.step()
	return e.walk(r, e.steps)
}

func (e *reference) walk(r *run, steps []access) any {
	v := r.scope.Variables[e.name]
	for _, s := range steps {
		if v == nil {
			return nil
		}
		v = s.of(r, v)
	}
	return v
}

func (s access) of(r *run, v any) any {
	r.step()
	switch {
	case s.index != nil:
		return r.index(v, s.index.eval(r))
	case s.call:
		out, _ := r.call(v, s.name, r.evaluate(s.arguments))
		return out
	}
	switch v := v.(type) {
	case *Map:
		return v.Get(s.name)
	case object:
		return v.property(r, s.name)
	case entry:
		return map[string]any{"key": v.key, "value": v.value}[s.name]
	}
	// Java's getName() and isName(), of which only the latter is of use.
	if s.name == "empty" {
		out, _ := r.call(v, "isEmpty", nil)
		return out
	}
	return nil
}

func (r *run) index(v, i any) any {
	switch v := v.(type) {
	case *Map:
		return v.Get(r.text(i))
	case *List:
		if n, ok := i.(int64); ok {
			return v.items[r.position(n, len(v.items))]
		}
	}
	return nil
}

// position checks an index. A negative one counts from the end.
func (r *run) position(i int64, size int) int {
	at := i
	if at < 0 {
		at += int64(size)
	}
	if at < 0 || at >= int64(size) {
		r.fail("index %d is out of bounds for length %d", i, size)
	}
	return int(at)
}

func (e *reference) assign(r *run, value any) {
	if len(e.steps) == 0 {
		r.scope.Variables[e.name] = value
		return
	}
	last := e.steps[len(e.steps)-1]
	switch owner := e.walk(r, e.steps[:len(e.steps)-1]).(type) {
	case *Map:
		key := last.name
		if last.index != nil {
			key = r.text(last.index.eval(r))
		}
		owner.Put(key, value)
	case *List:
		if last.index == nil {
			return
		}
		if i, ok := last.index.eval(r).(int64); ok {
			owner.items[r.position(i, len(owner.items))] = value
		}
	}
}

func (e *binary) eval(r *run) any {
	r.step()
	left := e.left.eval(r)
	switch e.op {
	case "&&":
		return truth(left) && truth(e.right.eval(r))
	case "||":
		return truth(left) || truth(e.right.eval(r))
	}
	right := e.right.eval(r)
	switch e.op {
	case "==":
		return r.equal(left, right)
	case "!=":
		return !r.equal(left, right)
	case "<", "<=", ">", ">=":
		return compare(e.op, left, right)
	}
	_, s := left.(string)
	_, t := right.(string)
	if e.op == "+" && (s || t) {
		return r.capture(func() { r.term(e.left, left); r.term(e.right, right) })
	}
	return arithmetic(e.op, left, right)
}

// term writes a part of a concatenation. One without a value is written as the
// template has it.
func (r *run) term(e expression, v any) {
	if ref, ok := e.(*reference); ok && v == nil {
		r.write(ref.source)
		return
	}
	r.put(v)
}

// compare compares numbers only. Anything else is neither less nor greater.
func compare(op string, left, right any) bool {
	x, y, ok := numbers(left, right)
	switch op {
	case "<":
		return ok && x < y
	case "<=":
		return ok && x <= y
	case ">":
		return ok && x > y
	}
	return ok && x >= y
}

// arithmetic returns nil if an operand is not a number, by zero is divided, or
// the result does not fit.
func arithmetic(op string, left, right any) any {
	if a, ok := left.(int64); ok {
		if b, ok := right.(int64); ok {
			return integers(op, a, b)
		}
	}
	x, y, ok := numbers(left, right)
	if !ok || y == 0 && strings.Contains("/%", op) {
		return nil
	}
	switch op {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	case "/":
		return x / y
	}
	return math.Mod(x, y)
}

func integers(op string, a, b int64) any {
	switch op {
	case "+":
		if c := a + b; (c > a) == (b > 0) {
			return c
		}
	case "-":
		if c := a - b; (c < a) == (b > 0) {
			return c
		}
	case "*":
		if c := a * b; a == 0 || c/a == b && !(a == -1 && b == math.MinInt64) {
			return c
		}
	case "/":
		if b != 0 {
			return a / b
		}
	case "%":
		if b != 0 {
			return a % b
		}
	}
	return nil
}
