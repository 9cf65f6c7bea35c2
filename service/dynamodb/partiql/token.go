package partiql

import "strings"

type kind uint8

const (
	end    kind = iota
	word        // a keyword or a name
	quoted      // a name in double quotes
	text        // in single quotes
	number
	sign
)

type token struct {
	kind
	text string
}

// is reports whether the token is a keyword.
func (t token) is(keyword string) bool { return t.kind == word && strings.EqualFold(t.text, keyword) }

// signs are those of two characters first.
const signs = "<< >> <= >= <> != , . ( ) [ ] { } : = < > + - * ? ;"

// split cuts a statement into tokens, of which the last two are an end.
func split(s string) ([]token, error) {
	var all []token
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		switch {
		case s == "":
			return append(all, token{}, token{}), nil
		case strings.HasPrefix(s, "--"):
			_, s, _ = strings.Cut(s, "\n")
			continue
		}
		t, n := next(s)
		if n == 0 {
			return nil, mistake("unexpected %q", s[:1])
		}
		all = append(all, t)
		s = s[n:]
	}
}

// next is the first token of s, and its length; 0 when it is none.
func next(s string) (token, int) {
	switch c := s[0]; {
	case c == '\'' || c == '"':
		content, n := enclosed(s)
		if c == '"' {
			return token{quoted, content}, n
		}
		return token{text, content}, n
	case isLetter(c):
		n := span(s, func(c byte) bool { return isLetter(c) || isDigit(c) })
		return token{word, s[:n]}, n
	case isDigit(c), c == '.' && len(s) > 1 && isDigit(s[1]):
		n := span(s, func(c byte) bool { return isDigit(c) || c == '.' })
		if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
			exponent := strings.TrimLeft(s[n+1:], "+-")
			n = len(s) - len(exponent) + span(exponent, isDigit)
		}
		return token{number, s[:n]}, n
	}
	for one := range strings.SplitSeq(signs, " ") {
		if strings.HasPrefix(s, one) {
			return token{sign, one}, len(one)
		}
	}
	return token{}, 0
}

// enclosed reads what stands in quotes, which are doubled within.
func enclosed(s string) (content string, n int) {
	q := s[:1]
	for i := 1; i < len(s); i++ {
		if s[i] != q[0] {
			continue
		}
		if i+1 < len(s) && s[i+1] == q[0] {
			i++
			continue
		}
		return strings.ReplaceAll(s[1:i], q+q, q), i + 1
	}
	return "", 0
}

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '#' || c == '$' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
