package expression

// ParseCondition reads a condition, filter or key condition expression.
func ParseCondition(source string, marks *Placeholders) (*Condition, error) {
	p, err := begin(source, marks)
	if err != nil {
		return nil, err
	}
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	return c, p.end()
}

// or reads conditions joined by OR, which binds less than AND.
func (p *parser) or() (*Condition, error) { return p.chain("OR", p.and) }

func (p *parser) and() (*Condition, error) { return p.chain("AND", p.not) }

// chain reads parts that are joined by op.
func (p *parser) chain(op string, part func() (*Condition, error)) (*Condition, error) {
	c, err := part()
	if err != nil {
		return nil, err
	}
	chain := &Condition{Op: op, Of: []*Condition{c}}
	for p.acceptWord(op) {
		if err := p.operator(); err != nil {
			return nil, err
		}
		if c, err = part(); err != nil {
			return nil, err
		}
		chain.Of = append(chain.Of, c)
	}
	if len(chain.Of) == 1 {
		return chain.Of[0], nil
	}
	return chain, nil
}

func (p *parser) not() (*Condition, error) {
	if !p.acceptWord("NOT") {
		return p.term()
	}
	if err := p.operator(); err != nil {
		return nil, err
	}
	c, err := p.not()
	if err != nil {
		return nil, err
	}
	return &Condition{Op: "NOT", Of: []*Condition{c}}, nil
}

// term reads a condition in parentheses, a function or a comparison.
func (p *parser) term() (*Condition, error) {
	if p.peek().is("(") {
		return p.enclosed()
	}
	o, err := p.operand()
	if err != nil {
		return nil, err
	}
	if f, ok := functionOf(o.Function); ok && f.condition {
		c := &Condition{Op: o.Function, Args: o.Args}
		return c, c.distinct()
	}
	if err := comparable(o); err != nil {
		return nil, err
	}
	return p.comparison(o)
}

// enclosed reads what is in parentheses. AWS: a second pair is refused.
func (p *parser) enclosed() (*Condition, error) {
	p.at++
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	if c.enclosed {
		return nil, mistake("The expression has redundant parentheses;")
	}
	c.enclosed = true
	return c, nil
}

// comparable refuses functions that are no operands of comparisons.
func comparable(o *Operand) error {
	f, ok := functionOf(o.Function)
	switch {
	case !ok || o.Function == "size":
		return nil
	case f.update:
		return mistake("The function is not allowed in a condition expression; function: %s", o.Function)
	}
	return misused(o.Function)
}

// comparison reads what follows the first operand of a comparison.
func (p *parser) comparison(first *Operand) (*Condition, error) {
	c := &Condition{Args: []*Operand{first}}
	var err error
	switch t := p.peek(); {
	case t.isWord("BETWEEN"):
		err = p.between(c)
	case t.isWord("IN"):
		err = p.in(c)
	case t.is("="), t.is("<>"), t.is("<"), t.is("<="), t.is(">"), t.is(">="):
		c.Op = t.text
		p.at++
		err = p.more(c)
	default:
		return nil, p.unexpected()
	}
	if err != nil {
		return nil, err
	}
	if err := p.operator(); err != nil {
		return nil, err
	}
	return c, c.distinct()
}

// distinct refuses a path that is compared with itself.
func (c *Condition) distinct() error {
	for _, a := range c.Args[1:] {
		if c.Args[0].Same(a) {
			return mistake("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", c.Op, a.Path)
		}
	}
	return nil
}

// more reads one more operand of a comparison.
func (p *parser) more(c *Condition) error {
	o, err := p.operand()
	if err != nil {
		return err
	}
	c.Args = append(c.Args, o)
	return comparable(o)
}

func (p *parser) between(c *Condition) error {
	c.Op = "BETWEEN"
	p.at++
	if err := p.more(c); err != nil {
		return err
	}
	if !p.acceptWord("AND") {
		return p.unexpected()
	}
	return p.more(c)
}

func (p *parser) in(c *Condition) error {
	c.Op = "IN"
	p.at++
	if err := p.expect("("); err != nil {
		return err
	}
	for first := true; first || p.accept(","); first = false {
		if err := p.more(c); err != nil {
			return err
		}
	}
	const most = 100 // AWS: "Comparison operator and function reference", IN
	if n := len(c.Args) - 1; n > most {
		return mistake("Too many operands for operator or function; operator or function: IN, number of operands: %d", n)
	}
	return p.expect(")")
}
