package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/models"
)

// generator knows one service's Go names.
type generator struct {
	*models.Model
	ops     []string          // sorted
	structs []string          // structure shapes with a type of their own, sorted
	enums   []string          // enum shapes, sorted
	goName  map[string]string // of shapes
	idents  map[string]bool   // everything that is declared
}

func newGenerator(m *models.Model) (*generator, error) {
	g := &generator{Model: m, ops: slices.Sorted(maps.Keys(m.Operations)), goName: map[string]string{}, idents: map[string]bool{
		"Service": true, "Client": true, "Unimplemented": true, "Model": true, "Operations": true, "NewClient": true,
	}}
	for _, op := range g.ops {
		g.idents[op+"Input"], g.idents[op+"Output"] = true, true
	}
	nested := g.nested()
	for _, name := range slices.Sorted(maps.Keys(m.Shapes)) {
		s := m.Shapes[name]
		switch {
		case g.isAttribute(name):
			continue
		case s.Type == "string" && len(s.Enum) > 0:
			g.enums = append(g.enums, name)
		case s.Type == "structure" && !s.Document && (nested[name] || s.Exception && hasDetail(s)):
			g.structs = append(g.structs, name)
		default:
			continue
		}
		g.goName[name] = g.declare(schema.FieldName(name))
	}
	for name, s := range m.Shapes {
		required := 0
		for _, mm := range s.Members {
			if m.Shapes[mm.Shape] == nil {
				return nil, fmt.Errorf("%s.%s: no shape %q", name, mm.Name, mm.Shape)
			}
			if mm.Required {
				required++
			}
		}
		if required > schema.MaxRequired {
			return nil, fmt.Errorf("%s requires %d members, more than %d", name, required, schema.MaxRequired)
		}
	}
	return g, nil
}

// declare returns name, or a variant of it that nothing else has.
func (g *generator) declare(name string) string {
	for g.idents[name] {
		name += "_"
	}
	g.idents[name] = true
	return name
}

// nested returns the structures that other shapes refer to: the others are
// only an operation's input or output.
func (g *generator) nested() map[string]bool {
	refs := map[string]bool{}
	for _, s := range g.Shapes {
		for _, m := range s.Members {
			refs[m.Shape] = true
		}
		for _, m := range []*models.Member{s.Elem, s.Value} {
			if m != nil {
				refs[m.Shape] = true
			}
		}
	}
	return refs
}

// hasDetail reports whether an exception carries more than a message.
func hasDetail(s *models.Shape) bool {
	return slices.ContainsFunc(s.Members, func(m models.Member) bool { return !isMessage(m) })
}

func isMessage(m models.Member) bool { return strings.EqualFold(m.Name, "message") }

// constName is the name of an enum's constant.
func constName(typ, value string) string {
	var b strings.Builder
	b.WriteString(typ)
	up := true
	for _, r := range value {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			up = true
		case up:
			b.WriteRune(unicode.ToUpper(r))
			up = false
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

var scalars = map[string]string{
	"string": "string", "boolean": "bool", "byte": "int8", "short": "int16", "integer": "int32", "long": "int64",
	"float": "float32", "double": "float64", "timestamp": "time.Time",
}

// elemType is the Go type of a shape as a list's or map's element.
func (g *generator) elemType(shape string) string {
	s := g.Shapes[shape]
	switch {
	case g.isAttribute(shape):
		return "attribute.Value"
	case s.Type == "map" && g.isAttribute(s.Value.Shape):
		return "attribute.Map"
	case s.Document:
		return "any"
	case s.Type == "structure", len(s.Enum) > 0:
		return g.goName[shape]
	case s.Type == "list":
		return "[]" + g.sparse(s) + g.elemType(s.Elem.Shape)
	case s.Type == "map":
		return "map[string]" + g.sparse(s) + g.elemType(s.Value.Shape)
	case s.Type == "blob":
		return "[]byte"
	}
	return scalars[s.Type]
}

// isAttribute reports whether a shape is DynamoDB's value, which has a type by hand:
// package attribute.
func (g *generator) isAttribute(shape string) bool {
	return shape == "AttributeValue" && (g.Name == "dynamodb" || g.Name == "dynamodbstreams")
}

func (g *generator) sparse(s *models.Shape) string {
	if s.Sparse {
		return "*"
	}
	return ""
}

// fieldType is the Go type of a structure's member.
func (g *generator) fieldType(m models.Member, output bool) string {
	s := g.Shapes[m.Shape]
	t := g.elemType(m.Shape)
	switch {
	case s.Events && output:
		return "iter.Seq2[*" + t + ", error]"
	case s.Type == "blob" && (m.Stream || s.Stream):
		if output {
			return "io.ReadCloser"
		}
		return "io.Reader"
	case s.Document, s.Type == "list", s.Type == "map", s.Type == "blob":
		return t
	case s.Type == "structure":
		return "*" + t
	case m.Required, len(s.Enum) > 0:
		return t
	}
	return "*" + t
}
