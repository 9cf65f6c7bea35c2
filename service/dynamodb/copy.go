package dynamodb

import (
	"context"
	"iter"

	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// copyKind copies items, some at a time: of a table into a backup, or of a backup
// or an earlier state of a table into a new table.
const copyKind = "ddb.copy"

// copying is the payload of such a job. What it is about cannot go away before the
// job is done.
type copying struct {
	Backup string `kv:"1"` // id; to copy into, unless To is set
	From   string `kv:"2"` // name of the table; empty: of Backup
	To     string `kv:"3"` // name of the new table
	Moment moment `kv:"4"` // of From
	After  []byte `kv:"5"` // the place of the last item copied; empty: none yet
}

// put puts the job.
func (c *copying) put(tx kv.Tx, sc kv.Scope) {
	job.PutNow(tx, &job.Job{Kind: copyKind, Scope: sc, ID: c.Backup + c.To, Payload: kv.Append(nil, c)})
}

// begin puts the job that copies the table, and has its changes kept meanwhile.
func (t *table) begin(tx kv.Tx, c *copying) {
	c.From = t.at.Name
	t.Copies++
	tables.Put(tx, t.at.key(), t)
	c.put(tx, t.at.Scope)
}

// copy is the job.
func (s *Service) copy(_ context.Context, tx kv.Tx, j *job.Job) error {
	w := &copier{scope: j.Scope}
	if err := kv.Decode(j.Payload, &w.copying); err != nil {
		return err
	}
	if !w.open(tx) {
		return nil
	}
	n := 0
	for place, b := range w.items(tx) {
		if len(b) > 0 {
			w.take(tx, place, b)
		}
		if n++; n == sweepBatch {
			w.After = []byte(place)
			w.save(tx)
			w.put(tx, j.Scope)
			return nil
		}
	}
	w.done(tx)
	w.save(tx)
	return nil
}

// copier is a run of the job.
type copier struct {
	copying
	scope    kv.Scope
	from, to *table
	backup   *backup
}

// open finds what the job is about, and reports whether all is there.
func (w *copier) open(tx kv.Tx) bool {
	find := func(name string) (*table, bool) {
		a := address{w.scope, name}
		t, ok := tables.Get(tx, a.key())
		if ok {
			t.at = a
		}
		return t, ok
	}
	ok := true
	if w.From != "" {
		w.from, ok = find(w.From)
	}
	if ok && w.To != "" {
		w.to, ok = find(w.To)
	}
	if ok && w.Backup != "" {
		w.backup, ok = findBackup(tx, w.scope, w.Backup)
	}
	return ok
}

// items walks what is to be copied.
func (w *copier) items(tx kv.Tx) iter.Seq2[string, []byte] {
	if w.from == nil {
		return w.backup.items(tx, string(w.After))
	}
	return func(yield func(string, []byte) bool) {
		for st := range w.from.asOf(tx, w.After, w.Moment) {
			if !yield(st.place, st.was[0]) {
				return
			}
		}
	}
}

// take copies one item.
func (w *copier) take(tx kv.Tx, place string, b []byte) {
	if w.to == nil {
		w.backup.add(tx, place, b)
		return
	}
	w.to.write(tx, change{is: decode(nil, b)})
}

// done notes that all items were copied.
func (w *copier) done(tx kv.Tx) {
	if w.to != nil {
		w.to.Restored.Busy = false
		tables.Put(tx, w.to.at.key(), w.to)
	}
	if w.from != nil {
		w.from.Copies--
		tables.Put(tx, w.from.at.key(), w.from)
		w.from.forgetUndo(tx)
	}
	switch {
	case w.backup == nil:
	case w.to == nil:
		w.backup.Ready = true
	default:
		w.backup.Uses--
	}
}

// save stores the backup's record.
func (w *copier) save(tx kv.Tx) {
	if w.backup != nil {
		backups.Put(tx, backups.Key(w.scope, kv.String(w.backup.ID)), w.backup)
	}
}
