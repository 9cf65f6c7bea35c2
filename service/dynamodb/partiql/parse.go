package partiql

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// parser walks the tokens of one statement. The first mistake ends it.
type parser struct {
	tokens []token
	at     int
	depth  int // of what is nested
	out    *Statement
}

// Parse reads a statement.
func Parse(source string) (*Statement, error) {
	tokens, err := split(source)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, out: new(Statement)}
	if err := p.statement(); err != nil {
		return nil, err
	}
	p.accept(";")
	if p.peek().kind != end {
		return nil, malformed("Unexpected token after expression")
	}
	return p.out, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }

// ahead is the token after the next one.
func (p *parser) ahead() token { return p.tokens[min(p.at+1, len(p.tokens)-1)] }

func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != end {
		p.at++
	}
	return t
}

func (p *parser) accept(sign string) bool {
	if p.peek().is(sign) {
		p.at++
		return true
	}
	return false
}

// acceptWords takes the next tokens if they are the keywords.
func (p *parser) acceptWords(keywords ...string) bool {
	for i, k := range keywords {
		if p.at+i >= len(p.tokens) || !p.tokens[p.at+i].isWord(k) {
			return false
		}
	}
	p.at += len(keywords)
	return true
}

func (p *parser) expect(sign string) error {
	if !p.accept(sign) {
		return malformed("Expected " + sign)
	}
	return nil
}

// unexpected is the error for a token where a term should begin.
func (p *parser) unexpected() error {
	t := p.peek()
	for _, operator := range [...]string{"IS", "LIKE", "IN", "BETWEEN", "AND", "OR"} {
		if t.isWord(operator) {
			return malformed("Unexpected operator")
		}
	}
	switch {
	case t.kind == symbol && strings.Contains("= <> != <= >= * / % ||", t.text):
		return malformed("Unexpected operator")
	case p.reserved():
		return malformed("Unexpected keyword")
	}
	return malformed("Unexpected term")
}

// reserved reports whether the next token is a keyword.
func (p *parser) reserved() bool { return p.peek().kind == word && isKeyword(p.peek().text) }

// named reports whether the next token is a name.
func (p *parser) named() bool {
	k := p.peek().kind
	return k == quoted || k == word && !p.reserved()
}

func (p *parser) statement() error {
	switch {
	case p.acceptWords("SELECT"):
		p.out.Kind = Select
		return p.selection()
	case p.acceptWords("INSERT", "INTO"):
		return p.insertion()
	case p.acceptWords("UPDATE"):
		return p.update()
	case p.acceptWords("DELETE", "FROM"):
		return p.deletion()
	case p.acceptWords("FROM"):
		return p.updateFrom()
	case p.peek().isWord("EXISTS") && p.ahead().is("("):
		p.out.Kind = Exists
		p.at += 2
		if !p.acceptWords("SELECT") {
			return p.unexpected()
		}
		if err := p.selection(); err != nil {
			return err
		}
		return p.expect(")")
	}
	return malformed("Expected data manipulation")
}

func (p *parser) selection() error {
	if !p.accept("*") {
		for first := true; first || p.accept(","); first = false {
			if p.functionName() != "" {
				return &SyntaxError{fmt.Sprint("Unexpected path component at ", p.peek().from)}
			}
			path, err := p.path()
			if err != nil {
				return err
			}
			p.out.Columns = append(p.out.Columns, path)
		}
	}
	if !p.acceptWords("FROM") {
		return malformed("Expected FROM after SELECT list")
	}
	if !p.named() {
		return p.unexpected()
	}
	if err := p.source(true); err != nil {
		return err
	}
	if err := p.where(); err != nil {
		return err
	}
	if !p.acceptWords("ORDER", "BY") {
		return nil
	}
	for first := true; first || p.accept(","); first = false {
		path, err := p.path()
		if err != nil {
			return err
		}
		o := Order{Name: path[0].Name}
		if o.Descending = p.acceptWords("DESC"); !o.Descending {
			p.acceptWords("ASC")
		}
		p.out.Order = append(p.out.Order, o)
	}
	return nil
}

func (p *parser) insertion() error {
	p.out.Kind = Insert
	if err := p.source(false); err != nil {
		return err
	}
	if !p.acceptWords("VALUE") {
		return malformed("Unexpected token after expression")
	}
	v, err := p.value()
	p.out.Item = &v
	return err
}

func (p *parser) deletion() error {
	p.out.Kind = Delete
	if err := p.source(true); err != nil {
		return err
	}
	if err := p.where(); err != nil {
		return err
	}
	return p.returning()
}

// source reads the table, and the index that a SELECT may name.
// AWS: aliases are refused, but that of an INSERT is not seen as one.
func (p *parser) source(aliased bool) error {
	var names []string
	for first := true; first || p.accept("."); first = false {
		if !p.named() {
			return malformed("Expected identifier for simple path")
		}
		t := p.take()
		if t.text == "" {
			return &SyntaxError{"Path component cannot be an empty string"}
		}
		names = append(names, t.text)
	}
	switch {
	case len(names) > 2:
		return &SyntaxError{"A path may contain at most 2 components in the FROM clause"}
	case len(names) == 2 && p.out.Kind != Select && p.out.Kind != Exists:
		return malformed("Expected only the name of a table")
	case len(names) == 2:
		p.out.Index = names[1]
	}
	p.out.Table = names[0]
	if aliased && (p.peek().isWord("AS") || p.named()) {
		return &SyntaxError{"Aliasing is not supported"}
	}
	return nil
}

func (p *parser) where() error {
	if !p.acceptWords("WHERE") {
		return nil
	}
	var err error
	p.out.Where, err = p.or()
	return err
}

func (p *parser) returning() error {
	if !p.acceptWords("RETURNING") {
		return nil
	}
	for _, which := range [...]string{"ALL", "MODIFIED"} {
		for _, when := range [...]string{"OLD", "NEW"} {
			if p.acceptWords(which, when) {
				p.out.Returning = which + " " + when
				return p.expect("*")
			}
		}
	}
	return malformed("Expected ALL or MODIFIED in a returning clause")
}

// path reads a document path.
func (p *parser) path() (expression.Path, error) {
	if !p.named() {
		return nil, p.unexpected()
	}
	path := expression.Path{{Name: p.take().text}}
	for {
		switch {
		case p.accept("."):
			t := p.take()
			if t.kind != quoted && (t.kind != word || isKeyword(t.text)) {
				return nil, malformed("Invalid path dot component")
			}
			path = append(path, expression.Element{Name: t.text})
		case p.accept("["):
			step, err := p.step()
			if err != nil {
				return nil, err
			}
			path = append(path, step)
		default:
			return path, nil
		}
	}
}

// step reads what is in brackets: an index, or a name as a string.
func (p *parser) step() (expression.Element, error) {
	t := p.take()
	e := expression.Element{Name: t.text}
	if t.kind == number {
		i, err := strconv.ParseInt(t.text, 10, 32)
		if err != nil {
			return e, malformed("Invalid path component")
		}
		e = expression.Element{Index: int(i), List: true}
	} else if t.kind != text {
		return e, malformed("Invalid path component")
	}
	return e, p.expect("]")
}
