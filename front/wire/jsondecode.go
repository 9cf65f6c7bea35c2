package wire

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"time"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/schema"
)

// jsonDecoder fills structures from JSON.
type jsonDecoder struct {
	decoding
	jsonParser
	rest bool // member names are the wire names (REST), not the model's
}

// decodeJSON fills the structure at from body; an empty body is an empty structure.
func (d *jsonDecoder) document(p *schema.Plan, at unsafe.Pointer) error {
	if d.next() == 0 {
		d.require(p, 0)
		return nil
	}
	if err := d.value(p, at); err != nil {
		return err
	}
	if d.next() != 0 {
		return d.bad("the end")
	}
	return nil
}

func (d *jsonDecoder) value(p *schema.Plan, at unsafe.Pointer) error {
	if d.tooDeep() {
		return malformed("The request body is nested too deeply")
	}
	if p.Special != schema.Ordinary {
		return d.special(p, at)
	}
	c := d.next()
	switch p.Shape.Kind {
	case schema.Structure:
		if c != '{' {
			return d.wrongType(c, "Unexpected value type in payload")
		}
		return d.structure(p, at)
	case schema.List:
		if c != '[' {
			return d.wrongType(c, "Unexpected field type")
		}
		return d.list(p, at)
	case schema.Map:
		if c != '{' {
			return d.wrongType(c, "Unexpected field type")
		}
		return d.mapping(p, at)
	case schema.Document:
		return d.any(at)
	}
	return d.scalar(c, p, at)
}

// wrongType is AWS's error for a value of the wrong JSON type; malformed JSON
// is reported as that instead.
func (d *jsonDecoder) wrongType(c byte, message string) error {
	if err := d.skip(len(d.path)); err != nil {
		return err
	}
	if c == '{' {
		message = "Start of structure or map found where not expected."
	}
	return malformed("%s", message)
}

func (d *jsonDecoder) structure(p *schema.Plan, at unsafe.Pointer) error {
	d.pos++
	var seen uint64
	var set members
	hint := 0
	for first := true; ; first = false {
		more, err := d.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			d.require(p, seen)
			return d.oneOf(p, set)
		}
		name, err := d.key()
		if err != nil {
			return err
		}
		if d.null() {
			continue
		}
		var f *schema.Field
		if f, hint = p.Field(name, hint); f == nil || d.rest && f.Location != schema.InBody {
			set.stranger(name)
			if err := d.skip(len(d.path)); err != nil {
				return err
			}
			continue
		}
		set.known++
		d.enter(f.Name)
		if err := d.value(f.Plan, f.Value(at)); err != nil {
			return err
		}
		d.leave()
		seen |= f.Bit
	}
}

func (d *jsonDecoder) list(p *schema.Plan, at unsafe.Pointer) error {
	d.pos++
	p.Empty(at)
	for i := 0; ; i++ {
		more, err := d.more(i == 0, ']')
		if err != nil || !more {
			return err
		}
		e := p.Append(at)
		if d.null() {
			if !p.Boxed {
				return malformed("Null is not allowed in a list")
			}
			continue
		}
		d.element(i + 1)
		if err := d.value(p.Elem, boxed(p, e)); err != nil {
			return err
		}
		d.leave()
	}
}

// boxed is where an element's value goes: behind a fresh pointer in a sparse list.
func boxed(p *schema.Plan, e unsafe.Pointer) unsafe.Pointer {
	if !p.Boxed {
		return e
	}
	v := reflect.New(p.Elem.Type).UnsafePointer()
	*(*unsafe.Pointer)(e) = v
	return v
}

func (d *jsonDecoder) mapping(p *schema.Plan, at unsafe.Pointer) error {
	d.pos++
	m := newMapping(p, at)
	for first := true; ; first = false {
		more, err := d.more(first, '}')
		if err != nil || !more {
			return err
		}
		k, err := d.key()
		if err != nil {
			return err
		}
		if d.null() {
			if !p.Boxed {
				return malformed("Null is not allowed in a map")
			}
			m.setNil(k)
			continue
		}
		d.enter(k)
		if err := d.value(p.Elem, m.slot()); err != nil {
			return err
		}
		d.leave()
		m.set(k)
	}
}

// mapping fills a Go map: values are made in a slot, then stored.
type mapping struct {
	plan    *schema.Plan
	strings map[string]string // set instead of m for the common type
	m, elem reflect.Value
	text    string
}

func newMapping(p *schema.Plan, at unsafe.Pointer) *mapping {
	m := &mapping{plan: p}
	if p.Elem.Type == reflect.TypeFor[string]() && !p.Boxed {
		m.strings = map[string]string{}
		*(*map[string]string)(at) = m.strings
		return m
	}
	m.m = reflect.MakeMap(p.Type)
	reflect.NewAt(p.Type, at).Elem().Set(m.m)
	return m
}

// slot returns where the next value goes.
func (m *mapping) slot() unsafe.Pointer {
	if m.strings != nil {
		m.text = ""
		return unsafe.Pointer(&m.text)
	}
	m.elem = reflect.New(m.plan.Elem.Type)
	return m.elem.UnsafePointer()
}

func (m *mapping) set(k string) {
	switch {
	case m.strings != nil:
		m.strings[k] = m.text
	case m.plan.Boxed:
		m.m.SetMapIndex(reflect.ValueOf(k), m.elem)
	default:
		m.m.SetMapIndex(reflect.ValueOf(k), m.elem.Elem())
	}
}

func (m *mapping) setNil(k string) {
	m.m.SetMapIndex(reflect.ValueOf(k), reflect.Zero(m.plan.Type.Elem()))
}

// scalar reads a value of a simple kind. The error texts are those of AWS's
// JSON parser, as its SDKs' users see them.
func (d *jsonDecoder) scalar(c byte, p *schema.Plan, at unsafe.Pointer) error {
	kind := p.Shape.Kind
	switch c {
	case '{':
		return d.wrongType(c, "")
	case '[':
		return d.wrongType(c, "Start of list found where not expected")
	case '"':
		s, err := d.str()
		if err != nil {
			return err
		}
		return d.text(kind, at, s)
	}
	word, err := d.literal()
	if err != nil {
		return err
	}
	if word == "true" || word == "false" {
		if kind != schema.Boolean {
			return malformed("%s_VALUE can not be converted to %s", map[bool]string{true: "TRUE", false: "FALSE"}[word == "true"], javaType(kind))
		}
		*(*bool)(at) = word == "true"
		return nil
	}
	return numeric(kind, at, word)
}

func (d *jsonDecoder) text(kind schema.Kind, at unsafe.Pointer, s string) error {
	switch kind {
	case schema.String:
		*(*string)(at) = s
		return nil
	case schema.Blob:
		b, err := strictBase64(s)
		*(*[]byte)(at) = b
		return err
	case schema.Timestamp:
		t, err := parseTime(s, schema.DefaultTime, schema.ISO8601)
		if err != nil {
			return malformed("%q at %s is not a valid timestamp", s, pathString(d.path))
		}
		*(*time.Time)(at) = t
		return nil
	case schema.Float, schema.Double:
		switch s {
		case "NaN", "Infinity", "-Infinity":
			f, _ := parseFloat(s)
			setFloat(kind, at, f)
			return nil
		}
	}
	return malformed("STRING_VALUE can not be converted to %s", javaType(kind))
}

// strictBase64 decodes the content of a blob. The second text is misspelt by AWS.
func strictBase64(s string) ([]byte, error) {
	if len(s)%4 != 0 {
		return nil, malformed("Base64 encoded length is expected a multiple of 4 bytes but found: %d", len(s))
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, malformed("Invalid last non-pad Base64 character dectected")
	}
	return b, nil
}

func numeric(kind schema.Kind, at unsafe.Pointer, word string) error {
	switch kind {
	case schema.Byte, schema.Short, schema.Integer, schema.Long:
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil { // 1.0 and 1e3 are integers, too
			f, _ := strconv.ParseFloat(word, 64)
			if n = int64(f); math.Abs(f) >= 1<<63 {
				return malformed("%s is out of range for %s", word, javaType(kind))
			}
		}
		if !setInt(kind, at, n) {
			return malformed("%s is out of range for %s", word, javaType(kind))
		}
		return nil
	case schema.Float, schema.Double:
		f, ok := parseFloat(word)
		if !ok {
			return malformed("%s is out of range for %s", word, javaType(kind))
		}
		setFloat(kind, at, f)
		return nil
	case schema.Timestamp:
		f, _ := strconv.ParseFloat(word, 64)
		t, err := epoch(f)
		if err != nil {
			return malformed("%s is not a valid timestamp", word)
		}
		*(*time.Time)(at) = t
		return nil
	}
	return malformed("NUMBER_VALUE can not be converted to %s", javaType(kind))
}

// javaType is the name that AWS's messages have for a kind.
func javaType(k schema.Kind) string {
	switch k {
	case schema.String:
		return "a String"
	case schema.Boolean:
		return "a Boolean"
	case schema.Blob:
		return "a Blob"
	case schema.Timestamp:
		return "a Timestamp"
	case schema.Integer:
		return "an Integer"
	}
	name := k.String()
	return "a " + string(name[0]-'a'+'A') + name[1:]
}

// any reads a document into an any.
func (d *jsonDecoder) any(at unsafe.Pointer) error {
	d.next()
	start := d.pos
	if err := d.skip(len(d.path)); err != nil {
		return err
	}
	var v any
	if err := json.Unmarshal([]byte(d.s[start:d.pos]), &v); err != nil {
		return malformed("The document at %s is not valid JSON", pathString(d.path))
	}
	*(*any)(at) = v
	return nil
}
