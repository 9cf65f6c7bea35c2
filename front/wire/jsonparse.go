package wire

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonParser reads JSON from a string. Strings without escapes are slices of
// the input, so a request body must not be reused while its input is in use.
type jsonParser struct {
	s   string
	pos int
}

// next skips white space and returns the byte that follows, 0 at the end.
func (p *jsonParser) next() byte {
	for p.pos < len(p.s) {
		switch c := p.s[p.pos]; c {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return c
		}
	}
	return 0
}

func (p *jsonParser) accept(c byte) bool {
	if p.next() == c && c != 0 {
		p.pos++
		return true
	}
	return false
}

func (p *jsonParser) bad(want string) error {
	if p.pos >= len(p.s) {
		return malformed("The request body ends where %s is expected", want)
	}
	return malformed("The request body is not valid JSON: %s expected at byte %d", want, p.pos)
}

// more steps to the next element of a list or object that ends with end. It
// returns false after the last.
func (p *jsonParser) more(first bool, end byte) (bool, error) {
	if p.accept(end) {
		return false, nil
	}
	if first {
		return true, nil
	}
	if !p.accept(',') {
		return false, p.bad("',' or '" + string(end) + "'")
	}
	if p.next() == end {
		return false, p.bad("a value")
	}
	return true, nil
}

// key reads an object's next key and the colon.
func (p *jsonParser) key() (string, error) {
	if p.next() != '"' {
		return "", p.bad("a string")
	}
	k, err := p.str()
	if err != nil {
		return "", err
	}
	if !p.accept(':') {
		return "", p.bad("':'")
	}
	return k, nil
}

// str reads a string; the next byte is its quote.
func (p *jsonParser) str() (string, error) {
	p.pos++
	start := p.pos
	for i := start; i < len(p.s); i++ {
		switch c := p.s[i]; {
		case c == '"':
			p.pos = i + 1
			return validText(p.s[start:i]), nil
		case c == '\\':
			return p.escaped(start, i)
		case c < ' ':
			p.pos = i
			return "", p.bad("an escaped control character")
		}
	}
	p.pos = len(p.s)
	return "", p.bad(`'"'`)
}

// validText replaces bytes that are not UTF-8.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, string(utf8.RuneError))
}

func (p *jsonParser) escaped(start, i int) (string, error) {
	var b strings.Builder
	b.Grow(len(p.s[start:i]) + 64)
	for i < len(p.s) {
		j := strings.IndexAny(p.s[i:], `"\`)
		if j < 0 {
			break
		}
		b.WriteString(p.s[start : i+j])
		i += j
		if p.s[i] == '"' {
			p.pos = i + 1
			return validText(b.String()), nil
		}
		r, n := unescape(p.s[i:])
		if n == 0 {
			p.pos = i
			return "", p.bad("a valid escape")
		}
		b.WriteRune(r)
		i += n
		start = i
	}
	p.pos = len(p.s)
	return "", p.bad(`'"'`)
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape reads the escape that s begins with, and its length; 0 when invalid.
func unescape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	if c := escapes[s[1]]; c != 0 {
		return rune(c), 2
	}
	r, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := hex4(s[6:]); ok {
			if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
				return both, 12
			}
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// literal reads true, false, null or a number, whatever the next bytes are.
func (p *jsonParser) literal() (string, error) {
	p.next()
	start := p.pos
	for p.pos < len(p.s) {
		c := p.s[p.pos]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E' {
			p.pos++
			continue
		}
		break
	}
	word := p.s[start:p.pos]
	if word == "true" || word == "false" || word == "null" || isNumber(word) {
		return word, nil
	}
	p.pos = start
	return "", p.bad("a value")
}

// isNumber checks JSON's grammar of numbers.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole := digits(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if rest, ok := strings.CutPrefix(s, "."); ok {
		n := digits(rest)
		if n == 0 {
			return false
		}
		s = rest[n:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		n := digits(s)
		return n > 0 && n == len(s)
	}
	return s == ""
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// null reports whether a null comes next, and reads it.
func (p *jsonParser) null() bool {
	if p.next() == 'n' && strings.HasPrefix(p.s[p.pos:], "null") {
		p.pos += len("null")
		return true
	}
	return false
}

// skip reads a value of any kind and drops it. depth is how deep it lies.
func (p *jsonParser) skip(depth int) error {
	if depth > maxDepth {
		return malformed("The request body is nested too deeply")
	}
	switch p.next() {
	case '"':
		_, err := p.str()
		return err
	case '{', '[':
		object := p.s[p.pos] == '{'
		end := byte(']')
		if object {
			end = '}'
		}
		p.pos++
		for first := true; ; first = false {
			more, err := p.more(first, end)
			if err != nil || !more {
				return err
			}
			if object {
				if _, err := p.key(); err != nil {
					return err
				}
			}
			if err := p.skip(depth + 1); err != nil {
				return err
			}
		}
	}
	_, err := p.literal()
	return err
}
