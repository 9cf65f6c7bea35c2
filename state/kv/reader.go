package kv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ErrKey tells that a key does not hold the element that was asked for.
var ErrKey = errors.New("kv: key has another shape")

// Reader reads the elements of a key back, in order. The first mistake sticks:
// later reads return zero values, and Err tells.
type Reader struct {
	rest Key
	err  error
}

// Read begins reading k. Pass a table's prefix to Skip to get to the elements
// that follow it.
func Read(k Key) Reader { return Reader{rest: k} }

// More reports whether there are elements left.
func (r *Reader) More() bool { return r.err == nil && len(r.rest) > 0 }

// Err returns the first mistake, or nil.
func (r *Reader) Err() error { return r.err }

// Rest returns what has not been read yet.
func (r *Reader) Rest() Key { return r.rest }

// String reads a text element.
func (r *Reader) String() string { return string(r.text(tagString)) }

// Text reads a text element, which may be a part of the key and is only valid
// as long as that.
func (r *Reader) Text() []byte { return r.text(tagString) }

// Bytes reads a binary element.
func (r *Reader) Bytes() []byte { return bytes.Clone(r.text(tagBytes)) }

// Uint reads an unsigned element.
func (r *Reader) Uint() uint64 { return r.fixed(tagUint) }

// Int reads a signed element.
func (r *Reader) Int() int64 {
	u := r.fixed(tagInt)
	if r.err != nil {
		return 0
	}
	return int64(u ^ signBit)
}

// Time reads an instant, in UTC.
func (r *Reader) Time() time.Time {
	u := r.fixed(tagTime)
	if r.err != nil {
		return time.Time{}
	}
	return time.Unix(0, int64(u^signBit)).UTC()
}

// Stamp reads a stamp.
func (r *Reader) Stamp() Stamp {
	if !r.begins(tagStamp, stampSize) {
		return Stamp{}
	}
	s := Stamp{Version: binary.BigEndian.Uint64(r.rest[1:]), Seq: binary.BigEndian.Uint16(r.rest[9:])}
	r.rest = r.rest[stampSize:]
	return s
}

// Skip reads n elements of any type.
func (r *Reader) Skip(n int) {
	for range n {
		if r.err != nil {
			return
		}
		switch r.tag() {
		case tagString, tagBytes:
			r.skipText()
		case tagUint, tagInt, tagTime:
			r.fixed(r.tag())
		case tagStamp:
			r.Stamp()
		default:
			r.err = ErrKey
		}
	}
}

func (r *Reader) tag() byte {
	if len(r.rest) == 0 {
		return 0
	}
	return r.rest[0]
}

func (r *Reader) begins(tag byte, size int) bool {
	if r.err == nil && (r.tag() != tag || len(r.rest) < size) {
		r.err = ErrKey
	}
	return r.err == nil
}

func (r *Reader) fixed(tag byte) uint64 {
	if !r.begins(tag, fixedSize) {
		return 0
	}
	u := binary.BigEndian.Uint64(r.rest[1:])
	r.rest = r.rest[fixedSize:]
	return u
}

// text reads a text or binary element. What it returns may be a part of the key.
func (r *Reader) text(tag byte) []byte {
	if !r.begins(tag, 2) {
		return nil
	}
	var unescaped []byte
	for rest := r.rest[1:]; ; {
		end := bytes.IndexByte(rest, 0)
		switch {
		case end < 0:
			r.err = ErrKey
			return nil
		case end+1 < len(rest) && rest[end+1] == 0xFF: // a zero of the text itself
			unescaped = append(unescaped, rest[:end+1]...)
			rest = rest[end+2:]
			continue
		}
		r.rest = rest[end+1:]
		if unescaped == nil {
			return rest[:end]
		}
		return append(unescaped, rest[:end]...)
	}
}

func (r *Reader) skipText() {
	for rest := r.rest[1:]; ; {
		end := bytes.IndexByte(rest, 0)
		switch {
		case end < 0:
			r.err = ErrKey
			return
		case end+1 < len(rest) && rest[end+1] == 0xFF:
			rest = rest[end+2:]
			continue
		}
		r.rest = rest[end+1:]
		return
	}
}

// String prints the tuple for people, such as (queue, 7, @12.0). What is not
// a tuple is printed in hexadecimal.
func (k Key) String() string {
	var b strings.Builder
	b.WriteByte('(')
	r := Read(k)
	for r.More() {
		if b.Len() > 1 {
			b.WriteString(", ")
		}
		r.print(&b)
	}
	if r.err != nil {
		return fmt.Sprintf("%x", []byte(k))
	}
	b.WriteByte(')')
	return b.String()
}

func (r *Reader) print(b *strings.Builder) {
	switch r.tag() {
	case tagString:
		s := r.String()
		if strconv.Quote(s) != `"`+s+`"` || strings.ContainsAny(s, ", ()") {
			s = strconv.Quote(s)
		}
		b.WriteString(s)
	case tagBytes:
		fmt.Fprintf(b, "0x%x", r.Bytes())
	case tagUint:
		fmt.Fprint(b, r.Uint())
	case tagInt:
		fmt.Fprintf(b, "%+d", r.Int())
	case tagTime:
		b.WriteString(r.Time().Format(time.RFC3339Nano))
	case tagStamp:
		s := r.Stamp()
		fmt.Fprintf(b, "@%d.%d", s.Version, s.Seq)
	default:
		r.err = ErrKey
	}
}
