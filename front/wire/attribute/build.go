package attribute

import (
	"cmp"
	"encoding/binary"
	"slices"
	"unsafe"
)

// Builder makes a value from its parts as they are read. Begin and end calls
// bracket what is inside a collection; between those of a map, Name precedes
// each value.
type Builder struct {
	b     []byte
	names []name // of the maps under way, the inner ones last
	open  []open
}

// name is where a name and its value begin in the buffer.
type name struct {
	text  string
	begin int
}

type open struct {
	begin int // where the count is to be
	count int
	names int // how many names there were
}

// Text adds an S, N or B.
func (b *Builder) Text(typeName, s string) {
	b.b = appendText(append(b.b, byte(slices.Index(typeNames[:], typeName))), s)
}

// Add adds a whole value.
func (b *Builder) Add(v Value) { b.b = append(b.b, v...) }

// Len is how much was built; Cut drops what was built since.
func (b *Builder) Len() int { return len(b.b) }

// Cut drops what was built since the builder had the length n.
func (b *Builder) Cut(n int) { b.b = b.b[:n] }

// Begin begins a set, list or map.
func (b *Builder) Begin(typeName string) {
	b.b = append(b.b, byte(slices.Index(typeNames[:], typeName)))
	b.BeginMap()
}

// BeginMap begins a Map that is in no value.
func (b *Builder) BeginMap() {
	b.open = append(b.open, open{begin: len(b.b), names: len(b.names)})
	b.b = append(b.b, 0)
}

// Element adds an element to the set under way.
func (b *Builder) Element(s string) {
	b.b = appendText(b.b, s)
	b.Next()
}

// Next counts an element of the list under way.
func (b *Builder) Next() { b.open[len(b.open)-1].count++ }

// Name begins an entry of the map under way; its value must follow.
func (b *Builder) Name(s string) {
	b.names = append(b.names, name{s, len(b.b)})
	b.b = appendText(b.b, s)
	b.Next()
}

// End ends the set, list or map under way.
func (b *Builder) End() {
	o := b.open[len(b.open)-1]
	b.open = b.open[:len(b.open)-1]
	if names := b.names[o.names:]; len(names) > 0 {
		if !slices.IsSortedFunc(names, before) || repeats(names) {
			o.count = b.sort(names, o.begin+1)
		}
		b.names = b.names[:o.names]
	}
	if o.count < 0x80 {
		b.b[o.begin] = byte(o.count)
		return
	}
	var head [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(head[:], uint64(o.count))
	b.b = slices.Replace(b.b, o.begin, o.begin+1, head[:n]...)
}

func before(a, b name) int { return cmp.Compare(a.text, b.text) }

func repeats(names []name) bool {
	for i := 1; i < len(names); i++ {
		if names[i].text == names[i-1].text {
			return true
		}
	}
	return false
}

// sort puts the entries that begin at from in the order of their names. Of those
// with one name the last counts. It returns how many are left.
func (b *Builder) sort(names []name, from int) int {
	type entry struct {
		name string
		b    []byte
	}
	old := slices.Clone(b.b[from:])
	entries := make([]entry, len(names))
	for i, n := range names {
		end := len(b.b)
		if i+1 < len(names) {
			end = names[i+1].begin
		}
		entries[i] = entry{n.text, old[n.begin-from : end-from]}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	b.b = b.b[:from]
	left := 0
	for i, e := range entries {
		if i+1 < len(entries) && entries[i+1].name == e.name {
			continue
		}
		b.b = append(b.b, e.b...)
		left++
	}
	return left
}

// Map returns the Map that was built. The builder is not to be used again.
func (b *Builder) Map() Map { return Map(unsafe.String(unsafe.SliceData(b.b), len(b.b))) }

// Value returns the Value that was built. The builder is not to be used again.
func (b *Builder) Value() Value { return Value(unsafe.String(unsafe.SliceData(b.b), len(b.b))) }
