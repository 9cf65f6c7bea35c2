package dynamodb

import (
	"bytes"
	"context"
	"iter"
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
	if !t.keepsUndo() || was == "" && is == "" {
		return
	}
	u := &undo{At: tx.Now(), Epoch: t.Epoch}
	key := is
	if was != "" {
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

// state is an item as it was at some moments.
type state struct {
	place string
	was   [][]byte  // encode's, at each of the moments; empty: there was none
	last  time.Time // of the last change between the first and the last of them; zero: none
}

// asOf walks the items of the table as they were at moments, the earlier first, by
// their places from behind a place. It yields the same state again and again.
func (t *table) asOf(tx kv.Tx, after []byte, moments ...moment) iter.Seq[*state] {
	items, changes := kv.Prefix(t.prefix(nil)), kv.Prefix(undos.Prefix(t.at.Scope, kv.Uint(t.ID)))
	if len(after) > 0 {
		items.From, changes.From = t.itemAt(after).After(), t.undoKey(after).End()
	}
	return func(yield func(*state) bool) {
		nextItem, stopItems := iter.Pull2(tx.Scan(items))
		defer stopItems()
		nextChange, stopChanges := iter.Pull2(undos.Scan(tx, changes))
		defer stopChanges()
		st := &state{was: make([][]byte, len(moments))}
		key, value, more := nextItem()
		_, change, changed := nextChange()
		for more || changed {
			at := change
			if !changed {
				at = nil
			}
			var present []byte
			if more && (at == nil || bytes.Compare(t.place(key), at.Item) <= 0) {
				st.place, present = string(t.place(key)), value
				key, value, more = nextItem()
			} else {
				st.place = string(at.Item)
			}
			st.begin()
			for ; changed && string(change.Item) == st.place; _, change, changed = nextChange() {
				st.note(change, moments)
			}
			st.end(present)
			if !yield(st) {
				return
			}
		}
	}
}

func (st *state) begin() {
	st.last = time.Time{}
	for i := range st.was {
		st.was[i] = nil // not told yet
	}
}

// note takes account of a change of the item, in the order of commits.
func (st *state) note(u *undo, moments []moment) {
	for i, m := range moments {
		if st.was[i] == nil && m.before(u) {
			st.was[i] = append([]byte{}, u.Was...) // not nil
		}
	}
	if moments[0].before(u) && !moments[len(moments)-1].before(u) {
		st.last = u.At
	}
}

// end takes the present for what no change told.
func (st *state) end(present []byte) {
	for i := range st.was {
		if st.was[i] == nil {
			st.was[i] = present
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
