package wire

import (
	"encoding/base64"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/schema"
)

// decoding is what the decoders of all protocols share: where in the input
// they are, and which required members were missing.
type decoding struct {
	path    []step
	missing []Violation
}

// step is one step into the input: a member, or an element by its number.
type step struct {
	member string
	index  int // from 1; 0 for a member
}

func (d *decoding) enter(member string) {
	if d.path == nil {
		d.path = make([]step, 0, usualDepth)
	}
	d.path = append(d.path, step{member: member})
}

const usualDepth = 8 // of what is in requests: room is made for it at once

func (d *decoding) element(i int) { d.path = append(d.path, step{index: i}) }
func (d *decoding) leave()        { d.path = d.path[:len(d.path)-1] }
func (d *decoding) tooDeep() bool { return len(d.path) > maxDepth }

// require notes the members of p that are required and not among seen.
func (d *decoding) require(p *schema.Plan, seen uint64) {
	for _, f := range p.Missing(seen) {
		d.enter(f.Name)
		d.missing = append(d.missing, Violation{Path: pathString(d.path), Member: f.Name, Required: true})
		d.leave()
	}
}

// members counts the members of a structure that were there and not null.
type members struct{ known, unknown int }

// stranger counts a member that the model does not have. Clients may add the
// type's name to any structure.
func (m *members) stranger(name string) {
	if name != "__type" {
		m.unknown++
	}
}

// oneOf refuses a union that does not have exactly one member. One that the
// model does not know cannot be what was meant.
func (d *decoding) oneOf(p *schema.Plan, set members) error {
	if !p.Shape.Union || set == (members{known: 1}) {
		return nil
	}
	return malformed("Union %s must have exactly one of its members set", pathString(d.path))
}

// finish returns the input, or all constraints that it violates.
func (d *decoding) finish(p *schema.Plan, in any, at unsafe.Pointer) (any, error) {
	v := validation{decoding: decoding{missing: d.missing}}
	if p.Constrained {
		v.value(p, at)
	}
	if len(v.missing) > 0 {
		return in, &Invalid{Violations: v.missing}
	}
	return in, nil
}

// pathString writes a path as AWS does in its validation messages: members
// with a lower-case initial, elements as N.member.
func pathString(path []step) string {
	var b strings.Builder
	for i, s := range path {
		if i > 0 {
			b.WriteByte('.')
		}
		if s.index > 0 {
			b.WriteString(strconv.Itoa(s.index))
			b.WriteString(".member")
			continue
		}
		b.WriteString(lowerInitial(s.member))
	}
	return b.String()
}

func lowerInitial(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}

// pointer returns the address of the struct that v points to.
func pointer(v any) unsafe.Pointer { return reflect.ValueOf(v).UnsafePointer() }

// setText sets a scalar from its text form, as headers, labels, forms and XML
// carry it.
func setText(m *schema.Field, at unsafe.Pointer, s string, def schema.TimeFormat) error {
	kind := m.Kind
	switch kind {
	case schema.String:
		*(*string)(at) = s
	case schema.Boolean:
		switch s {
		case "true", "True", "TRUE":
			*(*bool)(at) = true
		case "false", "False", "FALSE":
			*(*bool)(at) = false
		default:
			return malformed("Value %q at %s is not a boolean: want true or false", s, m.Name)
		}
	case schema.Byte, schema.Short, schema.Integer, schema.Long:
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		if err != nil || !setInt(kind, at, n) {
			return malformed("Value %q at %s is not a valid %s", s, m.Name, kind)
		}
	case schema.Float, schema.Double:
		f, ok := parseFloat(s)
		if !ok {
			return malformed("Value %q at %s is not a number", s, m.Name)
		}
		setFloat(kind, at, f)
	case schema.Timestamp:
		t, err := parseTime(s, m.TimeFormat(), def)
		if err != nil {
			return malformed("Value %q at %s is not a valid timestamp", s, m.Name)
		}
		*(*time.Time)(at) = t
	case schema.Blob:
		b, err := decodeBase64(s)
		if err != nil {
			return malformed("Value at %s is not valid Base64", m.Name)
		}
		*(*[]byte)(at) = b
	}
	return nil
}

// decodeBase64 accepts base64 with and without padding and line breaks.
func decodeBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil && !strings.HasSuffix(s, "=") {
		b, err = base64.RawStdEncoding.DecodeString(s)
	}
	return b, err
}

func setInt(kind schema.Kind, at unsafe.Pointer, n int64) bool {
	switch kind {
	case schema.Byte:
		*(*int8)(at) = int8(n)
		return n >= math.MinInt8 && n <= math.MaxInt8
	case schema.Short:
		*(*int16)(at) = int16(n)
		return n >= math.MinInt16 && n <= math.MaxInt16
	case schema.Integer:
		*(*int32)(at) = int32(n)
		return n >= math.MinInt32 && n <= math.MaxInt32
	}
	*(*int64)(at) = n
	return true
}

func setFloat(kind schema.Kind, at unsafe.Pointer, f float64) {
	if kind == schema.Float {
		*(*float32)(at) = float32(f)
		return
	}
	*(*float64)(at) = f
}

func parseFloat(s string) (float64, bool) {
	switch s {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		return math.Inf(1), true
	case "-Infinity":
		return math.Inf(-1), true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(s, "xXpP_") {
		return 0, false
	}
	return f, true
}
