package dynamodb

import (
	"context"
	"errors"
	"strings"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/service/dynamodb/partiql"
	"github.com/brume-cloud/brume/state/kv"
)

// BatchExecuteStatement runs statements one by one. Each succeeds or fails alone.
func (s *Service) BatchExecuteStatement(ctx context.Context, in *dynamodb.BatchExecuteStatementInput) (*dynamodb.BatchExecuteStatementOutput, error) {
	all, failed := make([]*statement, len(in.Statements)), make([]error, len(in.Statements))
	reads, writes := false, false
	for i := range in.Statements {
		r := &in.Statements[i]
		if all[i], failed[i] = readStatement(r.Statement, r.Parameters); failed[i] != nil {
			continue
		}
		if all[i].Kind == partiql.Exists {
			failed[i] = invalid("EXISTS is only supported in ExecuteTransaction")
			continue
		}
		reads, writes = reads || !all[i].writes(), writes || all[i].writes()
	}
	if reads && writes {
		return nil, invalid("BatchExecuteStatement must consist of either read statements or write statements")
	}
	out, taken := new(dynamodb.BatchExecuteStatementOutput), spending{}
	for i, st := range all {
		var answer dynamodb.BatchStatementResponse
		if failed[i] == nil {
			answer.TableName = ptr(addressName(st.Table))
			var u *spent
			if answer.Item, u, failed[i] = s.batchedStatement(ctx, st, &in.Statements[i]); u != nil {
				taken.of(u.table).add(u)
			}
		}
		if failed[i] != nil {
			e, ok := batchError(failed[i])
			if !ok {
				return nil, failed[i]
			}
			answer.Error, answer.Item = e, ""
		}
		out.Responses = append(out.Responses, answer)
	}
	out.ConsumedCapacity = taken.answer(in.ReturnConsumedCapacity)
	return out, nil
}

// batchedStatement runs one statement of a batch.
func (s *Service) batchedStatement(ctx context.Context, st *statement, r *dynamodb.BatchStatementRequest) (it item, u *spent, err error) {
	if st.writes() {
		returned, o, err := s.executeOne(ctx, st, r.ReturnValuesOnConditionCheckFailure)
		return some(returned), o.spent, err
	}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		it, u, err = st.readOne(ctx, tx, deref(r.ConsistentRead))
		return err
	})
	s.meter(ctx, u)
	return it, u, err
}

// batchError is the error of one statement. One of ours is none.
func batchError(err error) (*dynamodb.BatchStatementError, bool) {
	var e *aws.Error
	if !errors.As(err, &e) {
		return nil, false
	}
	out := &dynamodb.BatchStatementError{Message: &e.Message, Code: dynamodb.BatchStatementErrorCodeEnum(strings.TrimSuffix(e.Code, "Exception"))}
	if e.Code == "ValidationException" {
		out.Code = dynamodb.BatchStatementErrorCodeEnumValidationError
	}
	if detail, ok := e.Detail.(*dynamodb.ConditionalCheckFailedException); ok {
		out.Item = detail.Item
	}
	return out, true
}

// ExecuteTransaction runs all of its statements, or none of them. They all read or
// all write.
func (s *Service) ExecuteTransaction(ctx context.Context, in *dynamodb.ExecuteTransactionInput) (*dynamodb.ExecuteTransactionOutput, error) {
	all := make([]*statement, len(in.TransactStatements))
	for i := range in.TransactStatements {
		st, err := readStatement(in.TransactStatements[i].Statement, in.TransactStatements[i].Parameters)
		switch {
		case err != nil:
		case st.Index != "":
			err = invalid("Reads on indices are not supported within transactions.")
		case st.Returning != "":
			err = invalid("RETURNING clause is not supported in ExecuteTransaction.")
		case i > 0 && st.writes() != all[0].writes():
			return nil, invalid("ExecuteTransaction must consist of either read statements or write statements")
		}
		if err != nil {
			return nil, inStatement(i, err)
		}
		all[i] = st
	}
	out, taken := &dynamodb.ExecuteTransactionOutput{Responses: make([]dynamodb.ItemResponse, len(all))}, spending{}
	var err error
	if all[0].writes() {
		taken, err = s.transactStatements(ctx, in, all)
	} else {
		err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
			taken = spending{}
			reasons := make(reasons, len(all))
			for i, st := range all {
				it, u, err := st.readOne(ctx, tx, true)
				if err != nil {
					return inStatement(i, err)
				}
				if key, _, ok := st.keyIn(u.table); ok && u.table.held(tx, key) {
					reasons[i] = conflict()
				}
				out.Responses[i].Item = it
				taken.of(u.table).add(u.times(transactionCost))
			}
			return reasons.check()
		})
	}
	if err != nil {
		return nil, err
	}
	s.meterAll(ctx, taken)
	out.ConsumedCapacity = taken.transacted(in.ReturnConsumedCapacity)
	return out, nil
}

// inStatement tells in which statement of a transaction a mistake is.
func inStatement(i int, err error) error {
	var e *aws.Error
	if errors.As(err, &e) && e.Code == "ValidationException" {
		return invalid("Validation failed in TransactStatements[%d]: %s", i, e.Message)
	}
	return err
}

// transactStatements runs a transaction that writes.
func (s *Service) transactStatements(ctx context.Context, in *dynamodb.ExecuteTransactionInput, all []*statement) (taken spending, err error) {
	var p *pacing
	met := make(meeting, len(all))
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		taken, p = spending{}, s.pacing(tx)
		mutations := make(actions, len(all))
		for i, st := range all {
			t, err := findTable(ctx, tx, st.Table)
			if err != nil {
				return err
			}
			if mutations[i], err = st.mutation(t, in.TransactStatements[i].ReturnValuesOnConditionCheckFailure); err != nil {
				return inStatement(i, err)
			}
		}
		done, err := remember(tx, scopeOf(ctx), in.ClientRequestToken, in.TransactStatements)
		switch {
		case err != nil:
			return err
		case done:
			return replay(ctx, tx, mutations, taken)
		}
		if err := p.admitAll(ctx, tx, mutations); err != nil {
			return err
		}
		defer p.wroteAll(mutations)
		return mutations.run(ctx, tx, taken, met)
	})
	p.charge(ctx)
	return taken, err
}
