package dynamodb

import (
	"errors"
	"fmt"
	"slices"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
	"github.com/brume-cloud/brume/service/dynamodb/partiql"
)

// statement is a PartiQL statement with the values of its literals and
// parameters.
type statement struct {
	*partiql.Statement
	*request
	item item // of an INSERT
}

// readStatement reads a statement and what can be checked of it without its table.
func readStatement(source string, parameters []value) (*statement, error) {
	p, err := partiql.Parse(source)
	if err != nil {
		return nil, plainly(err)
	}
	if p.Parameters != len(parameters) {
		return nil, invalid("Number of parameters in request and statement don't match.")
	}
	for i := range parameters {
		if err := check(&parameters[i], 0); err != nil {
			return nil, err
		}
	}
	st := &statement{Statement: p, request: &request{values: item{}}}
	for i := range p.Values {
		if st.values[partiql.Mark(i)], err = literal(&p.Values[i], parameters, "root"); err != nil {
			return nil, err
		}
	}
	if p.Item != nil {
		v, err := literal(p.Item, parameters, "root")
		if err != nil {
			return nil, err
		}
		if v.M == nil {
			return nil, invalid("Statement wasn't well formed, can't be processed: Expected a tuple in VALUE")
		}
		st.item = v.M
	}
	if p.Where != nil {
		if err := st.checkTypes(p.Where); err != nil {
			return nil, plainly(err)
		}
	}
	if p.Update != nil {
		if err := st.checkUpdateTypes(p.Update); err != nil {
			return nil, plainly(err)
		}
	}
	if p.Kind == partiql.Delete && p.Returning != "" && p.Returning != "ALL OLD" {
		return nil, invalid("Invalid returning clause: RETURNING %s *. Only RETURNING ALL OLD * is allowed in DELETE statements.", p.Returning)
	}
	return st, nil
}

// plainly turns a mistake into the error of an operation that has no more than
// one expression.
func plainly(err error) error {
	var statement *partiql.SyntaxError
	var mistake *expression.SyntaxError
	switch {
	case errors.As(err, &statement):
		return invalid("%s", statement.Message)
	case errors.As(err, &mistake):
		return invalid("%s", mistake.Message)
	}
	return err
}

// literal is the value of a literal, checked. Errors of numbers say where in the
// literal they are.
func literal(l *partiql.Value, parameters []value, at string) (value, error) {
	v, err := value{}, error(nil)
	switch l.Type {
	case partiql.Parameter:
		return parameters[l.Number], nil
	case partiql.String:
		v.S = &l.Text
	case partiql.Number:
		v.N = ptr(l.Text)
		var e *aws.Error
		if err = checkNumber(&v.N); errors.As(err, &e) {
			err = invalid("%s under %s", e.Message, at)
		}
	case partiql.Bool:
		v.BOOL = ptr(l.Text == "true")
	case partiql.Null:
		v.NULL = ptr(true)
	case partiql.Map:
		v.M = item{}
		for i, name := range l.Names {
			if v.M[name], err = literal(&l.Elements[i], parameters, at+"."+name); err != nil {
				return v, err
			}
		}
	case partiql.List, partiql.Set:
		v.L = make([]value, len(l.Elements))
		for i := range l.Elements {
			if v.L[i], err = literal(&l.Elements[i], parameters, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return v, err
			}
		}
		if l.Type == partiql.Set {
			return setOf(v.L)
		}
	}
	if err == nil && at == "root" {
		err = check(&v, 0)
	}
	return v, err
}

// setOf makes a set of elements that must have one type.
func setOf(elements []value) (value, error) {
	var v value
	for _, e := range elements {
		switch {
		case e.S != nil:
			v.SS = append(v.SS, *e.S)
		case e.N != nil:
			v.NS = append(v.NS, *e.N)
		case e.B != nil:
			v.BS = append(v.BS, e.B)
		default:
			return v, invalid("Sets can only have elements of the types S, N and B")
		}
	}
	if _, n := types(&v); n != 1 {
		return v, invalid("Sets must have elements, all of one type")
	}
	return v, check(&v, 0)
}

// conjuncts are the conditions that must all hold for c to.
func conjuncts(c *expression.Condition) []*expression.Condition {
	switch {
	case c == nil:
		return nil
	case c.Op != "AND":
		return []*expression.Condition{c}
	}
	var all []*expression.Condition
	for _, of := range c.Of {
		all = append(all, conjuncts(of)...)
	}
	return all
}

// about reports whether a condition compares the attribute with values only.
func about(c *expression.Condition, name string) bool {
	return len(c.Args) > 1 && len(c.Args[0].Path) == 1 && c.Args[0].Path[0].Name == name &&
		!slices.ContainsFunc(c.Args[1:], func(o *expression.Operand) bool { return o.Value == "" })
}

// noFullKey is the error for a write without the item's key.
const noFullKey = "Where clause does not contain a mandatory equality on all key attributes"

// keyIn returns the key that the WHERE clause names, and what else it says; ok is
// false when it does not name all of the key.
func (st *statement) keyIn(t *table) (key item, rest []*expression.Condition, ok bool) {
	key = item{}
	for _, c := range conjuncts(st.Where) {
		name := ""
		for _, n := range t.Keys.names() {
			if _, had := key[n]; !had && c.Op == "=" && about(c, n) {
				name = n
			}
		}
		if name == "" {
			rest = append(rest, c)
			continue
		}
		key[name] = st.values[c.Args[1].Value]
	}
	return key, rest, len(key) == len(t.Keys.names())
}

// mutation is what a statement that writes, or checks a condition, does.
func (st *statement) mutation(t *table, show dynamodb.ReturnValuesOnConditionCheckFailure) (*mutation, error) {
	m := &mutation{request: st.request, table: st.Table, show: show == dynamodb.ReturnValuesOnConditionCheckFailureALLOLD}
	there := &expression.Condition{Op: "attribute_exists", Args: []*expression.Operand{{Path: expression.Path{{Name: t.Keys.Hash}}}}}
	if st.Kind == partiql.Insert {
		m.key, m.put, m.insert = st.item, true, true
		m.condition = &expression.Condition{Op: "NOT", Of: []*expression.Condition{there}}
		return m, nil
	}
	key, rest, ok := st.keyIn(t)
	if !ok {
		return nil, invalid(noFullKey)
	}
	m.key, m.update, m.delete = key, st.Update, st.Kind == partiql.Delete
	switch {
	case !m.delete:
		m.condition = &expression.Condition{Op: "AND", Of: append(rest, there)} // AWS: an UPDATE makes no item
	case len(rest) > 0:
		// AWS: "PartiQL delete statements for DynamoDB": nothing to delete is success.
		gone := &expression.Condition{Op: "NOT", Of: []*expression.Condition{there}}
		m.condition = &expression.Condition{Op: "OR", Of: []*expression.Condition{gone, {Op: "AND", Of: rest}}}
	}
	return m, nil
}

// writes reports whether the statement is for a transaction that writes.
func (st *statement) writes() bool { return st.Kind != partiql.Select }

// returned is what the statement returns of an item that it wrote.
func (st *statement) returned(m *mutation, c change) item {
	switch st.Returning {
	case "ALL OLD":
		return c.was
	case "ALL NEW":
		return c.is
	case "MODIFIED OLD":
		return m.returned(dynamodb.ReturnValueUPDATEDOLD, c)
	case "MODIFIED NEW":
		return m.returned(dynamodb.ReturnValueUPDATEDNEW, c)
	}
	return nil
}
