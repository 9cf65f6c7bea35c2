package wire

import (
	"unicode/utf8"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/schema"
)

const xmlDeclaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// xmlEncoder appends XML, for REST-XML, Query and EC2 answers.
type xmlEncoder struct {
	b     []byte
	query bool // prefer the members' Query names
	rest  bool // leave out what travels outside the body
	time  schema.TimeFormat
}

func (e *xmlEncoder) open(name string) {
	e.b = append(e.b, '<')
	e.b = append(e.b, name...)
	e.b = append(e.b, '>')
}

func (e *xmlEncoder) close(name string) {
	e.b = append(e.b, '<', '/')
	e.b = append(e.b, name...)
	e.b = append(e.b, '>')
}

// openAttrs opens an element with its namespace and the attributes among p's members.
func (e *xmlEncoder) openAttrs(name string, ns schema.Namespace, p *schema.Plan, at unsafe.Pointer) {
	e.b = append(e.b, '<')
	e.b = append(e.b, name...)
	e.namespace(ns)
	if p != nil && p.Attributes {
		for i := range p.Fields {
			f := &p.Fields[i]
			if !f.Attribute {
				continue
			}
			if v := f.Present(at); v != nil {
				e.b = append(e.b, ' ')
				e.b = append(e.b, f.WireName()...)
				e.b = append(e.b, '=', '"')
				e.b = appendXMLText(e.b, string(appendScalar(nil, f, v, e.time)))
				e.b = append(e.b, '"')
			}
		}
	}
	e.b = append(e.b, '>')
}

func (e *xmlEncoder) namespace(ns schema.Namespace) {
	if ns.URI == "" {
		return
	}
	e.b = append(e.b, " xmlns"...)
	if ns.Prefix != "" {
		e.b = append(e.b, ':')
		e.b = append(e.b, ns.Prefix...)
	}
	e.b = append(e.b, '=', '"')
	e.b = appendXMLText(e.b, ns.URI)
	e.b = append(e.b, '"')
}

func (e *xmlEncoder) name(m *schema.Member) string {
	if e.query && m.QueryName != "" {
		return m.QueryName
	}
	return m.WireName()
}

// members writes the members of a structure that are elements.
func (e *xmlEncoder) members(p *schema.Plan, at unsafe.Pointer) {
	for i := range p.Fields {
		f := &p.Fields[i]
		if f.Attribute || e.rest && f.Location != schema.InBody {
			continue
		}
		v := f.Present(at)
		switch {
		case v == nil:
		case f.XMLOpen != "" && !(e.query && f.QueryName != ""):
			e.b = append(e.b, f.XMLOpen...)
			e.content(f, v)
			e.b = append(e.b, f.XMLClose...)
		default:
			e.member(f, v)
		}
	}
}

// member writes one member: an element, or, flattened, an element for each entry.
func (e *xmlEncoder) member(m *schema.Field, at unsafe.Pointer) {
	name, p := e.name(m.Member), m.Plan
	switch m.Kind {
	case schema.List:
		e.list(m, at)
	case schema.Map:
		if !m.Flat() {
			e.openAttrs(name, m.Namespace, nil, nil)
			e.entries("entry", p, at)
			e.close(name)
			return
		}
		e.entries(name, p, at)
	default:
		e.element(name, m, at)
	}
}

func (e *xmlEncoder) element(name string, m *schema.Field, at unsafe.Pointer) {
	p := m.Plan
	ns := m.Namespace
	if ns.URI == "" {
		ns = p.Shape.Namespace
	}
	e.openAttrs(name, ns, p, at)
	e.content(m, at)
	e.close(name)
}

// content writes what stands inside an element.
func (e *xmlEncoder) content(m *schema.Field, at unsafe.Pointer) {
	p := m.Plan
	switch m.Kind {
	case schema.Structure:
		e.members(p, at)
	case schema.List:
		n, data := p.Len(at)
		for i := range n {
			if v := p.At(data, i); v != nil {
				e.element(listName(p), p.Each, v)
			}
		}
	case schema.Map:
		e.entries("entry", p, at)
	case schema.String:
		e.b = appendXMLText(e.b, *(*string)(at))
	default:
		e.b = appendScalar(e.b, m, at, e.time)
	}
}

func listName(p *schema.Plan) string {
	if n := p.Shape.Elem.Wire; n != "" {
		return n
	}
	return "member"
}

func (e *xmlEncoder) list(m *schema.Field, at unsafe.Pointer) {
	name, p := e.name(m.Member), m.Plan
	n, data := p.Len(at)
	if m.Flat() {
		for i := range n {
			if v := p.At(data, i); v != nil {
				e.element(name, p.Each, v)
			}
		}
		return
	}
	e.openAttrs(name, m.Namespace, nil, nil)
	e.content(m, at)
	e.close(name)
}

func (e *xmlEncoder) entries(name string, p *schema.Plan, at unsafe.Pointer) {
	key, value := p.Shape.Key.Wire, p.Shape.Elem.Wire
	if key == "" {
		key = "key"
	}
	if value == "" {
		value = "value"
	}
	for k, v := range entries(p, at) {
		if v == nil {
			continue
		}
		e.open(name)
		e.openAttrs(key, p.Shape.Key.Namespace, nil, nil)
		e.b = appendXMLText(e.b, k)
		e.close(key)
		e.element(value, p.Each, v)
		e.close(name)
	}
}

// plainXML has the bytes that stand for themselves in XML.
var plainXML = func() (plain [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		plain[c] = c != '&' && c != '<' && c != '>' && c != '"'
	}
	return plain
}()

// plainRun returns how many bytes at the beginning of s are plain, in eights: it
// looks at that many at a time.
func plainRun(s string) (n int) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(s)-n >= 8; n += 8 {
		x := uint64(s[n]) | uint64(s[n+1])<<8 | uint64(s[n+2])<<16 | uint64(s[n+3])<<24 |
			uint64(s[n+4])<<32 | uint64(s[n+5])<<40 | uint64(s[n+6])<<48 | uint64(s[n+7])<<56
		quotes := (x | ones*('"'^'&')) ^ ones*'&' // a zero byte for each " and &
		angles := (x | ones*('<'^'>')) ^ ones*'>' // and for each < and >
		if (x|(x-ones*' ')|(quotes-ones)&^quotes|(angles-ones)&^angles)&highs != 0 {
			break
		}
	}
	return n
}

// appendXMLText escapes s for text and attribute values. Characters that XML
// cannot hold at all become the replacement character, and carriage returns
// and newlines in attributes are kept as references, as AWS does.
func appendXMLText(b []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c, n := s[i], 1
		if plainXML[c] {
			i += max(1, plainRun(s[i:]))
			continue
		}
		esc := ""
		switch {
		case c == '&':
			esc = "&amp;"
		case c == '<':
			esc = "&lt;"
		case c == '>':
			esc = "&gt;"
		case c == '"':
			esc = "&quot;"
		case c == '\r':
			esc = "&#xD;"
		case c < ' ' && c != '\t' && c != '\n':
			esc = "\ufffd"
		case c >= utf8.RuneSelf:
			var r rune
			r, n = utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && n == 1, r == 0xfffe, r == 0xffff:
				esc = "\ufffd"
			case r == 0x85:
				esc = "&#x85;"
			case r == 0x2028:
				esc = "&#x2028;"
			}
		}
		if esc != "" {
			b = append(b, s[start:i]...)
			b = append(b, esc...)
			start = i + n
		}
		i += n
	}
	return append(b, s[start:]...)
}
