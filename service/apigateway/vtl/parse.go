package vtl

import (
	"strings"
)

// parser reads a template. It unwinds by a panic with a *SyntaxError.
type parser struct {
	src    string
	pos    int
	line   int // added to those of src: of a string inside a template
	depth  int
	macros map[string]*macro
}

// maxNesting is how deep blocks, expressions and strings may lie in each other.
const maxNesting = 100

func (p *parser) fail(reason string) {
	at := min(p.pos, len(p.src))
	panic(&SyntaxError{Line: p.line + 1 + strings.Count(p.src[:at], "\n"), Reason: reason})
}

func (p *parser) nest() (leave func()) {
	if p.depth++; p.depth > maxNesting {
		p.fail("too deeply nested")
	}
	return func() { p.depth-- }
}

func (p *parser) rest() string { return p.src[p.pos:] }

func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *parser) accept(s string) bool {
	if strings.HasPrefix(p.rest(), s) {
		p.pos += len(s)
		return true
	}
	return false
}

func (p *parser) expect(s string) {
	p.space()
	if !p.accept(s) {
		p.fail("expected " + s)
	}
}

// space skips white space inside of a directive or an expression.
func (p *parser) space() {
	for strings.IndexByte(" \t\r\n", p.peek()) >= 0 && p.pos < len(p.src) {
		p.pos++
	}
}

// gobble skips blanks up to and including the end of the line, if nothing else
// is left of it: directives take the end of their line with them.
func (p *parser) gobble() {
	i := p.pos
	for i < len(p.src) && (p.src[i] == ' ' || p.src[i] == '\t') {
		i++
	}
	switch rest := p.src[i:]; {
	case strings.HasPrefix(rest, "\r\n"):
		p.pos = i + 2
	case strings.HasPrefix(rest, "\n"), strings.HasPrefix(rest, "\r"):
		p.pos = i + 1
	}
}

// block reads nodes up to one of the directives that end it, which it returns,
// or to the end of the source if none is given.
func (p *parser) block(ends []string) (block, string) {
	defer p.nest()()
	var out block
	start := p.pos
	flush := func(to int) {
		if to > start {
			out = append(out, text(p.src[start:to]))
		}
	}
	for p.pos < len(p.src) {
		i := strings.IndexAny(p.rest(), `$#\`)
		if i < 0 {
			break
		}
		p.pos += i
		at := p.pos
		n, end := p.special(ends)
		if end != "" {
			flush(at)
			return out, end
		}
		if n == nil {
			p.pos = max(p.pos, at+1) // no more than text
			continue
		}
		if _, ok := n.(*setNode); ok {
			for at > start && (p.src[at-1] == ' ' || p.src[at-1] == '\t') {
				at--
			}
		}
		flush(at)
		start = p.pos
		if n != node(text("")) {
			out = append(out, n)
		}
	}
	if ends != nil {
		p.pos = len(p.src)
		p.fail("expected #end")
	}
	p.pos = len(p.src)
	flush(p.pos)
	return out, ""
}

// special reads what begins with one of the language's three characters: a node,
// or the directive that ends the block, or neither if it is plain text.
func (p *parser) special(ends []string) (node, string) {
	switch p.peek() {
	case '$':
		if ref := p.reference(); ref != nil {
			return ref, ""
		}
		return nil, ""
	case '\\':
		return p.escape(), ""
	}
	switch rest := p.rest(); {
	case strings.HasPrefix(rest, "##"):
		if i := strings.IndexByte(rest, '\n'); i >= 0 {
			p.pos += i + 1
		} else {
			p.pos = len(p.src)
		}
		return text(""), ""
	case strings.HasPrefix(rest, "#*"):
		i := strings.Index(rest, "*#")
		if i < 0 {
			p.fail("a comment is not closed")
		}
		p.pos += i + 2
		return text(""), ""
	case strings.HasPrefix(rest, "#[["):
		i := strings.Index(rest, "]]#")
		if i < 0 {
			p.fail("unparsed text is not closed")
		}
		p.pos += i + 3
		return text(rest[3:i]), ""
	}
	return p.directive(ends)
}

// escape reads backslashes before a reference or a directive. Before anything
// else they are text.
func (p *parser) escape() node {
	at := p.pos
	for p.peek() == '\\' {
		p.pos++
	}
	n := p.pos - at
	slashes := strings.Repeat(`\`, n/2)
	switch p.peek() {
	case '$':
		start := p.pos
		ref := p.reference()
		if ref == nil {
			p.pos = start
			return nil
		}
		return &escaped{ref: ref, slashes: slashes, all: p.src[at:start], literal: n%2 == 1}
	case '#':
		start := p.pos
		name, _ := p.directiveName()
		if !known[name] && p.macros[name] == nil {
			p.pos = start
			return nil
		}
		if n%2 == 1 {
			return text(slashes + p.src[start:p.pos])
		}
		p.pos = start
		return text(slashes)
	}
	return nil
}

// escaped is a reference after backslashes. One that has no value keeps them.
type escaped struct {
	ref     *reference
	slashes string // half of them
	all     string
	literal bool
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// identifier reads a name. Names may have hyphens, so $a-1 is one name.
func (p *parser) identifier() string {
	if !isLetter(p.peek()) {
		return ""
	}
	start := p.pos
	for c := p.peek(); isLetter(c) || isDigit(c) || c == '_' || c == '-'; c = p.peek() {
		p.pos++
	}
	return p.src[start:p.pos]
}

// reference reads what begins with a dollar, and returns nil if it is none.
func (p *parser) reference() *reference {
	start := p.pos
	p.pos++
	quiet := p.accept("!")
	formal := p.accept("{")
	name := p.identifier()
	if name == "" {
		p.pos = start
		return nil
	}
	ref := &reference{name: name, quiet: quiet}
	for {
		s, ok := p.access()
		if !ok {
			break
		}
		ref.steps = append(ref.steps, s)
	}
	if formal && !p.accept("}") {
		p.pos = start
		return nil
	}
	ref.source = p.src[start:p.pos]
	return ref
}

// access reads .name, .name(arguments) or [index].
func (p *parser) access() (access, bool) {
	start := p.pos
	if p.accept("[") {
		index := p.expression()
		p.expect("]")
		return access{index: index}, true
	}
	if !p.accept(".") {
		return access{}, false
	}
	name := p.identifier()
	if name == "" {
		p.pos = start
		return access{}, false
	}
	if !p.accept("(") {
		return access{name: name}, true
	}
	return access{name: name, call: true, arguments: p.list(")")}, true
}

// list reads expressions with commas between up to a closing character.
func (p *parser) list(end string) []expression {
	var out []expression
	for p.space(); !p.accept(end); p.space() {
		if len(out) > 0 {
			p.expect(",")
		}
		out = append(out, p.expression())
	}
	return out
}
