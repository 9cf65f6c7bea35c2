package wire

import (
	"encoding/base64"
	"strconv"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// DynamoDB's values go between JSON and the form in which they are stored,
// without anything in between.

// special reads a value or map of values into at.
func (d *jsonDecoder) special(p *schema.Plan, at unsafe.Pointer) error {
	a := attributes{jsonDecoder: d}
	if p.Special == schema.AttributeMap {
		err := a.mapping(true)
		*(*attribute.Map)(at) = a.built.Map()
		return err
	}
	err := a.value()
	*(*attribute.Value)(at) = a.built.Value()
	return err
}

// attributes reads values for a builder.
type attributes struct {
	*jsonDecoder
	built attribute.Builder
}

// mapping reads a map, one that is in no value when outer is set.
func (a *attributes) mapping(outer bool) error {
	if c := a.next(); c != '{' {
		return a.wrongType(c, "Unexpected field type")
	}
	a.pos++
	if outer {
		a.built.BeginMap()
	} else {
		a.built.Begin(attribute.M)
	}
	defer a.built.End()
	for first := true; ; first = false {
		more, err := a.more(first, '}')
		if err != nil || !more {
			return err
		}
		name, err := a.key()
		if err != nil {
			return err
		}
		if a.null() {
			return malformed("Null is not allowed in a map")
		}
		a.built.Name(name)
		a.enter(name)
		if err := a.value(); err != nil {
			return err
		}
		a.leave()
	}
}

// value reads {"TYPE": …}. Without a type, or with several, it is one of the
// values of package attribute that stand for that.
func (a *attributes) value() error {
	if a.tooDeep() {
		return malformed("The request body is nested too deeply")
	}
	if c := a.next(); c != '{' {
		return a.wrongType(c, "Unexpected value type in payload")
	}
	a.pos++
	begin, types := a.built.Len(), 0
	for first := true; ; first = false {
		more, err := a.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		name, err := a.key()
		if err != nil {
			return err
		}
		if a.null() {
			continue
		}
		a.enter(name)
		known, err := a.typed(name)
		if err != nil {
			return err
		}
		a.leave()
		if known {
			types++
		}
	}
	switch types {
	case 0:
		a.built.Add(attribute.Nothing)
	case 1:
	default:
		a.built.Cut(begin)
		a.built.Add(attribute.TooMany)
	}
	return nil
}

// typed reads the content of a value of a type. One that is not known is skipped.
func (a *attributes) typed(name string) (known bool, err error) {
	switch name {
	case attribute.S, attribute.N, attribute.B:
		s, err := a.content(name)
		a.built.Text(name, s)
		return true, err
	case attribute.SS, attribute.NS, attribute.BS:
		return true, a.set(name)
	case attribute.L:
		return true, a.list()
	case attribute.M:
		return true, a.mapping(false)
	case attribute.NULL, attribute.BOOL:
		return true, a.boolean(name)
	}
	return false, a.skip(len(a.path))
}

// content reads a string that is the content of a value or an element of a set.
// Types of more than one letter are those of sets.
func (a *attributes) content(name string) (string, error) {
	kind := schema.String
	if name[0] == 'B' {
		kind = schema.Blob
	}
	if c := a.next(); c != '"' {
		var none string
		return "", a.scalar(c, &schema.Plan{Shape: &schema.Shape{Kind: kind}}, unsafe.Pointer(&none))
	}
	s, err := a.str()
	if err != nil || kind == schema.String {
		return s, err
	}
	b, err := strictBase64(s)
	return unsafe.String(unsafe.SliceData(b), len(b)), err
}

func (a *attributes) set(name string) error {
	return a.elements(name, func() error {
		s, err := a.content(name)
		a.built.Element(s)
		return err
	})
}

func (a *attributes) list() error {
	return a.elements(attribute.L, func() error {
		a.built.Next()
		return a.value()
	})
}

// elements reads an array.
func (a *attributes) elements(name string, read func() error) error {
	if c := a.next(); c != '[' {
		return a.wrongType(c, "Unexpected field type")
	}
	a.pos++
	a.built.Begin(name)
	defer a.built.End()
	for i := 0; ; i++ {
		more, err := a.more(i == 0, ']')
		if err != nil || !more {
			return err
		}
		if a.null() {
			return malformed("Null is not allowed in a list")
		}
		a.element(i + 1)
		if err := read(); err != nil {
			return err
		}
		a.leave()
	}
}

func (a *attributes) boolean(name string) error {
	var b bool
	if err := a.scalar(a.next(), &schema.Plan{Shape: &schema.Shape{Kind: schema.Boolean}}, unsafe.Pointer(&b)); err != nil {
		return err
	}
	switch {
	case name == attribute.BOOL:
		a.built.Add(attribute.Bool(b))
	case b:
		a.built.Add(attribute.Null())
	default:
		a.built.Add(attribute.NotNull)
	}
	return nil
}

// AttributeJSON is an item of DynamoDB as JSON writes it, for events.
func AttributeJSON(m attribute.Map) []byte {
	var e jsonEncoder
	e.attributes(m)
	return e.b
}

// special writes a value or a map of values.
func (e *jsonEncoder) special(p *schema.Plan, at unsafe.Pointer) {
	if p.Special == schema.AttributeMap {
		e.attributes(*(*attribute.Map)(at))
		return
	}
	e.attribute(*(*attribute.Value)(at))
}

func (e *jsonEncoder) attributes(m attribute.Map) {
	e.b = append(e.b, '{')
	first := true
	for name, v := range m.All() {
		if !first {
			e.b = append(e.b, ',')
		}
		first = false
		e.b = append(appendJSONString(e.b, name), ':')
		e.attribute(v)
	}
	e.b = append(e.b, '}')
}

func (e *jsonEncoder) attribute(v attribute.Value) {
	name := v.Type()
	if name == "" {
		e.b = append(e.b, '{', '}')
		return
	}
	e.b = append(append(append(e.b, '{', '"'), name...), '"', ':')
	switch name {
	case attribute.S, attribute.N, attribute.B:
		e.attributeText(name, v.Text())
	case attribute.M:
		e.attributes(v.Map())
	case attribute.BOOL:
		e.b = strconv.AppendBool(e.b, v.Bool())
	case attribute.NULL:
		e.b = strconv.AppendBool(e.b, v != attribute.NotNull)
	default:
		e.attributeElements(name, v)
	}
	e.b = append(e.b, '}')
}

func (e *jsonEncoder) attributeElements(name string, v attribute.Value) {
	e.b = append(e.b, '[')
	begin := len(e.b)
	for _, element := range v.Elements() {
		e.attribute(element)
		e.b = append(e.b, ',')
	}
	for s := range v.Texts() {
		e.attributeText(name, s)
		e.b = append(e.b, ',')
	}
	if len(e.b) > begin {
		e.b = e.b[:len(e.b)-1]
	}
	e.b = append(e.b, ']')
}

// attributeText writes a text of a type, or of a set of that type.
func (e *jsonEncoder) attributeText(name, s string) {
	if name[0] != 'B' {
		e.b = appendJSONString(e.b, s)
		return
	}
	e.b = append(e.b, '"')
	e.b = base64.StdEncoding.AppendEncode(e.b, unsafe.Slice(unsafe.StringData(s), len(s)))
	e.b = append(e.b, '"')
}
