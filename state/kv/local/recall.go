package local

import (
	"bytes"
	"sync/atomic"
)

// recall remembers the values of keys that are read often, so that hot records
// (a queue, an access key, a policy) cost no look-up in the engine and no
// snapshot. It never goes stale, because every commit is noted in written
// before it can be seen: a value that was read at some version is still the
// value as long as its slot's last write is not later.
//
// It has a fixed number of places and only takes small values that were asked
// for twice in a row, so passing traffic does not wash it out. Of records that
// callers share (GetShared), which may be dear to decode, it takes large ones too,
// up to a total. It belongs to an era: another engine's values are other values.
type recall struct {
	places [recallPlaces]atomic.Pointer[remembered]
	asked  [recallPlaces]atomic.Uint32 // who missed last; two misses in a row make a place
	large  atomic.Int64                // bytes of values larger than recallValue
}

const (
	recallPlaces = 1 << 12
	recallValue  = 2 << 10  // bytes; larger values are not kept, unless they are shared
	recallShared = 1 << 20  // bytes; larger values are never kept
	recallLarge  = 16 << 20 // bytes of all values larger than recallValue
)

// remembered is a key's value, or that it has none, as of a version.
type remembered struct {
	reading
	shared atomic.Pointer[any] // what GetShared made of value
}

// reading is what was read of a key.
type reading struct {
	key     []byte
	value   []byte
	present bool
	version uint64
	shared  bool // it was asked for by GetShared
}

// largeness is what the reading counts for among large values.
func (r *reading) largeness() int64 {
	if len(r.value) <= recallValue {
		return 0
	}
	return int64(len(r.value))
}

// written knows the version of the last write to each slot of key hashes, and
// that of the last DeleteRange. The committer notes a write before the engine
// has it; everybody reads.
type written struct {
	slots   [pointSlots]atomic.Uint64
	cleared atomic.Uint64
}

// since reports whether a key with this hash may have been written after version.
func (w *written) since(hash, version uint64) bool {
	return w.slots[hash%pointSlots].Load() > version || w.cleared.Load() > version
}

// as returns what decode makes of the value.
func (m *remembered) as(decode func([]byte) any) any {
	if known := m.shared.Load(); known != nil {
		return *known
	}
	made := decode(m.value)
	m.shared.Store(&made)
	return made
}

// get returns what is known of key for a transaction that reads at version.
func (r *recall) get(key []byte, hash, version uint64, w *written) (*remembered, bool) {
	m := r.places[hash%recallPlaces].Load()
	if m == nil || !bytes.Equal(m.key, key) || w.since(hash, min(m.version, version)) {
		return nil, false
	}
	return m, true
}

// put keeps what was read of a key, if it is asked for often.
func (r *recall) put(hash uint64, now reading) {
	if len(now.value) > recallValue && (!now.shared || len(now.value) > recallShared) {
		return
	}
	i := hash % recallPlaces
	if mark := uint32(hash >> 32); r.asked[i].Swap(mark) != mark {
		return
	}
	now.key, now.value = bytes.Clone(now.key), bytes.Clone(now.value)
	if n := now.largeness(); n > 0 && r.large.Add(n) > recallLarge {
		r.shed()
	}
	r.place(&r.places[i], &remembered{reading: now})
}

// place puts m in the place of what was there.
func (r *recall) place(at *atomic.Pointer[remembered], m *remembered) {
	if old := at.Swap(m); old != nil {
		r.large.Add(-old.largeness())
	}
}

// shed forgets all large values: many of them are of records that nobody asks for any more.
func (r *recall) shed() {
	for i := range r.places {
		if m := r.places[i].Load(); m != nil && m.largeness() > 0 && r.places[i].CompareAndSwap(m, nil) {
			r.large.Add(-m.largeness())
		}
	}
}

// refresh replaces the value of a key that has a place.
func (r *recall) refresh(key string, hash uint64, m *remembered) {
	place := &r.places[hash%recallPlaces]
	if old := place.Load(); old != nil && string(old.key) == key {
		m.key = old.key
		r.place(place, m)
	}
}
