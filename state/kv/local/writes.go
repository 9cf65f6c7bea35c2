package local

import (
	"bytes"
	"unsafe"

	"github.com/tidwall/btree"
)

// op is one write of a transaction. Its memory is the transaction's arena.
type op struct {
	kind  opKind
	seq   uint16 // opStamped
	stamp int32  // opStamped: where the stamp goes in key
	prev  int32  // the op that was the latest on the same key before, or -1; kept only with an index
	key   []byte // opClear: from
	value []byte // opClear: to
	delta int64  // opAdd: what this call adds
	sum   int64  // opAdd: delta and those of the Adds on key right before
	hook  func(version uint64)
}

type opKind uint8

const (
	opPut opKind = iota
	opDelete
	opAdd
	opClear   // DeleteRange
	opStamped // unreadable until the commit
	opHook    // OnCommit; no key
)

// readable reports whether reads of op's key see the op.
func (o *op) readable() bool { return o.kind <= opAdd }

// writes is what a transaction has written so far, as a log. Few writes are
// found by looking at all of them; beyond that an index is kept.
type writes struct {
	log    []op
	size   int // bytes of keys and values
	clears []int32
	index  *btree.Map[string, int32] // key → latest readable op; nil while the log is short
}

const unindexed = 16 // ops

func (w *writes) append(o op) {
	w.log = append(w.log, o)
	i := int32(len(w.log) - 1)
	w.size += len(o.key) + len(o.value)
	if o.kind == opClear {
		w.clears = append(w.clears, i)
	}
	if w.index != nil {
		w.enter(i)
	} else if len(w.log) > unindexed {
		w.index = new(btree.Map[string, int32])
		for i := range w.log {
			w.enter(int32(i))
		}
	}
}

func (w *writes) enter(i int32) {
	o := &w.log[i]
	if !o.readable() {
		return
	}
	prev, replaced := w.index.Set(text(o.key), i)
	o.prev = -1
	if replaced {
		o.prev = prev
	}
}

// truncate undoes all ops from mark on.
func (w *writes) truncate(mark int) {
	for i := len(w.log) - 1; i >= mark; i-- {
		o := &w.log[i]
		w.size -= len(o.key) + len(o.value)
		if w.index != nil && o.readable() {
			if o.prev >= 0 {
				w.index.Set(text(o.key), o.prev)
			} else {
				w.index.Delete(text(o.key))
			}
		}
		w.log[i] = op{}
	}
	w.log = w.log[:mark]
	for n := len(w.clears); n > 0 && int(w.clears[n-1]) >= mark; n-- {
		w.clears = w.clears[:n-1]
	}
}

func (w *writes) reset() {
	clear(w.log)
	w.log, w.clears, w.size, w.index = w.log[:0], w.clears[:0], 0, nil
	if cap(w.log) > 1<<10 {
		w.log = nil
	}
}

// latest returns the op that decides what a read of key sees: one on the key
// itself, or an opClear that covers it. It returns nil when there is none.
func (w *writes) latest(key []byte) *op {
	if w.index == nil {
		for i := len(w.log) - 1; i >= 0; i-- {
			o := &w.log[i]
			if o.readable() && bytes.Equal(o.key, key) || o.kind == opClear && o.covers(key) {
				return o
			}
		}
		return nil
	}
	found := int32(-1)
	if i, ok := w.index.Get(text(key)); ok {
		found = i
	}
	for n := len(w.clears) - 1; n >= 0 && w.clears[n] > found; n-- {
		if w.log[w.clears[n]].covers(key) {
			found = w.clears[n]
		}
	}
	if found < 0 {
		return nil
	}
	return &w.log[found]
}

func (o *op) covers(key []byte) bool {
	return bytes.Compare(o.key, key) <= 0 && bytes.Compare(key, o.value) < 0
}

// after returns the first written key behind key, or key itself when inclusive.
func (w *writes) after(key []byte, inclusive bool) []byte {
	var found []byte
	if w.index != nil {
		w.index.Ascend(text(key), func(k string, i int32) bool {
			if !inclusive && k == text(key) {
				return true
			}
			found = w.log[i].key
			return false
		})
		return found
	}
	for i := range w.log {
		o := &w.log[i]
		c := bytes.Compare(o.key, key)
		if o.readable() && (c > 0 || c == 0 && inclusive) && (found == nil || bytes.Compare(o.key, found) < 0) {
			found = o.key
		}
	}
	return found
}

// before returns the last written key in front of key; nil key means the end.
func (w *writes) before(key []byte) []byte {
	var found []byte
	if w.index != nil {
		visit := func(k string, i int32) bool {
			if key != nil && k == text(key) {
				return true
			}
			found = w.log[i].key
			return false
		}
		if key == nil {
			w.index.Reverse(visit)
		} else {
			w.index.Descend(text(key), visit)
		}
		return found
	}
	for i := range w.log {
		o := &w.log[i]
		if o.readable() && (key == nil || bytes.Compare(o.key, key) < 0) && (found == nil || bytes.Compare(o.key, found) > 0) {
			found = o.key
		}
	}
	return found
}

// text is b as a string, for as long as b does not change.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
