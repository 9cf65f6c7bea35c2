package dynamodb

import (
	"errors"
	"fmt"
	"slices"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/attribute"
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
	parameters = slices.Clone(parameters)
	for i := range parameters {
		if parameters[i], err = checked(parameters[i]); err != nil {
			return nil, older(err)
		}
	}
	st := &statement{Statement: p, request: &request{values: map[string]value{}}}
	for i := range p.Values {
		if st.values[partiql.Mark(i)], err = literal(&p.Values[i], parameters, "root"); err != nil {
			return nil, err
		}
	}
	if p.Item != nil {
		v, err := literal(p.Item, parameters, "")
		if err != nil {
			return nil, err
		}
		if !v.Is(attribute.M) {
			return nil, invalid("Statement wasn't well formed, can't be processed: Expected a tuple in VALUE")
		}
		st.item = v.Map()
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
func literal(l *partiql.Value, parameters []value, at string) (v value, err error) {
	switch l.Type {
	case partiql.Parameter:
		return parameters[l.Number], nil
	case partiql.String:
		v = attribute.String(l.Text)
	case partiql.Number:
		d, err := parseNumber(l.Text)
		var e *aws.Error
		if errors.As(err, &e) {
			return "", invalid("%s under %s", e.Message, at)
		}
		v = attribute.Number(d.String())
	case partiql.Bool:
		v = attribute.Bool(l.Text == "true")
	case partiql.Null:
		v = attribute.Null()
	case partiql.Map:
		fields := map[string]value{}
		for i, name := range l.Names {
			within := at + "." + name
			if at == "" {
				within = "root" // AWS: that of an attribute of the item
			}
			if fields[name], err = literal(&l.Elements[i], parameters, within); err != nil {
				return "", err
			}
		}
		v = attribute.Within(attribute.Make(fields))
	case partiql.List, partiql.Set:
		list := make([]value, len(l.Elements))
		for i := range l.Elements {
			if list[i], err = literal(&l.Elements[i], parameters, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return "", err
			}
		}
		if l.Type == partiql.Set {
			v, err = setOf(list)
			return v, older(err)
		}
		v = attribute.List(list)
	}
	if at == "root" {
		v, err = checked(v)
	}
	return v, older(err)
}

// setOf makes a set of elements that must have one type.
func setOf(elements []value) (value, error) {
	if len(elements) == 0 {
		return "", invalid("Empty bags are not supported")
	}
	texts, of := make([]string, len(elements)), elements[0].Type()
	for i, e := range elements {
		if e.Type() != of || of != attribute.S && of != attribute.N && of != attribute.B {
			return "", invalid("Sets must have elements, all of one of the types S, N and B")
		}
		texts[i] = e.Text()
	}
	return checked(attribute.Set(of+"S", texts))
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
	fields := map[string]value{}
	for _, c := range conjuncts(st.Where) {
		name := ""
		for _, n := range t.Keys.names() {
			if _, had := fields[n]; !had && c.Op == "=" && about(c, n) {
				name = n
			}
		}
		if name == "" {
			rest = append(rest, c)
			continue
		}
		fields[name] = st.values[c.Args[1].Value]
	}
	return attribute.Make(fields), rest, len(fields) == len(t.Keys.names())
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
	return ""
}
