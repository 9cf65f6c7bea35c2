package dynamodb

import (
	"context"
	"errors"
	"testing"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/state/kv"
)

// A transaction that is run again, because an item that it read was changed by
// another meanwhile, is cancelled; one that is run again for another reason is not.
func TestTransactionsThatMeetConflict(t *testing.T) {
	p := newPast(t)
	p.put(1, "a")
	p.put(2, "a")
	ctx := aws.WithCall(p.Context(), &aws.Call{Account: "1", Region: "r"})
	attempts := func(between func(n int)) (n int, err error) {
		all := actions{}
		for _, i := range []string{"1", "2"} {
			m, err := new(Service).newMutation(mutation{table: "t", put: true, key: attribute.Make(map[string]value{"h": attribute.Number(i), "r": attribute.String(i), "v": attribute.String("mine")})}, clauses{})
			if err != nil {
				p.Fatal(err)
			}
			all = append(all, m)
		}
		met := make(meeting, len(all))
		err = p.store.Update(ctx, func(tx kv.Tx) error {
			n++
			err := all.run(ctx, tx, spending{}, met)
			tx.Get(kv.NewKey(kv.String("other")))
			between(n)
			return err
		})
		return n, err
	}
	other := func(fn func(tx kv.Tx)) func(int) {
		return func(n int) {
			if n == 1 {
				if err := p.store.Update(context.Background(), func(tx kv.Tx) error { fn(tx); return nil }); err != nil {
					p.Fatal(err)
				}
			}
		}
	}
	n, err := attempts(other(func(tx kv.Tx) { tx.Put(kv.NewKey(kv.String("other")), []byte("x")) }))
	if n != 2 || err != nil {
		t.Errorf("after something else: %d attempts, %v", n, err)
	}
	n, err = attempts(func(n int) {
		if n == 1 {
			p.put(2, "b")
		}
	})
	var e *aws.Error
	if n != 2 || !errors.As(err, &e) || e.Message != "Transaction cancelled, please refer cancellation reasons for specific reasons [None, TransactionConflict]" {
		t.Errorf("after a write of an item: %d attempts, %v", n, err)
	}
}
