package dynamodb

import (
	"context"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
	"github.com/brume-cloud/brume/state/kv"
)

// mutation is a write of one item, alone, in a batch or in a transaction.
type mutation struct {
	*request
	table     string // name or ARN
	key       item   // the whole item when put
	put       bool
	insert    bool // a put that must not find an item: a failing condition is a duplicate
	delete    bool
	update    *expression.Update // nil unless it is an update
	condition *expression.Condition
	show      bool   // the item, should the condition fail
	took      *spent // in a transaction
}

// outcome is what a mutation did.
type outcome struct {
	change
	*spent
}

// clauses are the parts of an input that all mutations have.
type clauses struct {
	condition *string
	update    *string
	names     map[string]string
	values    item
	show      dynamodb.ReturnValuesOnConditionCheckFailure
}

// newMutation reads the expressions of a mutation, and sees that all of what is
// defined for them is used.
func (s *Service) newMutation(m mutation, c clauses) (*mutation, error) {
	var err error
	if m.request, err = newRequest(s.parsed, c.names, c.values); err != nil {
		return nil, err
	}
	m.show = c.show == dynamodb.ReturnValuesOnConditionCheckFailureALLOLD
	if !m.put && !m.delete && c.update != nil {
		if m.update, err = m.request.update(c.update); err != nil {
			return nil, err
		}
	}
	if m.condition, err = m.request.condition("ConditionExpression", c.condition); err != nil {
		return nil, err
	}
	if m.put {
		if m.key, err = checkedItem(m.key); err != nil {
			return nil, err
		}
	}
	return &m, m.request.done()
}

// run does the mutation in a transaction. When the condition fails the error
// says so, and has the item if it is to be shown.
func (m *mutation) run(ctx context.Context, tx kv.Tx) (outcome, error) {
	t, err := findTable(ctx, tx, m.table)
	if err != nil {
		return outcome{}, err
	}
	if err := m.check(t); err != nil {
		return outcome{}, err
	}
	if err := t.free(tx, m.key); err != nil {
		return outcome{}, err
	}
	was, _ := t.read(tx, m.key)
	o := outcome{change{was: was}, &spent{table: t, write: units(itemSize(was), writeUnit)}}
	if !m.holds(m.condition, was) {
		if m.insert {
			return o, dynamodb.ErrDuplicateItemException("Duplicate primary key exists in table")
		}
		return o, conditionFailed(was, m.show)
	}
	switch {
	case m.put:
		o.is = m.key
	case m.update != nil:
		if o.is, err = m.updated(t, was); err != nil {
			return o, err
		}
	case !m.delete:
		return o, nil // a condition check
	}
	o.spent = t.write(tx, o.change)
	return o, nil
}

// check checks what the mutation names against the table's schema.
func (m *mutation) check(t *table) error {
	if m.put {
		return t.checkWhole(m.key)
	}
	var err error
	if m.key, err = t.checkedKey(m.key); err != nil {
		return err
	}
	if m.update == nil {
		return nil
	}
	for _, p := range m.update.Paths() {
		if t.Keys.has(p[0].Name) {
			return invalidParameter("Cannot update attribute %s. This attribute is part of the key", p[0].Name)
		}
	}
	return nil
}

// updated is the item that the update makes.
func (m *mutation) updated(t *table, was item) (item, error) {
	from := was
	if from == "" {
		from = m.key
	}
	is, err := m.apply(m.update, from)
	if err != nil {
		return "", err
	}
	if itemSize(is) > maxItem {
		return "", invalid("Item size to update has exceeded the maximum allowed size")
	}
	for _, v := range is.All() {
		if deep(v, 0) {
			return "", invalid(tooDeep)
		}
	}
	if err := t.checkUpdatedKeys(is); err != nil {
		return "", err
	}
	return is, t.checkWhole(is)
}
