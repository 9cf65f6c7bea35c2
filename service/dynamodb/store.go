package dynamodb

import (
	"bytes"

	"github.com/brume-cloud/brume/state/kv"
)

// read returns the item with a key that was checked, and whether there is one.
func (t *table) read(tx kv.Tx, key item) (item, bool) {
	at := t.itemKey(key)
	b, ok := tx.Get(at)
	if !ok {
		return "", false
	}
	return decode(at, b), true
}

// write makes a change of an item, in the table, its indexes and its stream. It
// returns the write units of it.
func (t *table) write(tx kv.Tx, c change) *spent {
	was, is := c.was, c.is
	u := &spent{table: t}
	t.remember(tx, was, is)
	t.log(tx, was, is)
	before, after := itemSize(was), itemSize(is)
	u.write = units(max(before, after), writeUnit)
	t.count(tx, 0, countBytes, after-before)
	switch {
	case is != "":
		tx.Put(t.itemKey(is), encode(is))
		if was == "" {
			t.count(tx, 0, countItems, 1)
		}
	case was != "":
		tx.Delete(t.itemKey(was))
		t.count(tx, 0, countItems, -1)
	}
	for i := range t.Indexes {
		t.writeEntry(tx, &t.Indexes[i], c, u)
	}
	t.record(tx, c)
	t.send(tx, c)
	if !c.brought {
		t.replicate(tx, c)
	}
	t.watchExpiry(tx, was, is)
	return u
}

// change is an item before and after, which have the same key; either may be none.
type change struct {
	was, is item
	expired bool // by its time to live
	brought bool // from another replica
}

// writeEntry brings the entry of an item in an index up to date.
func (t *table) writeEntry(tx kv.Tx, x *index, c change, u *spent) {
	from, to := t.entry(x, c.was), t.entry(x, c.is)
	var old, now kv.Key
	if from != "" {
		old = t.entryKey(x, c.was)
		if x.Filling && !entries.Has(tx, old) {
			from, old = "", nil // the backfill did not come to it yet
		}
	}
	if to != "" {
		now = t.entryKey(x, c.is)
	}
	same := bytes.Equal(old, now)
	if same && equalItems(from, to) {
		return // AWS: an index that does not change costs nothing
	}
	before, after := itemSize(from), itemSize(to)
	t.count(tx, x.ID, countBytes, after-before)
	if old != nil && !same {
		tx.Delete(old)
		t.count(tx, x.ID, countItems, -1)
		u.onIndex(x, units(before, writeUnit))
		before = 0
	}
	if now == nil {
		return
	}
	tx.Put(now, encode(to))
	u.onIndex(x, units(max(before, after), writeUnit))
	if !same {
		t.count(tx, x.ID, countItems, 1)
	}
}

// entry is what an index projects of an item; nil when it is not in the index.
func (t *table) entry(x *index, it item) item {
	if it == "" {
		return ""
	}
	for _, name := range x.Keys.names() {
		if _, ok := it.Get(name); !ok {
			return ""
		}
	}
	if t.checkIndexKey(x, it) != nil {
		return "" // it was there before the index, with a value that is no key
	}
	switch x.Projection {
	case projectAll:
		return it
	case projectInclude:
		return topLevel(append(t.keyNames(x), x.Include...)).of(it)
	}
	return topLevel(t.keyNames(x)).of(it)
}

// Projections of indexes.
const (
	projectAll     = "ALL"
	projectInclude = "INCLUDE"
)

// keyNames returns the attributes of the table's key and, unless x is nil, the
// index's.
func (t *table) keyNames(x *index) []string {
	names := t.Keys.names()
	if x == nil {
		return names
	}
	for _, name := range x.Keys.names() {
		if !t.Keys.has(name) {
			names = append(names, name)
		}
	}
	return names
}
