// Package expression reads DynamoDB's expressions: conditions, filters, key
// conditions, projections and updates. It knows nothing of values: what stands
// for one is its placeholder.
//
// A mistake is a *SyntaxError, whose text is AWS's, to be preceded by which
// expression it is in ("Invalid UpdateExpression: ").
//
// AWS: "Using expressions in DynamoDB".
package expression

import (
	"fmt"
	"strconv"
	"strings"
)

// Limits of an expression. AWS: "Quotas", expression parameters.
const (
	MaxSize      = 4 << 10 // bytes
	maxOperators = 300     // in one expression
)

// SyntaxError is a mistake in an expression, in AWS's words.
type SyntaxError struct{ Message string }

// Error returns AWS's text.
func (e *SyntaxError) Error() string { return e.Message }

func mistake(format string, args ...any) error {
	return &SyntaxError{fmt.Sprintf(format, args...)}
}

// Placeholders are what a request defines beside its expressions, and which of
// that was used. One is shared by all expressions of the request.
type Placeholders struct {
	Names    map[string]string
	HasValue func(placeholder string) bool // nil: there are none

	usedNames, usedValues map[string]bool
}

// UsedName reports whether an expression read so far had the name's placeholder.
func (p *Placeholders) UsedName(placeholder string) bool { return p.usedNames[placeholder] }

// UsedValue reports whether an expression read so far had the value's placeholder.
func (p *Placeholders) UsedValue(placeholder string) bool { return p.usedValues[placeholder] }

func (p *Placeholders) name(placeholder string) (string, error) {
	name, ok := p.Names[placeholder]
	if !ok {
		return "", mistake("An expression attribute name used in the document path is not defined; attribute name: %s", placeholder)
	}
	if p.usedNames == nil {
		p.usedNames = map[string]bool{}
	}
	p.usedNames[placeholder] = true
	return name, nil
}

func (p *Placeholders) value(placeholder string) error {
	if p.HasValue == nil || !p.HasValue(placeholder) {
		return mistake("An expression attribute value used in expression is not defined; attribute value: %s", placeholder)
	}
	if p.usedValues == nil {
		p.usedValues = map[string]bool{}
	}
	p.usedValues[placeholder] = true
	return nil
}

// Path leads to an attribute, or into a map or list that is one. Its first
// element is a name.
type Path []Element

// Element is one step of a path: a name, or the index of a list.
type Element struct {
	Name  string
	Index int // of a list when Name is not what counts
	List  bool
}

// String writes the path as AWS's errors do: [a, b, [0]].
func (p Path) String() string {
	parts := make([]string, len(p))
	for i, e := range p {
		parts[i] = e.Name
		if e.List {
			parts[i] = "[" + strconv.Itoa(e.Index) + "]"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// Equal reports whether two paths are the same.
func (p Path) Equal(q Path) bool { return len(p) == len(q) && p.begins(q) }

func (p Path) begins(q Path) bool {
	for i := range p {
		if i == len(q) || p[i] != q[i] {
			return false
		}
	}
	return true
}

// Operand is a path, a value, or a function of operands.
type Operand struct {
	Path     Path       // of a path
	Value    string     // the placeholder of a value, such as :v
	Function string     // size, if_not_exists, list_append, or + and - of two
	Args     []*Operand // of a function
}

// Same reports whether both are the same path.
func (o *Operand) Same(other *Operand) bool {
	return o.Path != nil && other.Path != nil && o.Path.Equal(other.Path)
}

// Condition is a condition, filter or key condition. Op is AND, OR or NOT of the
// conditions in Of; or a comparator, BETWEEN, IN or a function's name, of Args.
type Condition struct {
	Op   string
	Of   []*Condition
	Args []*Operand

	enclosed bool // stood in parentheses
}

// Update is an update expression.
type Update struct {
	Set    []Assignment
	Remove []Path
	Add    []Change
	Delete []Change
}

// Assignment is one action of SET.
type Assignment struct {
	Path Path
	To   *Operand
}

// Change is one action of ADD or DELETE.
type Change struct {
	Path  Path
	Value string // placeholder
}

// Paths returns every path that the update changes, in the order of clauses.
func (u *Update) Paths() []Path {
	var all []Path
	for _, a := range u.Set {
		all = append(all, a.Path)
	}
	all = append(all, u.Remove...)
	for _, c := range u.Add {
		all = append(all, c.Path)
	}
	for _, c := range u.Delete {
		all = append(all, c.Path)
	}
	return all
}

// checkOverlap refuses paths of which one leads through another, or that treat
// one thing as a map and as a list.
func checkOverlap(paths []Path) error {
	for i, p := range paths {
		for _, q := range paths[:i] {
			if p.begins(q) || q.begins(p) {
				return mistake("Two document paths overlap with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", q, p)
			}
			if q.conflicts(p) {
				return mistake("Two document paths conflict with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", q, p)
			}
		}
	}
	return nil
}

func (p Path) conflicts(q Path) bool {
	for i := range min(len(p), len(q)) {
		if p[i].List != q[i].List {
			return true
		}
		if p[i] != q[i] {
			return false
		}
	}
	return false
}

// Check refuses an update of paths that overlap.
func (u *Update) Check() error { return checkOverlap(u.Paths()) }
