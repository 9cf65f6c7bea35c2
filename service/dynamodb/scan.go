package dynamodb

import (
	"context"
	"math/bits"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/state/kv"
)

// segment is a part of a parallel scan: a range of the partitions' digests.
type segment struct{ number, total uint64 }

// within returns the rows of the segment, below the key of a table or index.
func (g segment) within(p kv.Key) kv.Range {
	r := kv.Prefix(p)
	if g.number > 0 {
		r.From = p.With(kv.Uint(g.edge(g.number)))
	}
	if g.number+1 < g.total {
		r.To = p.With(kv.Uint(g.edge(g.number + 1)))
	}
	return r
}

// edge is the first half of a digest at which segment i of the total begins.
func (g segment) edge(i uint64) uint64 {
	edge, _ := bits.Div64(i, 0, g.total)
	return edge
}

func segmentOf(in *dynamodb.ScanInput) (segment, error) {
	switch {
	case in.Segment == nil && in.TotalSegments == nil:
		return segment{0, 1}, nil
	case in.TotalSegments == nil:
		return segment{}, invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case in.Segment == nil:
		return segment{}, invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case *in.Segment >= *in.TotalSegments:
		return segment{}, invalid("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", *in.Segment, *in.TotalSegments)
	}
	return segment{uint64(*in.Segment), uint64(*in.TotalSegments)}, nil
}

// Scan returns items of a table or an index, in the order of the digests of their
// partition keys.
func (s *Service) Scan(ctx context.Context, in *dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
	r, err := newRequest(s.parsed, in.ExpressionAttributeNames, in.ExpressionAttributeValues)
	if err != nil {
		return nil, older(err)
	}
	l := &listing{
		request: r, table: in.TableName, index: in.IndexName, selected: in.Select, limit: int(deref(in.Limit)), consistent: deref(in.ConsistentRead), start: in.ExclusiveStartKey,
	}
	err = l.read(listingInput{in.ProjectionExpression, in.FilterExpression, in.AttributesToGet, in.ScanFilter, in.ConditionalOperator, "ScanFilter"})
	if err != nil {
		return nil, err
	}
	part, err := segmentOf(in)
	if err != nil {
		return nil, err
	}
	var page *listed
	var paced *pacing
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		t, err := findTable(ctx, tx, in.TableName)
		if err != nil {
			return err
		}
		x, err := l.open(t)
		if err != nil {
			return err
		}
		rows := part.within(t.prefix(x))
		if err := l.begin(t, x, &rows); err != nil {
			return err
		}
		paced, page, err = s.list(tx, use{t, x, nil, false}, func() *listed { return l.run(tx, t, x, rows) })
		return err
	})
	if err != nil {
		return nil, err
	}
	paced.charge(ctx)
	s.meter(ctx, page.spent)
	return &dynamodb.ScanOutput{
		Items: l.answerItems(page), Count: &page.count, ScannedCount: &page.scanned, LastEvaluatedKey: page.last, ConsumedCapacity: page.answer(in.ReturnConsumedCapacity),
	}, nil
}
