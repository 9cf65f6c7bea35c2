package attribute_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/brume-cloud/brume/front/wire/attribute"
)

// FuzzEdits changes a Map and a Go map alike, by a script of names: what is
// there is taken away, what is not is added.
func FuzzEdits(f *testing.F) {
	f.Add("")
	f.Add("banana")
	var long []byte
	for c := byte(1); c != 0; c++ { // more names than one byte counts
		long = append(long, c)
	}
	f.Add(string(long) + "abc")
	f.Fuzz(func(t *testing.T, script string) {
		m, model := attribute.Make(nil), map[string]attribute.Value{}
		for i, c := range []byte(script) {
			name := string([]byte{c})
			if _, ok := model[name]; ok {
				m = m.Without(name)
				delete(model, name)
				continue
			}
			v := attribute.Number(fmt.Sprint(i))
			m, model[name] = m.With(name, v).With(name, v), v
		}
		if m != attribute.Make(model) || !attribute.Valid([]byte(m)) || !maps.Equal(m.Fields(), model) || m.Len() != len(model) {
			t.Fatalf("%q became %q, want %q", script, m, attribute.Make(model))
		}
		for name, v := range model {
			if got, ok := m.Get(name); !ok || got != v {
				t.Fatalf("%q is %q (%v), want %q", name, got, ok, v)
			}
		}
		if _, ok := m.Get("no such name"); ok {
			t.Fatal("found what is not there")
		}
	})
}

// FuzzValid feeds bytes that may be no Map: those that are can be walked.
func FuzzValid(f *testing.F) {
	f.Add([]byte(attribute.Make(map[string]attribute.Value{"l": attribute.List([]attribute.Value{attribute.Null(), attribute.Set(attribute.BS, []string{"a"})})})))
	f.Add([]byte{1, 0, 8, 0xFF, 0xFF, 0x7F})
	f.Add([]byte{1, 1, 'a', 12})
	f.Fuzz(func(t *testing.T, b []byte) {
		if !attribute.Valid(b) {
			return
		}
		n := 0
		for name, v := range attribute.Map(b).All() {
			n++
			walk(v)
			_ = name
		}
		if n != attribute.Map(b).Len() {
			t.Fatalf("%x has %d entries and says %d", b, n, attribute.Map(b).Len())
		}
	})
}

func walk(v attribute.Value) {
	_ = v.Text()
	_ = v.Set()
	for _, e := range v.List() {
		walk(e)
	}
	for _, e := range v.Map().All() {
		walk(e)
	}
}

// TestBuilderOrdersNames builds maps in every order, with a name twice.
func TestBuilderOrdersNames(t *testing.T) {
	const entries = 300 // whose count takes two bytes
	model := map[string]attribute.Value{}
	build := func(from, step int) attribute.Map {
		var b attribute.Builder
		b.BeginMap()
		b.Name("twice")
		b.Text(attribute.S, "first")
		for i := range entries {
			n := (from + i*step) % entries
			name := fmt.Sprintf("name %03d", n)
			b.Name(name)
			b.Begin(attribute.M)
			b.Name("z")
			b.Begin(attribute.NS)
			b.Element(fmt.Sprint(n))
			b.End()
			b.Name("a")
			b.Add(attribute.Bool(true))
			b.End()
			model[name] = attribute.Within(attribute.Make(map[string]attribute.Value{"a": attribute.Bool(true), "z": attribute.Set(attribute.NS, []string{fmt.Sprint(n)})}))
		}
		b.Name("twice")
		b.Text(attribute.S, "last")
		b.End()
		return b.Map()
	}
	model["twice"] = attribute.String("last")
	for _, step := range []int{1, 7, entries - 1} {
		if got := build(5, step); got != attribute.Make(model) {
			t.Errorf("in steps of %d: names %q", step, slices.Collect(maps.Keys(got.Fields())))
		}
	}
}
