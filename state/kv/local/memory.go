package local

import (
	"bytes"
	"sync/atomic"

	"github.com/tidwall/btree"
)

// memory is the engine that keeps everything in memory: a copy-on-write tree,
// of which every commit publishes a frozen copy.
type memory struct {
	tree   *tree // belongs to the batch under way
	frozen atomic.Pointer[tree]
}

type tree = btree.BTreeG[entry]

// entry is a key and its value; neither ever changes.
type entry struct{ key, value []byte }

func newMemory() *memory {
	return memoryOf(btree.NewBTreeGOptions(func(a, b entry) bool {
		return bytes.Compare(a.key, b.key) < 0
	}, btree.Options{NoLocks: true, Degree: 12}))
}

// memoryOf returns an engine that begins as a copy of t.
func memoryOf(t *tree) *memory {
	m := &memory{tree: t.IsoCopy()}
	m.frozen.Store(m.tree.IsoCopy())
	return m
}

func (m *memory) snapshot() snapshot { return (*frozen)(m.frozen.Load()) }
func (m *memory) close() error       { return nil }

func (m *memory) get(key []byte, a *arena) ([]byte, bool, error) {
	return (*frozen)(m.frozen.Load()).get(key, a)
}

func (m *memory) begin() batch { return m }

func (m *memory) set(key, value []byte) {
	both := make([]byte, len(key)+len(value))
	n := copy(both, key)
	copy(both[n:], value)
	m.tree.Set(entry{both[:n:n], both[n:]})
}

func (m *memory) delete(key []byte) { m.tree.Delete(entry{key: key}) }

// deleteRange costs time for each key in the range, unlike Pebble's.
func (m *memory) deleteRange(from, to []byte) {
	var doomed []entry
	m.tree.Ascend(entry{key: from}, func(e entry) bool {
		if bytes.Compare(e.key, to) >= 0 {
			return false
		}
		doomed = append(doomed, e)
		return true
	})
	for _, e := range doomed {
		m.tree.Delete(e)
	}
}

func (m *memory) commit() error {
	m.frozen.Store(m.tree.IsoCopy())
	return nil
}

func (m *memory) drop() { m.tree = m.frozen.Load().IsoCopy() }

// frozen is a tree that is only read from now on.
type frozen tree

func (f *frozen) get(key []byte, _ *arena) ([]byte, bool, error) {
	e, ok := (*tree)(f).Get(entry{key: key})
	return e.value, ok, nil
}

func (f *frozen) walk(w way) (cursor, error) {
	return &treeCursor{iter: (*tree)(f).Iter(), way: w}, nil
}

func (f *frozen) close() error { return nil }

type treeCursor struct {
	way
	iter  btree.IterG[entry]
	began bool
}

func (c *treeCursor) next() (key, value []byte, ok bool) {
	if !c.step() {
		return nil, nil, false
	}
	e := c.iter.Item()
	if c.reverse {
		ok = bytes.Compare(e.key, c.from) >= 0
	} else {
		ok = bytes.Compare(e.key, c.to) < 0
	}
	return e.key, e.value, ok
}

func (c *treeCursor) step() bool {
	first := !c.began
	c.began = true
	switch {
	case !first && c.reverse:
		return c.iter.Prev()
	case !first:
		return c.iter.Next()
	case !c.reverse:
		return c.iter.Seek(entry{key: c.from})
	case c.iter.Seek(entry{key: c.to}):
		return c.iter.Prev() // Seek found the first key that lies behind the range
	}
	return c.iter.Last()
}

func (c *treeCursor) err() error { return nil }

func (c *treeCursor) close() error {
	c.iter.Release()
	return nil
}
