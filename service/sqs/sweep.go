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
// most every sweepInterval, and never look at the same time twice. It returns
// how many it brought back; the transaction itself does not see them yet.
func (q *queue) sweep(tx kv.Tx) (n int) {
	now := tx.Now()
	last, ok := sweeps.Get(tx, q.sweepKey())
	if !ok {
		last = &mark{Time: q.Created}
	}
	if now.Sub(last.Time) < sweepInterval && ok {
		return 0
	}
	s := &sweeping{tx: tx, q: q, from: last.Time, now: now, until: now}
	s.delays()
	s.flights()
	sweeps.Put(tx, q.sweepKey(), &mark{Time: s.until})
	return s.n
}

// sweeping is one sweep. A large one stops after a batch, and the next goes on
// from there.
type sweeping struct {
	tx        kv.Tx
	q         *queue
	from, now time.Time
	until     time.Time // got so far
	n         int
}

// due is what is due from the last sweep up to and including now.
func (s *sweeping) due(prefix kv.Key) kv.Range {
	return kv.Range{From: prefix.With(kv.Time(s.from)), To: prefix.With(kv.Time(s.now)).End()}
}

// full reports whether the batch is full, and notes that the sweep got to due.
func (s *sweeping) full(due time.Time) bool {
	if s.n < sweepBatch {
		return false
	}
	if due.Before(s.until) {
		s.until = due
	}
	return true
}

// delays ends delays.
func (s *sweeping) delays() {
	for key, m := range delayed.Scan(s.tx, s.due(delayed.Prefix(s.q.at.Scope, kv.Uint(s.q.ID)))) {
		parts := delayed.Parts(key)
		parts.Skip(1)
		if s.full(parts.Time()) {
			return
		}
		s.n++
		delayed.Delete(s.tx, key)
		s.q.count(s.tx, waiting, -1)
		s.q.count(s.tx, entered, 1)
		ready.PutStamped(s.tx, ready.Prefix(s.q.at.Scope, kv.Uint(s.q.ID)), m)
	}
}

// flights brings back messages that were not deleted in time.
func (s *sweeping) flights() {
	for key, m := range inflight.Scan(s.tx, s.due(inflight.Prefix(s.q.at.Scope, kv.Uint(s.q.ID)))) {
		if s.full(s.q.due(key)) {
			return
		}
		s.n++
		inflight.Delete(s.tx, key)
		s.q.land(s.tx, m)
	}
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
