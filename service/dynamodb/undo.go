package dynamodb

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// A table that is copied, or that has point-in-time recovery, keeps what every
// change of an item replaced, below the item's place and in the order of commits.
// So its state at a moment is, of each item, what the first later change
// replaced, or what is there when there is none. That can be read piece by piece
// while the table is written, and each piece is of the same moment.

// moment is a state of a table: at the beginning of an epoch, or after all changes
// up to a time.
type moment struct {
	Epoch uint64    `kv:"1"` // 0: At counts
	At    time.Time `kv:"2"`
}

// before reports whether the change was made after the moment.
func (m moment) before(u *undo) bool {
	if m.Epoch > 0 {
		return u.Epoch >= m.Epoch
	}
	return u.At.After(m.At)
}

// keepsUndo reports whether what changes replace is to be kept.
func (t *table) keepsUndo() bool { return t.Copies > 0 || t.Recovery != nil }

// remember keeps what a change replaces, if that is called for.
func (t *table) remember(tx kv.Tx, was, is item) {
	if !t.keepsUndo() || was == nil && is == nil {
		return
	}
	u := &undo{At: tx.Now(), Epoch: t.Epoch}
	key := is
	if was != nil {
		key, u.Was = was, encode(was)
	}
	u.Item = t.place(t.itemKey(key))
	undos.PutStamped(tx, t.undoKey(u.Item), u)
}

// forgetUndo drops what was kept when nobody needs it any more.
func (t *table) forgetUndo(tx kv.Tx) {
	if !t.keepsUndo() {
		undos.DeleteAll(tx, undos.Prefix(t.at.Scope, kv.Uint(t.ID)))
	}
}

// place is the part of an item's key behind that of its table.
func (t *table) place(key kv.Key) []byte { return key[len(t.prefix(nil)):] }

// itemAt is the key of the item at a place.
func (t *table) itemAt(place []byte) kv.Key {
	return append(t.prefix(nil), place...)
}

// undoKey is the key before all changes of the item at a place.
func (t *table) undoKey(place []byte) kv.Key {
	return append(undos.Prefix(t.at.Scope, kv.Uint(t.ID)), place...)
}

// asOf walks the items of the table as they were at a moment, by their places,
// from behind a place.
func (t *table) asOf(tx kv.Tx, m moment, after []byte) iter.Seq2[string, []byte] {
	items, changes := kv.Prefix(t.prefix(nil)), kv.Prefix(undos.Prefix(t.at.Scope, kv.Uint(t.ID)))
	if len(after) > 0 {
		items.From, changes.From = t.itemAt(after).After(), t.undoKey(after).End()
	}
	return func(yield func(string, []byte) bool) {
		nextItem, stopItems := iter.Pull2(tx.Scan(items))
		defer stopItems()
		nextChange, stopChanges := iter.Pull2(undos.Scan(tx, changes))
		defer stopChanges()
		key, value, more := nextItem()
		_, change, changed := nextChange()
		for more || changed {
			place := ""
			if more {
				place = string(t.place(key))
			}
			if changed && (!more || strings.Compare(string(change.Item), place) < 0) {
				place = string(change.Item)
			}
			var was []byte
			if more && string(t.place(key)) == place {
				was = value
				key, value, more = nextItem()
			}
			for found := false; changed && string(change.Item) == place; _, change, changed = nextChange() {
				if !found && m.before(change) {
					found, was = true, change.Was
				}
			}
			if !yield(place, was) {
				return
			}
		}
	}
}

// trimKind drops the changes that point-in-time recovery no longer reaches, once a
// day.
const trimKind = "ddb.trim"

// trimEvery is how often. It changes cost and not behaviour.
const trimEvery = 24 * time.Hour

// trimming is the payload of such a job.
type trimming struct {
	Table uint64    `kv:"1"` // id
	Since time.Time `kv:"2"` // when recovery was switched on: another time is another job
	After []byte    `kv:"3"` // the key of the last change seen; empty: none
}

// put puts the job.
func (w *trimming) put(tx kv.Tx, a address, due time.Time) {
	job.Put(tx, &job.Job{Kind: trimKind, Scope: a.Scope, ID: a.Name, Due: due, Payload: kv.Append(nil, w)})
}

// trim is the job.
func (s *Service) trim(_ context.Context, tx kv.Tx, j *job.Job) error {
	var w trimming
	if err := kv.Decode(j.Payload, &w); err != nil {
		return err
	}
	t, ok := address{j.Scope, j.ID}.find(tx)
	if !ok || t.ID != w.Table || t.Recovery == nil || !t.Recovery.Since.Equal(w.Since) {
		return nil
	}
	r := kv.Prefix(undos.Prefix(j.Scope, kv.Uint(t.ID)))
	if len(w.After) > 0 {
		r.From = kv.Key(w.After).After()
	}
	earliest := t.Recovery.earliest(tx.Now())
	n := 0
	for key, u := range undos.Scan(tx, r) {
		if t.Copies == 0 && u.At.Before(earliest) {
			undos.Delete(tx, key)
		}
		if n++; n == sweepBatch {
			w.After = append([]byte(nil), key...)
			w.put(tx, t.at, tx.Now())
			return nil
		}
	}
	w.After = nil
	w.put(tx, t.at, tx.Now().Add(trimEvery))
	return nil
}
