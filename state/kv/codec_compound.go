package kv

import (
	"encoding/binary"
	"reflect"
	"slices"
	"unsafe"
)

func structCodec(s *plan) codec {
	return codec{
		wire: wireBytes,
		append: func(b []byte, p unsafe.Pointer) []byte {
			return appendNested(b, func(b []byte) []byte { return s.append(b, p) })
		},
		read: func(d *decoder, p unsafe.Pointer) {
			if outer, ok := d.enter(); ok {
				s.read(d, p)
				d.leave(outer)
			}
		},
	}
}

// pointerCodec keeps whether there is a value. As a field it is written when
// it is not nil; inside a slice or map (see element) a byte tells.
func pointerCodec(t reflect.Type, c codec) codec {
	return codec{
		wire:  c.wire,
		empty: func(p unsafe.Pointer) bool { return *(*unsafe.Pointer)(p) == nil },
		append: func(b []byte, p unsafe.Pointer) []byte {
			return c.append(b, *(*unsafe.Pointer)(p))
		},
		read: func(d *decoder, p unsafe.Pointer) {
			v := reflect.New(t.Elem()).UnsafePointer()
			c.read(d, v)
			*(*unsafe.Pointer)(p) = v
		},
	}
}

// element returns how a value of t is written where it cannot be left out.
func element(t reflect.Type, c codec) codec {
	if t.Kind() != reflect.Pointer {
		return c
	}
	return codec{
		append: func(b []byte, p unsafe.Pointer) []byte {
			if *(*unsafe.Pointer)(p) == nil {
				return append(b, 0)
			}
			return c.append(append(b, 1), p)
		},
		read: func(d *decoder, p unsafe.Pointer) {
			if d.uvarint() != 0 {
				c.read(d, p)
			}
		},
	}
}

// sliceHeader is the layout of every slice.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

func sliceCodec(t reflect.Type, c codec) codec {
	e := element(t.Elem(), c)
	size := t.Elem().Size()
	return codec{
		wire:  wireBytes,
		empty: func(p unsafe.Pointer) bool { return (*sliceHeader)(p).len == 0 },
		append: func(b []byte, p unsafe.Pointer) []byte {
			s := (*sliceHeader)(p)
			return appendNested(b, func(b []byte) []byte {
				b = binary.AppendUvarint(b, uint64(s.len))
				for i := range s.len {
					b = e.append(b, unsafe.Add(s.data, uintptr(i)*size))
				}
				return b
			})
		},
		read: func(d *decoder, p unsafe.Pointer) {
			outer, ok := d.enter()
			if !ok {
				return
			}
			if n := d.count(); n > 0 && !d.failed {
				v := reflect.NewAt(t, p).Elem()
				v.Set(reflect.MakeSlice(t, n, n))
				s := (*sliceHeader)(p)
				for i := 0; i < n && !d.failed; i++ {
					e.read(d, unsafe.Add(s.data, uintptr(i)*size))
				}
			}
			d.leave(outer)
		},
	}
}

func mapCodec(t reflect.Type, c codec) codec {
	e := element(t.Elem(), c)
	return codec{
		wire:  wireBytes,
		empty: func(p unsafe.Pointer) bool { return reflect.NewAt(t, p).Elem().Len() == 0 },
		append: func(b []byte, p unsafe.Pointer) []byte {
			m := reflect.NewAt(t, p).Elem()
			return appendNested(b, func(b []byte) []byte { return appendMap(b, m, e) })
		},
		read: func(d *decoder, p unsafe.Pointer) {
			if outer, ok := d.enter(); ok {
				readMap(d, reflect.NewAt(t, p).Elem(), e)
				d.leave(outer)
			}
		},
	}
}

func appendMap(b []byte, m reflect.Value, e codec) []byte {
	keys := make([]string, 0, m.Len())
	for k := range m.Seq() {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	b = binary.AppendUvarint(b, uint64(len(keys)))
	value := reflect.New(m.Type().Elem())
	for _, k := range keys {
		b = appendText(b, k)
		value.Elem().Set(m.MapIndex(reflect.ValueOf(k).Convert(m.Type().Key())))
		b = e.append(b, value.UnsafePointer())
	}
	return b
}

func readMap(d *decoder, m reflect.Value, e codec) {
	n := d.count()
	if n == 0 || d.failed {
		return
	}
	t := m.Type()
	m.Set(reflect.MakeMapWithSize(t, min(n, len(d.buf)/2)))
	value := reflect.New(t.Elem())
	for i := 0; i < n && !d.failed; i++ {
		key := reflect.ValueOf(d.text()).Convert(t.Key())
		value.Elem().SetZero()
		e.read(d, value.UnsafePointer())
		if !d.failed {
			m.SetMapIndex(key, value.Elem())
		}
	}
}
