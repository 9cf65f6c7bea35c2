package pattern

import (
	"regexp"
	"strconv"
	"strings"
)

// operator compares a value with that of the pattern.
type operator string

// operators, those first that others begin.
func operators() []operator { return []operator{"!=", "<=", ">=", "=", "<", ">"} }

func (s *scanner) operator() (operator, bool) {
	for _, o := range operators() {
		if s.take(string(o)) {
			return o, true
		}
	}
	return "", false
}

// value is what a pattern compares with.
type value struct {
	text    string
	parts   []string // of the text between its asterisks; one where it has none
	quoted  bool
	numeric bool
	number  float64
	regex   *regexp.Regexp
}

// value takes the value behind op.
func (s *scanner) value(op operator) (v value, err error) {
	s.space()
	switch {
	case s.rest == "":
		return v, wrong("a value is missing")
	case s.rest[0] == '%':
		v.regex, err = s.regex()
	case s.rest[0] == '"':
		v.quoted = true
		v.text, err = s.quoted()
	default:
		v.text = s.word(endsValue)
		if v.text == "" {
			return v, wrong("a value is missing")
		}
		v.number, v.numeric = number(v.text)
	}
	if err != nil {
		return v, err
	}
	if !v.numeric && op != "=" && op != "!=" {
		return v, wrong("%s compares numbers only", op)
	}
	v.parts = strings.Split(v.text, "*")
	return v, nil
}

// endsValue reports whether an unquoted value ends before r.
func endsValue(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', ',', '(', ')', '{', '}', '[', ']', '&', '|', '=', '<', '>', '!', '"':
		return true
	}
	return false
}

// number reads a number as patterns and events write them.
func number(s string) (float64, bool) {
	if s == "" || strings.IndexFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9') && r != '.' && r != '-' && r != '+' && r != 'e' && r != 'E'
	}) >= 0 {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// matches reports whether a text is the value, asterisks standing for anything.
func (v *value) matches(text string) bool {
	if v.regex != nil {
		return v.regex.MatchString(text)
	}
	if len(v.parts) == 1 {
		return text == v.text
	}
	last := len(v.parts) - 1
	rest, ok := strings.CutPrefix(text, v.parts[0])
	if !ok {
		return false
	}
	for _, part := range v.parts[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, v.parts[last])
}

// exact reports whether the value is a text that only the same text equals, and
// no number. With an asterisk it matches numbers as well: "*" is what is written
// for anything that exists.
func (v *value) exact() bool { return v.quoted && len(v.parts) == 1 }

// compares reports whether a number and the value's are as op says.
func (v *value) compares(op operator, n float64) bool {
	switch op {
	case "=":
		return n == v.number
	case "!=":
		return n != v.number
	case "<":
		return n < v.number
	case "<=":
		return n <= v.number
	case ">":
		return n > v.number
	}
	return n >= v.number
}

// holds reports whether a text is as op says. Where both are numbers they are
// compared as numbers.
func (v *value) holds(op operator, text string) bool {
	if v.numeric {
		if n, ok := number(text); ok {
			return v.compares(op, n)
		}
	}
	switch op {
	case "=":
		return v.matches(text)
	case "!=":
		return !v.matches(text)
	}
	return false
}
