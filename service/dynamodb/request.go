package dynamodb

import (
	"errors"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// request is the expressions of a request and what it defines for them.
type request struct {
	marks  expression.Placeholders
	names  map[string]string
	values map[string]value // by their placeholders; nil when the request has none
	read   bool             // some expression was read
	parsed *expression.Memo
}

// newRequest checks what a request defines for its expressions, which parsed reads.
func newRequest(parsed *expression.Memo, names map[string]string, values item) (*request, error) {
	r := &request{names: names, parsed: parsed}
	if values != "" {
		r.values = values.Fields()
	}
	r.marks = expression.Placeholders{Names: names, HasValue: func(mark string) bool { _, ok := r.values[mark]; return ok }}
	for _, mark := range sortedKeys(names) {
		if !expression.IsPlaceholder(mark, '#') {
			return nil, invalid(`ExpressionAttributeNames contains invalid key: Syntax error; key: "%s"`, mark)
		}
		if names[mark] == "" || len(names[mark]) > maxName {
			return nil, invalid("ExpressionAttributeNames contains invalid value: must have between 1 and %d bytes, for key %s", maxName, mark)
		}
	}
	for mark, v := range values.All() {
		if !expression.IsPlaceholder(mark, ':') {
			return nil, invalid(`ExpressionAttributeValues contains invalid key: Syntax error; key: "%s"`, mark)
		}
		var err error
		if r.values[mark], err = checked(v); err != nil {
			if bad, ok := err.(*badValue); ok {
				return nil, &badValue{bad.now, "ExpressionAttributeValues contains invalid value: " + bad.old + " for key " + mark}
			}
			var e *aws.Error
			if errors.As(err, &e) {
				return nil, invalid("ExpressionAttributeValues contains invalid value: %s for key %s", e.Message, mark)
			}
			return nil, err
		}
	}
	return r, nil
}

// in tells in which expression a mistake is.
func in(parameter string, err error) error {
	var mistake *expression.SyntaxError
	if errors.As(err, &mistake) {
		return invalid("Invalid %s: %s", parameter, mistake.Message)
	}
	return err
}

// condition reads a condition that may be absent.
func (r *request) condition(parameter string, source *string) (*expression.Condition, error) {
	if source == nil {
		return nil, nil
	}
	r.read = true
	c, err := r.parsed.Condition(*source, &r.marks)
	if err == nil {
		err = r.checkTypes(c)
	}
	return c, in(parameter, err)
}

const tooLong = "Expression size has exceeded the maximum allowed size"

// update reads an update expression that may be absent.
func (r *request) update(source *string) (*expression.Update, error) {
	if source == nil {
		return new(expression.Update), nil
	}
	r.read = true
	u, err := r.parsed.Update(*source, &r.marks)
	if err == nil {
		err = r.checkUpdateTypes(u)
	}
	var mistake *expression.SyntaxError
	if errors.As(err, &mistake) && strings.HasPrefix(mistake.Message, tooLong) {
		err = &expression.SyntaxError{Message: tooLong + ";"} // AWS: it does not say the size
	}
	return u, in("UpdateExpression", err)
}

// projection reads a projection that may be absent.
func (r *request) projection(source *string) (*projection, error) {
	if source == nil {
		return nil, nil
	}
	r.read = true
	paths, err := r.parsed.Projection(*source, &r.marks)
	if err != nil {
		return nil, in("ProjectionExpression", err)
	}
	return newProjection(paths), nil
}

// done checks, when all expressions were read, that all of what is defined for
// them was used.
func (r *request) done() error {
	switch {
	case !r.read && r.names != nil:
		return invalid("ExpressionAttributeNames can only be specified when using expressions")
	case !r.read && r.values != nil:
		return invalid("ExpressionAttributeValues can only be specified when using expressions")
	case r.names != nil && len(r.names) == 0:
		return invalid("ExpressionAttributeNames must not be empty")
	case r.values != nil && len(r.values) == 0:
		return invalid("ExpressionAttributeValues must not be empty")
	}
	if unused := marksNot(r.names, r.marks.UsedName); unused != "" {
		return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", unused)
	}
	if unused := marksNot(r.values, r.marks.UsedValue); unused != "" {
		return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", unused)
	}
	return nil
}

func marksNot[V any](defined map[string]V, used func(string) bool) string {
	var unused []string
	for mark := range defined {
		if !used(mark) {
			unused = append(unused, mark)
		}
	}
	slices.Sort(unused)
	return strings.Join(unused, ", ")
}

// checkTypes refuses values of types that an operator cannot have.
func (r *request) checkTypes(c *expression.Condition) error {
	for _, of := range c.Of {
		if err := r.checkTypes(of); err != nil {
			return err
		}
	}
	allowed := ""
	switch c.Op {
	case "<", "<=", ">", ">=", "BETWEEN":
		allowed = " S N B "
	case "begins_with":
		allowed = " S B "
	case "attribute_type":
		return r.checkTypeName(c.Args[1])
	}
	for _, a := range c.Args {
		v, ok := r.values[a.Value]
		if t := v.Type(); ok && allowed != "" && !strings.Contains(allowed, " "+t+" ") {
			return wrongOperand(c.Op, t)
		}
	}
	if c.Op == "BETWEEN" {
		return r.checkBounds(c.Args[1].Value, c.Args[2].Value)
	}
	return nil
}

func wrongOperand(op, typeName string) error {
	return &expression.SyntaxError{Message: "Incorrect operand type for operator or function; operator or function: " + op + ", operand type: " + typeName}
}

// checkTypeName refuses an operand of attribute_type that is no type's name.
func (r *request) checkTypeName(o *expression.Operand) error {
	v, ok := r.values[o.Value]
	switch {
	case !ok:
		return nil
	case !v.Is(attribute.S):
		return wrongOperand("attribute_type", v.Type())
	case !strings.Contains(" S N B SS NS BS M L NULL BOOL ", " "+v.Text()+" "):
		return &expression.SyntaxError{Message: "Invalid attribute type name found; type: " + v.Text() + ", valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"}
	}
	return nil
}

// checkBounds refuses a BETWEEN whose bounds are of two types or in disorder.
func (r *request) checkBounds(low, high string) error {
	a, ok := r.values[low]
	b, also := r.values[high]
	if !ok || !also {
		return nil
	}
	c, ordered := compare(a, b)
	switch {
	case !ordered:
		return &expression.SyntaxError{Message: "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: " + inError(a) + ", upper bound operand: " + inError(b)}
	case c > 0:
		return &expression.SyntaxError{Message: "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: " + inError(a) + ", upper bound operand: " + inError(b)}
	}
	return nil
}

// inError writes a string, number or binary as errors do.
func inError(v value) string { return "AttributeValue: {" + v.Type() + ":" + v.Text() + "}" }

// checkUpdateTypes refuses values that ADD and DELETE cannot have.
func (r *request) checkUpdateTypes(u *expression.Update) error {
	for _, c := range u.Add {
		if v := r.values[c.Value]; !v.Is(attribute.N) && !isSet(v) {
			return wrongAction("ADD", v)
		}
	}
	for _, c := range u.Delete {
		if v := r.values[c.Value]; !isSet(v) {
			return wrongAction("DELETE", v)
		}
	}
	return nil
}

func isSet(v value) bool { return v.Is(attribute.SS) || v.Is(attribute.NS) || v.Is(attribute.BS) }

func wrongAction(action string, v value) error {
	long := map[string]string{attribute.S: "STRING", attribute.N: "NUMBER", attribute.B: "BINARY", attribute.M: "MAP", attribute.L: "LIST", attribute.NULL: "NULL", attribute.BOOL: "BOOLEAN"}
	return &expression.SyntaxError{Message: "Incorrect operand type for operator or function; operator: " + action + ", operand type: " + long[v.Type()] + ", typeSet: ALLOWED_FOR_" + action + "_OPERAND"}
}

// conditionFailed is the error for a condition that does not hold.
func conditionFailed(it item, show bool) *aws.Error {
	detail := &dynamodb.ConditionalCheckFailedException{Message: ptr("The conditional request failed")}
	if show {
		detail.Item = it
	}
	return dynamodb.ErrConditionalCheckFailedException(detail, "The conditional request failed")
}
