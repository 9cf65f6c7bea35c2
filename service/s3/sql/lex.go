package sql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is what is wrong with a query, or with its evaluation, in S3's words.
type Error struct{ Code, Message string }

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func errorf(code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}

type tokenKind int

const (
	end    tokenKind = iota
	word             // a keyword or a name
	quoted           // a name in double quotes
	text             // a string
	number
	moment // a timestamp in backticks
	symbol
)

type token struct {
	kind tokenKind
	text string
	at   int // byte, from 1
}

// is reports whether the token is a keyword, written in upper case, or a symbol.
func (t token) is(s string) bool {
	return t.kind == symbol && t.text == s || t.kind == word && strings.EqualFold(t.text, s)
}

func (t token) String() string {
	if t.kind == end {
		return "the end of the expression"
	}
	return strconv.Quote(t.text)
}

// lex splits a query into tokens, of which the last is end.
func lex(s string) ([]token, error) {
	var all []token
	for at := 0; at < len(s); {
		r, size := utf8.DecodeRuneInString(s[at:])
		if unicode.IsSpace(r) {
			at += size
			continue
		}
		t, n, err := lexOne(s[at:], r)
		if err != nil {
			err.Message += fmt.Sprintf(" at position %d", at+1)
			return nil, err
		}
		t.at = at + 1
		all = append(all, t)
		at += n
	}
	return append(all, token{kind: end, at: len(s) + 1}), nil
}

func lexOne(s string, first rune) (token, int, *Error) {
	switch {
	case first == '_' || unicode.IsLetter(first):
		n := strings.IndexFunc(s, func(r rune) bool { return r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if n < 0 {
			n = len(s)
		}
		return token{kind: word, text: s[:n]}, n, nil
	case first >= '0' && first <= '9' || first == '.' && len(s) > 1 && s[1] >= '0' && s[1] <= '9':
		n := numberLength(s)
		return token{kind: number, text: s[:n]}, n, nil
	case first == '\'':
		return lexQuoted(s, text)
	case first == '"':
		return lexQuoted(s, quoted)
	case first == '`':
		return lexQuoted(s, moment)
	}
	for _, op := range [...]string{"<>", "!=", "<=", ">=", "||", "<", ">", "=", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", ".", ";"} {
		if strings.HasPrefix(s, op) {
			return token{kind: symbol, text: op}, len(op), nil
		}
	}
	return token{}, 0, errorf("LexerInvalidChar", "The SQL expression contains an invalid character %q", first)
}

// lexQuoted reads up to the quote that s begins with; a doubled one stands for itself.
func lexQuoted(s string, kind tokenKind) (token, int, *Error) {
	q := s[:1]
	for at := 1; ; {
		n := strings.Index(s[at:], q)
		if n < 0 {
			return token{}, 0, errorf("LexerInvalidLiteral", "The SQL expression contains a literal that does not end")
		}
		if at += n + 1; !strings.HasPrefix(s[at:], q) {
			return token{kind: kind, text: strings.ReplaceAll(s[1:at-1], q+q, q)}, at, nil
		}
		at++
	}
}

func numberLength(s string) int {
	digits := func(n int) int {
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		return n
	}
	n := digits(0)
	if n < len(s) && s[n] == '.' {
		n = digits(n + 1)
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		m := n + 1
		if m < len(s) && (s[m] == '+' || s[m] == '-') {
			m++
		}
		if e := digits(m); e > m {
			n = e
		}
	}
	return n
}
