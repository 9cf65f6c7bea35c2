package kv

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"time"
	"unsafe"
)

// Key is an encoded tuple: typed elements whose encoding keeps their order, so
// that comparing the bytes of two keys compares their elements one by one, and
// the key of a tuple starts every key that continues it.
//
// An element is a tag byte and then
//
//	string, bytes   the bytes, 0x00 written as 0x00 0xFF, ended by 0x00
//	uint            8 bytes, big endian
//	int             8 bytes, big endian, sign bit flipped
//	time            nanoseconds since 1970 UTC, as int
//	stamp           version (8 bytes) and sequence (2 bytes), big endian
//
// Elements of different types order by tag. No tag is 0x00 or 0xFF, so keys that
// begin with those are left to implementations of Store.
type Key []byte

// Tags are stored: never renumber. All are above 0x00, the end of a string,
// and below 0xFF, an escaped zero in a string.
const (
	tagBytes  = 0x01
	tagString = 0x02
	tagUint   = 0x10
	tagInt    = 0x11
	tagTime   = 0x12
	tagStamp  = 0x13
)

const (
	signBit   = 1 << 63
	fixedSize = 1 + 8     // uint, int, time
	stampSize = 1 + 8 + 2 // tag, version, seq
)

// Part is one element of a key.
type Part struct {
	text string // string and bytes
	num  uint64 // the others, as stored
	seq  uint16 // stamp
	tag  byte
}

// String is a text element.
func String[S ~string](s S) Part { return Part{tag: tagString, text: string(s)} }

// Bytes is a binary element. It refers to b until the key is made.
func Bytes(b []byte) Part {
	return Part{tag: tagBytes, text: unsafe.String(unsafe.SliceData(b), len(b))}
}

// Uint is an unsigned element.
func Uint(u uint64) Part { return Part{tag: tagUint, num: u} }

// Int is a signed element; negative ones come first.
func Int(i int64) Part { return Part{tag: tagInt, num: uint64(i) ^ signBit} }

// Time is an instant, to the nanosecond. Instants outside 1677–2262, such as
// the zero time, become the first or the last instant that fits.
func Time(t time.Time) Part { return Part{tag: tagTime, num: uint64(clampNanos(t)) ^ signBit} }

// At is the stamp of a committed PutStamped.
func At(s Stamp) Part { return Part{tag: tagStamp, num: s.Version, seq: s.Seq} }

// NewKey returns the key of a tuple.
func NewKey(parts ...Part) Key { return Key(nil).With(parts...) }

// With returns the key that continues k with parts. It never aliases k.
func (k Key) With(parts ...Part) Key {
	n := len(k)
	for i := range parts {
		n += parts[i].size()
	}
	out := append(make(Key, 0, n), k...)
	for i := range parts {
		out = parts[i].append(out)
	}
	return out
}

// End returns the key behind k and every tuple that continues k. It is not
// behind everything whose bytes start with k: ("a") is followed by 0xFF, an
// escaped zero, in ("a\x00"), which is another tuple.
func (k Key) End() Key {
	return append(append(make(Key, 0, len(k)+1), k...), 0xFF)
}

// After returns the smallest key greater than k itself: the place to go on
// after a page that ended with k.
func (k Key) After() Key {
	return append(append(make(Key, 0, len(k)+1), k...), 0)
}

// Compare orders keys as a Store does.
func (k Key) Compare(other Key) int { return bytes.Compare(k, other) }

// Prefix is the range of the tuple k and all tuples that continue it.
func Prefix(k Key) Range { return Range{From: k, To: k.End()} }

// TextPrefix is the range of the tuples that continue k with a string element
// starting with s.
func TextPrefix(k Key, s string) Range {
	from := make(Key, 0, len(k)+len(s)+2)
	from = appendEscaped(append(append(from, k...), tagString), s)
	to := bytes.TrimRight(from, "\xFF") // the tag is less, and stays
	to = slices.Clone(to)
	to[len(to)-1]++
	return Range{From: from, To: to}
}

// Contains reports whether k lies in the range.
func (r Range) Contains(k Key) bool {
	return bytes.Compare(r.From, k) <= 0 && (r.To == nil || bytes.Compare(k, r.To) < 0)
}

// Stamped returns prefix, room for a stamp, and suffix, for an implementation
// of Store to fill in with SetStamp once the version is known.
func Stamped(prefix, suffix Key) (key Key, at int) {
	key = make(Key, len(prefix)+stampSize+len(suffix))
	at = copy(key, prefix)
	SetStamp(key, at, Stamp{})
	copy(key[at+stampSize:], suffix)
	return key, at
}

// SetStamp writes s into a key made by Stamped.
func SetStamp(key Key, at int, s Stamp) {
	key[at] = tagStamp
	binary.BigEndian.PutUint64(key[at+1:], s.Version)
	binary.BigEndian.PutUint16(key[at+9:], s.Seq)
}

// StampAt reads the stamp in a key made by Stamped.
func StampAt(key Key, at int) Stamp {
	return Stamp{Version: binary.BigEndian.Uint64(key[at+1:]), Seq: binary.BigEndian.Uint16(key[at+9:])}
}

func (p *Part) size() int {
	switch p.tag {
	case tagString, tagBytes:
		n := len(p.text) + 2
		for i := range len(p.text) {
			if p.text[i] == 0 {
				n++
			}
		}
		return n
	case tagStamp:
		return stampSize
	}
	return fixedSize
}

func (p *Part) append(k Key) Key {
	k = append(k, p.tag)
	switch p.tag {
	case tagString, tagBytes:
		return append(appendEscaped(k, p.text), 0)
	case tagStamp:
		k = binary.BigEndian.AppendUint64(k, p.num)
		return binary.BigEndian.AppendUint16(k, p.seq)
	}
	return binary.BigEndian.AppendUint64(k, p.num)
}

func appendEscaped(k Key, s string) Key {
	for {
		i := 0
		for i < len(s) && s[i] != 0 {
			i++
		}
		k = append(k, s[:i]...)
		if i == len(s) {
			return k
		}
		k = append(k, 0, 0xFF)
		s = s[i+1:]
	}
}

func clampNanos(t time.Time) int64 {
	switch {
	case t.Before(time.Unix(0, math.MinInt64)):
		return math.MinInt64
	case t.After(time.Unix(0, math.MaxInt64)):
		return math.MaxInt64
	}
	return t.UnixNano()
}
