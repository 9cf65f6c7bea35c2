package sqs

import (
	"github.com/brume-cloud/brume/state/kv"
)

// A receiver of a FIFO queue that lost the answer may ask again with the same
// ReceiveRequestAttemptId, and gets the same messages and receipts.
// AWS: ReceiveMessage, "ReceiveRequestAttemptId".

func (t *taking) attemptKey() kv.Key {
	return attempts.Key(t.q.at.Scope, kv.Uint(t.q.ID), kv.String(t.attempt))
}

// noteAttempt remembers what a receive took.
func (t *taking) noteAttempt(got []delivery) {
	if t.attempt == "" || len(got) == 0 {
		return
	}
	a := &attempt{At: t.tx.Now()}
	for i := range got {
		a.Handles = append(a.Handles, got[i].handle)
	}
	attempts.Put(t.tx, t.attemptKey(), a)
}

// repeat gives the messages of an earlier receive again, if none of them was
// deleted, changed or is visible again; their visibility timeout begins anew.
func (t *taking) repeat() ([]delivery, bool) {
	a, ok := attempts.Get(t.tx, t.attemptKey())
	if !ok {
		return nil, false
	}
	if t.tx.Now().Sub(a.At) >= attemptInterval {
		attempts.Delete(t.tx, t.attemptKey())
		return nil, false
	}
	var got []delivery
	for _, text := range a.Handles {
		h, err := t.q.receipt(text)
		if err != nil {
			return nil, false
		}
		_, m := t.q.flight(t.tx, h)
		if m == nil {
			return nil, false
		}
		got = append(got, delivery{message: *m, handle: text, sequence: sequenceNumber(m.stamp())})
	}
	for i := range got {
		t.renew(&got[i])
	}
	return got, true
}

// renew begins the visibility timeout of a message in flight anew.
func (t *taking) renew(d *delivery) {
	h, _ := t.q.receipt(d.handle) // it was read before
	key, m := t.q.flight(t.tx, h)
	due := t.tx.Now().Add(t.visibility)
	m.Moved = true
	moved.Put(t.tx, t.q.movedKey(m.ID), &pointer{Due: due})
	flight := t.q.flightKey(due, m.ID)
	if key.Compare(flight) != 0 {
		inflight.Delete(t.tx, key)
	}
	inflight.Put(t.tx, flight, m)
}
