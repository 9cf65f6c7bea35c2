package local

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/brume-cloud/brume/state/kv"
	"github.com/tidwall/btree"
)

// watches finds the watches that a commit concerns. A commit costs nothing when
// there are none, and otherwise one look-up for each length that a watched
// prefix has, however many prefixes there are.
type watches struct {
	count atomic.Int64

	mu       sync.RWMutex
	prefixes btree.Map[string, []ringer]
	byPrefix map[string][]ringer // the same, for a faster look-up
	lengths  []length            // of the prefixes, ascending
}

// ringer is whom one watch tells.
type ringer struct {
	own   chan struct{}
	bells []chan<- struct{}
}

type length struct{ bytes, prefixes int }

func (w *watches) add(prefix kv.Key, bells []chan<- struct{}) *kv.Watch {
	c := make(chan struct{}, 1)
	p := string(prefix)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byPrefix == nil {
		w.byPrefix = map[string][]ringer{}
	}
	if len(w.byPrefix[p]) == 0 {
		w.resize(len(p), +1)
	}
	w.set(p, append(slices.Clone(w.byPrefix[p]), ringer{c, bells}))
	w.count.Add(1)
	var once sync.Once
	return kv.NewWatch(c, func() { once.Do(func() { w.remove(p, c) }) })
}

func (w *watches) remove(p string, c chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := slices.DeleteFunc(slices.Clone(w.byPrefix[p]), func(x ringer) bool { return x.own == c })
	w.set(p, rest)
	if len(rest) == 0 {
		w.resize(len(p), -1)
	}
	w.count.Add(-1)
}

func (w *watches) set(p string, all []ringer) {
	if len(all) == 0 {
		delete(w.byPrefix, p)
		w.prefixes.Delete(p)
		return
	}
	w.byPrefix[p] = all
	w.prefixes.Set(p, all)
}

// resize counts a prefix of n bytes in or out.
func (w *watches) resize(n, delta int) {
	i, found := slices.BinarySearchFunc(w.lengths, n, func(l length, n int) int { return l.bytes - n })
	if !found {
		w.lengths = slices.Insert(w.lengths, i, length{bytes: n})
	}
	w.lengths[i].prefixes += delta
	if w.lengths[i].prefixes == 0 {
		w.lengths = slices.Delete(w.lengths, i, i+1)
	}
}

// notify tells the watches that t concerns.
func (w *watches) notify(t *tx) {
	if w.count.Load() == 0 {
		return
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	for i := range t.writes.log {
		o := &t.writes.log[i]
		if o.kind == opHook {
			continue
		}
		w.notifyKey(o.key)
		if o.kind == opClear {
			w.prefixes.Ascend(text(o.key), func(p string, all []ringer) bool {
				if p >= text(o.value) {
					return false
				}
				signal(all)
				return true
			})
		}
	}
}

func (w *watches) notifyKey(key []byte) {
	for _, l := range w.lengths {
		if l.bytes > len(key) {
			return
		}
		signal(w.byPrefix[string(key[:l.bytes])])
	}
}

// notifyAll tells every watch.
func (w *watches) notifyAll() {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, all := range w.byPrefix {
		signal(all)
	}
}

func signal(all []ringer) {
	for i := range all {
		notice(all[i].own)
		for _, c := range all[i].bells {
			notice(c)
		}
	}
}

func notice(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // a notice is pending already
	}
}
