package expression

import (
	"strconv"
	"strings"
)

// parser walks the tokens of one expression. The first mistake ends it.
type parser struct {
	source    string
	tokens    []token
	at        int
	marks     *Placeholders
	operators int
}

// begin starts reading an expression.
func begin(source string, marks *Placeholders) (*parser, error) {
	if len(source) > MaxSize {
		return nil, mistake("Expression size has exceeded the maximum allowed size; expression size: %d", len(source))
	}
	p := &parser{source: source, tokens: split(source), marks: marks}
	if p.peek().kind == endOfText {
		return nil, mistake("The expression can not be empty;")
	}
	return p, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }

// ahead is the token after the next one.
func (p *parser) ahead() token { return p.tokens[min(p.at+1, len(p.tokens)-1)] }

func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != endOfText {
		p.at++
	}
	return t
}

// accept takes the next token if it is the sign.
func (p *parser) accept(sign string) bool {
	if p.peek().is(sign) {
		p.at++
		return true
	}
	return false
}

// acceptWord takes the next token if it is the keyword.
func (p *parser) acceptWord(keyword string) bool {
	if p.peek().isWord(keyword) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(sign string) error {
	if !p.accept(sign) {
		return p.unexpected()
	}
	return nil
}

// unexpected is the error for the next token. AWS shows it with its neighbours.
func (p *parser) unexpected() error {
	t := p.peek()
	from, to := t.start, t.end
	if p.at > 0 {
		from = p.tokens[p.at-1].start
		to = max(to, p.tokens[p.at-1].end)
	}
	if p.at+1 < len(p.tokens) && p.tokens[p.at+1].kind != endOfText {
		to = p.tokens[p.at+1].end
	}
	near := p.source[from:to]
	if t.kind == endOfText {
		near = strings.TrimSpace(near)
	}
	return mistake(`Syntax error; token: "%s", near: "%s"`, t.text, near)
}

func (p *parser) end() error {
	if p.peek().kind != endOfText {
		return p.unexpected()
	}
	return nil
}

// operator counts an operator or function.
func (p *parser) operator() error {
	p.operators++
	if p.operators > maxOperators {
		return mistake("The expression contains too many operators; operator count: %d", p.operators)
	}
	return nil
}

// path reads a document path.
func (p *parser) path() (Path, error) {
	path := Path{}
	for {
		name, err := p.name()
		if err != nil {
			return nil, err
		}
		path = append(path, Element{Name: name})
		for p.accept("[") {
			t := p.peek()
			index, err := strconv.Atoi(t.text)
			if t.kind != number {
				return nil, p.unexpected()
			}
			if err != nil {
				return nil, mistake("List index is not within the allowable range; index: [%s]", t.text)
			}
			p.at++
			if err := p.expect("]"); err != nil {
				return nil, err
			}
			path = append(path, Element{Index: index, List: true})
		}
		if !p.accept(".") {
			return path, nil
		}
	}
}

// name reads one name of a path.
func (p *parser) name() (string, error) {
	switch t := p.peek(); t.kind {
	case nameMark:
		p.at++
		return p.marks.name(t.text)
	case word:
		if isReserved(t.text) {
			return "", mistake("Attribute name is a reserved keyword; reserved keyword: %s", t.text)
		}
		p.at++
		return t.text, nil
	}
	return "", p.unexpected()
}

// operand reads a path, a value or a call of a function that has a value.
func (p *parser) operand() (*Operand, error) {
	t := p.peek()
	switch {
	case t.kind == valueMark:
		p.at++
		if err := p.marks.value(t.text); err != nil {
			return nil, err
		}
		return &Operand{Value: t.text}, nil
	case t.kind == word && p.ahead().is("("):
		return p.call()
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	return &Operand{Path: path}, nil
}

// call reads a function and its arguments.
func (p *parser) call() (*Operand, error) {
	name := p.take().text
	if err := p.operator(); err != nil {
		return nil, err
	}
	p.at++ // (
	o := &Operand{Function: name}
	for first := true; first || p.accept(","); first = false {
		a, err := p.operand()
		if err != nil {
			return nil, err
		}
		o.Args = append(o.Args, a)
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	f, ok := functionOf(name)
	if !ok {
		return nil, mistake("Invalid function name; function: %s", name)
	}
	if len(o.Args) != f.operands {
		return nil, mistake("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", name, len(o.Args))
	}
	return o, f.check(o)
}
