package sql

import (
	"math"
	"strings"
)

// node is an expression.
type node interface {
	eval(e *env) (Value, error)
	varies() bool // its value depends on the record, outside of aggregates
}

// env is what expressions are evaluated in.
type env struct {
	record Value
	run    *Run
}

type constant struct{ v Value }

func (c constant) eval(*env) (Value, error) { return c.v, nil }
func (constant) varies() bool               { return false }

type path struct {
	q     *Query
	steps []step
}

func (*path) varies() bool { return true }

func (f *path) eval(e *env) (Value, error) {
	v, steps := e.record, f.steps
	if first := steps[0]; strings.EqualFold(first.name, f.q.alias) || strings.EqualFold(first.name, "S3Object") {
		steps = steps[1:]
	}
	for _, s := range steps {
		switch {
		case s.all:
			return Value{}, errorf("ParseInvalidPathComponent", "Wildcards are supported in the FROM clause only")
		case s.name != "":
			table := v.Table
			if v = v.field(s.name, s.exact); v.Kind == Missing && table && !strings.HasPrefix(s.name, "_") {
				return v, errorf("MissingHeaders", "Some headers in the query are missing from the file. Check the file and try again: %s", s.name)
			}
		case v.Kind == List && s.index < len(v.List):
			v = v.List[s.index]
		default:
			v = Value{}
		}
	}
	return v, nil
}

type logic struct {
	or          bool
	left, right node
}

func (l *logic) varies() bool { return l.left.varies() || l.right.varies() }

func (l *logic) eval(e *env) (Value, error) {
	a, err := l.left.eval(e)
	if err != nil || a.Kind == Bool && a.Bool == l.or {
		return a, err
	}
	b, err := l.right.eval(e)
	if err != nil || b.Kind == Bool && b.Bool == l.or {
		return b, err
	}
	if a.Kind == Bool && b.Kind == Bool {
		return boolean(!l.or), nil
	}
	return Value{Kind: Null}, nil
}

type not struct{ of node }

func (n *not) varies() bool { return n.of.varies() }

func (n *not) eval(e *env) (Value, error) {
	v, err := n.of.eval(e)
	if err == nil && v.Kind == Bool {
		return boolean(!v.Bool), nil
	}
	return Value{Kind: Null}, err
}

type comparison struct {
	op          string
	left, right node
}

func (c *comparison) varies() bool { return c.left.varies() || c.right.varies() }

func (c *comparison) eval(e *env) (Value, error) {
	a, err := c.left.eval(e)
	if err != nil {
		return a, err
	}
	b, err := c.right.eval(e)
	if err != nil {
		return b, err
	}
	if a.absent() || b.absent() {
		return Value{Kind: Null}, nil
	}
	order, ok := compare(a, b)
	switch c.op {
	case "=":
		return boolean(ok && order == 0), nil
	case "<>", "!=":
		return boolean(!ok || order != 0), nil
	case "<":
		return boolean(ok && order < 0), nil
	case "<=":
		return boolean(ok && order <= 0), nil
	case ">":
		return boolean(ok && order > 0), nil
	}
	return boolean(ok && order >= 0), nil
}

type isNode struct {
	of      node
	missing bool
}

func (i *isNode) varies() bool { return i.of.varies() }

func (i *isNode) eval(e *env) (Value, error) {
	v, err := i.of.eval(e)
	return boolean(v.Kind == Missing || !i.missing && v.Kind == Null), err
}

type in struct {
	of   node
	list []node
}

func (i *in) varies() bool { return i.of.varies() || anyVaries(i.list) }

func (i *in) eval(e *env) (Value, error) {
	unknown := false
	for _, n := range i.list {
		v, err := (&comparison{"=", i.of, n}).eval(e)
		if err != nil || v.isTrue() {
			return v, err
		}
		unknown = unknown || v.Kind == Null
	}
	if unknown {
		return Value{Kind: Null}, nil
	}
	return boolean(false), nil
}

func anyVaries(list []node) bool {
	for _, n := range list {
		if n.varies() {
			return true
		}
	}
	return false
}

type arithmetic struct {
	op          string
	left, right node
}

func (a *arithmetic) varies() bool { return a.left.varies() || a.right.varies() }

func (a *arithmetic) eval(e *env) (Value, error) {
	x, err := a.left.eval(e)
	if err != nil {
		return x, err
	}
	y, err := a.right.eval(e)
	if err != nil || x.absent() || y.absent() {
		return Value{Kind: Null}, err
	}
	if a.op == "||" {
		return str(x.String() + y.String()), nil
	}
	m, ok := x.number()
	n, okay := y.number()
	if !ok || !okay {
		return x, errorf("InvalidDataType", "The SQL expression contains an invalid data type: %s needs numbers", a.op)
	}
	if (a.op == "/" || a.op == "%") && n.float() == 0 {
		return x, errorf("EvaluatorInvalidArguments", "Division by zero")
	}
	if m.Kind == Int && n.Kind == Int {
		return integers(a.op, m.Int, n.Int)
	}
	f, g := m.float(), n.float()
	switch a.op {
	case "+":
		f += g
	case "-":
		f -= g
	case "*":
		f *= g
	case "/":
		f /= g
	default:
		f = math.Mod(f, g)
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return x, errOverflow()
	}
	return floating(f), nil
}

func integers(op string, m, n int64) (Value, error) {
	var r int64
	over := false
	switch op {
	case "+":
		r = m + n
		over = (r > m) != (n > 0) && n != 0
	case "-":
		r = m - n
		over = (r < m) != (n > 0) && n != 0
	case "*":
		r = m * n
		over = m != 0 && (r/m != n || m == -1 && n == math.MinInt64)
	case "/":
		over = m == math.MinInt64 && n == -1
		r = m / n
	default:
		r = m % n
	}
	if over {
		return Value{}, errOverflow()
	}
	return integer(r), nil
}

func errOverflow() error {
	return errorf("IntegerOverflow", "An integer overflow or underflow occurred in the SQL expression")
}
