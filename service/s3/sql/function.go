package sql

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

type call struct {
	name string
	list []node
}

func (c *call) varies() bool { return anyVaries(c.list) }

// arity is how many arguments a function takes.
func arity(name string) (least, most int, ok bool) {
	switch name {
	case "CHAR_LENGTH", "CHARACTER_LENGTH", "LOWER", "UPPER", "TO_TIMESTAMP":
		return 1, 1, true
	case "NULLIF", "TO_STRING":
		return 2, 2, true
	case "UTCNOW":
		return 0, 0, true
	case "COALESCE":
		return 1, math.MaxInt, true
	}
	return 0, 0, false
}

func (c *call) eval(e *env) (Value, error) {
	if c.name == "UTCNOW" {
		return Value{Kind: Time, Time: e.run.now}, nil
	}
	var args []Value
	for _, n := range c.list {
		v, err := n.eval(e)
		if err != nil {
			return v, err
		}
		if c.name == "COALESCE" && !v.absent() {
			return v, nil
		}
		args = append(args, v)
	}
	if c.name == "COALESCE" {
		return Value{Kind: Null}, nil
	}
	if c.name == "NULLIF" {
		if order, ok := compare(args[0], args[1]); ok && order == 0 {
			return Value{Kind: Null}, nil
		}
		return args[0], nil
	}
	for _, a := range args {
		if a.absent() {
			return Value{Kind: Null}, nil
		}
	}
	if c.name == "TO_STRING" && args[0].Kind == Time {
		s, err := format(args[0].Time, args[1].String())
		return str(s), err
	}
	if args[0].Kind != String || c.name == "TO_STRING" {
		return Value{}, errorf("IllegalSqlFunctionArgument", "Illegal argument was used in the SQL function: %s needs a string", c.name)
	}
	s := args[0].Text
	switch c.name {
	case "LOWER":
		return str(strings.ToLower(s)), nil
	case "UPPER":
		return str(strings.ToUpper(s)), nil
	case "TRIM":
		return trim(s, args[1].String(), args[2].Text), nil
	case "SUBSTRING":
		return substring(s, args[1:])
	case "TO_TIMESTAMP":
		return convert(args[0], Time)
	}
	return integer(int64(utf8.RuneCountInString(s))), nil
}

func trim(s, chars, side string) Value {
	switch side {
	case "LEADING":
		return str(strings.TrimLeft(s, chars))
	case "TRAILING":
		return str(strings.TrimRight(s, chars))
	}
	return str(strings.Trim(s, chars))
}

// substring counts characters from 1; what lies before the first counts as well.
func substring(s string, args []Value) (Value, error) {
	runes := []rune(s)
	from, ok := args[0].number()
	if !ok || from.Kind != Int {
		return Value{}, errorf("IllegalSqlFunctionArgument", "Illegal argument was used in the SQL function: SUBSTRING needs integers")
	}
	size := int64(len(runes))
	first := min(max(from.Int, -size), size+1)
	last := size + 1
	if len(args) > 1 {
		n, ok := args[1].number()
		if !ok || n.Kind != Int || n.Int < 0 {
			return Value{}, errorf("IllegalSqlFunctionArgument", "Illegal argument was used in the SQL function: SUBSTRING needs a length that is not negative")
		}
		last = min(max(from.Int, math.MinInt32)+min(n.Int, math.MaxInt32), last)
	}
	first = max(first, 1)
	if last <= first {
		return str(""), nil
	}
	return str(string(runes[first-1 : last-1])), nil
}

type cast struct {
	of   node
	to   string
	kind Kind
}

func (c *cast) varies() bool { return c.of.varies() }

func (c *cast) eval(e *env) (Value, error) {
	v, err := c.of.eval(e)
	if err != nil || v.absent() {
		return v, err
	}
	return convert(v, c.kind)
}

func convert(v Value, to Kind) (Value, error) {
	switch to {
	case v.Kind:
		return v, nil
	case String:
		return str(v.String()), nil
	case Bool:
		if b, err := strconv.ParseBool(strings.ToLower(v.String())); err == nil {
			return boolean(b), nil
		}
	case Time:
		if t, err := parseTime(v.String()); err == nil {
			return Value{Kind: Time, Time: t}, nil
		}
	case Int, Float:
		n, ok := v.number()
		if v.Kind == Bool {
			n, ok = integer(0), true
			if v.Bool {
				n.Int = 1
			}
		}
		switch {
		case !ok:
		case to == Float:
			return floating(n.float()), nil
		case n.Kind == Int:
			return n, nil
		case math.Abs(n.Float) < math.MaxInt64:
			return integer(int64(n.Float)), nil
		}
	}
	return Value{}, errorf("CastFailed", "Attempt to convert from one data type to another using CAST failed in the SQL expression: %q", v.String())
}

type like struct {
	of, pattern, escape node
}

func (l *like) varies() bool {
	return l.of.varies() || l.pattern.varies() || l.escape != nil && l.escape.varies()
}

func (l *like) eval(e *env) (Value, error) {
	v, err := l.of.eval(e)
	if err != nil {
		return v, err
	}
	p, err := l.pattern.eval(e)
	if err != nil || v.absent() || p.absent() {
		return Value{Kind: Null}, err
	}
	escape := rune(-1)
	if l.escape != nil {
		x, err := l.escape.eval(e)
		if err != nil {
			return x, err
		}
		if utf8.RuneCountInString(x.Text) != 1 {
			return x, errLike()
		}
		escape, _ = utf8.DecodeRuneInString(x.Text)
	}
	if v.Kind != String || p.Kind != String {
		return v, errLike()
	}
	m, ok := compilePattern(p.Text, escape)
	if !ok {
		return v, errLike()
	}
	return boolean(matches([]rune(v.Text), m)), nil
}

func errLike() error {
	return errorf("LikeInvalidInputs", "Invalid argument given to the LIKE clause in the SQL expression")
}

const (
	anyRune = -1 // _
	anyText = -2 // %
)

func compilePattern(s string, escape rune) (all []rune, ok bool) {
	escaped := false
	for _, r := range s {
		switch {
		case escaped:
			escaped = false
		case r == escape:
			escaped = true
			continue
		case r == '_':
			r = anyRune
		case r == '%':
			r = anyText
		}
		all = append(all, r)
	}
	return all, !escaped
}

// matches goes back to the last % only, which is enough.
func matches(s, p []rune) bool {
	i, j, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case j < len(p) && p[j] == anyText:
			star, mark = j, i
			j++
		case j < len(p) && (p[j] == anyRune || p[j] == s[i]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(p) && p[j] == anyText {
		j++
	}
	return j == len(p)
}
