package sqs

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// expireKind drops messages that are older than their queue's retention period.
// A receiver that meets one drops it as well; the job sees to those that nobody
// receives. While a queue has messages, one job is put for it.
const expireKind = "sqs.expire"

func (q *queue) expired(m *message, now time.Time) bool {
	return !now.Before(m.Sent.Add(q.Retention))
}

func (q *queue) armedKey() kv.Key { return armed.Key(q.at.Scope, kv.Uint(q.ID)) }

// arm puts the queue's expiry job, unless it is there.
func (q *queue) arm(tx kv.Tx, m *message) {
	if !armed.Has(tx, q.armedKey()) {
		q.armExpiry(tx, m.Sent.Add(q.Retention))
	}
}

func (q *queue) armExpiry(tx kv.Tx, due time.Time) {
	due = due.Add(expiryRound - 1).Truncate(expiryRound)
	armed.Put(tx, q.armedKey(), &pointer{Due: due})
	job.Put(tx, &job.Job{Kind: expireKind, Scope: q.at.Scope, ID: q.at.Name, Due: due})
}

// expire is the job. A queue that was deleted, or has a later job, needs none.
func (s *Service) expire(_ context.Context, tx kv.Tx, j *job.Job) error {
	q, err := address{j.Scope, j.ID}.find(tx)
	if err != nil {
		return nil
	}
	set, ok := armed.Get(tx, q.armedKey())
	if !ok || set.Due.After(j.Due) {
		return nil
	}
	if q.sweep(tx) > 0 {
		q.armExpiry(tx, tx.Now().Add(expiryRound)) // what came back is not seen yet
		return nil
	}
	d := &draining{tx: tx, q: q, most: expiryBatch, take: func(m *message) bool {
		if !q.expired(m, tx.Now()) {
			return false
		}
		q.discard(tx, m)
		return true
	}}
	d.run()
	switch {
	case !d.oldest.IsZero():
		q.armExpiry(tx, later(d.oldest.Add(q.Retention), tx.Now()))
	case q.inFlight(tx) > 0 || q.delayed(tx) > 0:
		q.armExpiry(tx, tx.Now().Add(q.Retention))
	default:
		armed.Delete(tx, q.armedKey())
	}
	return nil
}

// later keeps a job that did not get through from running without a pause.
func later(due, now time.Time) time.Time {
	if soon := now.Add(expiryRound); due.Before(soon) {
		return soon
	}
	return due
}
