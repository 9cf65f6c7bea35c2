package kv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// The stored form of a record is a format byte followed by the fields that are
// not zero, in the order of their numbers:
//
//	field   = uvarint(number<<3 | wire) value
//	wire 0  varint: bool, uint; zigzag: int, time.Duration, time.Time (Unix nanoseconds)
//	wire 1  8 bytes little endian: float64
//	wire 2  uvarint length, then that many bytes: string, []byte, struct (its
//	        fields), slice (uvarint count, values), map (uvarint count, sorted
//	        keys each with its value)
//
// Inside slices and maps a value has no header, and a pointer is preceded by
// 0 (nil) or 1. A reader skips field numbers that it does not know, so a field
// can be added at any time; a number must never be used again for another type.
const recordFormat = 1

const (
	wireVarint = 0
	wireFixed  = 1
	wireBytes  = 2
)

// ErrRecord tells that stored bytes are not a record of the type asked for.
var ErrRecord = errors.New("kv: malformed record")

// Append appends the stored form of r to b. R is a struct whose every field has
// a tag kv:"N", N from 1 up, or kv:"-" for one that is not stored. Fields are
// strings, bools, integers, float64, time.Time, time.Duration, []byte, structs,
// and pointers to, slices of and string-keyed maps of them. An empty slice or
// map reads back as nil, an instant in UTC. A type that does not keep to this
// is a mistake of its author, and panics.
func Append[R any](b []byte, r *R) []byte {
	b = append(b, recordFormat)
	return planOf(reflect.TypeFor[R]()).append(b, unsafe.Pointer(r))
}

// Decode sets r from its stored form, keeping no reference to b. Bytes of
// another shape return an error that wraps ErrRecord.
func Decode[R any](b []byte, r *R) error {
	return decodeText(string(b), r)
}

// decodeText is Decode of a text, which r refers to then.
func decodeText[R any](b string, r *R) error {
	d := decoders.Get().(*decoder)
	err := decodeBy(planOf(reflect.TypeFor[R]()), d, b, r)
	d.buf = ""
	decoders.Put(d)
	return err
}

// decodeBy is decodeText for who has the plan of R and a decoder at hand.
func decodeBy[R any](p *plan, d *decoder, b string, r *R) error {
	if b == "" || b[0] != recordFormat {
		return fmt.Errorf("%w: %T: unknown format", ErrRecord, *r)
	}
	*r = *new(R)
	*d = decoder{buf: b[1:]}
	p.read(d, unsafe.Pointer(r))
	if d.failed {
		return fmt.Errorf("%w: %T", ErrRecord, *r)
	}
	return nil
}

// decoders are used again, because one that codecs call through a pointer is
// on the heap.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// plan is what is known of a struct type: its fields by number.
type plan struct {
	fields []field // ascending numbers
}

type field struct {
	codec
	number uint64
	offset uintptr
	header []byte // uvarint(number<<3 | wire)
}

// plans caches pure values: the plan of a type never changes.
var plans sync.Map // reflect.Type → *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := planner{}.plan(t)
	plans.Store(t, p)
	return p
}

func (p *plan) append(b []byte, at unsafe.Pointer) []byte {
	for i := range p.fields {
		f := &p.fields[i]
		v := unsafe.Add(at, f.offset)
		if f.empty != nil && f.empty(v) {
			continue
		}
		start := len(b)
		b = append(b, f.header...)
		value := len(b)
		b = f.append(b, v)
		if f.empty == nil && len(b) == value+1 && b[value] == 0 { // a struct of zero fields
			b = b[:start]
		}
	}
	return b
}

// read fills the struct at from all that is left of d.
func (p *plan) read(d *decoder, at unsafe.Pointer) {
	next := 0
	for !d.failed && d.pos < len(d.buf) {
		h := d.uvarint()
		number, wire := h>>3, byte(h&7)
		for next < len(p.fields) && p.fields[next].number < number {
			next++
		}
		if next == len(p.fields) || p.fields[next].number != number {
			d.skip(wire)
			continue
		}
		f := &p.fields[next]
		if f.wire != wire {
			d.failed = true
			return
		}
		f.read(d, unsafe.Add(at, f.offset))
		next++
	}
}

// decoder walks a string, so that text in the record needs no second copy.
type decoder struct {
	buf    string
	pos    int
	depth  int
	failed bool
}

// maxDepth bounds nesting, which recursive types would leave to the input.
const maxDepth = 64

func (d *decoder) uvarint() uint64 {
	if d.pos < len(d.buf) && d.buf[d.pos] < 0x80 { // most are that short
		d.pos++
		return uint64(d.buf[d.pos-1])
	}
	return d.longUvarint()
}

func (d *decoder) longUvarint() uint64 {
	var u uint64
	for shift := 0; shift < 64 && d.pos < len(d.buf); shift += 7 {
		c := d.buf[d.pos]
		d.pos++
		u |= uint64(c&0x7F) << shift
		if c < 0x80 {
			return u
		}
	}
	d.failed = true
	return 0
}

func (d *decoder) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *decoder) fixed() uint64 {
	if len(d.buf)-d.pos < 8 {
		d.failed = true
		return 0
	}
	var raw [8]byte
	copy(raw[:], d.buf[d.pos:])
	d.pos += 8
	return binary.LittleEndian.Uint64(raw[:])
}

func (d *decoder) text() string {
	n := d.uvarint()
	if d.failed || n > uint64(len(d.buf)-d.pos) {
		d.failed = true
		return ""
	}
	s := d.buf[d.pos : d.pos+int(n)]
	d.pos += int(n)
	return s
}

// count reads the number of values that follow, each of at least one byte.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.buf)-d.pos) {
		d.failed = true
		return 0
	}
	return int(n)
}

func (d *decoder) skip(wire byte) {
	switch wire {
	case wireVarint:
		d.uvarint()
	case wireFixed:
		d.fixed()
	case wireBytes:
		d.text()
	default:
		d.failed = true
	}
}

// enter begins reading a value that its length precedes. What it returns is for
// leave, which must follow unless ok is false.
func (d *decoder) enter() (outer decoder, ok bool) {
	s := d.text()
	if d.failed || d.depth == maxDepth {
		d.failed = true
		return decoder{}, false
	}
	outer = *d
	d.buf, d.pos, d.depth = s, 0, outer.depth+1
	return outer, true
}

// leave ends it: exactly that much must have been read.
func (d *decoder) leave(outer decoder) {
	outer.failed = d.failed || d.pos != len(d.buf)
	*d = outer
}

// appendNested appends what write appends, preceded by its length.
func appendNested(b []byte, write func([]byte) []byte) []byte {
	start := len(b)
	b = write(append(b, 0))
	n := len(b) - start - 1
	if n < 0x80 {
		b[start] = byte(n)
		return b
	}
	var head [binary.MaxVarintLen64]byte
	size := binary.PutUvarint(head[:], uint64(n))
	b = append(b, head[1:size]...) // make room; overwritten below
	copy(b[start+size:], b[start+1:start+1+n])
	copy(b[start:], head[:size])
	return b
}
