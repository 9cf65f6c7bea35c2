package models

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// printer collects text.
type printer struct{ bytes.Buffer }

func (p *printer) f(format string, args ...any) { fmt.Fprintf(&p.Buffer, format, args...) }

// SchemaText writes the model as front/wire/schema reads it; parse.go there has
// the grammar.
func (m *Model) SchemaText() []byte {
	var p printer
	for _, name := range slices.Sorted(maps.Keys(m.Operations)) {
		operationLine(&p, name, m.Operations[name])
	}
	for _, name := range slices.Sorted(maps.Keys(m.Shapes)) {
		shapeLines(&p, name, m.Shapes[name])
	}
	return p.Bytes()
}

func operationLine(p *printer, name string, o *Operation) {
	p.f("op %s %s %s", name, o.Method, o.URI)
	attr(p, "in", o.Input)
	attr(p, "inname", o.InputName)
	attr(p, "inns", o.InputXMLNS)
	attr(p, "out", o.Output)
	attr(p, "wrap", o.Wrapper)
	attr(p, "errors", strings.Join(o.Errors, ","))
	attr(p, "host", o.HostPrefix)
	if o.Status != 0 {
		attr(p, "status", strconv.Itoa(o.Status))
	}
	mark(p, "unsigned", o.Unsigned)
	mark(p, "unsignedbody", o.UnsignedBody)
	mark(p, "unwrapped", o.Unwrapped)
	p.f("\n")
}

func shapeLines(p *printer, name string, s *Shape) {
	kind := s.Type
	if s.Document {
		kind = "document"
	}
	p.f("%s %s", kind, name)
	attr(p, "payload", s.Payload)
	attr(p, "xml", s.Name)
	attr(p, "ns", xmlns(s.XMLNS))
	attr(p, "time", s.Time)
	enum := make([]string, len(s.Enum))
	for i, v := range s.Enum {
		enum[i] = url.PathEscape(v)
	}
	attr(p, "enum", strings.Join(enum, "|"))
	bound(p, "min", s.Min)
	bound(p, "max", s.Max)
	if code := s.Code; code != name {
		attr(p, "code", code)
	}
	attr(p, "query", s.QueryCode)
	if s.Status != 0 {
		attr(p, "status", strconv.Itoa(s.Status))
	}
	mark(p, "flat", s.Flat)
	mark(p, "sparse", s.Sparse)
	mark(p, "wrapper", s.Wrapped)
	mark(p, "stream", s.Stream)
	mark(p, "events", s.Events)
	mark(p, "event", s.Event)
	mark(p, "union", s.Union)
	mark(p, "exception", s.Exception)
	mark(p, "fault", s.Fault)
	if pattern := goPattern(s.Pattern); pattern != "" {
		p.f(" pattern=%s", pattern)
	}
	p.f("\n")
	for _, m := range s.Members {
		memberLine(p, m.Name, &m)
	}
	memberLine(p, "[]", s.Elem)
	memberLine(p, "[key]", s.Key)
	memberLine(p, "[value]", s.Value)
}

func memberLine(p *printer, name string, m *Member) {
	if m == nil {
		return
	}
	p.f(".%s %s", name, m.Shape)
	mark(p, "req", m.Required)
	attr(p, "in", m.Location)
	if m.Wire != m.Name {
		attr(p, "wire", m.Wire)
	}
	attr(p, "query", m.Query)
	attr(p, "ns", xmlns(m.XMLNS))
	attr(p, "time", m.Time)
	mark(p, "flat", m.Flat)
	mark(p, "attr", m.Attr)
	mark(p, "stream", m.Stream)
	mark(p, "token", m.Token)
	mark(p, "json", m.JSON)
	mark(p, "payload", m.Payload)
	mark(p, "header", m.Header)
	p.f("\n")
}

func attr(p *printer, key, value string) {
	if value != "" {
		p.f(" %s=%s", key, value)
	}
}

func mark(p *printer, key string, set bool) {
	if set {
		p.f(" %s", key)
	}
}

func bound(p *printer, key string, v *float64) {
	if v != nil {
		attr(p, key, strconv.FormatFloat(*v, 'g', -1, 64))
	}
}

func xmlns(ns *XMLNS) string {
	if ns == nil {
		return ""
	}
	if ns.Prefix != "" {
		return ns.URI + "|" + ns.Prefix
	}
	return ns.URI
}

var unicodeEscape = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

// goPattern rewrites a pattern for Go's regexp, or returns nothing where Go has
// no equal (look-around): what such a pattern refuses is the service's to check.
func goPattern(pattern string) string {
	pattern = unicodeEscape.ReplaceAllString(pattern, `\x{$1}`)
	if strings.ContainsAny(pattern, "\n\r") {
		pattern = strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(pattern)
	}
	if _, err := regexp.Compile(pattern); err != nil {
		return ""
	}
	return pattern
}
