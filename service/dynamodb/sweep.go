package dynamodb

import (
	"context"

	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// sweepKind goes over all items of a table, some at a time: to fill a new index,
// or to find when the items that are there expire.
const sweepKind = "ddb.sweep"

// sweep is the payload of such a job.
type sweep struct {
	Table uint64 `kv:"1"` // id: the table may have been made anew
	Index uint64 `kv:"2"` // to fill; 0: look for times of expiry
	After []byte `kv:"3"` // the key of the last item seen; empty: none yet
}

// put puts the job.
func (w *sweep) put(tx kv.Tx, a address) {
	job.PutNow(tx, &job.Job{Kind: sweepKind, Scope: a.Scope, ID: a.Name, Payload: kv.Append(nil, w)})
}

// fill puts the job that fills an index.
func (t *table) fill(tx kv.Tx, index uint64, after []byte) {
	(&sweep{Table: t.ID, Index: index, After: after}).put(tx, t.at)
}

// sweep is the job.
func (s *Service) sweep(_ context.Context, tx kv.Tx, j *job.Job) error {
	var w sweep
	if err := kv.Decode(j.Payload, &w); err != nil {
		return err
	}
	a := address{j.Scope, j.ID}
	t, ok := tables.Get(tx, a.key())
	if !ok || t.ID != w.Table {
		return nil
	}
	t.at = a
	visit, done := t.visits(tx, w.Index)
	if visit == nil {
		return nil
	}
	r := kv.Prefix(t.prefix(nil))
	if len(w.After) > 0 {
		r.From = kv.Key(w.After).After()
	}
	n := 0
	for key, b := range tx.Scan(r) {
		visit(decode(key, b))
		if n++; n == sweepBatch {
			w.After = append([]byte(nil), key...)
			w.put(tx, a)
			return nil
		}
	}
	done()
	return nil
}

// visits returns what to do with each item, and at the end; nil when there is
// nothing to do any more.
func (t *table) visits(tx kv.Tx, id uint64) (visit func(item), done func()) {
	if id == 0 {
		return func(it item) { t.watchExpiry(tx, "", it) }, func() {}
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if x.ID != id {
			continue
		}
		visit = func(it item) { t.writeEntry(tx, x, change{was: it, is: it}, &spent{table: t}) }
		done = func() {
			x.Filling = false
			tables.Put(tx, t.at.key(), t)
		}
	}
	return visit, done
}
