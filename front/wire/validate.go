package wire

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// Violation is one constraint of the model that an input does not satisfy.
type Violation struct {
	Path     string // such as tags.3.member.key
	Member   string // the last member's name, as in the model
	Value    string // for the message; empty when it is missing
	Required bool   // the member is missing
	Rule     string // such as "Member must have length less than or equal to 64"
}

// Invalid is the error of an input that breaks constraints of its model. Each
// service says it in its own words; Error gives the most common ones.
type Invalid struct{ Violations []Violation }

// Error lists all violations, as most of AWS's services do.
func (e *Invalid) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d validation error%s detected: ", len(e.Violations), plural(len(e.Violations)))
	for i, v := range e.Violations {
		if i > 0 {
			b.WriteString("; ")
		}
		value := "null"
		if !v.Required {
			value = "'" + v.Value + "'"
		}
		rule := v.Rule
		if v.Required {
			rule = "Member must not be null"
		}
		fmt.Fprintf(&b, "Value %s at '%s' failed to satisfy constraint: %s", value, v.Path, rule)
	}
	return b.String()
}

// WithCode is the error in the words of a service that answers with code.
func (e *Invalid) WithCode(code string) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, code, "%s", e.Error())
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// maxShownValue bounds how much of a wrong value an error repeats.
const maxShownValue = 512

// validation walks an input and collects what is wrong.
type validation struct{ decoding }

func (v *validation) fail(value, rule string) {
	if len(value) > maxShownValue {
		value = value[:maxShownValue]
	}
	member := ""
	for i := len(v.path) - 1; i >= 0 && member == ""; i-- {
		member = v.path[i].member
	}
	v.missing = append(v.missing, Violation{Path: pathString(v.path), Member: member, Value: value, Rule: rule})
}

func (v *validation) value(p *schema.Plan, at unsafe.Pointer) {
	if at == nil || !p.Constrained {
		return
	}
	switch p.Shape.Kind {
	case schema.Structure:
		for i := range p.Fields {
			f := &p.Fields[i]
			if f.Plan.Constrained {
				v.enter(f.Name)
				v.value(f.Plan, v.present(f, at))
				v.leave()
			}
		}
	case schema.List:
		v.list(p, at)
	case schema.Map:
		v.maps(p, at)
	case schema.String:
		v.str(p.Shape, *(*string)(at))
	case schema.Byte, schema.Short, schema.Integer, schema.Long, schema.Float, schema.Double:
		v.number(p, at)
	case schema.Blob:
		if !p.Shape.Streaming && p.Type.Kind() == reflect.Slice {
			v.size(p.Shape, len(*(*[]byte)(at)), "")
		}
	}
}

// present is the field's value unless it was missing, which is reported already.
func (v *validation) present(f *schema.Field, at unsafe.Pointer) unsafe.Pointer {
	val := f.Present(at)
	if val == nil || !f.Required || len(v.missing) == 0 {
		return val
	}
	here := pathString(v.path)
	if slices.ContainsFunc(v.missing, func(m Violation) bool { return m.Required && m.Path == here }) {
		return nil
	}
	return val
}

func (v *validation) list(p *schema.Plan, at unsafe.Pointer) {
	n, data := p.Len(at)
	shown := "[...]"
	if n == 0 {
		shown = "[]"
	}
	v.size(p.Shape, n, shown)
	if !p.Elem.Constrained {
		return
	}
	for i := range n {
		v.element(i + 1)
		v.value(p.Elem, p.At(data, i))
		v.leave()
	}
}

func (v *validation) maps(p *schema.Plan, at unsafe.Pointer) {
	m := reflect.NewAt(p.Type, at).Elem()
	shown := "{...}"
	if m.Len() == 0 {
		shown = "{}"
	}
	v.size(p.Shape, m.Len(), shown)
	if m.Len() == 0 {
		return
	}
	for _, k := range sortedKeys(m) {
		v.str(p.Shape.Key.Shape, k.String())
		if p.Elem.Constrained && !p.Boxed {
			e := reflect.New(p.Type.Elem())
			e.Elem().Set(m.MapIndex(k))
			v.enter(k.String())
			v.value(p.Elem, e.UnsafePointer())
			v.leave()
		}
	}
}

func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

func (v *validation) str(s *schema.Shape, value string) {
	if s.HasMin || s.HasMax {
		v.size(s, utf8.RuneCountInString(value), value)
	}
	if s.Pattern != nil && !whole(s.Pattern, value) {
		v.fail(value, "Member must satisfy regular expression pattern: "+s.Pattern.String())
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		v.fail(value, "Member must satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]")
	}
}

// whole reports whether a pattern matches all of a value, as AWS means patterns
// whether or not they are anchored.
func whole(pattern *regexp.Regexp, value string) bool {
	at := pattern.FindStringIndex(value)
	return at != nil && at[0] == 0 && at[1] == len(value)
}

func (v *validation) size(s *schema.Shape, n int, value string) {
	if s.HasMin && float64(n) < s.Min {
		v.fail(value, "Member must have length greater than or equal to "+number(s.Min))
	}
	if s.HasMax && float64(n) > s.Max {
		v.fail(value, "Member must have length less than or equal to "+number(s.Max))
	}
}

func (v *validation) number(p *schema.Plan, at unsafe.Pointer) {
	s := p.Shape
	val := reflect.NewAt(p.Type, at).Elem()
	var n float64
	if val.CanInt() {
		n = float64(val.Int())
	} else {
		n = val.Float()
	}
	if s.HasMin && n < s.Min {
		v.fail(number(n), "Member must have value greater than or equal to "+number(s.Min))
	}
	if s.HasMax && n > s.Max {
		v.fail(number(n), "Member must have value less than or equal to "+number(s.Max))
	}
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
