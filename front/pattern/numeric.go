package pattern

// numeric reads {"numeric": [operator, number]} and the form with two ends,
// [">", number, "<", number].
func (p *parser) numeric() condition {
	c := condition{op: opRange}
	if p.next() != '[' {
		p.fail(p.tokenEnd(), "Value of numeric must be an array.")
		return c
	}
	p.pos++
	if p.next() != '"' {
		end := p.tokenEnd()
		p.fail(end, "Invalid member in numeric match: %s", p.s[p.pos:end])
		return c
	}
	switch op := p.text(); op {
	case "=":
		c.low = p.bound("equals", false)
		c.high = c.low
		p.close("Too many elements in numeric expression")
	case "<", "<=":
		c.high = p.bound(op, op == "<")
		p.close("Too many elements in numeric expression")
	case ">", ">=":
		c.low = p.bound(op, op == ">")
		if p.err == nil && !p.accept(']') {
			p.top(&c)
		}
	default:
		p.accept(',')
		p.fail(p.tokenEnd(), "Unrecognized numeric range operator: %s", op)
	}
	return c
}

// top reads the upper end of a range that has a lower one.
func (p *parser) top(c *condition) {
	p.accept(',')
	if p.next() != '"' {
		end := p.tokenEnd()
		p.fail(end, "Bad value in numeric range: %s", p.s[p.pos:end])
		return
	}
	op := p.text()
	if op != "<" && op != "<=" {
		p.fail(p.pos, "Bad numeric range operator: %s", op)
		return
	}
	c.high = p.bound(op, op == "<")
	p.close("Too many terms in numeric range expression")
	if p.err == nil && c.low.at >= c.high.at {
		p.fail(p.pos, "Bottom must be less than top")
	}
}

// bound reads the number that belongs to an operator.
func (p *parser) bound(op string, open bool) bound {
	p.accept(',')
	switch p.next() {
	case '"', '[', '{', ']', 't', 'f', 'n':
		p.fail(p.tokenEnd(), "Value of %s must be numeric", op)
		return bound{}
	}
	return bound{set: true, open: open, at: p.value().number}
}

// close reads the end of the array.
func (p *parser) close(otherwise string) {
	if p.err == nil && !p.accept(']') {
		p.accept(',')
		p.fail(p.tokenEnd(), "%s", otherwise)
	}
}
