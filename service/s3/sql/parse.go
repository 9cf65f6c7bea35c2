package sql

import (
	"strconv"
	"strings"
	"time"
)

const (
	maxExpression = 256 << 10
	maxDepth      = 200 // of nested expressions and values
)

// Query is a parsed query.
type Query struct {
	items      []item
	star       bool
	from       []step
	alias      string
	where      node // nil: all
	limit      int64
	aggregates []*aggregate
}

// item is one expression of the SELECT list.
type item struct {
	name string
	expr node
}

// step is a step of a path: a name, an index, or all elements.
type step struct {
	name  string
	exact bool // the name was quoted
	index int  // when there is no name
	all   bool
}

// Parse parses a query. All errors are *Error.
func Parse(s string) (*Query, error) {
	if len(s) > maxExpression {
		return nil, errorf("ExpressionTooLong", "The SQL expression is too long: The maximum byte-length for the SQL expression is 256 KB.")
	}
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens, q: &Query{limit: -1}}
	if err := p.query(); err != nil {
		return nil, err
	}
	return p.q, nil
}

type parser struct {
	tokens []token
	q      *Query
	depth  int
	inside bool // an aggregate function
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != end {
		p.tokens = p.tokens[1:]
	}
	return t
}

// skip takes a keyword or symbol, if it comes next.
func (p *parser) skip(s string) bool {
	if !p.peek().is(s) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(s string) error {
	if p.skip(s) {
		return nil
	}
	code := "ParseExpectedTokenType"
	if s[0] >= 'A' && s[0] <= 'Z' {
		code = "ParseExpectedKeyword"
	}
	return errorf(code, "Expected %s instead of %v at position %d", s, p.peek(), p.peek().at)
}

func (p *parser) unexpected() error {
	return errorf("ParseUnexpectedToken", "The SQL expression contains an unexpected token: %v at position %d", p.peek(), p.peek().at)
}

func (p *parser) query() error {
	if p.peek().kind == end {
		return errorf("ParseSelectFailure", "The SQL expression is empty")
	}
	if !p.skip("SELECT") {
		return errorf("ParseUnsupportedSyntax", "The SQL expression contains unsupported syntax: only SELECT is supported")
	}
	if err := p.list(); err != nil {
		return err
	}
	if !p.skip("FROM") {
		if p.peek().kind == end {
			return errorf("ParseSelectMissingFrom", "The SQL expression contains a missing FROM after the SELECT list")
		}
		return p.unexpected()
	}
	if err := p.source(); err != nil {
		return err
	}
	if p.skip("WHERE") {
		n := len(p.q.aggregates)
		var err error
		if p.q.where, err = p.expression(); err != nil {
			return err
		}
		if len(p.q.aggregates) > n {
			return errorf("ParseUnsupportedSyntax", "Aggregate functions are not supported in the WHERE clause")
		}
	}
	for _, clause := range [...]string{"GROUP", "ORDER", "HAVING", "JOIN"} {
		if p.peek().is(clause) {
			return errorf("ParseUnsupportedSyntax", "The SQL expression contains unsupported syntax: %s", clause)
		}
	}
	if p.skip("LIMIT") {
		t := p.next()
		n, err := strconv.ParseInt(t.text, 10, 64)
		if t.kind != number || err != nil {
			return errorf("ParseExpectedNumber", "Expected a number after LIMIT instead of %v", t)
		}
		p.q.limit = n
	}
	p.skip(";")
	if p.peek().kind != end {
		return p.unexpected()
	}
	return p.q.check()
}

// check refuses a list that mixes aggregates with what changes by record.
func (q *Query) check() error {
	if len(q.aggregates) == 0 {
		return nil
	}
	for _, it := range q.items {
		if it.expr.varies() {
			return errorf("UnsupportedSqlStructure", "Encountered an unsupported SQL structure: aggregate functions beside columns")
		}
	}
	return nil
}

func (p *parser) list() error {
	if p.skip("*") {
		p.q.star = true
		if p.peek().is(",") {
			return errorf("ParseAsteriskIsNotAloneInSelectList", "Other expressions are not allowed in the SELECT list when '*' is used without dot notation in the SQL expression")
		}
		return nil
	}
	if p.peek().is("FROM") {
		return errorf("ParseEmptySelect", "The SQL expression contains an empty SELECT")
	}
	if p.peek().is("DISTINCT") {
		return errorf("ParseUnsupportedSelect", "The SQL expression contains an unsupported use of SELECT: DISTINCT")
	}
	for {
		if len(p.tokens) > 3 && p.tokens[1].is(".") && p.tokens[2].is("*") { // s.*
			p.tokens, p.q.star = p.tokens[3:], true
			if p.peek().is(",") || len(p.q.items) > 0 {
				return errorf("ParseAsteriskIsNotAloneInSelectList", "Other expressions are not allowed in the SELECT list when '*' is used")
			}
			return nil
		}
		e, err := p.expression()
		if err != nil {
			return err
		}
		it := item{expr: e}
		if f, ok := e.(*path); ok {
			it.name = f.steps[len(f.steps)-1].name
		}
		if p.skip("AS") {
			if it.name, err = p.name("ParseExpectedIdentForAlias"); err != nil {
				return err
			}
		} else if t := p.peek(); t.kind == quoted || t.kind == word && !t.is("FROM") {
			it.name = p.next().text
		}
		if it.name == "" {
			it.name = "_" + strconv.Itoa(len(p.q.items)+1)
		}
		p.q.items = append(p.q.items, it)
		if !p.skip(",") {
			return nil
		}
	}
}

func (p *parser) name(code string) (string, error) {
	if t := p.peek(); t.kind != word && t.kind != quoted {
		return "", errorf(code, "Expected a name instead of %v at position %d", t, t.at)
	}
	return p.next().text, nil
}

func (p *parser) source() error {
	if t := p.next(); !t.is("S3OBJECT") {
		return errorf("InvalidDataSource", "Invalid data source type. Only CSV and JSON objects are supported: FROM must name S3Object instead of %v", t)
	}
	steps, err := p.steps(nil)
	if err != nil {
		return err
	}
	if len(steps) > 0 && steps[0].all {
		steps = steps[1:] // every record
	}
	p.q.from = steps
	if p.skip("AS") {
		p.q.alias, err = p.name("ParseExpectedIdentForAlias")
		return err
	}
	if t := p.peek(); t.kind == quoted || t.kind == word && !t.is("WHERE") && !t.is("LIMIT") && !t.is("GROUP") && !t.is("ORDER") && !t.is("JOIN") && !t.is("HAVING") {
		p.q.alias = p.next().text
	}
	if p.peek().is(",") {
		return errorf("ParseMalformedJoin", "JOIN is not supported in the SQL expression")
	}
	return nil
}

// steps parses .name, ['name'], [n] and [*].
func (p *parser) steps(all []step) ([]step, error) {
	for {
		switch {
		case p.skip("."):
			t := p.peek()
			if p.skip("*") {
				all = append(all, step{all: true})
				continue
			}
			name, err := p.name("ParseInvalidPathComponent")
			if err != nil {
				return nil, err
			}
			all = append(all, step{name: name, exact: t.kind == quoted})
		case p.skip("["):
			t := p.next()
			switch {
			case t.is("*"):
				all = append(all, step{all: true})
			case t.kind == text:
				all = append(all, step{name: t.text, exact: true})
			default:
				n, err := strconv.Atoi(t.text)
				if t.kind != number || err != nil {
					return nil, errorf("ParseInvalidPathComponent", "The SQL expression contains an invalid path component: %v at position %d", t, t.at)
				}
				all = append(all, step{index: n})
			}
			if err := p.expect("]"); err != nil {
				return nil, err
			}
		default:
			return all, nil
		}
	}
}

// literal parses a constant, if one comes next.
func (p *parser) literal() (node, bool, error) {
	t := p.peek()
	v := Value{}
	switch {
	case t.kind == text:
		v = str(t.text)
	case t.kind == number:
		n, ok := str(t.text).number()
		if !ok {
			return nil, true, errorf("LexerInvalidLiteral", "The number %s is out of range", t.text)
		}
		v = n
	case t.kind == moment:
		m, err := parseTime(t.text)
		if err != nil {
			return nil, true, errorf("LexerInvalidIONLiteral", "The SQL expression contains an invalid timestamp: %s", t.text)
		}
		v = Value{Kind: Time, Time: m}
	case t.is("TRUE"), t.is("FALSE"):
		v = boolean(strings.EqualFold(t.text, "true"))
	case t.is("NULL"):
		v.Kind = Null
	case t.is("MISSING"):
	default:
		return nil, false, nil
	}
	p.next()
	return constant{v}, true, nil
}

// parseTime reads a timestamp in the forms of ISO 8601 that S3 Select takes.
func parseTime(s string) (t time.Time, err error) {
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01-02T", "2006-01T", "2006T"} {
		if t, err = time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return t, err
}
