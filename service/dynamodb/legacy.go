package dynamodb

import (
	"fmt"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// legacy is a condition in the parameters that came before expressions, turned
// into an expression. Its values' placeholders are such that no request has them.
//
// AWS: "Legacy conditional parameters".
type legacy struct {
	condition *expression.Condition
	values    map[string]value
}

func mixed(old, expressions string) error {
	return invalid("Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%s} Expression parameters: {%s}", old, expressions)
}

// value returns an operand for a value.
func (l *legacy) value(v value) (*expression.Operand, error) {
	v, err := checked(v)
	if err != nil {
		return nil, err
	}
	if l.values == nil {
		l.values = map[string]value{}
	}
	mark := fmt.Sprintf("value %d", len(l.values))
	l.values[mark] = v
	return &expression.Operand{Value: mark}, nil
}

// operators are the expression's words for comparison operators, and how many
// values they take; -1 is any number but none.
func operatorOf(o dynamodb.ComparisonOperator) (op string, values int, negated bool) {
	switch o {
	case dynamodb.ComparisonOperatorEQ:
		return "=", 1, false
	case dynamodb.ComparisonOperatorNE:
		return "<>", 1, false
	case dynamodb.ComparisonOperatorLE:
		return "<=", 1, false
	case dynamodb.ComparisonOperatorLT:
		return "<", 1, false
	case dynamodb.ComparisonOperatorGE:
		return ">=", 1, false
	case dynamodb.ComparisonOperatorGT:
		return ">", 1, false
	case dynamodb.ComparisonOperatorNOTNULL:
		return "attribute_exists", 0, false
	case dynamodb.ComparisonOperatorNULL:
		return "attribute_not_exists", 0, false
	case dynamodb.ComparisonOperatorCONTAINS:
		return "contains", 1, false
	case dynamodb.ComparisonOperatorNOTCONTAINS:
		return "contains", 1, true
	case dynamodb.ComparisonOperatorBEGINSWITH:
		return "begins_with", 1, false
	case dynamodb.ComparisonOperatorBETWEEN:
		return "BETWEEN", 2, false
	}
	return "IN", -1, false
}

// compare turns one comparison of an attribute into a condition.
func (l *legacy) compare(name string, o dynamodb.ComparisonOperator, values []value) (*expression.Condition, error) {
	op, n, negated := operatorOf(o)
	if n >= 0 && len(values) != n || n < 0 && len(values) == 0 {
		return nil, invalidParameter("Invalid number of argument(s) for the %s ComparisonOperator", o)
	}
	c := &expression.Condition{Op: op, Args: []*expression.Operand{{Path: expression.Path{{Name: name}}}}}
	for _, v := range values {
		operand, err := l.value(v)
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, operand)
	}
	if negated {
		c = &expression.Condition{Op: "NOT", Of: []*expression.Condition{c}}
	}
	return c, nil
}

// checkCombined refuses a ConditionalOperator that joins nothing.
func checkCombined(n int, by dynamodb.ConditionalOperator) error {
	if n == 1 && by != "" {
		return invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
	}
	return nil
}

// combine joins conditions by the ConditionalOperator, AND unless it says OR.
func (l *legacy) combine(all []*expression.Condition, by dynamodb.ConditionalOperator) {
	if len(all) == 0 {
		return
	}
	op := "AND"
	if by == dynamodb.ConditionalOperatorOR {
		op = "OR"
	}
	l.condition = &expression.Condition{Op: op, Of: all}
}

// legacyOf reads the parameter Expected.
func legacyOf(expected map[string]dynamodb.ExpectedAttributeValue, by dynamodb.ConditionalOperator, expressions bool) (*legacy, error) {
	l := new(legacy)
	if expected != nil && expressions {
		return nil, mixed("Expected", "ConditionExpression")
	}
	var all []*expression.Condition
	for _, name := range sortedKeys(expected) {
		e := expected[name]
		o, values := e.ComparisonOperator, e.AttributeValueList
		switch {
		case e.Value != nil && values != nil:
			return nil, invalidParameter("Value and AttributeValueList cannot be used together for Attribute: %s", name)
		case o != "" && o != dynamodb.ComparisonOperatorNULL && o != dynamodb.ComparisonOperatorNOTNULL && e.Value == nil && len(values) == 0:
			return nil, invalidParameter("Value or AttributeValueList must be used with ComparisonOperator: %s for Attribute: %s", o, name)
		case o != "":
		case e.Exists != nil && !*e.Exists:
			if e.Value != nil {
				return nil, invalidParameter("Value cannot be used when Exists is false for Attribute: %s", name)
			}
			o = dynamodb.ComparisonOperatorNULL
		case e.Value == nil:
			return nil, invalidParameter("Value must be provided when Exists is %s for Attribute: %s", boolText(e.Exists), name)
		default:
			o = dynamodb.ComparisonOperatorEQ
		}
		if e.Value != nil {
			values = []value{*e.Value}
		}
		c, err := l.compare(name, o, values)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	l.combine(all, by)
	return l, checkCombined(len(all), by)
}

func boolText(b *bool) string {
	if b == nil {
		return "null"
	}
	return fmt.Sprint(*b)
}

// filter reads the parameters KeyConditions, QueryFilter and ScanFilter. Their
// values join those of the request, which has no expressions.
func (r *request) filter(filter map[string]dynamodb.Condition, by dynamodb.ConditionalOperator) (*expression.Condition, error) {
	l := &legacy{values: r.values}
	var all []*expression.Condition
	for _, name := range sortedKeys(filter) {
		c, err := l.compare(name, filter[name].ComparisonOperator, filter[name].AttributeValueList)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	l.combine(all, by)
	r.values = l.values
	return l.condition, checkCombined(len(all), by)
}

// join gives a mutation the condition.
func (l *legacy) join(m *mutation) *mutation {
	if l.condition != nil {
		m.condition = l.condition
		m.request.values = l.values
	}
	return m
}

// updates turns the parameter AttributeUpdates into an update.
// AWS: "Legacy conditional parameters", AttributeUpdates.
func (m *mutation) updates(updates map[string]dynamodb.AttributeValueUpdate) (*expression.Update, error) {
	u, l := new(expression.Update), legacy{values: m.request.values}
	for _, name := range sortedKeys(updates) {
		path, by := expression.Path{{Name: name}}, updates[name]
		if by.Value == nil {
			if by.Action != dynamodb.AttributeActionDELETE {
				return nil, invalidParameter("Only DELETE action is allowed when no attribute value is specified")
			}
			u.Remove = append(u.Remove, path)
			continue
		}
		v, err := l.value(*by.Value)
		if err != nil {
			return nil, err
		}
		switch by.Action {
		case dynamodb.AttributeActionADD:
			u.Add = append(u.Add, expression.Change{Path: path, Value: v.Value})
		case dynamodb.AttributeActionDELETE:
			u.Delete = append(u.Delete, expression.Change{Path: path, Value: v.Value})
		default:
			u.Set = append(u.Set, expression.Assignment{Path: path, To: v})
		}
	}
	m.request.values = l.values
	return u, in("AttributeUpdates", m.checkUpdateTypes(u))
}
