package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// holdTag, with a duration such as 2s as its value, makes transactions that write
// to the table take so long on the cloud's clock: until then others that come to
// the same items conflict with them. The items themselves change at once.
const holdTag = "brume:transaction"

// ongoing is the text of every conflict. AWS: "Amazon DynamoDB Transactions: How it
// works", transaction conflict handling.
const ongoing = "Transaction is ongoing for the item"

const reasonConflict = "TransactionConflict"

// lease is a transaction in progress on an item.
type lease struct {
	Until time.Time `kv:"1"`
}

func (t *table) leaseKey(key item) kv.Key {
	return leases.Key(t.at.Scope, append([]kv.Part{kv.Uint(t.ID)}, t.primary(key).parts()...)...)
}

// held reports whether a transaction is in progress on the item with a key.
func (t *table) held(tx kv.Tx, key item) bool {
	if t.Hold == 0 {
		return false
	}
	l, ok := leases.Get(tx, t.leaseKey(key))
	return ok && l.Until.After(tx.Now())
}

// free refuses a write of an item on which a transaction is in progress.
func (t *table) free(tx kv.Tx, key item) error {
	if t.held(tx, key) {
		return dynamodb.ErrTransactionConflictException(ongoing)
	}
	return nil
}

// hold keeps the item of a transaction in progress.
func (t *table) hold(tx kv.Tx, key item) {
	if t.Hold == 0 {
		return
	}
	at, until := t.leaseKey(key), tx.Now().Add(t.Hold)
	leases.Put(tx, at, &lease{Until: until})
	id := digest(at)
	job.Put(tx, &job.Job{Kind: releaseKind, Scope: t.at.Scope, ID: fmt.Sprintf("%016x%016x", id.high, id.low), Due: until, Payload: at})
}

// releaseKind forgets a transaction on an item that is over.
const releaseKind = "ddb.release"

// release is the job.
func (s *Service) release(_ context.Context, tx kv.Tx, j *job.Job) error {
	key := kv.Key(j.Payload)
	if l, ok := leases.Get(tx, key); ok && !l.Until.After(tx.Now()) {
		leases.Delete(tx, key)
	}
	return nil
}

// meeting is what the actions of a transaction found in the attempt before. The
// store runs a transaction again when another has written something that it read:
// where that was an item, the two have met, and the one that came second is
// cancelled, as AWS does.
type meeting []struct {
	was   item
	known bool
}

// with notes what action i found, and reports whether it found something else in
// the attempt before.
func (m meeting) with(i int, was item) (met bool) {
	met = m[i].known && m[i].was != was
	m[i].was, m[i].known = was, true
	return met
}

// conflict is the reason of an action that met another transaction.
func conflict() dynamodb.CancellationReason {
	return dynamodb.CancellationReason{Code: ptr(reasonConflict), Message: ptr(ongoing)}
}

// reasons are why a transaction that reads is cancelled; those without a code are
// none.
type reasons []dynamodb.CancellationReason

// add notes what is wrong with an item, unless that is no matter of the transaction.
func (r reasons) add(i int, err error) bool {
	var e *aws.Error
	if _, bad := err.(*badValue); bad || !errors.As(err, &e) || strings.HasPrefix(e.Message, notValid) {
		return false
	}
	r[i] = dynamodb.CancellationReason{Code: ptr(reasonValidation), Message: &e.Message}
	return true
}

// check cancels the transaction if there is a reason.
func (r reasons) check() error {
	cancel := false
	for i := range r {
		if cancel = cancel || r[i].Code != nil; r[i].Code == nil {
			r[i].Code = ptr(reasonNone)
		}
	}
	if cancel {
		return canceled(r)
	}
	return nil
}
