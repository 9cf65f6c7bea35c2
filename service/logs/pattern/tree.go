package pattern

// node is a condition.
type node interface{ eval(*subject) bool }

// subject is what conditions are about: a JSON document, or one field.
type subject struct {
	doc  any
	text string
}

type and struct{ left, right node }

func (n and) eval(s *subject) bool { return n.left.eval(s) && n.right.eval(s) }

type or struct{ left, right node }

func (n or) eval(s *subject) bool { return n.left.eval(s) || n.right.eval(s) }

// maxDepth bounds parentheses within parentheses.
const maxDepth = 64

// grammar reads conditions joined by && and ||, && binding closer. leaf reads
// a single one.
type grammar struct {
	*scanner
	leaf  func() (node, error)
	depth int
}

func (g *grammar) either() (node, error) {
	left, err := g.both()
	for err == nil && g.take("||") {
		var right node
		if right, err = g.both(); err == nil {
			left = or{left, right}
		}
	}
	return left, err
}

func (g *grammar) both() (node, error) {
	left, err := g.operand()
	for err == nil && g.take("&&") {
		var right node
		if right, err = g.operand(); err == nil {
			left = and{left, right}
		}
	}
	return left, err
}

func (g *grammar) operand() (node, error) {
	if !g.take("(") {
		return g.leaf()
	}
	if g.depth++; g.depth > maxDepth {
		return nil, wrong("too many parentheses")
	}
	n, err := g.either()
	if err == nil && !g.take(")") {
		err = wrong("a parenthesis has no end")
	}
	g.depth--
	return n, err
}
