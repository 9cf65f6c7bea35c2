package kv

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unsafe"
)

// codec stores and reads the values of one Go type, at an address.
type codec struct {
	wire   byte
	empty  func(p unsafe.Pointer) bool // nil: a struct, left out when it has no bytes
	append func(b []byte, p unsafe.Pointer) []byte
	read   func(d *decoder, p unsafe.Pointer)
}

// planner builds plans. It remembers those under way, for types that contain
// themselves through a pointer, a slice or a map.
type planner map[reflect.Type]*plan

func (pl planner) plan(t reflect.Type) *plan {
	if p, ok := pl[t]; ok {
		return p
	}
	if t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("kv: record type %v is not a struct", t))
	}
	p := &plan{}
	pl[t] = p
	for sf := range t.Fields() {
		tag := sf.Tag.Get("kv")
		if tag == "-" {
			continue
		}
		number, err := strconv.ParseUint(tag, 10, 16)
		if err != nil || number == 0 {
			panic(fmt.Sprintf(`kv: field %v.%s needs a tag kv:"N", N from 1 up, or kv:"-"`, t, sf.Name))
		}
		c := pl.codec(sf.Type)
		header := binary.AppendUvarint(nil, number<<3|uint64(c.wire))
		p.fields = append(p.fields, field{codec: c, number: number, offset: sf.Offset, header: header})
	}
	slices.SortFunc(p.fields, func(a, b field) int { return cmp.Compare(a.number, b.number) })
	for i := 1; i < len(p.fields); i++ {
		if p.fields[i].number == p.fields[i-1].number {
			panic(fmt.Sprintf("kv: %v has two fields with the tag kv:%q", t, strconv.FormatUint(p.fields[i].number, 10)))
		}
	}
	return p
}

func (pl planner) codec(t reflect.Type) codec {
	if t == reflect.TypeFor[time.Time]() {
		return timeCodec()
	}
	switch t.Kind() {
	case reflect.String:
		return stringCodec()
	case reflect.Bool:
		return boolCodec()
	case reflect.Int, reflect.Int64:
		return signed[int64]()
	case reflect.Int32:
		return signed[int32]()
	case reflect.Int16:
		return signed[int16]()
	case reflect.Int8:
		return signed[int8]()
	case reflect.Uint, reflect.Uint64:
		return unsigned[uint64]()
	case reflect.Uint32:
		return unsigned[uint32]()
	case reflect.Uint16:
		return unsigned[uint16]()
	case reflect.Uint8:
		return unsigned[uint8]()
	case reflect.Float64:
		return floatCodec()
	case reflect.Struct:
		return structCodec(pl.plan(t))
	case reflect.Pointer:
		return pointerCodec(t, pl.codec(t.Elem()))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return bytesCodec()
		}
		return sliceCodec(t, pl.codec(t.Elem()))
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return mapCodec(t, pl.codec(t.Elem()))
		}
	}
	panic(fmt.Sprintf("kv: records cannot hold a %v", t))
}

func stringCodec() codec {
	return codec{
		wire:  wireBytes,
		empty: func(p unsafe.Pointer) bool { return *(*string)(p) == "" },
		append: func(b []byte, p unsafe.Pointer) []byte {
			return appendText(b, *(*string)(p))
		},
		read: func(d *decoder, p unsafe.Pointer) { *(*string)(p) = d.text() },
	}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func bytesCodec() codec {
	return codec{
		wire:  wireBytes,
		empty: func(p unsafe.Pointer) bool { return len(*(*[]byte)(p)) == 0 },
		append: func(b []byte, p unsafe.Pointer) []byte {
			v := *(*[]byte)(p)
			return append(binary.AppendUvarint(b, uint64(len(v))), v...)
		},
		read: func(d *decoder, p unsafe.Pointer) { *(*[]byte)(p) = []byte(d.text()) },
	}
}

func boolCodec() codec {
	return codec{
		wire:  wireVarint,
		empty: func(p unsafe.Pointer) bool { return !*(*bool)(p) },
		append: func(b []byte, p unsafe.Pointer) []byte {
			if *(*bool)(p) {
				return append(b, 1)
			}
			return append(b, 0)
		},
		read: func(d *decoder, p unsafe.Pointer) { *(*bool)(p) = d.uvarint() != 0 },
	}
}

func signed[T int8 | int16 | int32 | int64]() codec {
	return codec{
		wire:  wireVarint,
		empty: func(p unsafe.Pointer) bool { return *(*T)(p) == 0 },
		append: func(b []byte, p unsafe.Pointer) []byte {
			return binary.AppendVarint(b, int64(*(*T)(p)))
		},
		read: func(d *decoder, p unsafe.Pointer) {
			i := d.varint()
			*(*T)(p) = T(i)
			d.failed = d.failed || int64(T(i)) != i
		},
	}
}

func unsigned[T uint8 | uint16 | uint32 | uint64]() codec {
	return codec{
		wire:  wireVarint,
		empty: func(p unsafe.Pointer) bool { return *(*T)(p) == 0 },
		append: func(b []byte, p unsafe.Pointer) []byte {
			return binary.AppendUvarint(b, uint64(*(*T)(p)))
		},
		read: func(d *decoder, p unsafe.Pointer) {
			u := d.uvarint()
			*(*T)(p) = T(u)
			d.failed = d.failed || uint64(T(u)) != u
		},
	}
}

func floatCodec() codec {
	return codec{
		wire:  wireFixed,
		empty: func(p unsafe.Pointer) bool { return *(*uint64)(p) == 0 }, // by bits: -0 is kept
		append: func(b []byte, p unsafe.Pointer) []byte {
			return binary.LittleEndian.AppendUint64(b, math.Float64bits(*(*float64)(p)))
		},
		read: func(d *decoder, p unsafe.Pointer) { *(*float64)(p) = math.Float64frombits(d.fixed()) },
	}
}

// timeCodec keeps instants between 1677 and 2262, as Time does for keys.
func timeCodec() codec {
	return codec{
		wire:  wireVarint,
		empty: func(p unsafe.Pointer) bool { return (*time.Time)(p).IsZero() },
		append: func(b []byte, p unsafe.Pointer) []byte {
			return binary.AppendVarint(b, clampNanos(*(*time.Time)(p)))
		},
		read: func(d *decoder, p unsafe.Pointer) { *(*time.Time)(p) = time.Unix(0, d.varint()).UTC() },
	}
}
