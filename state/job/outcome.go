package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// outcome is what came of a job, once the transaction that says so has
// committed. The zero outcome leaves the job as it is, to be started again.
type outcome struct {
	gone    bool // the row is deleted, or moved out of the window
	attempt int
	retry   time.Time // not before
	wait    *Wait
}

// apply ends the item's run and reports whether it leaves the window.
func (it *item) apply() (gone bool) {
	it.running = false
	it.Attempt = max(it.Attempt, it.outcome.attempt)
	it.retry = later(it.retry, it.outcome.retry)
	gone = it.outcome.gone
	if gone {
		it.rest.end()
	}
	it.outcome = outcome{}
	return gone
}

// runBatch runs jobs in one transaction, or one by one when they do not go
// together.
func (r *runner) runBatch(ctx context.Context, batch []*item) {
	if len(batch) == 0 {
		return
	}
	err := r.runTogether(ctx, batch)
	if err != nil && len(batch) > 1 && ctx.Err() == nil {
		for _, it := range batch {
			r.runAlone(ctx, it)
		}
	} else if err != nil {
		r.giveBack(ctx, batch[0], err)
	}
	r.window.drop(func(it *item) bool { return it.running && it.apply() })
}

// runTogether runs a batch in one transaction. Each conflict halves what is
// tried; the rest starts again later.
func (r *runner) runTogether(ctx context.Context, batch []*item) error {
	attempt := 0
	return r.store.Update(ctx, func(tx kv.Tx) error {
		n := max(len(batch)>>attempt, 1)
		attempt++
		failed := map[string]bool{} // lanes
		joined := kv.Join(ctx, r.store, tx)
		for i, it := range batch {
			it.outcome = outcome{}
			if i >= n || failed[it.Lane] {
				continue
			}
			err := r.finish(tx, it, func() error { return r.kind.Run(joined, tx, &it.Job) })
			failed[it.Lane] = err != nil && it.Lane != ""
		}
		return nil
	})
}

func (r *runner) runAlone(ctx context.Context, it *item) {
	for _, other := range r.window.items { // an earlier one in the lane may just have failed
		if other == it {
			break
		}
		if other.Lane == it.Lane && it.Lane != "" && !other.outcome.gone {
			return
		}
	}
	if err := r.runTogether(ctx, []*item{it}); err != nil {
		r.giveBack(ctx, it, err)
	}
}

// giveBack counts a failure of a job that could not be committed, or lets it
// wait when that cannot be committed either.
func (r *runner) giveBack(ctx context.Context, it *item, cause error) {
	if ctx.Err() == nil {
		err := r.store.Update(ctx, func(tx kv.Tx) error {
			it.outcome = outcome{}
			_ = r.finish(tx, it, func() error { return cause })
			return nil
		})
		if err == nil {
			return
		}
		r.report("the store refuses the result of a job", it, errors.Join(cause, err))
	}
	it.outcome = outcome{retry: r.clock.Now().Add(troubleWait)}
}

// do runs a Do and the transaction that ends it.
func (r *runner) do(ctx context.Context, it *item) {
	defer func() { r.finished <- it }()
	var done func(kv.Tx) error
	cause := contain(func() (err error) {
		job := it.Job
		done, err = r.kind.Do(ctx, &job)
		return err
	})
	if ctx.Err() != nil && cause != nil {
		return // stopped, not failed
	}
	if wait, ok := errors.AsType[*Wait](cause); ok {
		it.outcome = outcome{wait: wait}
		return
	}
	// The work is done: a Stop from here on must not make it happen twice.
	ctx = context.WithoutCancel(ctx)
	err := r.store.Update(ctx, func(tx kv.Tx) error {
		it.outcome = outcome{}
		_ = r.finish(tx, it, func() error {
			if cause == nil && done != nil {
				return done(tx)
			}
			return cause
		})
		return nil
	})
	if err != nil {
		r.giveBack(ctx, it, err)
	}
}

// finish runs work as a part of tx and settles the job's row by its result,
// which it returns. A job whose row is gone has been taken back.
func (r *runner) finish(tx kv.Tx, it *item, work func() error) error {
	if _, ok := tx.Get(it.key); !ok {
		it.outcome.gone = true
		return nil
	}
	mark := tx.Mark()
	err := contain(work)
	if err == nil {
		tx.Delete(it.key)
		it.outcome.gone = true
		return nil
	}
	if f, ok := err.(failure); ok { // the transaction is over
		kv.Fail(f.error)
	}
	tx.Rollback(mark)
	r.retry(tx, it, err)
	return err
}

// failure is a kv.Fail that left a job.
type failure struct{ error }

// contain turns a panic of work into an error.
func contain(work func() error) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if cause, ok := kv.Unwound(v); ok {
			err = failure{cause}
			return
		}
		err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
	}()
	return work()
}

// retry moves a failed job's row to its next attempt: to a later due time, or,
// to keep its place in its lane, with the time in the row. Out of attempts, the
// row moves to job.dead.
func (r *runner) retry(tx kv.Tx, it *item, cause error) {
	rec := it.record()
	rec.Attempt, rec.Error = it.Attempt+1, cause.Error()
	if rec.Attempt >= r.kind.MaxAttempts {
		rec.Kind = it.Kind
		tx.Delete(it.key)
		tx.Put(it.deadKey(), kv.Append(nil, rec))
		tx.OnCommit(func(uint64) { r.report("a job failed for good, and is kept in job.dead", it, cause) })
		it.outcome.gone = true
		return
	}
	at := tx.Now().Add(r.kind.Backoff(rec.Attempt))
	if it.Lane != "" {
		rec.Retry = at
		tx.Put(it.key, kv.Append(nil, rec))
		it.outcome = outcome{attempt: rec.Attempt, retry: at}
		return
	}
	rec.Due = at
	tx.Delete(it.key)
	tx.Put(it.retryKey(at), kv.Append(nil, rec))
	it.outcome.gone = true
}

// retryKey is the place in job.due of a job that is not, or no longer, in its
// own place. What tells it apart there is what did so before.
func (it *item) retryKey(at time.Time) kv.Key {
	return append(duePrefix(it.Kind).With(kv.Time(at)), it.name()...)
}

func (it *item) deadKey() kv.Key {
	return append(kv.NewKey(kv.String(deadName), kv.String(it.Kind)), it.name()...).With(kv.Time(it.Due))
}

// name is the end of the item's key, from the account on; in job.log, where the
// stamp alone tells jobs apart, that with the stamp.
func (it *item) name() kv.Key {
	rd := kv.Read(it.key)
	table := rd.String()
	rd.Skip(1)
	if table == dueName {
		rd.Skip(1)
		return rd.Rest()
	}
	who := kv.NewKey(kv.String(it.Scope.Account), kv.String(it.Scope.Region), kv.String(it.ID))
	return append(who, rd.Rest()...)
}
