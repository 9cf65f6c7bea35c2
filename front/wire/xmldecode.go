package wire

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/schema"
)

// xmlDecoder fills structures from XML bodies of REST-XML requests.
type xmlDecoder struct {
	*decoding
	x *xml.Decoder
}

func newXMLDecoder(d *decoding, body []byte) *xmlDecoder {
	return &xmlDecoder{d, xml.NewDecoder(bytes.NewReader(body))}
}

// malformedXML is the error of XML services for a body that does not parse.
func malformedXML(detail string) error {
	e := malformed("The XML you provided was not well-formed or did not validate against our published schema. %s", detail)
	e.Code = "MalformedXML"
	return e
}

// document fills the structure at from a whole body.
func (d *xmlDecoder) document(p *schema.Plan, at unsafe.Pointer) error {
	start, err := d.root()
	if err != nil {
		return err
	}
	if start == nil {
		d.require(p, 0)
		return nil
	}
	if err := d.value(schema.NewField(&schema.Member{Name: p.Shape.Name, Shape: p.Shape}, p), at, *start); err != nil {
		return err
	}
	for {
		t, err := d.x.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return malformedXML(err.Error())
		}
		if _, ok := t.(xml.StartElement); ok {
			return malformedXML("There is more than one root element.")
		}
	}
}

// root reads up to the root element; nil when the body is empty.
func (d *xmlDecoder) root() (*xml.StartElement, error) {
	for {
		t, err := d.x.Token()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, malformedXML(err.Error())
		}
		if s, ok := t.(xml.StartElement); ok {
			return &s, nil
		}
	}
}

func (d *xmlDecoder) value(m *schema.Field, at unsafe.Pointer, start xml.StartElement) error {
	p := m.Plan
	if d.tooDeep() {
		return malformedXML("It is nested too deeply.")
	}
	switch p.Shape.Kind {
	case schema.Structure:
		return d.structure(p, at, start)
	case schema.List:
		p.Empty(at)
		i := 0
		return d.children(func(s xml.StartElement) error {
			i++
			d.element(i)
			defer d.leave()
			return d.value(p.Each, boxed(p, p.Append(at)), s)
		})
	case schema.Map:
		mm := newMapping(p, at)
		return d.children(func(xml.StartElement) error { return d.entry(p, mm) })
	}
	s, err := d.text()
	if err != nil {
		return err
	}
	return setText(m, at, s, schema.ISO8601)
}

func (d *xmlDecoder) structure(p *schema.Plan, at unsafe.Pointer, start xml.StartElement) error {
	var seen uint64
	for _, a := range start.Attr {
		for i := range p.Fields {
			f := &p.Fields[i]
			if f.Attribute && localName(f.WireName()) == a.Name.Local && a.Name.Space != "xmlns" {
				if err := setText(f, f.Value(at), a.Value, schema.ISO8601); err != nil {
					return err
				}
				seen |= f.Bit
			}
		}
	}
	flat := map[string]*mapping{}
	err := d.children(func(s xml.StartElement) error {
		f := xmlField(p, s.Name.Local)
		if f == nil {
			return d.skip()
		}
		seen |= f.Bit
		d.enter(f.Name)
		defer d.leave()
		if !f.Flat() {
			return d.value(f, f.Value(at), s)
		}
		if f.Kind == schema.Map {
			if flat[f.Name] == nil {
				flat[f.Name] = newMapping(f.Plan, f.Value(at))
			}
			return d.entry(f.Plan, flat[f.Name])
		}
		list := f.Value(at)
		n, _ := f.Plan.Len(list)
		d.element(n + 1)
		defer d.leave()
		return d.value(f.Plan.Each, boxed(f.Plan, f.Plan.Append(list)), s)
	})
	d.require(p, seen)
	return err
}

func localName(name string) string { return name[strings.IndexByte(name, ':')+1:] }

// xmlField finds the member that an element belongs to. The elements of a
// flattened list have the member's name, not their own.
func xmlField(p *schema.Plan, name string) *schema.Field {
	for i := range p.Fields {
		f := &p.Fields[i]
		if f.Attribute || f.Location != schema.InBody {
			continue
		}
		if localName(f.WireName()) == name {
			return f
		}
	}
	return nil
}

func (d *xmlDecoder) entry(p *schema.Plan, m *mapping) error {
	key, slot := "", m.slot()
	keyName := p.Shape.Key.Wire
	if keyName == "" {
		keyName = "key"
	}
	err := d.children(func(s xml.StartElement) error {
		if s.Name.Local == keyName {
			var err error
			key, err = d.text()
			return err
		}
		return d.value(p.Each, slot, s)
	})
	m.set(key)
	return err
}

// children calls fn for each child element up to the end of the current one.
func (d *xmlDecoder) children(fn func(xml.StartElement) error) error {
	for {
		t, err := d.x.Token()
		if err != nil {
			return malformedXML(err.Error())
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := fn(t); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// text reads the character data up to the end of the current element.
func (d *xmlDecoder) text() (string, error) {
	var b strings.Builder
	for {
		t, err := d.x.Token()
		if err != nil {
			return "", malformedXML(err.Error())
		}
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.StartElement:
			return "", malformedXML("Element " + t.Name.Local + " stands where text is expected.")
		case xml.EndElement:
			return b.String(), nil
		}
	}
}

func (d *xmlDecoder) skip() error {
	if err := d.x.Skip(); err != nil {
		return malformedXML(err.Error())
	}
	return nil
}
