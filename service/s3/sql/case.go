package sql

// conditional is CASE. Its conditions are tried in order; what none of them
// leads to is the value of ELSE, which is NULL by default.
// AWS: "Conditional functions", SQL reference for Amazon S3 Select.
type conditional struct {
	whens, thens []node
	otherwise    node
}

func (c *conditional) varies() bool {
	return anyVaries(c.whens) || anyVaries(c.thens) || c.otherwise.varies()
}

func (c *conditional) eval(e *env) (Value, error) {
	for i, when := range c.whens {
		v, err := when.eval(e)
		if err != nil {
			return v, err
		}
		if v.isTrue() {
			return c.thens[i].eval(e)
		}
	}
	return c.otherwise.eval(e)
}

// conditional parses CASE [operand] WHEN … THEN … [ELSE …] END.
func (p *parser) conditional() (node, error) {
	p.next()
	c := &conditional{otherwise: constant{Value{Kind: Null}}}
	var operand node
	var err error
	if !p.peek().is("WHEN") {
		if operand, err = p.expression(); err != nil {
			return nil, err
		}
	}
	for p.skip("WHEN") {
		when, err := p.expression()
		if err == nil {
			err = p.expect("THEN")
		}
		if err != nil {
			return nil, err
		}
		then, err := p.expression()
		if err != nil {
			return nil, err
		}
		if operand != nil {
			when = &comparison{"=", operand, when}
		}
		c.whens, c.thens = append(c.whens, when), append(c.thens, then)
	}
	if len(c.whens) == 0 {
		return nil, errorf("ParseExpectedWhenClause", "Expected WHEN clause in CASE instead of %v at position %d", p.peek(), p.peek().at)
	}
	if p.skip("ELSE") {
		if c.otherwise, err = p.expression(); err != nil {
			return nil, err
		}
	}
	return c, p.expect("END")
}
