package wire

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/schema"
)

// jsonEncoder appends JSON.
type jsonEncoder struct {
	b    []byte
	rest bool // leave out what travels outside the body
}

func (e *jsonEncoder) structure(p *schema.Plan, at unsafe.Pointer) {
	e.b = append(e.b, '{')
	first := true
	for i := range p.Fields {
		f := &p.Fields[i]
		if e.rest && f.Location != schema.InBody {
			continue
		}
		v := f.Present(at)
		if v == nil {
			continue
		}
		if !first {
			e.b = append(e.b, ',')
		}
		first = false
		e.b = append(e.b, f.JSONKey...)
		e.value(f, v)
	}
	e.b = append(e.b, '}')
}

func (e *jsonEncoder) value(f *schema.Field, at unsafe.Pointer) {
	p := f.Plan
	if p.Special != schema.Ordinary {
		e.special(p, at)
		return
	}
	switch p.Shape.Kind {
	case schema.Structure:
		e.structure(p, at)
	case schema.List:
		n, data := p.Len(at)
		e.b = append(e.b, '[')
		for i := range n {
			if i > 0 {
				e.b = append(e.b, ',')
			}
			e.element(p.Each, p.At(data, i))
		}
		e.b = append(e.b, ']')
	case schema.Map:
		e.mapping(p, at)
	case schema.Document:
		e.document(*(*any)(at))
	default:
		e.scalar(f, at)
	}
}

func (e *jsonEncoder) element(f *schema.Field, at unsafe.Pointer) {
	if at == nil {
		e.b = append(e.b, "null"...)
		return
	}
	e.value(f, at)
}

func (e *jsonEncoder) mapping(p *schema.Plan, at unsafe.Pointer) {
	e.b = append(e.b, '{')
	first := true
	for k, v := range entries(p, at) {
		if !first {
			e.b = append(e.b, ',')
		}
		first = false
		e.b = appendJSONString(e.b, k)
		e.b = append(e.b, ':')
		e.element(p.Each, v)
	}
	e.b = append(e.b, '}')
}

// entries walks a map in the order of its keys. Values are nil in a sparse
// map's empty places.
func entries(p *schema.Plan, at unsafe.Pointer) func(yield func(string, unsafe.Pointer) bool) {
	return func(yield func(string, unsafe.Pointer) bool) {
		m := reflect.NewAt(p.Type, at).Elem()
		for _, k := range sortedKeys(m) {
			v := m.MapIndex(k)
			var ptr unsafe.Pointer
			if p.Boxed {
				ptr = v.UnsafePointer()
			} else {
				slot := reflect.New(p.Type.Elem())
				slot.Elem().Set(v)
				ptr = slot.UnsafePointer()
			}
			if !yield(k.String(), ptr) {
				return
			}
		}
	}
}

func (e *jsonEncoder) document(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		b = []byte("null")
	}
	e.b = append(e.b, b...)
}

func (e *jsonEncoder) scalar(m *schema.Field, at unsafe.Pointer) {
	switch m.Kind {
	case schema.String:
		e.b = appendJSONString(e.b, *(*string)(at))
	case schema.Timestamp:
		if f := m.TimeFormat(); f == schema.DefaultTime || f == schema.Epoch {
			e.b = appendTime(e.b, schema.Time(at), schema.Epoch, schema.Epoch)
			return
		}
		e.b = append(e.b, '"')
		e.b = appendTime(e.b, schema.Time(at), m.TimeFormat(), schema.Epoch)
		e.b = append(e.b, '"')
	case schema.Blob:
		e.b = append(e.b, '"')
		e.b = base64.StdEncoding.AppendEncode(e.b, *(*[]byte)(at))
		e.b = append(e.b, '"')
	case schema.Float, schema.Double:
		f := floatOf(m.Plan, at)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			e.b = append(e.b, '"')
			e.b = appendScalar(e.b, m, at, schema.Epoch)
			e.b = append(e.b, '"')
			return
		}
		e.b = appendScalar(e.b, m, at, schema.Epoch)
	default:
		e.b = appendScalar(e.b, m, at, schema.Epoch)
	}
}

func floatOf(p *schema.Plan, at unsafe.Pointer) float64 {
	if p.Shape.Kind == schema.Float {
		return float64(*(*float32)(at))
	}
	return *(*float64)(at)
}

// appendScalar writes a simple value as text, without quotes or escapes.
func appendScalar(b []byte, m *schema.Field, at unsafe.Pointer, def schema.TimeFormat) []byte {
	switch kind := m.Kind; kind {
	case schema.String:
		return append(b, *(*string)(at)...)
	case schema.Boolean:
		return strconv.AppendBool(b, *(*bool)(at))
	case schema.Byte:
		return strconv.AppendInt(b, int64(*(*int8)(at)), 10)
	case schema.Short:
		return strconv.AppendInt(b, int64(*(*int16)(at)), 10)
	case schema.Integer:
		return strconv.AppendInt(b, int64(*(*int32)(at)), 10)
	case schema.Long:
		return strconv.AppendInt(b, *(*int64)(at), 10)
	case schema.Float, schema.Double:
		return appendFloat(b, floatOf(m.Plan, at), kind)
	case schema.Timestamp:
		return appendTime(b, schema.Time(at), m.TimeFormat(), def)
	case schema.Blob:
		return base64.StdEncoding.AppendEncode(b, *(*[]byte)(at))
	}
	return b
}

func appendFloat(b []byte, f float64, kind schema.Kind) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	}
	bits := 64
	if kind == schema.Float {
		bits = 32
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, bits)
}

const hexDigits = "0123456789abcdef"

// appendJSONString writes s as a JSON string. HTML characters stay as they are.
func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			b = append(b, s[start:i]...)
			b = appendEscape(b, c)
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = append(b, s[start:i]...)
			b = append(b, "\ufffd"...)
			start = i + n
		}
		i += n
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
