package vtl

// What a template is read into.

// node is a part of a template's text, expression one of a directive's.
type (
	node       interface{ exec(r *run) halt }
	expression interface{ eval(r *run) any }
	block      []node
)

// text is written as it is.
type text string

// reference is $name and what is asked of it. source is how it was written:
// what a reference without a value renders as.
type reference struct {
	name   string
	steps  []access
	quiet  bool
	source string
}

// access is a property, a method call or an index.
type access struct {
	name      string
	call      bool
	arguments []expression
	index     expression
}

type (
	setNode struct {
		to    *reference
		value expression
	}
	branch struct {
		condition expression
		body      block
	}
	ifNode struct {
		branches  []branch
		otherwise block
	}
	foreachNode struct {
		name string
		over expression
		body block
	}
	defineNode struct {
		name string
		body block
	}
	macro struct {
		parameters []string
		body       block
	}
	callNode struct {
		name      string
		arguments []expression
		body      block
		hasBody   bool
	}
	haltNode halt
)

// halt is why evaluation does not go on to the next node.
type halt int

const (
	endLoop halt = iota + 1
	endAll
)

type (
	binary struct {
		op          string
		left, right expression
	}
	not          struct{ of expression }
	constant     struct{ value any }
	interpolated struct{ body block }
	listOf       struct{ elements []expression }
	rangeOf      struct{ first, last expression }
	mapOf        struct{ keys, values []expression }
)
