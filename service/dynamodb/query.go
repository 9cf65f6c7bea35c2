package dynamodb

import (
	"context"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
	"github.com/brume-cloud/brume/state/kv"
)

// Query returns items of one partition, of a table or an index, in the order of
// their sort keys.
func (s *Service) Query(ctx context.Context, in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	r, err := newRequest(s.parsed, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, err
	}
	if in.KeyConditionExpression == nil && in.KeyConditions == nil {
		return nil, invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	}
	where, err := r.condition("KeyConditionExpression", in.KeyConditionExpression)
	if err != nil {
		return nil, err
	}
	l := &listing{
		request: r, table: in.TableName, index: in.IndexName, selected: in.Select, limit: int(deref(in.Limit)), consistent: deref(in.ConsistentRead), start: in.ExclusiveStartKey,
	}
	read := listingInput{in.ProjectionExpression, in.FilterExpression, in.AttributesToGet, in.QueryFilter, in.ConditionalOperator, "QueryFilter"}
	if where != nil && in.QueryFilter != nil {
		return nil, mixed("QueryFilter", "KeyConditionExpression")
	}
	if has := read.expressions(); in.KeyConditions != nil && has != "" {
		return nil, mixed("KeyConditions", has)
	}
	err = l.read(read)
	if err != nil {
		return nil, err
	}
	if where == nil {
		if where, err = r.legacyKeys(in.KeyConditions); err != nil {
			return nil, err
		}
	}
	backwards := in.ScanIndexForward != nil && !*in.ScanIndexForward
	page, err := s.query(ctx, l, where, backwards)
	if err != nil {
		return nil, err
	}
	return &dynamodb.QueryOutput{
		Items: l.answerItems(page), Count: &page.count, ScannedCount: &page.scanned, LastEvaluatedKey: page.last, ConsumedCapacity: page.answer(in.ReturnConsumedCapacity),
	}, nil
}

func (s *Service) query(ctx context.Context, l *listing, where *expression.Condition, backwards bool) (page *listed, err error) {
	var paced *pacing
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		t, err := findTable(ctx, tx, l.table)
		if err != nil {
			return err
		}
		x, err := l.open(t)
		if err != nil {
			return err
		}
		k := t.Keys
		if x != nil {
			k = x.Keys
		}
		c, err := l.keyConditionOf(where, t, k)
		if err != nil {
			return err
		}
		if err := checkFilter(l.filter, k); err != nil {
			return err
		}
		part := c.partition()
		rows := c.within(t.prefix(x, part.parts()...))
		rows.Reverse = backwards
		if err := l.begin(t, x, &rows); err != nil {
			return err
		}
		paced, page, err = s.list(tx, use{t, x, &part, false}, func() *listed { return l.run(tx, t, x, rows) })
		return err
	})
	if err == nil {
		paced.charge(ctx)
		s.meter(ctx, page.spent)
	}
	return page, err
}

// checkFilter refuses a filter of a Query on key attributes.
func checkFilter(c *expression.Condition, k keys) error {
	if c == nil {
		return nil
	}
	for _, of := range c.Of {
		if err := checkFilter(of, k); err != nil {
			return err
		}
	}
	for _, o := range c.Args {
		for _, p := range append([]*expression.Operand{o}, o.Args...) {
			if p.Path != nil && k.has(p.Path[0].Name) {
				return invalid("Filter Expression can only contain non-primary key attributes: Primary key attribute: %s", p.Path[0].Name)
			}
		}
	}
	return nil
}
