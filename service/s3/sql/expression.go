package sql

import "strings"

// expression parses what OR joins, and so on down to what stands alone.
func (p *parser) expression() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errorf("ParseUnsupportedSyntax", "The SQL expression is nested too deeply")
	}
	defer func() { p.depth-- }()
	return p.joined("OR", func() (node, error) { return p.joined("AND", p.negation) })
}

func (p *parser) joined(by string, part func() (node, error)) (node, error) {
	left, err := part()
	for err == nil && p.skip(by) {
		var right node
		if right, err = part(); err == nil {
			left = &logic{by == "OR", left, right}
		}
	}
	return left, err
}

func (p *parser) negation() (node, error) {
	odd := false
	for p.skip("NOT") {
		odd = !odd
	}
	e, err := p.comparison()
	if err == nil && odd {
		e = &not{e}
	}
	return e, err
}

func (p *parser) comparison() (node, error) {
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	for _, op := range [...]string{"=", "<>", "!=", "<=", ">=", "<", ">"} {
		if p.skip(op) {
			right, err := p.sum()
			return &comparison{op, left, right}, err
		}
	}
	if p.skip("IS") {
		negated := p.skip("NOT")
		is := &isNode{of: left, missing: p.peek().is("MISSING")}
		if !is.missing && !p.peek().is("NULL") {
			return nil, errorf("ParseExpectedKeyword", "Expected NULL or MISSING instead of %v", p.peek())
		}
		p.next()
		return negate(negated, is), nil
	}
	negated := false
	if p.peek().is("NOT") {
		p.next()
		negated = true
	}
	var e node
	switch {
	case p.skip("LIKE"):
		e, err = p.like(left)
	case p.skip("BETWEEN"):
		e, err = p.between(left)
	case p.skip("IN"):
		e, err = p.in(left)
	case negated:
		return nil, p.unexpected()
	default:
		return left, nil
	}
	return negate(negated, e), err
}

func negate(negated bool, e node) node {
	if negated {
		return &not{e}
	}
	return e
}

func (p *parser) like(left node) (node, error) {
	pattern, err := p.sum()
	l := &like{of: left, pattern: pattern}
	if err == nil && p.skip("ESCAPE") {
		l.escape, err = p.sum()
	}
	return l, err
}

func (p *parser) between(left node) (node, error) {
	low, err := p.sum()
	if err == nil {
		err = p.expect("AND")
	}
	if err != nil {
		return nil, err
	}
	high, err := p.sum()
	return &logic{false, &comparison{">=", left, low}, &comparison{"<=", left, high}}, err
}

func (p *parser) in(left node) (node, error) {
	open, closing := "(", ")"
	if p.peek().is("[") {
		open, closing = "[", "]"
	}
	if err := p.expect(open); err != nil {
		return nil, err
	}
	list, err := p.arguments(closing)
	if err == nil && len(list) == 0 {
		err = errorf("ParseExpectedExpression", "The list of IN is empty")
	}
	return &in{left, list}, err
}

// arguments parses expressions up to a closing symbol.
func (p *parser) arguments(closing string) (all []node, err error) {
	if p.skip(closing) {
		return nil, nil
	}
	for {
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		if !p.skip(",") {
			return all, p.expect(closing)
		}
	}
}

func (p *parser) sum() (node, error) {
	return p.binary([]string{"+", "-", "||"}, func() (node, error) { return p.binary([]string{"*", "/", "%"}, p.unary) })
}

func (p *parser) binary(ops []string, part func() (node, error)) (node, error) {
	left, err := part()
	for err == nil {
		op := ""
		for _, o := range ops {
			if p.skip(o) {
				op = o
				break
			}
		}
		if op == "" {
			break
		}
		var right node
		if right, err = part(); err == nil {
			left = &arithmetic{op, left, right}
		}
	}
	return left, err
}

func (p *parser) unary() (node, error) {
	odd := false
	for p.peek().is("-") || p.peek().is("+") {
		if p.next().text == "-" {
			odd = !odd
		}
	}
	e, err := p.primary()
	if err == nil && odd {
		e = &arithmetic{"-", constant{integer(0)}, e}
	}
	return e, err
}

func (p *parser) primary() (node, error) {
	if e, ok, err := p.literal(); ok {
		return e, err
	}
	t := p.peek()
	switch {
	case p.skip("("):
		e, err := p.expression()
		if err == nil {
			err = p.expect(")")
		}
		return e, err
	case t.is("CASE"):
		return p.conditional()
	case t.kind == word && p.tokens[1].is("("):
		return p.call()
	case t.kind == word && reserved(t), t.kind == end:
		return nil, errorf("ParseExpectedExpression", "Expected an expression instead of %v at position %d", t, t.at)
	case t.kind == word || t.kind == quoted:
		p.next()
		steps, err := p.steps([]step{{name: t.text, exact: t.kind == quoted}})
		return &path{q: p.q, steps: steps}, err
	}
	return nil, p.unexpected()
}

func reserved(t token) bool {
	switch strings.ToUpper(t.text) {
	case "SELECT", "FROM", "WHERE", "LIMIT", "AND", "OR", "NOT", "LIKE", "ESCAPE", "BETWEEN", "IN", "IS", "AS", "CAST", "CASE", "WHEN", "THEN", "ELSE", "END":
		return true
	}
	return false
}

func (p *parser) call() (node, error) {
	name := strings.ToUpper(p.next().text)
	p.next()
	switch name {
	case "COUNT", "SUM", "MIN", "MAX", "AVG":
		return p.aggregate(name)
	case "CAST":
		return p.cast()
	case "TRIM":
		return p.trim()
	case "EXTRACT":
		return p.extract()
	case "DATE_ADD", "DATE_DIFF":
		return p.dateMath(name)
	case "SUBSTRING":
		return p.substring()
	}
	min, max, ok := arity(name)
	if !ok {
		return nil, errorf("UnsupportedFunction", "Encountered an unsupported SQL function: %s", name)
	}
	list, err := p.arguments(")")
	if err == nil && (len(list) < min || len(list) > max) {
		err = errorf("EvaluatorInvalidArguments", "Incorrect number of arguments in the call of %s", name)
	}
	return &call{name, list}, err
}

func (p *parser) aggregate(name string) (node, error) {
	if p.inside {
		return nil, errorf("UnsupportedSqlStructure", "Encountered an unsupported SQL structure: nested aggregate functions")
	}
	a := &aggregate{name: name, index: len(p.q.aggregates)}
	if name == "COUNT" && p.skip("*") {
		a.of = constant{boolean(true)}
	} else {
		p.inside = true
		e, err := p.expression()
		p.inside = false
		if err != nil {
			return nil, err
		}
		a.of = e
	}
	if p.peek().is(",") {
		return nil, errorf("ParseNonUnaryAgregateFunctionCall", "Only one argument is supported for aggregate functions in the SQL expression")
	}
	p.q.aggregates = append(p.q.aggregates, a)
	return a, p.expect(")")
}

func (p *parser) cast() (node, error) {
	e, err := p.expression()
	if err == nil {
		err = p.expect("AS")
	}
	if err != nil {
		return nil, err
	}
	t := p.next()
	c := &cast{of: e, to: strings.ToUpper(t.text)}
	switch c.to {
	case "BOOL", "BOOLEAN":
		c.kind = Bool
	case "INT", "INTEGER", "BIGINT", "SMALLINT":
		c.kind = Int
	case "FLOAT", "DOUBLE", "REAL", "DECIMAL", "NUMERIC":
		c.kind = Float
	case "STRING", "VARCHAR", "CHAR", "CHARACTER":
		c.kind = String
	case "TIMESTAMP", "DATE":
		c.kind = Time
	default:
		return nil, errorf("ParseExpectedTypeName", "Expected a type name instead of %v at position %d", t, t.at)
	}
	if p.skip("(") { // its length or precision
		for !p.skip(")") {
			if t := p.next(); t.kind != number && !t.is(",") {
				return nil, errorf("ParseInvalidTypeParam", "The SQL expression contains an invalid parameter value: %v", t)
			}
		}
	}
	return c, p.expect(")")
}

// trim parses TRIM([[LEADING|TRAILING|BOTH] [characters] FROM] text).
func (p *parser) trim() (node, error) {
	c := &call{name: "TRIM"}
	side := "BOTH"
	sided := false
	for _, s := range [...]string{"LEADING", "TRAILING", "BOTH"} {
		if p.skip(s) {
			side, sided = s, true
		}
	}
	var of, chars node = nil, constant{str(" ")}
	var err error
	if !p.skip("FROM") {
		if of, err = p.expression(); err != nil {
			return nil, err
		}
		if p.skip("FROM") {
			chars, of = of, nil
		} else if sided {
			return nil, p.expect("FROM")
		}
	}
	if of == nil {
		if of, err = p.expression(); err != nil {
			return nil, err
		}
	}
	c.list = []node{of, chars, constant{str(side)}}
	return c, p.expect(")")
}

// substring parses SUBSTRING(text FROM start [FOR length]), with commas as well.
func (p *parser) substring() (node, error) {
	c := &call{name: "SUBSTRING"}
	for i := range 3 {
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		c.list = append(c.list, e)
		if !p.skip(",") && (i != 0 || !p.skip("FROM")) && (i != 1 || !p.skip("FOR")) {
			break
		}
	}
	if len(c.list) < 2 {
		return nil, errorf("EvaluatorInvalidArguments", "Incorrect number of arguments in the call of SUBSTRING")
	}
	return c, p.expect(")")
}
