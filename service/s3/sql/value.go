package sql

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind is the type of a Value.
type Kind int

// The kinds. Missing is what a record does not have.
const (
	Missing Kind = iota
	Null
	Bool
	Int
	Float
	String
	Time
	List
	Struct
)

// Value is a value of a record or of an expression.
type Value struct {
	Kind   Kind
	Bool   bool
	Int    int64
	Float  float64
	Text   string
	Time   time.Time
	List   []Value
	Fields []Field // of a Struct, in their order
	Table  bool    // a Struct that is a row of columns, which _1, _2, … name as well
}

// Field is a named value.
type Field struct {
	Name  string
	Value Value
}

func boolean(b bool) Value     { return Value{Kind: Bool, Bool: b} }
func integer(n int64) Value    { return Value{Kind: Int, Int: n} }
func floating(f float64) Value { return Value{Kind: Float, Float: f} }
func str(s string) Value       { return Value{Kind: String, Text: s} }

func (v Value) absent() bool { return v.Kind == Missing || v.Kind == Null }

func (v Value) isTrue() bool { return v.Kind == Bool && v.Bool }

// number reads a value as a number. CSV has no other way to have one than text.
func (v Value) number() (Value, bool) {
	switch v.Kind {
	case Int, Float:
		return v, true
	case String:
		s := strings.TrimSpace(v.Text)
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return integer(n), true
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return floating(f), true
		}
	}
	return Value{}, false
}

func (v Value) float() float64 {
	if v.Kind == Int {
		return float64(v.Int)
	}
	return v.Float
}

// String is how a value is written into a column.
func (v Value) String() string {
	switch v.Kind {
	case Bool:
		return strconv.FormatBool(v.Bool)
	case Int:
		return strconv.FormatInt(v.Int, 10)
	case Float:
		if a := math.Abs(v.Float); a != 0 && (a < 1e-6 || a >= 1e21) {
			return strconv.FormatFloat(v.Float, 'e', -1, 64)
		}
		return strconv.FormatFloat(v.Float, 'f', -1, 64)
	case String:
		return v.Text
	case Time:
		return v.Time.Format(time.RFC3339Nano)
	case List, Struct:
		return string(v.AppendJSON(nil))
	}
	return ""
}

// field finds a field; a name without quotes has no case.
func (v Value) field(name string, exact bool) Value {
	for i := range v.Fields {
		if f := &v.Fields[i]; f.Name == name || !exact && strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	if n, ok := strings.CutPrefix(name, "_"); ok && v.Table {
		if i, err := strconv.Atoi(n); err == nil && i >= 1 && i <= len(v.Fields) {
			return v.Fields[i-1].Value
		}
	}
	return Value{}
}

// compare orders two values; ok is false when they have no order.
func compare(a, b Value) (order int, ok bool) {
	switch {
	case a.absent() || b.absent():
		return 0, false
	case a.Kind == Bool && b.Kind == Bool:
		return order2(a.Bool == b.Bool, !a.Bool), true
	case a.Kind == Time && b.Kind == Time:
		return a.Time.Compare(b.Time), true
	case a.Kind == String && b.Kind == String:
		return strings.Compare(a.Text, b.Text), true
	}
	x, okay := a.number()
	y, ok := b.number()
	if !ok || !okay {
		return 0, false
	}
	if x.Kind == Int && y.Kind == Int {
		return order2(x.Int == y.Int, x.Int < y.Int), true
	}
	return order2(x.float() == y.float(), x.float() < y.float()), true
}

func order2(equal, less bool) int {
	switch {
	case equal:
		return 0
	case less:
		return -1
	}
	return 1
}
