package vtl

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The values of a template are nil, bool, int64, float64, string, *List, *Map,
// json.Number for integers that do not fit, and objects of this package.

// List is a Java list. References share it.
type List struct{ items []any }

// Map is a Java map that keeps the order in which keys were put, as a parsed JSON
// object does. References share it.
type Map struct {
	keys   []string
	values map[string]any
}

// NewMap returns a map with the given entries, ordered by key.
func NewMap(entries map[string]any) *Map {
	return &Map{keys: slices.Sorted(maps.Keys(entries)), values: maps.Clone(entries)}
}

// StringMap is NewMap for strings.
func StringMap(entries map[string]string) *Map {
	m := &Map{}
	for _, k := range slices.Sorted(maps.Keys(entries)) {
		m.Put(k, entries[k])
	}
	return m
}

// Keys returns the keys in their order. The caller must not change them.
func (m *Map) Keys() []string { return m.keys }

// Get returns the value of a key, or nil.
func (m *Map) Get(key string) any { return m.values[key] }

// Put sets the value of a key.
func (m *Map) Put(key string, value any) {
	if m.values == nil {
		m.values = map[string]any{}
	}
	if _, ok := m.values[key]; !ok {
		m.keys = append(m.keys, key)
	}
	m.values[key] = value
}

func (m *Map) has(key string) bool {
	_, ok := m.values[key]
	return ok
}

func (m *Map) remove(key string) any {
	old, ok := m.values[key]
	if ok {
		delete(m.values, key)
		m.keys = slices.DeleteFunc(slices.Clone(m.keys), func(k string) bool { return k == key })
	}
	return old
}

func (m *Map) list() *List {
	l := &List{items: make([]any, len(m.keys))}
	for i, k := range m.keys {
		l.items[i] = m.values[k]
	}
	return l
}

// entry is one of a map's entrySet().
type entry struct {
	key   string
	value any
}

// deferred is what #define makes: a block that is rendered wherever it is used.
type deferred struct{ body block }

// text returns a value as Java's toString has it.
func (r *run) text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return r.capture(func() { r.put(v) })
}

// put writes a value as Java's toString has it.
func (r *run) put(v any) {
	r.step()
	switch v := v.(type) {
	case nil:
		r.write("null")
	case bool:
		r.write(strconv.FormatBool(v))
	case int64:
		r.write(strconv.FormatInt(v, 10))
	case float64:
		r.write(javaDouble(v))
	case string:
		r.write(v)
	case json.Number:
		r.write(string(v))
	case deferred:
		defer r.nest()()
		v.body.exec(r)
	case entry:
		r.write(v.key + "=")
		r.put(v.value)
	case *List:
		r.puts("[]", len(v.items), func(i int) { r.put(v.items[i]) })
	case *Map:
		r.puts("{}", len(v.keys), func(i int) {
			r.write(v.keys[i] + "=")
			r.put(v.values[v.keys[i]])
		})
	case object:
		r.write(v.String())
	}
}

func (r *run) puts(brackets string, n int, put func(i int)) {
	defer r.nest()()
	r.write(brackets[:1])
	for i := range n {
		if i > 0 {
			r.write(", ")
		}
		put(i)
	}
	r.write(brackets[1:])
}

// javaDouble writes a number as Java's Double.toString does: with a fraction
// always, and an exponent from 10^7 and below 10^-3.
func javaDouble(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return strings.TrimPrefix(strings.Replace(strconv.FormatFloat(f, 'g', -1, 64), "Inf", "Infinity", 1), "+")
	}
	if size := math.Abs(f); size != 0 && (size >= 1e7 || size < 1e-3) {
		digits, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		if !strings.Contains(digits, ".") {
			digits += ".0"
		}
		n, _ := strconv.Atoi(exponent) // what FormatFloat wrote
		return digits + "E" + strconv.Itoa(n)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// equal is Velocity's ==: numbers by value, values of one kind as Java's equals,
// and others by their text.
func (r *run) equal(a, b any) bool {
	defer r.nest()()
	r.step()
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if x, y, ok := numbers(a, b); ok {
		return x == y
	}
	switch x := a.(type) {
	case *List:
		if y, ok := b.(*List); ok {
			return x == y || slices.EqualFunc(x.items, y.items, r.equal)
		}
	case *Map:
		if y, ok := b.(*Map); ok {
			same := func(k string) bool { return y.has(k) && r.equal(x.values[k], y.values[k]) }
			return x == y || len(x.keys) == len(y.keys) && !slices.ContainsFunc(x.keys, func(k string) bool { return !same(k) })
		}
	}
	s, t := r.text(a), r.text(b)
	r.spend(min(len(s), len(t)))
	return s == t
}

// numbers returns two numbers as they compare.
func numbers(a, b any) (x, y float64, ok bool) {
	x, okx := number(a)
	y, oky := number(b)
	return x, y, okx && oky
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
