package vtl

import (
	"strconv"
	"strings"
)

// levels are the binary operators, weakest first, with the words that some have.
var levels = [][]struct{ sign, word, op string }{
	{{"||", "or", "||"}},
	{{"&&", "and", "&&"}},
	{{"==", "eq", "=="}, {"!=", "ne", "!="}},
	{{"<=", "le", "<="}, {">=", "ge", ">="}, {"<", "lt", "<"}, {">", "gt", ">"}},
	{{"+", "", "+"}, {"-", "", "-"}},
	{{"*", "", "*"}, {"/", "", "/"}, {"%", "", "%"}},
}

func (p *parser) expression() expression {
	defer p.nest()()
	return p.binary(0)
}

func (p *parser) binary(level int) expression {
	if level == len(levels) {
		return p.unary()
	}
	left := p.binary(level + 1)
	for {
		op := p.operator(level)
		if op == "" {
			return left
		}
		left = &binary{op: op, left: left, right: p.binary(level + 1)}
	}
}

func (p *parser) operator(level int) string {
	p.space()
	for _, o := range levels[level] {
		if p.accept(o.sign) {
			return o.op
		}
		if o.word != "" && strings.HasPrefix(p.rest(), o.word) {
			if next := p.rest()[len(o.word):]; next == "" || !isLetter(next[0]) && !isDigit(next[0]) {
				p.pos += len(o.word)
				return o.op
			}
		}
	}
	return ""
}

func (p *parser) unary() expression {
	defer p.nest()()
	p.space()
	if p.accept("!") || p.word("not") {
		return &not{p.unary()}
	}
	if p.peek() == '(' {
		p.pos++
		e := p.expression()
		p.expect(")")
		return e
	}
	return p.operand()
}

// word reads a word that nothing of a name follows.
func (p *parser) word(w string) bool {
	rest, ok := strings.CutPrefix(p.rest(), w)
	if !ok || rest != "" && (isLetter(rest[0]) || isDigit(rest[0])) {
		return false
	}
	p.pos += len(w)
	return true
}

func (p *parser) operand() expression {
	defer p.nest()()
	p.space()
	switch c := p.peek(); {
	case c == '$':
		if ref := p.reference(); ref != nil {
			return ref
		}
	case c == '"' || c == '\'':
		return p.str(c)
	case isDigit(c) || c == '-':
		return p.number()
	case c == '[':
		return p.listOrRange()
	case c == '{':
		return p.mapping()
	case p.word("true"):
		return constant{true}
	case p.word("false"):
		return constant{false}
	case p.word("null"):
		return constant{nil}
	}
	p.fail("expected an expression")
	return nil
}

// str reads a string. A doubled quote is one quote; backslashes mean nothing.
func (p *parser) str(quote byte) expression {
	line := p.line + strings.Count(p.src[:p.pos], "\n")
	p.pos++
	var b strings.Builder
	for {
		i := strings.IndexByte(p.rest(), quote)
		if i < 0 {
			p.pos = len(p.src)
			p.fail("a string is not closed")
		}
		b.WriteString(p.rest()[:i])
		p.pos += i + 1
		if p.peek() != quote {
			break
		}
		b.WriteByte(quote)
		p.pos++
	}
	s := b.String()
	if quote == '\'' || !strings.ContainsAny(s, "$#") {
		return constant{s}
	}
	inner := &parser{src: s, line: line, depth: p.depth, macros: p.macros}
	body, _ := inner.block(nil)
	return &interpolated{body}
}

func (p *parser) number() expression {
	start := p.pos
	p.accept("-")
	digits := func() {
		for isDigit(p.peek()) {
			p.pos++
		}
	}
	digits()
	whole := true
	// Two dots are a range's.
	if rest := p.rest(); len(rest) > 1 && rest[0] == '.' && isDigit(rest[1]) {
		whole = false
		p.pos++
		digits()
	}
	if c := p.peek(); (c == 'e' || c == 'E') && !whole {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		digits()
	}
	s := p.src[start:p.pos]
	if whole {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return constant{n}
		}
		p.fail("a number is wrong: " + s)
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		p.fail("a number is wrong: " + s)
	}
	return constant{f}
}

func (p *parser) listOrRange() expression {
	p.pos++
	if p.space(); p.accept("]") {
		return &listOf{}
	}
	first := p.expression()
	if p.space(); p.accept("..") {
		last := p.expression()
		p.expect("]")
		return &rangeOf{first, last}
	}
	out := &listOf{elements: []expression{first}}
	if p.space(); !p.accept("]") {
		p.expect(",")
		out.elements = append(out.elements, p.list("]")...)
	}
	return out
}

func (p *parser) mapping() expression {
	p.pos++
	out := &mapOf{}
	for p.space(); !p.accept("}"); p.space() {
		if len(out.keys) > 0 {
			p.expect(",")
		}
		key := p.expression()
		p.expect(":")
		out.keys = append(out.keys, key)
		out.values = append(out.values, p.expression())
	}
	return out
}
