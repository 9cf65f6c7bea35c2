package dynamodb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// transactionCost is by what a transaction multiplies capacity.
// AWS: "Amazon DynamoDB Transactions: How it works".
const transactionCost = 2

// Codes of cancellation reasons that are not those of errors.
const (
	reasonNone       = "None"
	reasonCondition  = "ConditionalCheckFailed"
	reasonValidation = "ValidationError"
	reasonDuplicate  = "DuplicateItem"
)

// TransactWriteItems does all of its actions, or none of them.
func (s *Service) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput) (*dynamodb.TransactWriteItemsOutput, error) {
	all := make(actions, len(in.TransactItems))
	for i := range in.TransactItems {
		m, err := s.transacted(&in.TransactItems[i])
		if err != nil {
			return nil, err
		}
		// AWS: what the request alone tells is no matter of the transaction.
		if m.put && itemSize(m.key) > maxItem {
			return nil, invalid("Item size has exceeded the maximum allowed size")
		}
		all[i] = m
	}
	var taken spending
	var p *pacing
	met := make(meeting, len(all))
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		taken, p = spending{}, s.pacing(tx)
		done, err := remember(tx, scopeOf(ctx), in.ClientRequestToken, in.TransactItems)
		switch {
		case err != nil:
			return err
		case done:
			return replay(ctx, tx, all, taken)
		}
		if err := p.admitAll(ctx, tx, all); err != nil {
			return err
		}
		defer p.wroteAll(all)
		return all.run(ctx, tx, taken, met)
	})
	p.charge(ctx)
	if err != nil {
		return nil, err
	}
	s.meterAll(ctx, taken)
	return &dynamodb.TransactWriteItemsOutput{ConsumedCapacity: taken.transacted(in.ReturnConsumedCapacity)}, nil
}

// replay accounts for a request that was done before. AWS: "Managing complex
// workflows with DynamoDB transactions", idempotency: it takes reads of the items.
func replay(ctx context.Context, tx kv.Tx, all []*mutation, taken spending) error {
	for _, m := range all {
		t, err := findTable(ctx, tx, m.table)
		if err != nil {
			return err
		}
		if err := m.check(t); err != nil {
			return err
		}
		if t.held(tx, m.key) {
			return dynamodb.ErrTransactionInProgressException("The transaction with the given request token is already in progress.")
		}
		it, _ := t.read(tx, m.key)
		taken.of(t).read += transactionCost * readUnits(itemSize(it), true)
	}
	return nil
}

// transacted reads one action.
func (s *Service) transacted(i *dynamodb.TransactWriteItem) (*mutation, error) {
	var made []*mutation
	var m *mutation
	var err error
	if p := i.Put; p != nil {
		m, err = s.newMutation(mutation{table: p.TableName, key: p.Item, put: true}, clauses{p.ConditionExpression, nil, p.ExpressionAttributeNames, p.ExpressionAttributeValues, p.ReturnValuesOnConditionCheckFailure})
		made = append(made, m)
	}
	if u := i.Update; u != nil && err == nil {
		m, err = s.newMutation(mutation{table: u.TableName, key: u.Key}, clauses{u.ConditionExpression, &u.UpdateExpression, u.ExpressionAttributeNames, u.ExpressionAttributeValues, u.ReturnValuesOnConditionCheckFailure})
		made = append(made, m)
	}
	if d := i.Delete; d != nil && err == nil {
		m, err = s.newMutation(mutation{table: d.TableName, key: d.Key, delete: true}, clauses{d.ConditionExpression, nil, d.ExpressionAttributeNames, d.ExpressionAttributeValues, d.ReturnValuesOnConditionCheckFailure})
		made = append(made, m)
	}
	if c := i.ConditionCheck; c != nil && err == nil {
		m, err = s.newMutation(mutation{table: c.TableName, key: c.Key}, clauses{&c.ConditionExpression, nil, c.ExpressionAttributeNames, c.ExpressionAttributeValues, c.ReturnValuesOnConditionCheckFailure})
		made = append(made, m)
	}
	if err == nil && len(made) != 1 {
		err = invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	}
	return m, err
}

// actions are those of a transaction that writes.
type actions []*mutation

// run runs the actions. When one cannot be done the error has the reasons of all,
// in their order.
func (all actions) run(ctx context.Context, tx kv.Tx, taken spending, met meeting) error {
	named, size := seen{}, 0
	reasons, cancel := make([]dynamodb.CancellationReason, len(all)), false
	for i, m := range all {
		t, err := findTable(ctx, tx, m.table)
		if err != nil {
			return err
		}
		reasons[i].Code, m.took = ptr(reasonNone), nil
		if err = m.check(t); err == nil {
			if named.twice(t, m.key) {
				return invalid("Transaction request cannot include multiple operations on one item")
			}
			var o outcome
			o, err = m.run(ctx, tx)
			if o.spent != nil && met.with(i, o.was) {
				err = dynamodb.ErrTransactionConflictException(ongoing)
			}
			if err == nil {
				t.hold(tx, m.key)
				m.took = o.times(transactionCost)
				taken.of(t).add(m.took)
				size += max(itemSize(o.was), itemSize(o.is))
				continue
			}
		}
		cancel = true
		var ok bool
		if reasons[i], ok = reasonOf(err); !ok || strings.HasPrefix(deref(reasons[i].Message), notValid) {
			return err
		}
	}
	switch {
	case cancel:
		return canceled(reasons)
	case size > maxTransacted:
		return invalid("The aggregate size of the items in the transaction exceeds 4 MB")
	}
	return nil
}

// reasonOf turns an error of an action into a reason. One of ours is none.
func reasonOf(err error) (reason dynamodb.CancellationReason, ok bool) {
	var e *aws.Error
	if !errors.As(err, &e) {
		return reason, false
	}
	reason = dynamodb.CancellationReason{Code: ptr(reasonValidation), Message: &e.Message}
	if detail, failed := e.Detail.(*dynamodb.ConditionalCheckFailedException); failed {
		reason.Code, reason.Item = ptr(reasonCondition), detail.Item
	}
	switch e.Code {
	case "DuplicateItemException":
		reason.Code = ptr(reasonDuplicate)
	case "TransactionConflictException":
		reason.Code = ptr(reasonConflict)
	}
	return reason, true
}

func canceled(reasons []dynamodb.CancellationReason) error {
	codes := make([]string, len(reasons))
	for i := range reasons {
		codes[i] = *reasons[i].Code
	}
	message := "Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]"
	return dynamodb.ErrTransactionCanceledException(&dynamodb.TransactionCanceledException{Message: &message, CancellationReasons: reasons}, "%s", message)
}

// forgetKind forgets a ClientRequestToken.
const forgetKind = "ddb.forget"

// remember notes the request's token, and reports whether a request with it was
// done within tokenLife.
func remember(tx kv.Tx, sc kv.Scope, name *string, request any) (done bool, err error) {
	if name == nil {
		return false, nil
	}
	said, err := json.Marshal(request)
	if err != nil {
		return false, err
	}
	sum := sha256.Sum256(said)
	key := tokens.Key(sc, kv.String(*name))
	if old, ok := tokens.Get(tx, key); ok && tx.Now().Sub(old.At) < tokenLife {
		if !bytes.Equal(old.Request, sum[:]) {
			return false, dynamodb.ErrIdempotentParameterMismatchException("Request token was used with other parameters")
		}
		return true, nil
	}
	tokens.Put(tx, key, &token{At: tx.Now(), Request: sum[:]})
	job.Put(tx, &job.Job{Kind: forgetKind, Scope: sc, ID: *name, Due: tx.Now().Add(tokenLife)})
	return false, nil
}

// forget is the job.
func (s *Service) forget(_ context.Context, tx kv.Tx, j *job.Job) error {
	key := tokens.Key(j.Scope, kv.String(j.ID))
	if old, ok := tokens.Get(tx, key); ok && tx.Now().Sub(old.At) >= tokenLife {
		tokens.Delete(tx, key)
	}
	return nil
}

// TransactGetItems returns items as they were at one moment.
func (s *Service) TransactGetItems(ctx context.Context, in *dynamodb.TransactGetItemsInput) (*dynamodb.TransactGetItemsOutput, error) {
	projections := make([]*projection, len(in.TransactItems))
	for i := range in.TransactItems {
		g := in.TransactItems[i].Get
		r, err := newRequest(s.parsed, g.ExpressionAttributeNames, "")
		if err != nil {
			return nil, err
		}
		if projections[i], err = r.projection(g.ProjectionExpression); err != nil {
			return nil, err
		}
		if err := r.done(); err != nil {
			return nil, err
		}
	}
	out := new(dynamodb.TransactGetItemsOutput)
	var taken spending
	var p *pacing
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		out.Responses, taken, p = make([]dynamodb.ItemResponse, len(in.TransactItems)), spending{}, s.pacing(tx)
		reasons := make(reasons, len(in.TransactItems))
		for i := range in.TransactItems {
			g := in.TransactItems[i].Get
			t, err := findTable(ctx, tx, g.TableName)
			if err != nil {
				return err
			}
			key, err := t.checkedKey(g.Key)
			if err != nil && reasons.add(i, err) {
				continue
			}
			if err != nil {
				return err
			}
			if err := p.admit(t.useOf(key, false)); err != nil {
				return err
			}
			if t.held(tx, key) {
				reasons[i] = conflict()
			}
			it, ok := t.read(tx, key)
			read := transactionCost * readUnits(itemSize(it), true)
			taken.of(t).read += read
			p.spend(t.useOf(key, false), read)
			if ok {
				out.Responses[i].Item = projections[i].of(it)
			}
		}
		return reasons.check()
	})
	if err != nil {
		return nil, err
	}
	p.charge(ctx)
	s.meterAll(ctx, taken)
	out.ConsumedCapacity = taken.transacted(in.ReturnConsumedCapacity)
	return out, nil
}
