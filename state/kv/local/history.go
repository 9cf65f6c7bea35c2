package local

import (
	"bytes"
	"hash/maphash"
)

// history knows enough of the latest commits to tell whether something that a
// transaction read has changed since. Its size is fixed; where it does not
// know, it says that there is a conflict. It belongs to the committer.
type history struct {
	seed maphash.Seed

	// points has, for each slot of key hashes, the version of the last write
	// of a key in it. Keys that share a slot conflict for nothing, rarely.
	points *written

	writes ring // keys, for walked spans
	clears ring // DeleteRanges, for all reads
}

const (
	pointSlots = 1 << 16
	keptWrites = 1 << 13
	keptClears = 1 << 7
)

func newHistory(seed maphash.Seed) *history {
	return &history{
		seed:   seed,
		points: new(written),
		writes: ring{limit: keptWrites},
		clears: ring{limit: keptClears},
	}
}

// conflicts reports whether t read something that changed after its snapshot.
func (h *history) conflicts(t *tx) bool {
	if len(t.points) == 0 && len(t.spans) == 0 {
		return false
	}
	for i := range t.points {
		if h.points.slots[t.points[i].hash%pointSlots].Load() > t.readVersion {
			return true
		}
	}
	if len(t.spans) > 0 && h.writes.since(t.readVersion, t.walked) {
		return true
	}
	return h.clears.since(t.readVersion, t.sawAnyOf)
}

// note remembers what t wrote, at t.version.
func (h *history) note(t *tx) {
	for i := range t.writes.log {
		o := &t.writes.log[i]
		switch o.kind {
		case opHook:
		case opClear:
			h.points.cleared.Store(t.version)
			h.clears.push(t.version, o.key, o.value)
		default:
			h.points.slots[maphash.Bytes(h.seed, o.key)%pointSlots].Store(t.version)
			h.writes.push(t.version, o.key, nil)
		}
	}
}

// walked reports whether a scan of t passed the key of e.
func (t *tx) walked(e *changed) bool {
	for i := range t.spans {
		if t.spans[i].holds(e.from) {
			return true
		}
	}
	return false
}

// sawAnyOf reports whether t read anything within the range e.
func (t *tx) sawAnyOf(e *changed) bool {
	for i := range t.points {
		if k := t.points[i].key; bytes.Compare(e.from, k) <= 0 && bytes.Compare(k, e.to) < 0 {
			return true
		}
	}
	for i := range t.spans {
		s := &t.spans[i]
		if bytes.Compare(s.from, e.to) < 0 && (bytes.Compare(e.from, s.to) < 0 || s.closed && bytes.Equal(e.from, s.to)) {
			return true
		}
	}
	return false
}

// ring keeps the latest changes.
type ring struct {
	limit   int
	entries []changed
	next    int    // where the next entry goes, once all are in use
	dropped uint64 // version of the latest entry that was overwritten
}

// changed is a key, or a range of keys.
type changed struct {
	version  uint64
	from, to []byte
}

func (r *ring) push(version uint64, from, to []byte) {
	if len(r.entries) < r.limit {
		r.entries = append(r.entries, changed{})
		r.next = len(r.entries) - 1
	}
	e := &r.entries[r.next]
	r.dropped = max(r.dropped, e.version)
	e.version = version
	e.from = append(e.from[:0], from...)
	e.to = append(e.to[:0], to...)
	r.next = (r.next + 1) % r.limit
}

// since reports whether match holds for a change after version, or whether it
// may do so for one that is forgotten.
func (r *ring) since(version uint64, match func(*changed) bool) bool {
	if r.dropped > version {
		return true
	}
	for n := range len(r.entries) {
		e := &r.entries[(r.next-1-n+2*r.limit)%r.limit]
		if e.version <= version {
			return false
		}
		if match(e) {
			return true
		}
	}
	return false
}
