package pattern

import (
	"strconv"
	"strings"
	"unicode"
)

// fields is a pattern on the fields of an event.
type fields struct {
	list []field
	rest int // index in list before which any number of fields may lie; -1 for none
}

// field is one field of the pattern.
type field struct {
	name string
	cond node // nil: any text
}

// fieldTest compares a field's text.
type fieldTest struct {
	op operator
	v  value
}

func (t *fieldTest) eval(s *subject) bool { return t.v.holds(t.op, s.text) }

func parseFields(text string) (*fields, error) {
	s, f := &scanner{rest: text[1:]}, &fields{rest: -1}
	for {
		if s.take("...") {
			if f.rest >= 0 {
				return nil, wrong("more than one ellipsis")
			}
			f.rest = len(f.list)
		} else {
			one, err := s.field()
			if err != nil {
				return nil, err
			}
			f.list = append(f.list, one)
		}
		if s.take("]") {
			break
		}
		if !s.take(",") {
			return nil, wrong("unexpected %q", s.rest)
		}
	}
	switch {
	case strings.TrimSpace(s.rest) != "":
		return nil, wrong("unexpected %q behind the end", s.rest)
	case s.regexes > maxRegexes:
		return nil, wrong("more than %d regular expressions", maxRegexes)
	}
	return f, nil
}

// field takes a name alone, or conditions that all are on one name.
func (s *scanner) field() (f field, err error) {
	s.space()
	before := s.rest
	name := s.word(func(r rune) bool { return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if s.space(); name != "" && (strings.HasPrefix(s.rest, ",") || strings.HasPrefix(s.rest, "]")) {
		return field{name: name}, nil
	}
	s.rest = before
	g := &grammar{scanner: s}
	g.leaf = func() (node, error) {
		s.space()
		name := s.word(func(r rune) bool { return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if name == "" || f.name != "" && f.name != name {
			return nil, wrong("a field has one name")
		}
		f.name = name
		op, ok := s.operator()
		if !ok {
			return nil, wrong("field %s has no comparison", name)
		}
		v, err := s.value(op)
		return &fieldTest{op, v}, err
	}
	f.cond, err = g.either()
	return f, err
}

// match tests the fields of a message. There must be as many as in the pattern,
// unless that has an ellipsis, or its last field is a bare name: that takes
// all that is left.
// AWS: "Match terms in order": [w1=ERROR, w2] matches events of any length.
func (f *fields) match(message string) bool {
	got, ok := f.split(message)
	if !ok {
		return false
	}
	s := new(subject)
	for i := range f.list {
		s.text = got[f.at(i, len(got))]
		if c := f.list[i].cond; c != nil && !c.eval(s) {
			return false
		}
	}
	return true
}

// at is where the pattern's field i is among n fields.
func (f *fields) at(i, n int) int {
	if f.rest >= 0 && i >= f.rest {
		return n - len(f.list) + i
	}
	return i
}

func (f *fields) extract(message string) map[string]string {
	got, ok := f.split(message)
	if !ok {
		return nil
	}
	out := make(map[string]string, len(got))
	for i, text := range got {
		out["$"+strconv.Itoa(i+1)] = text
	}
	for i := range f.list {
		delete(out, "$"+strconv.Itoa(f.at(i, len(got))+1))
	}
	for i := range f.list {
		out["$"+f.list[i].name] = got[f.at(i, len(got))]
	}
	return out
}

// split cuts a message at its spaces. What is in brackets or quotes is one field.
func (f *fields) split(message string) (got []string, ok bool) {
	for rest := strings.TrimLeftFunc(message, unicode.IsSpace); rest != ""; rest = strings.TrimLeftFunc(rest, unicode.IsSpace) {
		if f.rest < 0 && len(got) == len(f.list)-1 && f.list[len(got)].cond == nil {
			return append(got, unwrapped(rest)), true
		}
		if f.rest < 0 && len(got) == len(f.list) {
			return nil, false
		}
		one, after := firstField(rest)
		got, rest = append(got, one), after
	}
	if f.rest < 0 {
		return got, len(got) == len(f.list)
	}
	return got, len(got) >= len(f.list)
}

// firstField cuts off the first field, without its brackets or quotes.
func firstField(text string) (one, rest string) {
	end := 0
	switch text[0] {
	case '[':
		end = strings.IndexByte(text, ']')
	case '"':
		end = strings.IndexByte(text[1:], '"') + 1
	}
	if end > 0 {
		return text[1:end], text[end+1:]
	}
	if end = strings.IndexFunc(text, unicode.IsSpace); end < 0 {
		end = len(text)
	}
	return text[:end], text[end:]
}

// unwrapped is all of a text, without brackets or quotes if it is one field.
func unwrapped(text string) string {
	text = strings.TrimRightFunc(text, unicode.IsSpace)
	if one, rest := firstField(text); rest == "" {
		return one
	}
	return text
}
