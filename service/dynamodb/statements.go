package dynamodb

import (
	"context"
	"errors"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/service/dynamodb/partiql"
	"github.com/brume-cloud/brume/state/kv"
)

// BatchExecuteStatement does PartiQL statements, each alone: one that fails says so
// in its answer.
func (s *Service) BatchExecuteStatement(ctx context.Context, in *dynamodb.BatchExecuteStatementInput) (*dynamodb.BatchExecuteStatementOutput, error) {
	all := make([]*statement, len(in.Statements))
	out := &dynamodb.BatchExecuteStatementOutput{Responses: make([]dynamodb.BatchStatementResponse, len(all))}
	reads, taken := 0, spending{}
	for i, one := range in.Statements {
		st, err := newStatement(one.Statement, one.Parameters, one.ReturnValuesOnConditionCheckFailure)
		if err != nil {
			return nil, err
		}
		all[i] = st
		out.Responses[i].TableName = &st.Table
		if st.reads() {
			reads++
		}
	}
	if reads != 0 && reads != len(all) {
		return nil, invalid("Reads and writes cannot be in one request")
	}
	for i, st := range all {
		it, err := s.alone(ctx, st, inBatch{deref(in.Statements[i].ConsistentRead), taken})
		if err != nil {
			if out.Responses[i].Error, err = statementError(err); err != nil {
				return nil, err
			}
			continue
		}
		out.Responses[i].Item = it
	}
	out.ConsumedCapacity = taken.answer(in.ReturnConsumedCapacity)
	return out, nil
}

// inBatch is what a statement of a batch has of the batch.
type inBatch struct {
	consistent bool
	taken      spending
}

// alone does one statement of a batch, which is about one item.
func (s *Service) alone(ctx context.Context, st *statement, b inBatch) (item, error) {
	if !st.reads() {
		o, items, err := s.write(ctx, st)
		if err != nil {
			return "", err
		}
		b.taken.of(o.table).add(o.spent)
		if len(items) > 0 {
			return items[0], nil
		}
		return "", nil
	}
	var it item
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		t, err := findTable(ctx, tx, st.Table)
		if err == nil {
			var units float64
			it, units, err = st.get(tx, t, b.consistent)
			b.taken.of(t).read += units
		}
		return err
	})
	return it, err
}

// get reads the item that a Select names by its whole key.
func (s *statement) get(tx kv.Tx, t *table, consistent bool) (it item, units float64, err error) {
	key, rest, ok := s.one(t.Keys)
	if !ok || s.Index != "" {
		return "", 0, invalid("Select statements within BatchExecuteStatement must specify the primary key in the where clause.")
	}
	if key, err = t.checkedKey(key); err != nil {
		return "", 0, err
	}
	found, ok := t.read(tx, key)
	if ok && s.holds(rest, found) {
		it = found
		if s.Paths != nil {
			it = newProjection(s.Paths).of(it)
		}
	}
	return it, readUnits(itemSize(found), consistent), nil
}

// statementError is a failure as a batch tells it; one of ours stays an error.
func statementError(err error) (*dynamodb.BatchStatementError, error) {
	var e *aws.Error
	if !errors.As(err, &e) {
		return nil, err
	}
	out := &dynamodb.BatchStatementError{Code: dynamodb.BatchStatementErrorCodeEnumValidationError, Message: &e.Message}
	switch e.Code {
	case "ConditionalCheckFailedException":
		out.Code = dynamodb.BatchStatementErrorCodeEnumConditionalCheckFailed
		if detail, ok := e.Detail.(*dynamodb.ConditionalCheckFailedException); ok {
			out.Item = detail.Item
		}
	case "DuplicateItemException":
		out.Code = dynamodb.BatchStatementErrorCodeEnumDuplicateItem
	case "ResourceNotFoundException":
		out.Code = dynamodb.BatchStatementErrorCodeEnumResourceNotFound
	}
	return out, nil
}

// ExecuteTransaction does PartiQL statements, all of them or none.
func (s *Service) ExecuteTransaction(ctx context.Context, in *dynamodb.ExecuteTransactionInput) (*dynamodb.ExecuteTransactionOutput, error) {
	all := make([]*statement, len(in.TransactStatements))
	reads := 0
	for i, one := range in.TransactStatements {
		st, err := newStatement(one.Statement, one.Parameters, one.ReturnValuesOnConditionCheckFailure)
		if err != nil {
			return nil, err
		}
		if all[i] = st; st.reads() {
			reads++
		}
	}
	switch reads {
	case 0:
		return s.writeAll(ctx, in, all)
	case len(all):
		return s.readAll(ctx, in, all)
	}
	return nil, invalid("Reads and writes cannot be in one transaction")
}

func (s *Service) writeAll(ctx context.Context, in *dynamodb.ExecuteTransactionInput, all []*statement) (*dynamodb.ExecuteTransactionOutput, error) {
	var taken spending
	var p *pacing
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		taken, p = spending{}, s.pacing(tx)
		if done, err := remember(tx, scopeOf(ctx), asked{in.ClientRequestToken, in.TransactStatements}); err != nil || done {
			return err
		}
		mutations := make([]*mutation, len(all))
		for i, st := range all {
			t, err := findTable(ctx, tx, st.Table)
			if err != nil {
				return err
			}
			if mutations[i], err = st.mutation(t); err != nil {
				return err
			}
		}
		if err := p.admitAll(ctx, tx, mutations); err != nil {
			return err
		}
		defer p.wroteAll(mutations)
		return s.transact(ctx, tx, mutations, taken)
	})
	p.charge()
	if err != nil {
		return nil, duplicateReasons(err, all)
	}
	s.meterAll(ctx, taken)
	return &dynamodb.ExecuteTransactionOutput{Responses: make([]dynamodb.ItemResponse, len(all)), ConsumedCapacity: taken.answer(in.ReturnConsumedCapacity)}, nil
}

// duplicateReasons says of inserts that failed that the item was there.
func duplicateReasons(err error, all []*statement) error {
	var e *aws.Error
	if !errors.As(err, &e) {
		return err
	}
	detail, ok := e.Detail.(*dynamodb.TransactionCanceledException)
	if !ok {
		return err
	}
	for i, st := range all {
		if r := &detail.CancellationReasons[i]; st.Kind == partiql.Insert && deref(r.Code) == reasonCondition {
			r.Code, r.Message = ptr(reasonDuplicate), ptr("Duplicate primary key exists in table")
		}
	}
	return canceled(detail.CancellationReasons)
}

func (s *Service) readAll(ctx context.Context, in *dynamodb.ExecuteTransactionInput, all []*statement) (*dynamodb.ExecuteTransactionOutput, error) {
	out := &dynamodb.ExecuteTransactionOutput{Responses: make([]dynamodb.ItemResponse, len(all))}
	var taken spending
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		taken = spending{}
		for i, st := range all {
			t, err := findTable(ctx, tx, st.Table)
			if err != nil {
				return err
			}
			it, units, err := st.get(tx, t, true)
			if err != nil {
				return err
			}
			out.Responses[i].Item = it
			taken.of(t).read += transactionCost * units
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.meterAll(ctx, taken)
	out.ConsumedCapacity = taken.answer(in.ReturnConsumedCapacity)
	return out, nil
}

// statementSubjects are what PartiQL statements do. Those that cannot be read are
// about nothing: the operation refuses them.
func statementSubjects(input any) (all []subject) {
	add := func(source string, parameters []value) {
		p, err := partiql.Parse(source, parameters)
		if err != nil {
			return
		}
		one := subject{action: "PartiQL" + string(p.Kind), table: p.Table, detail: new(detail)}
		switch {
		case p.Kind == partiql.Exists:
			one.action = "ConditionCheckItem"
		case p.Kind == partiql.Insert:
			one.keys = []item{p.Item}
		case p.Index != "":
			one.index = &p.Index
		}
		one.statement = &statement{Statement: p, request: &request{values: p.Values}}
		all = append(all, one)
	}
	switch in := input.(type) {
	case *dynamodb.ExecuteStatementInput:
		add(in.Statement, in.Parameters)
	case *dynamodb.BatchExecuteStatementInput:
		for _, st := range in.Statements {
			add(st.Statement, st.Parameters)
		}
	case *dynamodb.ExecuteTransactionInput:
		for _, st := range in.TransactStatements {
			add(st.Statement, st.Parameters)
		}
	}
	return all
}
