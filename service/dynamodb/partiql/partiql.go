// Package partiql reads the PartiQL that DynamoDB understands: one statement that
// selects, inserts, updates or deletes. What it reads becomes the conditions,
// paths and updates of package expression, so that there is one evaluation of
// them. It knows no schema: which conditions name a key, the caller sees.
//
// A mistake is a *SyntaxError in AWS's words.
//
// AWS: "PartiQL - a SQL-compatible query language for Amazon DynamoDB".
package partiql

import (
	"strconv"

	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// Kind is what a statement does.
type Kind byte

// The kinds of statements.
const (
	Select Kind = iota + 1
	Insert
	Update
	Delete
	Exists // a condition check: EXISTS(SELECT …)
)

// Statement is one statement.
type Statement struct {
	Kind       Kind
	Table      string
	Index      string            // of a SELECT; empty: none
	Columns    []expression.Path // of a SELECT; nil: *
	Where      *expression.Condition
	Order      []Order
	Item       *Value // of an INSERT
	Update     *expression.Update
	Returning  string  // such as ALL OLD; empty: nothing
	Values     []Value // what the operands of conditions and updates stand for, see Mark
	Parameters int     // how many ? there are
}

// Order is a term of ORDER BY.
type Order struct {
	Name       string
	Descending bool
}

// Mark is the placeholder by which an operand names the value i of a statement.
func Mark(i int) string { return ":" + strconv.Itoa(i) }

// Type is the type of a literal.
type Type byte

// The types of literals. A set has the type of its elements.
const (
	Parameter Type = iota + 1 // a ?
	String
	Number
	Bool
	Null
	List
	Map
	Set
)

// Value is a literal, or a parameter.
type Value struct {
	Type     Type
	Text     string // of a string or number; "true" for a Bool that is
	Number   int    // of a parameter, from 0
	Elements []Value
	Names    []string // of the elements of a map
}

// SyntaxError is a statement that cannot be read, or asks for what DynamoDB has
// not, in AWS's words.
type SyntaxError struct{ Message string }

// Error returns AWS's text.
func (e *SyntaxError) Error() string { return e.Message }

// malformed is the error for what is no statement. AWS gives no detail of what
// cannot be cut into tokens.
func malformed(detail string) error {
	return &SyntaxError{"Statement wasn't well formed, can't be processed: " + detail}
}
