package dynamodb

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
	"github.com/brume-cloud/brume/service/dynamodb/partiql"
	"github.com/brume-cloud/brume/state/kv"
)

// statement is a PartiQL statement on its way to what the other operations do.
type statement struct {
	*partiql.Statement
	*request
	show bool // the item, should a condition fail
}

// newStatement reads a statement.
func newStatement(source string, parameters []value, show dynamodb.ReturnValuesOnConditionCheckFailure) (*statement, error) {
	for i, v := range parameters {
		var err error
		if parameters[i], err = checked(v); err != nil {
			return nil, err
		}
	}
	p, err := partiql.Parse(source, parameters)
	if err != nil {
		return nil, invalid("%s", err)
	}
	for mark, v := range p.Values {
		if p.Values[mark], err = checked(v); err != nil {
			return nil, err
		}
	}
	if p.Item, err = checkedItem(p.Item); err != nil {
		return nil, err
	}
	if p.Index != "" && p.Kind != partiql.Select {
		return nil, invalid("Unexpected path component at an %s statement: an index can only be read", strings.ToUpper(string(p.Kind)))
	}
	s := &statement{Statement: p, request: &request{values: p.Values}, show: show == dynamodb.ReturnValuesOnConditionCheckFailureALLOLD}
	return s, s.check()
}

// check checks the types of values, as expressions do.
func (s *statement) check() (err error) {
	if s.Where != nil {
		err = s.checkTypes(s.Where)
	}
	if err == nil && s.Update != nil {
		err = s.checkUpdateTypes(s.Update)
	}
	var mistake *expression.SyntaxError
	if errors.As(err, &mistake) {
		return invalid("%s", mistake.Message)
	}
	return err
}

func (s *statement) reads() bool { return s.Kind == partiql.Select }

// conjuncts are the conditions that must all hold.
func conjuncts(c *expression.Condition) []*expression.Condition {
	if c == nil {
		return nil
	}
	if c.Op != "AND" {
		return []*expression.Condition{c}
	}
	var all []*expression.Condition
	for _, of := range c.Of {
		all = append(all, conjuncts(of)...)
	}
	return all
}

func conjunction(all []*expression.Condition) *expression.Condition {
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return &expression.Condition{Op: "AND", Of: all}
}

// on reports whether a condition compares an attribute, by one of the operators,
// with values.
func on(c *expression.Condition, name string, operators ...string) bool {
	if !slices.Contains(operators, c.Op) || name == "" || len(c.Args[0].Path) != 1 || c.Args[0].Path[0].Name != name {
		return false
	}
	return !slices.ContainsFunc(c.Args[1:], func(o *expression.Operand) bool { return o.Value == "" })
}

// part takes the conditions that keep a Query to a part of a partition out of the
// others; key is nil when there is none on the partition key.
func (s *statement) part(k keys) (key, rest *expression.Condition) {
	var keyed, others []*expression.Condition
	var hash, sort bool
	for _, c := range conjuncts(s.Where) {
		switch {
		case !hash && on(c, k.Hash, "="):
			hash, keyed = true, append(keyed, c)
		case !sort && on(c, k.Range, "=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"):
			sort, keyed = true, append(keyed, c)
		default:
			others = append(others, c)
		}
	}
	if !hash {
		return nil, s.Where
	}
	return conjunction(keyed), conjunction(others)
}

// one takes the item's key, which must be there as a whole, out of the conditions.
func (s *statement) one(k keys) (key item, rest *expression.Condition, ok bool) {
	fields, others := map[string]value{}, []*expression.Condition(nil)
	for _, c := range conjuncts(s.Where) {
		name := ""
		for _, n := range k.names() {
			if _, has := fields[n]; !has && on(c, n, "=") {
				name = n
			}
		}
		if name == "" {
			others = append(others, c)
			continue
		}
		fields[name] = s.values[c.Args[1].Value]
	}
	return attribute.Make(fields), conjunction(others), len(fields) == len(k.names())
}

// mutation is the write that the statement is, or the check.
func (s *statement) mutation(t *table) (*mutation, error) {
	m := &mutation{request: s.request, table: s.Table, show: s.show}
	exists := func(op string) *expression.Condition {
		return &expression.Condition{Op: op, Args: []*expression.Operand{{Path: expression.Path{{Name: t.Keys.Hash}}}}}
	}
	if s.Kind == partiql.Insert {
		m.key, m.put, m.condition = s.Item, true, exists("attribute_not_exists")
		return m, nil
	}
	key, rest, ok := s.one(t.Keys)
	if !ok {
		return nil, invalid("Where clause does not contain a mandatory equality on all key attributes")
	}
	m.key, m.update, m.condition = key, s.Update, rest
	switch {
	case s.Kind == partiql.Delete:
		m.delete = true
	case rest == nil:
		m.condition = exists("attribute_exists")
	default:
		m.condition = &expression.Condition{Op: "AND", Of: []*expression.Condition{exists("attribute_exists"), rest}}
	}
	return m, nil
}

// failed is the error of a statement's mutation in the words of PartiQL.
func (s *statement) failed(err error) error {
	if reason, ok := reasonOf(err); ok && s.Kind == partiql.Insert && deref(reason.Code) == reasonCondition {
		return dynamodb.ErrDuplicateItemException("Duplicate primary key exists in table")
	}
	return err
}

// write does the statement in a transaction of its own.
func (s *Service) write(ctx context.Context, st *statement) (o outcome, items []item, err error) {
	var m *mutation
	var p *pacing
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		t, err := findTable(ctx, tx, st.Table)
		if err != nil {
			return err
		}
		if m, err = st.mutation(t); err != nil {
			return err
		}
		p = s.pacing(tx)
		if err := p.admitWrite(ctx, tx, m); err != nil {
			return err
		}
		o, err = m.run(ctx, tx)
		p.wrote(m.key, o.spent)
		return err
	})
	p.charge()
	s.meter(ctx, o.spent)
	if err != nil {
		return o, nil, st.failed(err)
	}
	if it := st.returned(m, o); it != "" {
		items = []item{it}
	}
	return o, items, nil
}

// returned is what RETURNING asks for.
func (s *statement) returned(m *mutation, o outcome) item {
	if s.Kind == partiql.Delete {
		if s.Returning == "ALL OLD" {
			return o.was
		}
		return ""
	}
	if m.update == nil {
		return ""
	}
	return m.returned(map[string]dynamodb.ReturnValue{
		"ALL OLD": dynamodb.ReturnValueALLOLD, "ALL NEW": dynamodb.ReturnValueALLNEW,
		"MODIFIED OLD": dynamodb.ReturnValueUPDATEDOLD, "MODIFIED NEW": dynamodb.ReturnValueUPDATEDNEW,
	}[s.Returning], o.change)
}

// selection is a Select and where it goes on.
type selection struct {
	*statement
	limit      int
	consistent bool
	start      item
}

// read reads a page of what is selected: by a Query when the conditions name a
// partition, else by a Scan.
func (s *Service) read(ctx context.Context, sel selection) (*listed, error) {
	l := &listing{request: sel.request, table: sel.Table, limit: sel.limit, consistent: sel.consistent, start: sel.start, filter: sel.Where, onKeys: true}
	if sel.Index != "" {
		l.index = &sel.Index
	}
	if sel.Paths != nil {
		l.projection = newProjection(sel.Paths)
	}
	var where *expression.Condition
	var k keys
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		t, err := findTable(ctx, tx, sel.Table)
		if err != nil {
			return err
		}
		x, err := l.open(t)
		if err != nil {
			return err
		}
		k = t.Keys
		if x != nil {
			k = x.Keys
		}
		where, l.filter = sel.part(k)
		return nil
	})
	if err != nil {
		return nil, err
	}
	backwards, err := sel.order(k, where != nil)
	if err != nil {
		return nil, err
	}
	if where == nil {
		return s.scan(ctx, l, segment{0, 1})
	}
	return s.query(ctx, l, where, backwards)
}

// order checks ORDER BY, and tells whether it is backwards.
func (s *statement) order(k keys, keyed bool) (backwards bool, err error) {
	switch {
	case len(s.OrderBy) == 0:
		return false, nil
	case s.Where == nil:
		return false, invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
	case !keyed:
		return false, invalid("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")
	}
	for _, o := range s.OrderBy {
		switch o.Name {
		case k.Range:
			backwards = o.Descending
		case k.Hash:
		default:
			return false, invalid("Variable reference %s in ORDER BY clause must be part of the primary key", o.Name)
		}
	}
	return backwards, nil
}

// ExecuteStatement does one PartiQL statement.
func (s *Service) ExecuteStatement(ctx context.Context, in *dynamodb.ExecuteStatementInput) (*dynamodb.ExecuteStatementOutput, error) {
	st, err := newStatement(in.Statement, in.Parameters, in.ReturnValuesOnConditionCheckFailure)
	if err != nil {
		return nil, err
	}
	switch {
	case st.Kind == partiql.Exists:
		return nil, invalid("EXISTS is only supported in transactions")
	case !st.reads():
		o, items, err := s.write(ctx, st)
		if err != nil {
			return nil, err
		}
		return &dynamodb.ExecuteStatementOutput{Items: append([]item{}, items...), ConsumedCapacity: o.answer(in.ReturnConsumedCapacity)}, nil
	}
	sel := selection{statement: st, limit: int(deref(in.Limit)), consistent: deref(in.ConsistentRead)}
	if in.NextToken != nil {
		if sel.start, err = readNext(*in.NextToken, in.Statement); err != nil {
			return nil, err
		}
	}
	page, err := s.read(ctx, sel)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.ExecuteStatementOutput{Items: append([]item{}, page.items...), LastEvaluatedKey: page.last, ConsumedCapacity: page.answer(in.ReturnConsumedCapacity)}
	if page.last != "" {
		out.NextToken = ptr(nextToken(page.last, in.Statement))
	}
	return out, nil
}

// A NextToken is the digest of its statement and the last key.
func nextToken(last item, statement string) string {
	sum := sha256.Sum256([]byte(statement))
	return base64.StdEncoding.EncodeToString(append(sum[:], last...))
}

func readNext(token, statement string) (item, error) {
	sum := sha256.Sum256([]byte(statement))
	b, err := base64.StdEncoding.DecodeString(token)
	last, ok := strings.CutPrefix(string(b), string(sum[:]))
	if err != nil || !ok || !attribute.Valid([]byte(last)) {
		return "", invalid("Invalid NextToken: it is of another statement")
	}
	return item(last), nil
}
