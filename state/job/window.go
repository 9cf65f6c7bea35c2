package job

import (
	"bytes"
	"slices"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// window is the part of a kind's rows that its runner has in memory: read from
// the store in order, each once, and kept until the job is finished.
//
// Reading goes on from where it ended, so that the tombstones of finished jobs
// are not walked again. In job.log nothing appears behind that place, because
// stamps only grow. In job.due a row may: its transaction chose the due time
// before it committed. So reading there begins a little earlier, and from the
// very start at times; see slack and rescanEvery.
type window struct {
	kind  string
	items []*item          // in the order in which they may start
	byKey map[string]*item // the same

	resting int // items that wait for something

	log kv.Key    // go on reading job.log from here
	due time.Time // job.due is read up to here
}

// item is a job in the window.
type item struct {
	Job
	key     kv.Key
	retry   time.Time // not before; zero for at once
	running bool
	outcome outcome // of the run, once it has ended
	rest    *rest   // what it waits for; nil when it does not
}

const (
	windowSize = 1024
	slack      = 5 * time.Second // by which a commit may trail its tx.Now
)

func newWindow(kind string) *window {
	return &window{kind: kind, byKey: map[string]*item{}, log: logPrefix(kind)}
}

// restart makes the next fill read all rows. Jobs in the window are kept: they
// may be running.
func (w *window) restart() {
	w.log, w.due = logPrefix(w.kind), time.Time{}
}

// fill reads jobs that are due at now, as many as there is room for.
func (w *window) fill(tx kv.Tx, now time.Time) error {
	from, end := duePrefix(w.kind), duePrefix(w.kind).With(kv.Time(now)).End()
	if !w.due.IsZero() {
		from = from.With(kv.Time(w.due.Add(-slack)))
	}
	for k, v := range tx.Scan(kv.Range{From: from, To: end}) {
		if w.full() {
			break
		}
		if err := w.add(k, v); err != nil {
			return err
		}
		w.due = later(w.due, dueOf(k))
	}
	if !w.full() {
		w.due = later(w.due, now)
	}
	for k, v := range tx.Scan(kv.Range{From: w.log, To: logPrefix(w.kind).End()}) {
		if w.full() {
			break
		}
		if err := w.add(k, v); err != nil {
			return err
		}
		w.log = append(w.log[:0:0], k.After()...)
	}
	return nil
}

// full reports whether there is no room for more. Jobs that wait take none.
func (w *window) full() bool { return len(w.items)-w.resting >= windowSize }

// logDone reports whether no job in the window is of job.log.
func (w *window) logDone() bool {
	prefix := logPrefix(w.kind)
	return !slices.ContainsFunc(w.items, func(it *item) bool { return bytes.HasPrefix(it.key, prefix) })
}

// add puts a row into the window, unless it is there.
func (w *window) add(k kv.Key, v []byte) error {
	if _, ok := w.byKey[string(k)]; ok {
		return nil
	}
	it, err := decode(w.kind, k, v)
	if err != nil {
		return err
	}
	w.items = append(w.items, it)
	w.byKey[string(it.key)] = it
	return nil
}

func decode(kind string, k kv.Key, v []byte) (*item, error) {
	var r record
	if err := kv.Decode(v, &r); err != nil {
		return nil, &kv.RecordError{Key: k, Err: err}
	}
	return &item{
		key:   append(kv.Key(nil), k...),
		retry: r.Retry,
		Job: Job{
			Kind: kind, Scope: kv.Scope{Account: aws.Account(r.Account), Region: aws.Region(r.Region)}, ID: r.ID,
			Due: r.Due, Payload: r.Payload, Lane: r.Lane, Attempt: r.Attempt,
		},
	}, nil
}

// ready picks up to n jobs that may start at now, each lane's in order, and
// marks them as running. With alone, at most one of each lane. The time that it
// returns is when to look again because of a job that waits for its retry.
func (w *window) ready(n int, now time.Time, alone bool) (picked []*item, again time.Time) {
	var busy map[string]bool // lanes
	occupy := func(lane string) {
		if lane == "" {
			return
		}
		if busy == nil {
			busy = map[string]bool{}
		}
		busy[lane] = true
	}
	for _, it := range w.items {
		next, over := it.rest.over(now)
		switch {
		case len(picked) == n:
			return picked, again
		case it.running:
			occupy(it.Lane)
		case busy[it.Lane]:
		case !over:
			occupy(it.Lane)
			again = earlier(again, next)
		case it.retry.After(now):
			occupy(it.Lane)
			again = earlier(again, it.retry)
		default:
			it.running = true
			w.resting -= it.rest.wake()
			picked = append(picked, it)
			if alone {
				occupy(it.Lane)
			}
		}
	}
	return picked, again
}

// drop removes finished jobs.
func (w *window) drop(done func(*item) bool) {
	kept := w.items[:0]
	for _, it := range w.items {
		if done(it) {
			delete(w.byKey, string(it.key))
		} else {
			kept = append(kept, it)
		}
	}
	clear(w.items[len(kept):])
	w.items = kept
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
