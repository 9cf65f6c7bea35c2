package sqs

import (
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

func (q *queue) sweepKey() kv.Key { return sweeps.Key(q.at.Scope, kv.Uint(q.ID)) }

// touchSweep makes the transaction run again should a sweep pass meanwhile.
// Whoever writes a row with a due time does so: the row then never lies where
// the sweep has been.
func (q *queue) touchSweep(tx kv.Tx) { sweeps.Get(tx, q.sweepKey()) }

// sweep brings back the messages that are due: delayed ones, and those in
// flight whose visibility timeout has passed. Receivers do it on their way, at
// most every sweepInterval, and never look at the same time twice.
func (q *queue) sweep(tx kv.Tx) {
	now := tx.Now()
	last, ok := sweeps.Get(tx, q.sweepKey())
	if !ok {
		last = &mark{Time: q.Created}
	}
	if now.Sub(last.Time) < sweepInterval && ok {
		return
	}
	swept := now
	if until, more := q.sweepDelayed(tx, last.Time, now); more {
		swept = until
	}
	if until, more := q.sweepFlights(tx, last.Time, now); more && until.Before(swept) {
		swept = until
	}
	sweeps.Put(tx, q.sweepKey(), &mark{Time: swept})
}

// dueRange is what is due from the last sweep up to and including now.
func dueRange(prefix kv.Key, last, now time.Time) kv.Range {
	return kv.Range{From: prefix.With(kv.Time(last)), To: prefix.With(kv.Time(now)).End()}
}

// sweepDelayed ends delays. It returns the time up to which it got when there
// was more than one batch.
func (q *queue) sweepDelayed(tx kv.Tx, last, now time.Time) (until time.Time, more bool) {
	n := 0
	var gone []kv.Key
	for key, m := range delayed.Scan(tx, dueRange(delayed.Prefix(q.at.Scope, kv.Uint(q.ID)), last, now)) {
		if n++; n > sweepBatch {
			parts := delayed.Parts(key)
			parts.Skip(1)
			until, more = parts.Time(), true
			break
		}
		gone = append(gone, key)
		q.count(tx, waiting, -1)
		q.count(tx, entered, 1)
		ready.PutStamped(tx, ready.Prefix(q.at.Scope, kv.Uint(q.ID)), m)
	}
	for _, key := range gone {
		delayed.Delete(tx, key)
	}
	return until, more
}

// sweepFlights brings back messages that were not deleted in time.
func (q *queue) sweepFlights(tx kv.Tx, last, now time.Time) (until time.Time, more bool) {
	n := 0
	var gone []kv.Key
	for key, m := range inflight.Scan(tx, dueRange(inflight.Prefix(q.at.Scope, kv.Uint(q.ID)), last, now)) {
		if n++; n > sweepBatch {
			until, more = q.due(key), true
			break
		}
		gone = append(gone, key)
		q.land(tx, m)
	}
	for _, key := range gone {
		inflight.Delete(tx, key)
	}
	return until, more
}

// nextDue is when the next message comes back into sight; zero when none is out
// of it. A receiver asks before it waits.
func (q *queue) nextDue(tx kv.Tx) time.Time {
	var next time.Time
	earlier := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if q.delayed(tx) > 0 {
		for key := range tx.Scan(kv.Range{From: delayed.Prefix(q.at.Scope, kv.Uint(q.ID)), To: delayed.Prefix(q.at.Scope, kv.Uint(q.ID)).End(), Peek: true}) {
			parts := delayed.Parts(key)
			parts.Skip(1)
			earlier(parts.Time())
			break
		}
	}
	if q.inFlight(tx) > 0 {
		r := kv.Prefix(inflight.Prefix(q.at.Scope, kv.Uint(q.ID)))
		r.From, r.Peek = r.From.With(kv.Time(tx.Now().Add(-sweepInterval))), true
		for key := range tx.Scan(r) {
			earlier(q.due(key))
			break
		}
	}
	if !next.IsZero() {
		// The sweep that brings it back runs at most every sweepInterval.
		if last, ok := sweeps.Peek(tx, q.sweepKey()); ok && next.Before(last.Time.Add(sweepInterval)) {
			next = last.Time.Add(sweepInterval)
		}
	}
	return next
}
