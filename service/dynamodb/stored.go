package dynamodb

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/brume-cloud/brume/state/kv"
)

// The stored form of an item is a format byte, the number of attributes, and for
// each its name and value, by name. A value is a tag and
//
//	S, N, B      uvarint length, bytes
//	SS, NS, BS   uvarint count, then each as above
//	L            uvarint count, values
//	M            uvarint count, then names and values, by name
//	others       nothing
const itemFormat = 1

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
)

// encode returns the stored form of an item that was checked.
func encode(it item) []byte {
	return appendMap(append(make([]byte, 0, 256), itemFormat), it)
}

func appendMap(b []byte, m item) []byte {
	b = binary.AppendUvarint(b, uint64(len(m)))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		v := m[name]
		b = appendValue(appendText(b, name), &v)
	}
	return b
}

func appendText[T string | []byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTexts[T string | []byte](b []byte, set []T) []byte {
	b = binary.AppendUvarint(b, uint64(len(set)))
	for _, s := range set {
		b = appendText(b, s)
	}
	return b
}

func appendValue(b []byte, v *value) []byte {
	switch {
	case v.S != nil:
		return appendText(append(b, tagString), *v.S)
	case v.N != nil:
		return appendText(append(b, tagNumber), *v.N)
	case v.B != nil:
		return appendText(append(b, tagBinary), v.B)
	case v.SS != nil:
		return appendTexts(append(b, tagStringSet), v.SS)
	case v.NS != nil:
		return appendTexts(append(b, tagNumberSet), v.NS)
	case v.BS != nil:
		return appendTexts(append(b, tagBinarySet), v.BS)
	case v.M != nil:
		return appendMap(append(b, tagMap), v.M)
	case v.L != nil:
		b = binary.AppendUvarint(append(b, tagList), uint64(len(v.L)))
		for i := range v.L {
			b = appendValue(b, &v.L[i])
		}
		return b
	case v.NULL != nil:
		return append(b, tagNull)
	case *v.BOOL:
		return append(b, tagTrue)
	}
	return append(b, tagFalse)
}

// decode reads an item. Its texts share one copy of b. What is not an item is a
// fault of the house, and ends the transaction.
func decode(key kv.Key, b []byte) item {
	d := decoder{buf: string(b)}
	if d.byte() != itemFormat {
		d.failed = true
	}
	it := d.mapping()
	if d.failed || d.buf != "" {
		kv.Fail(&kv.RecordError{Key: key, Err: kv.ErrRecord})
	}
	return it
}

// decoder takes values off the front of buf.
type decoder struct {
	buf    string
	failed bool
}

func (d *decoder) byte() byte {
	if d.buf == "" {
		d.failed = true
		return 0
	}
	c := d.buf[0]
	d.buf = d.buf[1:]
	return c
}

func (d *decoder) count() int {
	var u uint64
	for shift := 0; shift < 64 && !d.failed; shift += 7 {
		c := d.byte()
		u |= uint64(c&0x7F) << shift
		if c < 0x80 {
			break
		}
	}
	if u > uint64(len(d.buf)) { // everything counted takes a byte at least
		d.failed = true
		return 0
	}
	return int(u)
}

func (d *decoder) text() string {
	n := d.count()
	s := d.buf[:n]
	d.buf = d.buf[n:]
	return s
}

func (d *decoder) texts() []string {
	set := make([]string, d.count())
	for i := range set {
		set[i] = d.text()
	}
	return set
}

func (d *decoder) mapping() item {
	n := d.count()
	m := make(item, n)
	for range n {
		if d.failed {
			break
		}
		name := d.text()
		m[name] = d.value()
	}
	return m
}

func (d *decoder) value() value {
	switch d.byte() {
	case tagString:
		return value{S: ptr(d.text())}
	case tagNumber:
		return value{N: ptr(d.text())}
	case tagBinary:
		return value{B: []byte(d.text())}
	case tagStringSet:
		return value{SS: d.texts()}
	case tagNumberSet:
		return value{NS: d.texts()}
	case tagBinarySet:
		set := make([][]byte, d.count())
		for i := range set {
			set[i] = []byte(d.text())
		}
		return value{BS: set}
	case tagList:
		l := make([]value, d.count())
		for i := range l {
			l[i] = d.value()
		}
		return value{L: l}
	case tagMap:
		return value{M: d.mapping()}
	case tagNull:
		return value{NULL: ptr(true)}
	case tagFalse:
		return value{BOOL: ptr(false)}
	case tagTrue:
		return value{BOOL: ptr(true)}
	}
	d.failed = true
	return value{}
}
