package schema

import (
	"fmt"
	"net/textproto"
	"reflect"
	"strings"
	"time"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/attribute"
)

// Plan tells how a shape lies in a Go type. Structures become structs whose
// fields are the members' names with an upper-case initial; a member that is
// not required, and whose zero value means something, is a pointer.
type Plan struct {
	Shape      *Shape
	Type       reflect.Type // of the value itself, never the pointer to an optional one
	Fields     []Field      // of a structure, in the model's order
	Elem       *Plan        // of a list or map
	Each       *Field       // the same, with the member's traits
	Attributes bool         // a structure some of whose members are attributes in XML
	Boxed      bool         // the elements of a list or map are pointers (sparse)
	size       uintptr      // of an element of a list, in its slice
	// Constrained is set when Validate has anything to check in or below the value.
	Constrained bool
	Special     Special
	marked      bool
	required    uint64 // bits of the fields that must be present
}

// Special is a Go type that the codecs know, in place of a structure or map.
type Special uint8

// The special types: those of package attribute. Only JSON has them.
const (
	Ordinary Special = iota
	AttributeValue
	AttributeMap
)

func specialOf(typ reflect.Type) Special {
	switch typ {
	case reflect.TypeFor[attribute.Value]():
		return AttributeValue
	case reflect.TypeFor[attribute.Map]():
		return AttributeMap
	}
	return Ordinary
}

// Field is a member of a structure in its Go struct.
type Field struct {
	*Member
	Plan      *Plan
	Kind      Kind // the shape's, closer by
	Offset    uintptr
	Pointer   bool // the field is a *T
	Bit       uint64
	JSONKey   string // `"name":`, ready to be written
	XMLOpen   string // `<name>`, of a member that is text without namespace or attributes
	XMLClose  string // `</name>`, of the same
	HeaderKey string // the header's name, or the prefix of names, as http.Header spells it; of a member that travels in some
}

// NewField returns the field of a member that no struct has, such as an element.
func NewField(m *Member, p *Plan) *Field { return &Field{Member: m, Plan: p, Kind: p.Shape.Kind} }

// MaxRequired bounds the members that one structure may require: their presence
// is kept in one word. The generator refuses models that exceed it.
const MaxRequired = 64

type planKey struct {
	shape *Shape
	typ   reflect.Type
}

// Plan returns the plan for shape in typ. It panics where the two do not fit,
// which is a bug of the generator.
func (s *Service) Plan(shape *Shape, typ reflect.Type) *Plan {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.plan(shape, typ)
	p.markConstraints()
	return p
}

func (s *Service) plan(shape *Shape, typ reflect.Type) *Plan {
	if shape == nil { // an operation without input or output
		return &Plan{Shape: &Shape{Kind: Structure}, Type: typ}
	}
	key := planKey{shape, typ}
	if p, ok := s.plans[key]; ok {
		return p
	}
	p := &Plan{Shape: shape, Type: typ, Special: specialOf(typ)}
	s.plans[key] = p
	if p.Special != Ordinary {
		return p
	}
	switch shape.Kind {
	case Structure:
		if typ.Kind() == reflect.Struct { // an event stream is a func
			s.planFields(p)
		}
	case List, Map:
		p.Elem, p.Boxed = s.planElem(shape.Elem.Shape, typ)
		p.Each = NewField(&shape.Elem, p.Elem)
		if shape.Kind == List && typ.Kind() == reflect.Slice {
			p.size = typ.Elem().Size()
		}
	}
	return p
}

func (s *Service) planElem(shape *Shape, typ reflect.Type) (*Plan, bool) {
	if typ.Kind() != reflect.Slice && typ.Kind() != reflect.Map {
		return nil, false // an event stream
	}
	elem := typ.Elem()
	if elem.Kind() == reflect.Pointer {
		return s.plan(shape, elem.Elem()), true
	}
	return s.plan(shape, elem), false
}

func (s *Service) planFields(p *Plan) {
	var bit uint64 = 1
	for i := range p.Shape.Members {
		m := &p.Shape.Members[i]
		f, ok := p.Type.FieldByName(FieldName(m.Name))
		if !ok {
			if m.Shape.EventStream || p.Type.Name() == "" {
				continue // streams flow out only; types made by tests may leave members out
			}
			panic(fmt.Sprintf("schema: %s has no field for %s.%s: run go generate", p.Type, p.Shape.Name, m.Name))
		}
		field := Field{Member: m, Kind: m.Shape.Kind, Offset: f.Offset, JSONKey: `"` + m.WireName() + `":`}
		switch m.Location {
		case InHeader:
			field.HeaderKey = textproto.CanonicalMIMEHeaderKey(m.WireName())
		case InHeaders:
			field.HeaderKey = textproto.CanonicalMIMEHeaderKey(m.Wire)
		}
		t := f.Type
		if t.Kind() == reflect.Pointer {
			field.Pointer, t = true, t.Elem()
		}
		field.Plan = s.plan(m.Shape, t)
		p.Attributes = p.Attributes || m.Attribute
		if m.Shape.Kind.Scalar() && m.Namespace.URI == "" && m.Shape.Namespace.URI == "" && !m.Attribute {
			field.XMLOpen, field.XMLClose = "<"+m.WireName()+">", "</"+m.WireName()+">"
		}
		if m.Required {
			field.Bit = bit
			p.required |= bit
			bit <<= 1
		}
		p.Fields = append(p.Fields, field)
	}
}

// FieldName is the Go name of a member.
func FieldName(member string) string {
	for i, r := range member {
		if r == '_' || r == '-' || r == '.' {
			member = member[:i] + "_" + member[i+1:]
		}
	}
	return strings.ToUpper(member[:1]) + member[1:]
}

// markConstraints finds out once whether there is anything to check in or below
// the value. All that p leads to is marked with it, before any of it is used.
func (p *Plan) markConstraints() bool {
	if p.marked || p.Special != Ordinary {
		return p.Constrained
	}
	p.marked, p.Constrained = true, true // where a shape recurs, there may be
	sh := p.Shape
	own := sh.HasMin || sh.HasMax || sh.Pattern != nil || len(sh.Enum) > 0 || p.required != 0
	for i := range p.Fields {
		own = p.Fields[i].Plan.markConstraints() || own
	}
	if p.Elem != nil {
		own = p.Elem.markConstraints() || own
	}
	if sh.Kind == Map {
		k := sh.Key.Shape
		own = own || k.HasMin || k.HasMax || k.Pattern != nil || len(k.Enum) > 0
	}
	p.Constrained = own
	return own
}

// Field returns the field with the given wire name. Members come mostly in
// order, so the search starts at the hint, the index after the last one found.
func (p *Plan) Field(name string, hint int) (f *Field, next int) {
	n := len(p.Fields)
	for i := range n {
		j := hint + i
		if j >= n {
			j -= n
		}
		if f := &p.Fields[j]; len(f.JSONKey) == len(name)+3 && f.JSONKey[1:len(name)+1] == name {
			return f, j + 1
		}
	}
	return nil, hint
}

// Value returns a pointer to the field's value in the struct at base,
// allocating it when the field is a pointer that is nil.
func (f *Field) Value(base unsafe.Pointer) unsafe.Pointer {
	at := unsafe.Add(base, f.Offset)
	if !f.Pointer {
		return at
	}
	pp := (*unsafe.Pointer)(at)
	if *pp == nil {
		*pp = newValue(f.Plan)
	}
	return *pp
}

// newValue allocates a value. The common kinds avoid reflection.
func newValue(p *Plan) unsafe.Pointer {
	switch p.Shape.Kind {
	case String:
		return unsafe.Pointer(new(string))
	case Integer:
		return unsafe.Pointer(new(int32))
	case Boolean:
		return unsafe.Pointer(new(bool))
	}
	return reflect.New(p.Type).UnsafePointer()
}

// Present returns a pointer to the field's value, or nil when it is absent:
// a nil pointer, slice, map or reader, or an empty enum.
func (f *Field) Present(base unsafe.Pointer) unsafe.Pointer {
	at := unsafe.Add(base, f.Offset)
	if f.Pointer {
		return *(*unsafe.Pointer)(at)
	}
	switch f.Kind {
	case List, Map:
		if *(*unsafe.Pointer)(at) == nil {
			return nil
		}
	case Blob, Document:
		if *(*unsafe.Pointer)(at) == nil { // a nil slice or a nil interface
			return nil
		}
	case Structure: // only an event stream is no pointer
		if *(*unsafe.Pointer)(at) == nil {
			return nil
		}
	case String:
		if !f.Required && *(*string)(at) == "" {
			return nil // an optional enum is a plain string type
		}
	}
	return at
}

// Missing returns the required fields that seen, the bits of those found, lacks.
func (p *Plan) Missing(seen uint64) []*Field {
	if p.required&^seen == 0 {
		return nil
	}
	var missing []*Field
	for i := range p.Fields {
		if f := &p.Fields[i]; f.Bit != 0 && seen&f.Bit == 0 {
			missing = append(missing, f)
		}
	}
	return missing
}

// Append grows the list by a zero element and returns a pointer to it.
func (p *Plan) Append(at unsafe.Pointer) unsafe.Pointer {
	if p.Elem.Shape.Kind == String && !p.Boxed && p.Type.Elem().Kind() == reflect.String {
		s := (*[]string)(at) // also for named string types: same layout
		*s = append(*s, "")
		return unsafe.Pointer(&(*s)[len(*s)-1])
	}
	v := reflect.NewAt(p.Type, at).Elem()
	n := v.Len()
	v.Grow(1)
	v.SetLen(n + 1)
	e := v.Index(n)
	e.SetZero()
	return e.Addr().UnsafePointer()
}

// Len is the length of the list at p, and its elements begin at data.
func (p *Plan) Len(at unsafe.Pointer) (n int, data unsafe.Pointer) {
	s := (*[]byte)(at) // any slice has the same header
	return len(*s), unsafe.Pointer(unsafe.SliceData(*s))
}

// At is the i-th element of a list whose elements begin at data. For a sparse
// list it is the element's value, or nil.
func (p *Plan) At(data unsafe.Pointer, i int) unsafe.Pointer {
	e := unsafe.Add(data, uintptr(i)*p.size)
	if p.Boxed {
		return *(*unsafe.Pointer)(e)
	}
	return e
}

// Empty makes an empty, non-nil list or map at p.
func (p *Plan) Empty(at unsafe.Pointer) {
	v := reflect.NewAt(p.Type, at).Elem()
	if p.Shape.Kind == Map {
		v.Set(reflect.MakeMap(p.Type))
		return
	}
	v.Set(reflect.MakeSlice(p.Type, 0, 0))
}

// Time reads a timestamp.
func Time(at unsafe.Pointer) time.Time { return *(*time.Time)(at) }
