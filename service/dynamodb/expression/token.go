package expression

import "strings"

// kind is what a token is.
type kind byte

const (
	endOfText kind = iota
	word           // a name, function or keyword
	nameMark       // #name
	valueMark      // :value
	number         // of an index
	symbol         // an operator or a bracket
	stranger       // what no expression has
)

// token is a piece of an expression.
type token struct {
	kind       kind
	text       string
	start, end int // in the expression
}

// isWord reports whether the token is a keyword, which may be in any case.
func (t token) isWord(keyword string) bool {
	return t.kind == word && strings.EqualFold(t.text, keyword)
}

func (t token) is(sign string) bool { return t.kind == symbol && t.text == sign }

// split cuts an expression into tokens, the last of which is endOfText.
func split(s string) []token {
	tokens := make([]token, 0, len(s)/3+1)
	for i := 0; ; {
		for i < len(s) && isSpace(s[i]) {
			i++
		}
		if i == len(s) {
			return append(tokens, token{endOfText, "<EOF>", i, i})
		}
		k, n := next(s[i:])
		tokens = append(tokens, token{k, s[i : i+n], i, i + n})
		i += n
	}
}

// next tells what s begins with, and its length.
func next(s string) (kind, int) {
	switch c := s[0]; {
	case isLetter(c):
		return word, 1 + span(s[1:], isWordPart)
	case isDigit(c):
		return number, span(s, isDigit)
	case c == '#' || c == ':':
		n := 1 + span(s[1:], isWordPart)
		switch {
		case n == 1:
			return stranger, 1
		case c == '#':
			return nameMark, n
		}
		return valueMark, n
	case strings.HasPrefix(s, "<>"), strings.HasPrefix(s, "<="), strings.HasPrefix(s, ">="):
		return symbol, 2
	case strings.IndexByte("=<>()[],.+-", c) >= 0:
		return symbol, 1
	}
	return stranger, 1
}

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func isSpace(c byte) bool    { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }
func isLetter(c byte) bool   { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool    { return c >= '0' && c <= '9' }
func isWordPart(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

// IsPlaceholder reports whether s is a placeholder that begins with mark, # or :.
func IsPlaceholder(s string, mark byte) bool {
	return len(s) > 1 && s[0] == mark && span(s[1:], isWordPart) == len(s)-1
}
