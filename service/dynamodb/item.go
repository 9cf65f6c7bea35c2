package dynamodb

import (
	"context"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/state/kv"
)

// PutItem stores an item in the place of the one with its key, if any.
func (s *Service) PutItem(ctx context.Context, in *dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) {
	o, was, err := s.replace(ctx, mutation{table: in.TableName, key: in.Item, put: true}, &replacement{
		in.Expected, in.ConditionalOperator, in.ReturnValues, clauses{
			condition: in.ConditionExpression, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues, show: in.ReturnValuesOnConditionCheckFailure,
		},
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.PutItemOutput{
		Attributes: was, ConsumedCapacity: o.answer(in.ReturnConsumedCapacity), ItemCollectionMetrics: o.metrics(in.ReturnItemCollectionMetrics, in.Item),
	}, nil
}

// DeleteItem deletes an item. One that is not there is no error.
func (s *Service) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput) (*dynamodb.DeleteItemOutput, error) {
	o, was, err := s.replace(ctx, mutation{table: in.TableName, key: in.Key, delete: true}, &replacement{
		in.Expected, in.ConditionalOperator, in.ReturnValues, clauses{
			condition: in.ConditionExpression, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues, show: in.ReturnValuesOnConditionCheckFailure,
		},
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.DeleteItemOutput{
		Attributes: was, ConsumedCapacity: o.answer(in.ReturnConsumedCapacity), ItemCollectionMetrics: o.metrics(in.ReturnItemCollectionMetrics, in.Key),
	}, nil
}

// replacement is what a request says of a write that leaves nothing of the item
// that was there.
type replacement struct {
	expected map[string]dynamodb.ExpectedAttributeValue
	operator dynamodb.ConditionalOperator
	returns  dynamodb.ReturnValue
	clauses  clauses
}

// replace makes such a write. It returns the item that was there, if that was
// asked for.
func (s *Service) replace(ctx context.Context, m mutation, r *replacement) (o outcome, was item, err error) {
	if v := r.returns; v != "" && v != dynamodb.ReturnValueNONE && v != dynamodb.ReturnValueALLOLD {
		return o, "", enveloped(invalid("ReturnValues can only be ALL_OLD or NONE"))
	}
	legacy, err := legacyOf(r.expected, r.operator, r.clauses.condition != nil)
	if err != nil {
		return o, "", enveloped(err)
	}
	made, err := s.newMutation(m, r.clauses)
	if err != nil {
		return o, "", enveloped(err)
	}
	if o, err = s.mutate(ctx, legacy.join(made)); err != nil {
		return o, "", err
	}
	if r.returns == dynamodb.ReturnValueALLOLD {
		was = o.was
	}
	return o, was, nil
}

// UpdateItem changes an item, and makes it if it is not there.
func (s *Service) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
	legacy, err := legacyOf(in.Expected, in.ConditionalOperator, in.ConditionExpression != nil || in.UpdateExpression != nil)
	if err != nil {
		return nil, enveloped(err)
	}
	m, err := s.newMutation(mutation{table: in.TableName, key: in.Key}, clauses{
		condition: in.ConditionExpression, update: in.UpdateExpression, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues, show: in.ReturnValuesOnConditionCheckFailure,
	})
	if err != nil {
		return nil, enveloped(err)
	}
	m = legacy.join(m)
	if m.update == nil {
		if m.update, err = m.updates(in.AttributeUpdates); err != nil {
			return nil, enveloped(err)
		}
	} else if in.AttributeUpdates != nil {
		return nil, enveloped(mixed("AttributeUpdates", "UpdateExpression"))
	}
	o, err := s.mutate(ctx, m)
	if err != nil {
		return nil, err
	}
	return &dynamodb.UpdateItemOutput{
		Attributes: m.returned(in.ReturnValues, o.change), ConsumedCapacity: o.answer(in.ReturnConsumedCapacity), ItemCollectionMetrics: o.metrics(in.ReturnItemCollectionMetrics, in.Key),
	}, nil
}

// returned is what an update returns of the item.
func (m *mutation) returned(wanted dynamodb.ReturnValue, c change) item {
	changed := newProjection(m.update.Paths())
	switch wanted {
	case dynamodb.ReturnValueALLOLD:
		return c.was
	case dynamodb.ReturnValueALLNEW:
		return c.is
	case dynamodb.ReturnValueUPDATEDOLD:
		return some(changed.of(c.was))
	case dynamodb.ReturnValueUPDATEDNEW:
		return some(changed.of(c.is))
	}
	return ""
}

// some is none for an item without attributes.
func some(it item) item {
	if it.Len() == 0 {
		return ""
	}
	return it
}

// mutate does one mutation in a transaction of its own.
func (s *Service) mutate(ctx context.Context, m *mutation) (outcome, error) {
	var o outcome
	var p *pacing
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) (err error) {
		p = s.pacing(tx)
		if err := p.admitWrite(ctx, tx, m); err != nil {
			return err
		}
		o, err = m.run(ctx, tx)
		p.wrote(m.key, o.spent)
		return err
	})
	p.charge(ctx)
	s.meter(ctx, o.spent) // AWS: a condition that fails costs as well
	return o, envelopedValue(err)
}

// metrics is the ItemCollectionMetrics of an answer: only tables with local
// indexes have any.
func (o outcome) metrics(wanted dynamodb.ReturnItemCollectionMetrics, key item) *dynamodb.ItemCollectionMetrics {
	if wanted != dynamodb.ReturnItemCollectionMetricsSIZE {
		return nil
	}
	t := o.table
	for i := range t.Indexes {
		if !t.Indexes[i].Global {
			return &dynamodb.ItemCollectionMetrics{ItemCollectionKey: topLevel([]string{t.Keys.Hash}).of(key), SizeEstimateRangeGB: []float64{0, 1}}
		}
	}
	return nil
}

// GetItem returns an item, all of it or what a projection says.
func (s *Service) GetItem(ctx context.Context, in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
	r, err := newRequest(s.parsed, in.ExpressionAttributeNames, "")
	if err != nil {
		return nil, err
	}
	p, err := r.projection(in.ProjectionExpression)
	if err != nil {
		return nil, err
	}
	if err := r.done(); err != nil {
		return nil, err
	}
	if in.AttributesToGet != nil {
		if p != nil {
			return nil, mixed("AttributesToGet", "ProjectionExpression")
		}
		p = topLevel(in.AttributesToGet)
	}
	var it item
	var u *spent
	var paced *pacing
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		t, err := findTable(ctx, tx, in.TableName)
		if err != nil {
			return err
		}
		key, err := t.checkedKey(in.Key)
		if err != nil {
			return err
		}
		paced = s.pacing(tx)
		if err := paced.admit(t.useOf(key, false)); err != nil {
			return err
		}
		it, _ = t.glance(tx, key, deref(in.ConsistentRead))
		u = &spent{table: t, read: readUnits(itemSize(it), deref(in.ConsistentRead))}
		paced.spend(t.useOf(key, false), u.read)
		return nil
	})
	if err != nil {
		return nil, err
	}
	paced.charge(ctx)
	s.meter(ctx, u)
	out := &dynamodb.GetItemOutput{ConsumedCapacity: u.answer(in.ReturnConsumedCapacity)}
	if it != "" {
		out.Item = p.of(it)
	}
	return out, nil
}
