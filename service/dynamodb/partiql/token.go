package partiql

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is what a token is.
type kind byte

const (
	end    kind = iota
	word        // a name, not quoted, or a keyword
	quoted      // a name in double quotes
	text        // a string
	number
	symbol
)

// token is a piece of a statement. A quoted name or a string is without its
// quotes.
type token struct {
	kind kind
	text string
	from place
}

// place is where a token is in its statement, in characters from 1.
type place struct{ line, column, length int }

func (p place) String() string { return fmt.Sprintf("%d:%d:%d", p.line, p.column, p.length) }

// behind is the place behind a piece of the statement, which is of no length.
func (p place) behind(s string) place {
	for _, c := range s {
		if p.column++; c == '\n' {
			p.line, p.column = p.line+1, 1
		}
	}
	return p
}

func (t token) is(sign string) bool { return t.kind == symbol && t.text == sign }

// isWord reports whether the token is a keyword, which may be in any case.
func (t token) isWord(keyword string) bool {
	return t.kind == word && strings.EqualFold(t.text, keyword)
}

// split cuts a statement into tokens, the last of which is the end.
func split(s string) ([]token, error) {
	var tokens []token
	at := place{line: 1, column: 1}
	for {
		n, ok := blank(s)
		if !ok {
			return nil, malformed("")
		}
		at = at.behind(s[:n])
		if s = s[n:]; s == "" {
			return append(tokens, token{kind: end}), nil
		}
		t, n := next(s)
		if n == 0 {
			return nil, malformed("")
		}
		t.from = at
		t.from.length = utf8.RuneCountInString(s[:n])
		tokens = append(tokens, t)
		at = at.behind(s[:n])
		s = s[n:]
	}
}

// blank returns how much of the beginning of s is space and comments; ok is false
// when a comment does not end.
func blank(s string) (n int, ok bool) {
	for n < len(s) {
		rest := s[n:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			n++
		case strings.HasPrefix(rest, "--"):
			i := strings.IndexByte(rest, '\n')
			if i < 0 {
				return len(s), true
			}
			n += i
		case strings.HasPrefix(rest, "/*"):
			i := strings.Index(rest[2:], "*/")
			if i < 0 {
				return n, false
			}
			n += i + len("/**/")
		default:
			return n, true
		}
	}
	return n, true
}

// next returns the token that s begins with and its length in s, 0 for what is
// none.
func next(s string) (token, int) {
	c := s[0]
	switch {
	case isLetter(c):
		n := span(s, func(c byte) bool { return isLetter(c) || isDigit(c) })
		return token{kind: word, text: s[:n]}, n
	case isDigit(c), c == '.' && len(s) > 1 && isDigit(s[1]):
		return numeral(s)
	case c == '\'':
		return enclosed(s, text)
	case c == '"':
		return enclosed(s, quoted)
	}
	for _, sign := range [...]string{"<<", ">>", "<>", "!=", "<=", ">=", "||"} {
		if strings.HasPrefix(s, sign) {
			return token{kind: symbol, text: sign}, len(sign)
		}
	}
	if strings.IndexByte("=<>()[]{},.:;?*+-/%", c) >= 0 {
		return token{kind: symbol, text: s[:1]}, 1
	}
	return token{}, 0
}

// enclosed reads what is in quotes, in which a quote is doubled.
func enclosed(s string, k kind) (token, int) {
	quote := s[:1]
	for i := 1; i < len(s); i++ {
		if s[i] != quote[0] {
			continue
		}
		if i+1 < len(s) && s[i+1] == quote[0] {
			i++
			continue
		}
		return token{kind: k, text: strings.ReplaceAll(s[1:i], quote+quote, quote)}, i + 1
	}
	return token{}, 0
}

// numeral reads a number. AWS: its exponent, and its digits after the point less
// the exponent, must fit into 32 bits.
func numeral(s string) (token, int) {
	n := span(s, isDigit)
	scale := 0
	if n < len(s) && s[n] == '.' {
		scale = span(s[n+1:], isDigit)
		n += 1 + scale
	}
	if n == len(s) || s[n] != 'e' && s[n] != 'E' {
		return token{kind: number, text: s[:n]}, n
	}
	from := n + 1
	if from < len(s) && (s[from] == '+' || s[from] == '-') {
		from++
	}
	to := from + span(s[from:], isDigit)
	exponent, err := strconv.ParseInt(s[n+1:to], 10, 32)
	if err != nil || int64(scale)-exponent > math.MaxInt32 {
		return token{}, 0
	}
	return token{kind: number, text: s[:to]}, to
}

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
