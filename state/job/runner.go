package job

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// runner runs the jobs of one kind. All but the Dos happens in its loop.
type runner struct {
	*Scheduler
	kind  Kind
	kick  chan struct{} // look again
	again atomic.Bool   // forget how far the window has read

	// floor is a place in job.log with nothing before it, for those outside the
	// loop; nil when not known.
	floor atomic.Pointer[kv.Key]

	window  *window
	due     time.Time // when the next dated row is due, as of the last look; zero for never
	scanned time.Time // when the window last began from the start
	touched bool      // job.due changed since
	running int       // Dos

	rests sync.Map // job key → *rest, for those outside the loop

	finished chan *item
}

const (
	batchSize   = 64               // Runs in one transaction
	rescanEvery = 30 * time.Second // of virtual time, while dated rows change
	troubleWait = time.Second      // before a job that the store would not take the result of
)

func newRunner(s *Scheduler, k Kind) *runner {
	return &runner{
		Scheduler: s, kind: k,
		kick:     make(chan struct{}, 1),
		window:   newWindow(k.Name),
		finished: make(chan *item, k.Concurrency),
	}
}

// wake makes the runner look for work.
func (r *runner) wake() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// rescan makes the runner look at all rows again.
func (r *runner) rescan() {
	r.floor.Store(nil)
	r.again.Store(true)
	r.wake()
}

// loop runs jobs until ctx ends and the last of them has returned.
func (r *runner) loop(ctx context.Context) {
	logs, dues := r.store.Watch(logPrefix(r.kind.Name)), r.store.Watch(duePrefix(r.kind.Name))
	defer logs.Close()
	defer dues.Close()
	var dos sync.WaitGroup
	for ctx.Err() == nil {
		next, err := r.pass(ctx, &dos)
		if err != nil && ctx.Err() == nil {
			r.Scheduler.log.Error("jobs cannot be read", "kind", r.kind.Name, "error", err)
			next = r.clock.Now().Add(troubleWait)
		}
		var timer <-chan time.Time
		if !next.IsZero() {
			t := r.clock.NewTimer(next)
			timer = t.C
			r.wait(ctx, logs, dues, timer)
			t.Stop()
		} else {
			r.wait(ctx, logs, dues, nil)
		}
	}
	dos.Wait()
	for r.running > 0 {
		r.settle(<-r.finished)
	}
	r.forgetRests()
}

// wait returns when there may be something to do.
func (r *runner) wait(ctx context.Context, logs, dues *kv.Watch, timer <-chan time.Time) {
	select {
	case <-logs.C:
	case <-dues.C:
		r.touched = true
	case <-r.kick:
	case <-timer:
	case it := <-r.finished:
		r.settle(it)
	case <-ctx.Done():
	}
}

// pass starts what can be started, and returns when to look again at the latest.
func (r *runner) pass(ctx context.Context, dos *sync.WaitGroup) (next time.Time, err error) {
	for ctx.Err() == nil {
		now := r.clock.Now()
		if r.again.Swap(false) || r.touched && now.Sub(r.scanned) >= rescanEvery {
			r.floor.Store(nil)
			r.window.restart()
			r.scanned, r.touched = now, false
		}
		if err := r.look(ctx, now); err != nil {
			return time.Time{}, err
		}
		var started []*item
		if r.kind.Run != nil {
			started, next = r.window.ready(batchSize, now, false)
			r.runBatch(ctx, started)
		} else {
			started, next = r.window.ready(r.kind.Concurrency-r.running, now, true)
			for _, it := range started {
				r.running++
				dos.Go(func() { r.do(ctx, it) })
			}
		}
		if r.window.logDone() {
			floor := r.window.log
			r.floor.Store(&floor)
		}
		if len(started) == 0 || r.kind.Do != nil {
			next = earlier(next, r.due)
			if r.touched {
				next = earlier(next, r.scanned.Add(rescanEvery))
			}
			return next, nil
		}
	}
	return time.Time{}, nil
}

// look reads due rows into the window, and finds the first that is due later.
func (r *runner) look(ctx context.Context, now time.Time) error {
	return r.store.View(ctx, func(tx kv.Tx) error {
		if err := r.window.fill(tx, now); err != nil {
			return err
		}
		r.due = time.Time{}
		prefix := duePrefix(r.kind.Name)
		for k := range tx.Scan(kv.Range{From: prefix.With(kv.Time(now)).End(), To: prefix.End()}) {
			r.due = dueOf(k)
			break
		}
		return nil
	})
}

func dueOf(k kv.Key) time.Time {
	rd := kv.Read(k)
	rd.Skip(2)
	return rd.Time()
}

// outlook is what a runner knows beside the rows.
type outlook struct {
	floor   *kv.Key
	resting map[string]time.Time // until when jobs wait, by their keys
}

// firstDue returns when the first job that may start is due.
func (r *runner) firstDue(tx kv.Tx, known outlook) (due time.Time, ok bool) {
	waiting := map[string]bool{} // lanes whose first job waits for its retry
	log := kv.Prefix(logPrefix(r.kind.Name))
	if known.floor != nil {
		log.From = *known.floor // rather than over all that is done
	}
	for _, rows := range []kv.Range{log, kv.Prefix(duePrefix(r.kind.Name))} {
		for k, v := range tx.Scan(rows) {
			it, err := decode(r.kind.Name, k, v)
			if err != nil {
				kv.Fail(err)
			}
			if waiting[it.Lane] {
				continue
			}
			at := later(it.Due, it.retry)
			if until, rests := known.resting[string(it.key)]; rests {
				if at = until; at.IsZero() {
					continue
				}
			}
			if !ok || at.Before(due) {
				due, ok = at, true
			}
			if it.retry.IsZero() && !at.After(it.Due) {
				break // those behind it are due later
			}
			waiting[it.Lane] = it.Lane != ""
		}
	}
	return due, ok
}

// settle takes note of an item whose Do has ended.
func (r *runner) settle(it *item) {
	r.running--
	if it.outcome.wait != nil {
		r.lay(it)
		return
	}
	r.rests.Delete(string(it.key))
	r.window.drop(func(x *item) bool { return x == it && it.apply() })
}

func (r *runner) report(message string, it *item, err error) {
	r.Scheduler.log.LogAttrs(context.Background(), slog.LevelError, message,
		slog.String("kind", it.Kind), slog.String("account", string(it.Scope.Account)), slog.String("region", string(it.Scope.Region)),
		slog.String("id", it.ID), slog.Int("attempt", it.Attempt+1), slog.Any("error", err))
}

// earlier returns the earlier of two moments, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
