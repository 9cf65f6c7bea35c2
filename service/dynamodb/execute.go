package dynamodb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/partiql"
	"github.com/brume-cloud/brume/state/kv"
)

// pageToken is a NextToken: where a SELECT goes on.
type pageToken struct {
	Statement []byte // digest of the statement and its parameters
	Range     int    // of the plan
	Key       []byte // of the last item that was read of the range; empty: none yet
}

// text writes the token; nil has none.
func (p *pageToken) text() (*string, error) {
	if p == nil {
		return nil, nil
	}
	b, err := json.Marshal(p)
	return ptr(base64.StdEncoding.EncodeToString(b)), err
}

// pageTokenOf reads the token of a request, which must be of the same statement.
func pageTokenOf(in *dynamodb.ExecuteStatementInput) (*pageToken, error) {
	said, err := json.Marshal([]any{in.Statement, in.Parameters})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(said)
	p := &pageToken{Statement: sum[:]}
	if in.NextToken == nil {
		return p, nil
	}
	old := new(pageToken)
	b, err := base64.StdEncoding.DecodeString(*in.NextToken)
	if err == nil {
		err = json.Unmarshal(b, old)
	}
	if err != nil || len(old.Key) > 0 && !attribute.Valid(old.Key) {
		return nil, invalid("Invalid NextToken")
	}
	if !bytes.Equal(old.Statement, p.Statement) || old.Range < 0 {
		return nil, invalid("NextToken does not match request")
	}
	return old, nil
}

// ExecuteStatement runs one PartiQL statement.
func (s *Service) ExecuteStatement(ctx context.Context, in *dynamodb.ExecuteStatementInput) (*dynamodb.ExecuteStatementOutput, error) {
	st, err := readStatement(in.Statement, in.Parameters)
	if err != nil {
		return nil, err
	}
	switch st.Kind {
	case partiql.Exists:
		return nil, invalid("EXISTS is only supported in ExecuteTransaction")
	case partiql.Select:
		return s.selectPage(ctx, st, in)
	}
	was, o, err := s.executeOne(ctx, st, in.ReturnValuesOnConditionCheckFailure)
	if err != nil {
		return nil, err
	}
	out := &dynamodb.ExecuteStatementOutput{Items: []item{}, ConsumedCapacity: o.answer(in.ReturnConsumedCapacity)}
	if was != "" {
		out.Items = append(out.Items, was)
	}
	return out, nil
}

// selectPage runs a SELECT.
func (s *Service) selectPage(ctx context.Context, st *statement, in *dynamodb.ExecuteStatementInput) (*dynamodb.ExecuteStatementOutput, error) {
	from, err := pageTokenOf(in)
	if err != nil {
		return nil, err
	}
	var page *listed
	var next *pageToken
	var paced *pacing
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		t, err := findTable(ctx, tx, st.Table)
		if err != nil {
			return err
		}
		p, err := st.plan(t, deref(in.ConsistentRead))
		if err != nil {
			return err
		}
		l := &listing{request: st.request, filter: st.Where, limit: int(deref(in.Limit)), consistent: deref(in.ConsistentRead)}
		if st.Columns != nil {
			l.projection = topLevel(columnNames(st.Columns))
		}
		var ran error
		paced, page, err = s.list(tx, use{table: t, index: p.index}, func() *listed {
			var page *listed
			if page, next, ran = st.run(tx, p, l, from); ran != nil {
				return &listed{spent: &spent{table: t}}
			}
			return page
		})
		return errors.Join(ran, err)
	})
	if err != nil {
		return nil, err
	}
	paced.charge(ctx)
	s.meter(ctx, page.spent)
	out := &dynamodb.ExecuteStatementOutput{Items: make([]item, len(page.items)), LastEvaluatedKey: page.last, ConsumedCapacity: page.answer(in.ReturnConsumedCapacity)}
	for i, it := range page.items {
		out.Items[i] = st.columns(it)
	}
	out.NextToken, err = next.text()
	return out, err
}

// executeOne runs a statement that writes an item, in a transaction of its own.
// It returns what the statement returns of the item.
func (s *Service) executeOne(ctx context.Context, st *statement, show dynamodb.ReturnValuesOnConditionCheckFailure) (returned item, o outcome, err error) {
	var p *pacing
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		t, err := findTable(ctx, tx, st.Table)
		if err != nil {
			return err
		}
		m, err := st.mutation(t, show)
		if err != nil {
			return err
		}
		p = s.pacing(tx)
		if err := p.admitWrite(ctx, tx, m); err != nil {
			return err
		}
		o, err = m.run(ctx, tx)
		p.wrote(m.key, o.spent)
		returned = st.returned(m, o.change)
		return err
	})
	p.charge(ctx)
	s.meter(ctx, o.spent)
	return returned, o, err
}

// readOne reads the one item that a SELECT of a batch or transaction is about, empty
// when there is none.
func (st *statement) readOne(ctx context.Context, tx kv.Tx, consistent bool) (item, *spent, error) {
	t, err := findTable(ctx, tx, st.Table)
	if err != nil {
		return "", nil, err
	}
	if x := t.index(st.Index); x != nil && x.Keys.many() {
		return "", nil, invalid(noManyKeys)
	}
	key, _, ok := st.keyIn(t)
	if !ok || st.Index != "" {
		return "", nil, invalid("Select statements within BatchExecuteStatement must specify the primary key in the where clause.")
	}
	if key, err = t.checkedKey(key); err != nil {
		return "", nil, err
	}
	it, there := t.glance(tx, key, consistent)
	u := &spent{table: t, read: readUnits(itemSize(it), consistent)}
	if !there || !st.holds(st.Where, it) {
		return "", u, nil
	}
	return st.columns(it), u, nil
}
