package pattern

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// term is a text or a regular expression that an event may contain.
type term struct {
	text  string
	regex *regexp.Regexp
}

func (t *term) in(message string) bool {
	if t.regex != nil {
		return t.regex.MatchString(message)
	}
	return strings.Contains(message, t.text)
}

// terms is a pattern of terms.
type terms struct{ required, optional, excluded []term }

// match looks for the terms. AWS: "Match any term": optional terms beside
// others are ignored.
func (t *terms) match(message string) bool {
	for i := range t.excluded {
		if t.excluded[i].in(message) {
			return false
		}
	}
	for i := range t.required {
		if !t.required[i].in(message) {
			return false
		}
	}
	if len(t.optional) == 0 || len(t.required)+len(t.excluded) > 0 {
		return true
	}
	for i := range t.optional {
		if t.optional[i].in(message) {
			return true
		}
	}
	return false
}

// parseTerms reads a pattern of terms. It is nil when it matches everything.
func parseTerms(text string) (*terms, error) {
	t, s := new(terms), &scanner{rest: text}
	for s.space(); s.rest != ""; s.space() {
		to := &t.required
		switch s.rest[0] {
		case '-':
			to = &t.excluded
			s.rest = s.rest[1:]
		case '?':
			to = &t.optional
			s.rest = s.rest[1:]
		}
		one, err := s.term()
		if err != nil {
			return nil, err
		}
		if one.regex == nil && strings.TrimSpace(one.text) == "" {
			continue // AWS: a phrase of nothing but spaces matches all events
		}
		*to = append(*to, one)
	}
	if len(t.required)+len(t.optional)+len(t.excluded) == 0 {
		return nil, nil
	}
	return t, nil
}

func (s *scanner) term() (t term, err error) {
	switch {
	case s.rest == "":
		return t, wrong("a term is missing")
	case s.rest[0] == '"':
		t.text, err = s.quoted()
	case s.rest[0] == '%':
		t.regex, err = s.regex()
	default:
		t.text = s.word(unicode.IsSpace)
		if i := strings.IndexFunc(t.text, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }); i >= 0 || t.text == "" {
			return t, &Error{fmt.Sprintf("Invalid character(s) in term '%s'", t.text[max(i, 0):])}
		}
	}
	return t, err
}

// scanner walks a pattern.
type scanner struct {
	rest      string
	regexes   int // taken so far
	wildcards int // of selectors
}

func (s *scanner) space() { s.rest = strings.TrimLeftFunc(s.rest, unicode.IsSpace) }

// take takes a token that may be next.
func (s *scanner) take(token string) bool {
	s.space()
	rest, ok := strings.CutPrefix(s.rest, token)
	s.rest = rest
	return ok
}

// word takes the runes up to the first that ends it.
func (s *scanner) word(ends func(rune) bool) string {
	i := strings.IndexFunc(s.rest, ends)
	if i < 0 {
		i = len(s.rest)
	}
	w := s.rest[:i]
	s.rest = s.rest[i:]
	return w
}

// quoted takes a text between double quotes, in which \" and \\ stand for
// characters.
func (s *scanner) quoted() (string, error) {
	quote, size := utf8.DecodeRuneInString(s.rest)
	var b strings.Builder
	for i := size; i < len(s.rest); i++ {
		c := s.rest[i]
		if c == '\\' && i+1 < len(s.rest) && (s.rest[i+1] == byte(quote) || s.rest[i+1] == '\\') {
			i++
			b.WriteByte(s.rest[i])
			continue
		}
		if c == byte(quote) {
			s.rest = s.rest[i+1:]
			return b.String(), nil
		}
		b.WriteByte(c)
	}
	return "", wrong("a quotation has no end")
}

// regex takes a regular expression between percent signs.
func (s *scanner) regex() (*regexp.Regexp, error) {
	end := strings.IndexByte(s.rest[1:], '%')
	if end < 1 {
		return nil, wrong("a regular expression is empty or has no end")
	}
	text := s.rest[1 : 1+end]
	s.rest = s.rest[end+2:]
	s.regexes++
	for i := range len(text) {
		c := text[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == ' ' || strings.IndexByte(symbols, c) >= 0) {
			return nil, wrong("%q cannot be in a regular expression", c)
		}
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, wrong("%s is no regular expression", text)
	}
	return re, nil
}

// symbols may stand in regular expressions besides letters, digits and spaces.
// AWS: "Supported regular expressions (regex) syntax".
const symbols = `:_#=@/;,-^$?[]{}|\*+.`
