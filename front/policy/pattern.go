package policy

import (
	"strings"
	"unicode/utf8"
)

// A pattern's text holds its wildcards and variables as control bytes, which
// no document may contain, so that a literal "*" needs no escape.
const (
	anyRun     = '\x00' // *
	anyOne     = '\x01' // ?
	varStart   = '\x02' // then the variable's key …
	varDefault = '\x03' // … perhaps this and a default …
	varEnd     = '\x04' // … and this
	controls   = "\x00\x01\x02\x03\x04"
)

type shape uint8

const (
	literal  shape = iota // compare
	anything              // "*" alone
	wild                  // has wildcards
	variable              // has variables, perhaps wildcards
)

// pattern is a text with wildcards and variables.
type pattern struct {
	text  string
	shape shape
}

// compile reads a pattern. wildcards says that * and ? are such, variables that
// ${…} is (AWS: only in policies of version 2012-10-17).
func compile(s string, wildcards, variables bool) pattern {
	if wildcards && s == "*" {
		return pattern{shape: anything}
	}
	p := pattern{text: s}
	if !strings.ContainsAny(s, "*?$") {
		return p
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '$' && variables && strings.HasPrefix(s[i:], "${") && strings.IndexByte(s[i:], '}') > 0:
			end := i + strings.IndexByte(s[i:], '}')
			if writeVariable(&b, s[i+len("${"):end]) {
				p.shape = variable
			}
			i = end
		case c == '*' && wildcards:
			b.WriteByte(anyRun)
			p.shape = max(p.shape, wild)
		case c == '?' && wildcards:
			b.WriteByte(anyOne)
			p.shape = max(p.shape, wild)
		default:
			b.WriteByte(c)
		}
	}
	p.text = b.String()
	return p
}

// writeVariable writes what stands between ${ and }, and reports whether it is
// a variable and not one of the three escaped characters.
func writeVariable(b *strings.Builder, body string) bool {
	if body == "*" || body == "?" || body == "$" {
		b.WriteString(body)
		return false
	}
	key, fallback, ok := strings.Cut(body, ",")
	b.WriteByte(varStart)
	b.WriteString(strings.ToLower(strings.TrimSpace(key)))
	if ok {
		b.WriteByte(varDefault)
		b.WriteString(strings.Trim(strings.TrimSpace(fallback), "'"))
	}
	b.WriteByte(varEnd)
	return true
}

// match reports whether s fits. fold ignores case.
func (p *pattern) match(e *evaluation, s string, fold bool) bool {
	switch p.shape {
	case anything:
		return true
	case literal:
		return s == p.text || fold && strings.EqualFold(s, p.text)
	case wild:
		return glob(p.text, s, fold)
	}
	var space [256]byte
	expanded, ok := p.expand(space[:0], e)
	return ok && glob(expanded, s, fold)
}

// expand fills in the variables. AWS: a pattern with a variable that the
// request does not have, and that has no default, matches nothing.
func (p *pattern) expand(b []byte, e *evaluation) ([]byte, bool) {
	for rest := p.text; rest != ""; {
		start := strings.IndexByte(rest, varStart)
		if start < 0 {
			return append(b, rest...), true
		}
		end := strings.IndexByte(rest, varEnd)
		key, fallback, hasDefault := strings.Cut(rest[start+1:end], string(rune(varDefault)))
		b = append(b, rest[:start]...)
		rest = rest[end+1:]
		value := fallback
		// AWS: a variable takes the one value of a single-valued key only.
		if values, ok := e.lookup(key); ok && values.Len() == 1 {
			value = values.At(0)
		} else if !hasDefault {
			return b, false
		}
		if strings.ContainsAny(value, controls) {
			return b, false
		}
		b = append(b, value...)
	}
	return b, true
}

// glob reports whether s fits p. It goes back to the last wildcard only, so its
// time is bounded by the product of the lengths.
func glob[T string | []byte](p T, s string, fold bool) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == anyRun:
			star, mark = i, j
			i++
		case i < len(p) && p[i] == anyOne:
			_, width := utf8.DecodeRuneInString(s[j:])
			i, j = i+1, j+width
		case i < len(p) && (p[i] == s[j] || fold && lower(p[i]) == lower(s[j])):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == anyRun {
		i++
	}
	return i == len(p)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// arnFields is the number of an ARN's fields; the last may hold colons.
const arnFields = 6

// arnPattern is a pattern for an ARN in a condition.
//
// AWS: each field is compared on its own ("Condition operators", ArnLike), so
// wildcards stay within one, but for the last that the pattern has.
type arnPattern struct {
	whole  pattern // the pattern is not divided: "*", or literal
	fields []pattern
}

func compileARN(s string, variables bool) arnPattern {
	whole := compile(s, true, variables)
	if whole.shape == literal || whole.shape == anything {
		return arnPattern{whole: whole}
	}
	a := arnPattern{whole: whole}
	for len(a.fields) < arnFields-1 {
		end := fieldEnd(s)
		if end < 0 {
			break
		}
		a.fields = append(a.fields, compile(s[:end], true, variables))
		s = s[end+1:]
	}
	a.fields = append(a.fields, compile(s, true, variables))
	return a
}

// fieldEnd is the index of the first colon outside a variable, or -1.
func fieldEnd(s string) int {
	depth := 0
	for i := range len(s) {
		switch {
		case s[i] == '{' && i > 0 && s[i-1] == '$':
			depth++
		case s[i] == '}' && depth > 0:
			depth--
		case s[i] == ':' && depth == 0:
			return i
		}
	}
	return -1
}

func (a *arnPattern) match(e *evaluation, s *arnText) bool {
	if a.fields == nil {
		return a.whole.match(e, s.text, false)
	}
	last := len(a.fields) - 1
	if last >= s.n {
		return false
	}
	for i := range last {
		if !a.fields[i].match(e, s.text[s.start[i]:s.start[i+1]-1], false) {
			return false
		}
	}
	return a.fields[last].match(e, s.text[s.start[last]:], false)
}

// arnText is a text with the starts of its ARN fields.
type arnText struct {
	text  string
	start [arnFields]int
	n     int
}

func splitARN(s string) arnText {
	t := arnText{text: s, n: 1}
	for i := 0; i < len(s) && t.n < arnFields; i++ {
		if s[i] == ':' {
			t.start[t.n] = i + 1
			t.n++
		}
	}
	return t
}
