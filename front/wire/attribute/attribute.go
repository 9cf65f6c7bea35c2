// Package attribute holds DynamoDB's values in one form: that in which they are
// decoded from a request, compared, stored, and encoded into an answer. Nothing
// is taken apart before it is needed, and a part of a value is a part of its text.
//
// A Value is a tag and
//
//	S, N, B      uvarint length, bytes
//	SS, NS, BS   uvarint count, then each as above
//	L            uvarint count, values
//	M            a Map: uvarint count, then names and values, by name
//	NULL, BOOL   nothing
//
// The form is stored, so it never changes. Values come from the constructors,
// from the wire layer, or from the store, where Valid tells whether they are
// whole; the methods panic on bytes that are none.
package attribute

import (
	"encoding/base64"
	"encoding/binary"
	"iter"
	"maps"
	"slices"
)

// Value is one value. The zero Value is none at all.
type Value string

// Map is names with values: an item, a key, or the content of an M. The zero
// Map is none at all, which an empty one is not.
type Map string

// The names of the types.
const (
	S    = "S"
	N    = "N"
	B    = "B"
	SS   = "SS"
	NS   = "NS"
	BS   = "BS"
	M    = "M"
	L    = "L"
	NULL = "NULL"
	BOOL = "BOOL"
)

// Tags are stored: never renumber.
const (
	tagString    = 1
	tagNumber    = 2
	tagBinary    = 3
	tagStringSet = 4
	tagNumberSet = 5
	tagBinarySet = 6
	tagList      = 7
	tagMap       = 8
	tagNull      = 9
	tagFalse     = 10
	tagTrue      = 11

	// Of what requests may hold and is never stored.
	tagNone    = 12 // no type
	tagMany    = 13 // more than one type
	tagNotNull = 14 // NULL that is false
)

var typeNames = [...]string{
	tagString: S, tagNumber: N, tagBinary: B, tagStringSet: SS, tagNumberSet: NS, tagBinarySet: BS, tagList: L, tagMap: M,
	tagNull: NULL, tagFalse: BOOL, tagTrue: BOOL, tagNotNull: NULL,
}

// Values of requests that no value should be.
const (
	Nothing = Value(rune(tagNone))    // without a type
	TooMany = Value(rune(tagMany))    // with more than one
	NotNull = Value(rune(tagNotNull)) // NULL, but false
)

// Type is the name of the type; empty for none and for TooMany.
func (v Value) Type() string {
	if v == "" || int(v[0]) >= len(typeNames) {
		return ""
	}
	return typeNames[v[0]]
}

// Text is the content of an S or N, or the bytes of a B; none of anything else.
func (v Value) Text() string {
	if v == "" || v[0] > tagBinary {
		return ""
	}
	s, _ := text(string(v), 1)
	return s
}

// Is reports whether v is of a type.
func (v Value) Is(name string) bool { return v.Type() == name }

// Bool is the content of a BOOL.
func (v Value) Bool() bool { return v != "" && v[0] == tagTrue }

// Map is the content of an M; none of anything else.
func (v Value) Map() Map {
	if v == "" || v[0] != tagMap {
		return ""
	}
	return Map(v[1:])
}

// Len is how many elements a set, list or map has.
func (v Value) Len() int {
	if !v.collection() {
		return 0
	}
	n, _ := count(string(v), 1)
	return n
}

func (v Value) collection() bool { return v != "" && v[0] >= tagStringSet && v[0] <= tagMap }

// Texts are the elements of a set; none of anything else.
func (v Value) Texts() iter.Seq[string] {
	return func(yield func(string) bool) {
		if v == "" || v[0] < tagStringSet || v[0] > tagBinarySet {
			return
		}
		n, i := count(string(v), 1)
		for range n {
			var s string
			if s, i = text(string(v), i); !yield(s) {
				return
			}
		}
	}
}

// Elements are the elements of a list; none of anything else.
func (v Value) Elements() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if v == "" || v[0] != tagList {
			return
		}
		n, i := count(string(v), 1)
		for k := range n {
			end := skip(string(v), i)
			if !yield(k, v[i:end]) {
				return
			}
			i = end
		}
	}
}

// At is the element of a list at an index, and whether there is one.
func (v Value) At(index int) (Value, bool) {
	for i, e := range v.Elements() {
		if i == index {
			return e, true
		}
	}
	return "", false
}

// List returns the elements of a list.
func (v Value) List() []Value {
	all := make([]Value, 0, v.Len())
	for _, e := range v.Elements() {
		all = append(all, e)
	}
	return all
}

// Set returns the elements of a set.
func (v Value) Set() []string { return slices.AppendSeq(make([]string, 0, v.Len()), v.Texts()) }

// Len is how many names there are.
func (m Map) Len() int {
	if m == "" {
		return 0
	}
	n, _ := count(string(m), 0)
	return n
}

// All are the names and values, by name.
func (m Map) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if m == "" {
			return
		}
		n, i := count(string(m), 0)
		for range n {
			var name string
			name, i = text(string(m), i)
			end := skip(string(m), i)
			if !yield(name, Value(m[i:end])) {
				return
			}
			i = end
		}
	}
}

// Get returns the value with a name, and whether there is one.
func (m Map) Get(name string) (Value, bool) {
	if m == "" {
		return "", false
	}
	n, i := count(string(m), 0)
	for range n {
		var own string
		own, i = text(string(m), i)
		if own == name {
			return Value(m[i:skip(string(m), i)]), true
		}
		if own > name {
			break
		}
		i = skip(string(m), i)
	}
	return "", false
}

// Value returns the value with a name, none when there is none.
func (m Map) Value(name string) Value {
	v, _ := m.Get(name)
	return v
}

// Fields returns the names and values, to be changed and made a Map again.
func (m Map) Fields() map[string]Value {
	if m == "" {
		return map[string]Value{}
	}
	return maps.Collect(m.All())
}

// String returns an S.
func String(s string) Value { return scalar(tagString, s) }

// Number returns an N.
func Number(s string) Value { return scalar(tagNumber, s) }

// Binary returns a B.
func Binary[T string | []byte](b T) Value { return scalar(tagBinary, b) }

func scalar[T string | []byte](tag byte, s T) Value {
	return Value(appendText(append(make([]byte, 0, len(s)+4), tag), s))
}

// Bool returns a BOOL.
func Bool(b bool) Value {
	if b {
		return Value(rune(tagTrue))
	}
	return Value(rune(tagFalse))
}

// Null returns a NULL.
func Null() Value { return Value(rune(tagNull)) }

// Set returns a set of a type, which is SS, NS or BS.
func Set(name string, elements []string) Value {
	b := binary.AppendUvarint([]byte{byte(slices.Index(typeNames[:], name))}, uint64(len(elements)))
	for _, s := range elements {
		b = appendText(b, s)
	}
	return Value(b)
}

// List returns an L.
func List(elements []Value) Value {
	b := binary.AppendUvarint([]byte{tagList}, uint64(len(elements)))
	for _, e := range elements {
		b = append(b, e...)
	}
	return Value(b)
}

// Within returns an M with the content m.
func Within(m Map) Value { return Value(rune(tagMap)) + Value(m) }

// Make returns a Map of names and values.
func Make(fields map[string]Value) Map {
	size := binary.MaxVarintLen32
	for name, v := range fields {
		size += len(name) + len(v) + 3
	}
	b := binary.AppendUvarint(make([]byte, 0, size), uint64(len(fields)))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		b = append(appendText(b, name), fields[name]...)
	}
	return Map(b)
}

// With returns m with a value for a name, in place of the one that it has.
func (m Map) With(name string, v Value) Map {
	b := make([]byte, 0, len(m)+len(name)+len(v)+4)
	n, at, end, has := m.place(name)
	if !has {
		n++
	}
	_, begin := count(string(m), 0)
	b = append(binary.AppendUvarint(b, uint64(n)), m[begin:at]...)
	return Map(append(append(appendText(b, name), v...), m[end:]...))
}

// Without returns m without a name.
func (m Map) Without(name string) Map {
	n, at, end, has := m.place(name)
	if !has {
		return m
	}
	_, begin := count(string(m), 0)
	b := append(binary.AppendUvarint(make([]byte, 0, len(m)), uint64(n-1)), m[begin:at]...)
	return Map(append(b, m[end:]...))
}

// place finds where the entry of a name is, or is to be, among n.
func (m Map) place(name string) (n, at, end int, has bool) {
	n, at = count(string(m), 0)
	for range n {
		own, i := text(string(m), at)
		if own >= name {
			if own == name {
				return n, at, skip(string(m), i), true
			}
			break
		}
		at = skip(string(m), i)
	}
	return n, at, at, false
}

// MarshalText returns the bytes in Base64, so that encoders of text lose nothing.
func (m Map) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, []byte(m)), nil
}

// MarshalText returns the bytes in Base64, so that encoders of text lose nothing.
func (v Value) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, []byte(v)), nil
}
