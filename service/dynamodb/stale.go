package dynamodb

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// staleTag, with a duration such as 2s as its value, makes eventually consistent
// reads of the table, and all of its global indexes, see what was there so long
// ago on the cloud's clock: so a reader that relies on them can be found out.
const staleTag = "brume:stale"

// old is what a change of an item replaced, in the order of all changes of a table
// with a lag. It differs from undo in that: the last ones are found at its end, and
// that is all that a read asks for.
type old struct {
	At   time.Time `kv:"1"`
	Item []byte    `kv:"2"` // where it is: see place
	Was  []byte    `kv:"3"` // encode's; empty: there was none
}

// skew is by how much changes may lie in another order than that of their times,
// which are those at which transactions began.
const skew = time.Second

// log keeps what a change replaces for reads that come too late for it.
func (t *table) log(tx kv.Tx, was, is item) {
	if t.Lag == 0 || was == "" && is == "" {
		return
	}
	o, key := &old{At: tx.Now()}, is
	if was != "" {
		key, o.Was = was, encode(was)
	}
	o.Item = t.place(t.itemKey(key))
	olds.PutStamped(tx, olds.Prefix(t.at.Scope, kv.Uint(t.ID)), o)
}

// lately returns, by their places, what the items that changed since the lag began
// were before.
func (t *table) lately(tx kv.Tx) map[string][]byte {
	was, since := map[string][]byte{}, tx.Now().Add(-t.Lag)
	r := kv.Prefix(olds.Prefix(t.at.Scope, kv.Uint(t.ID)))
	r.Reverse = true
	for _, o := range olds.Scan(tx, r) {
		if o.At.Before(since.Add(-skew)) {
			break
		}
		if o.At.After(since) {
			was[string(o.Item)] = o.Was
		}
	}
	return was
}

// glance is read for a reader that may be told what was.
func (t *table) glance(tx kv.Tx, key item, consistent bool) (item, bool) {
	if t.Lag == 0 || consistent {
		return t.read(tx, key)
	}
	at := t.itemKey(key)
	was, changed := t.lately(tx)[string(t.place(at))]
	switch {
	case !changed:
		return t.read(tx, key)
	case len(was) == 0:
		return "", false
	}
	return decode(at, was), true
}

// rows walks the rows of the table, or of an index, for such a reader.
func (t *table) rows(tx kv.Tx, x *index, r kv.Range, consistent bool) iter.Seq2[kv.Key, []byte] {
	if t.Lag == 0 || consistent {
		return tx.Scan(r)
	}
	was := map[string][]byte{}
	for place, b := range t.lately(tx) {
		at := t.itemAt([]byte(place))
		if x == nil {
			was[string(at)] = b
			continue
		}
		if now, ok := tx.Get(at); ok {
			if is := decode(at, now); t.entry(x, is) != "" {
				was[string(t.entryKey(x, is))] = nil
			}
		}
		if len(b) > 0 {
			before := decode(at, b)
			if e := t.entry(x, before); e != "" {
				was[string(t.entryKey(x, before))] = encode(e)
			}
		}
	}
	return overlay(tx.Scan(r), was, r)
}

// overlay walks rows of which some have other values, where an empty one is no row.
func overlay(rows iter.Seq2[kv.Key, []byte], with map[string][]byte, r kv.Range) iter.Seq2[kv.Key, []byte] {
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(with)), func(k string) bool { return !r.Contains(kv.Key(k)) })
	if r.Reverse {
		slices.Reverse(keys)
	}
	compare := func(a, b []byte) int {
		if r.Reverse {
			a, b = b, a
		}
		return bytes.Compare(a, b)
	}
	return func(yield func(kv.Key, []byte) bool) {
		give := func() bool {
			k := keys[0]
			keys = keys[1:]
			return len(with[k]) == 0 || yield(kv.Key(k), with[k])
		}
		for key, b := range rows {
			for len(keys) > 0 && compare([]byte(keys[0]), key) < 0 {
				if !give() {
					return
				}
			}
			more := true
			if len(keys) > 0 && keys[0] == string(key) {
				more = give()
			} else {
				more = yield(key, b)
			}
			if !more {
				return
			}
		}
		for len(keys) > 0 && give() {
		}
	}
}

// setLag begins to keep what reads with the lag of the table need, or ends it. The
// lag was another before.
func (t *table) setLag(tx kv.Tx, was time.Duration) {
	switch {
	case t.Lag > 0:
		t.wear(tx)
	case was > 0:
		olds.DeleteAll(tx, olds.Prefix(t.at.Scope, kv.Uint(t.ID)))
	}
}

// wearKind drops what is too old for any reader, once an hour.
const wearKind = "ddb.wear"

// wear puts the job. Its time is a whole hour, so that two of one table are one.
func (t *table) wear(tx kv.Tx) {
	job.Put(tx, &job.Job{Kind: wearKind, Scope: t.at.Scope, ID: t.at.Name, Due: tx.Now().Truncate(time.Hour).Add(time.Hour)})
}

// wearOff is the job.
func (s *Service) wearOff(_ context.Context, tx kv.Tx, j *job.Job) error {
	t, ok := address{j.Scope, j.ID}.find(tx)
	if !ok || t.Lag == 0 {
		return nil
	}
	worn := kv.Prefix(olds.Prefix(j.Scope, kv.Uint(t.ID)))
	past := tx.Now().Add(-t.Lag - skew)
	for key, o := range olds.Scan(tx, worn) {
		if !o.At.Before(past) {
			worn.To = slices.Clone(key)
			break
		}
	}
	tx.DeleteRange(worn)
	t.wear(tx)
	return nil
}
