package job

import (
	"slices"
	"sync"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// Wait is the error by which a Do says that there is nothing to do yet. The job
// stays as it is, and is done again as soon as anything is committed under one
// of On, or at Until. Nothing is written: a job may wait for good at no cost,
// and a process that starts does once every job that waits.
//
// What is committed while a Do runs counts. The first Wait on other prefixes
// than before is therefore followed by another Do: the commits before it were
// not watched.
type Wait struct {
	Until time.Time // virtual; zero for no end
	On    []kv.Key
}

// Error implements error.
func (w *Wait) Error() string { return "job: waiting" }

// rest is the wait of one job. The loop changes it; firstDue looks on.
type rest struct {
	on      []kv.Key
	watches []*kv.Watch

	mu    sync.Mutex
	until time.Time
	awake bool // it is being done, or about to be
}

// lay lets a job wait whose Do has said so.
func (r *runner) lay(it *item) {
	w := it.outcome.wait
	it.running, it.outcome = false, outcome{}
	if it.rest != nil && slices.EqualFunc(it.rest.on, w.On, func(a, b kv.Key) bool { return a.Compare(b) == 0 }) {
		r.window.resting++
		it.rest.sleep(w.Until)
		r.noteRest()
		return
	}
	it.rest.end()
	it.rest = &rest{until: w.Until, on: w.On, awake: true}
	for _, prefix := range w.On {
		it.rest.watches = append(it.rest.watches, r.store.Watch(prefix, r.kick))
	}
	r.rests.Store(string(it.key), it.rest)
	r.wake()
}

func (w *rest) sleep(until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until, w.awake = until, false
}

// wake takes note that the job is done again, and of what it was told. It
// returns how many jobs wait less.
func (w *rest) wake() int {
	if w == nil {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range w.watches {
		select {
		case <-x.C:
		default:
		}
	}
	if w.awake {
		return 0
	}
	w.awake = true
	return 1
}

// state reports until when the job waits, zero for no end, and whether it waits
// at all: it was told nothing, and is not being done.
func (w *rest) state() (until time.Time, rests bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	told := slices.ContainsFunc(w.watches, func(x *kv.Watch) bool { return len(x.C) > 0 })
	return w.until, !w.awake && !told
}

// over reports whether the job is to be done, and if not, when.
func (w *rest) over(now time.Time) (next time.Time, over bool) {
	if w == nil {
		return now, true
	}
	until, rests := w.state()
	return until, !rests || !until.IsZero() && !until.After(now)
}

// end gives the watches back.
func (w *rest) end() {
	if w == nil {
		return
	}
	for _, x := range w.watches {
		x.Close()
	}
}

// resting is the jobs that wait and have not been told anything, with until
// when; zero for no end.
func (r *runner) resting() map[string]time.Time {
	var all map[string]time.Time
	r.rests.Range(func(key, w any) bool {
		if until, rests := w.(*rest).state(); rests {
			if all == nil {
				all = map[string]time.Time{}
			}
			all[key.(string)] = until
		}
		return true
	})
	return all
}

// forgetRests ends all waits. The jobs are done anew when they are read again.
func (r *runner) forgetRests() {
	r.window.drop(func(it *item) bool {
		it.rest.end()
		return it.rest != nil
	})
	r.rests.Clear()
	r.window.resting = 0
}
