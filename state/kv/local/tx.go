package local

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"math"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// tx is one run of a closure. The Store pools them; each belongs to one
// goroutine, and to the committer while its owner waits in commit.
type tx struct {
	store    *Store
	ctx      context.Context
	readOnly bool
	now      time.Time
	arena    arena

	era *era // which state it works on

	// Taken at the first walk, or when a key has changed meanwhile, so that others
	// pay nothing for it.
	snap        snapshot
	readVersion uint64   // snap holds at least all commits up to here
	pinned      bool     // readVersion is set
	stale       bool     // the last run was: this one takes its snapshot first
	recalled    []uint64 // hashes of keys that were read before snap was taken
	sharing     bool     // what is read is for GetShared

	points []point // read by Get
	spans  []span  // walked by Scan
	writes writes
	stamps int // given out
	claims []claim

	waiting chan bool // from the committer: true to take the lead, false when done
	version uint64    // of the commit
	lost    bool      // a conflict: run again
	err     error     // of the commit
	alone   func() error
}

// point is a key that was read, with its hash.
type point struct {
	key  []byte
	hash uint64
}

// span is the walked part of a scan: from <= k < to, or k <= to when closed.
type span struct {
	from, to []byte
	closed   bool
}

func (s *span) holds(key []byte) bool {
	if bytes.Compare(key, s.from) < 0 {
		return false
	}
	c := bytes.Compare(key, s.to)
	return c < 0 || c == 0 && s.closed
}

func (t *tx) Now() time.Time {
	if t.now.IsZero() {
		t.now = t.store.opts.Now()
	}
	return t.now
}

func (t *tx) Get(key kv.Key) ([]byte, bool) {
	o := t.writes.latest(key)
	if o != nil && o.kind != opAdd {
		return o.left(), o.kind == opPut
	}
	return t.resolve(key, t.note(key), o)
}

// note makes key one that the transaction has read, and returns its hash.
func (t *tx) note(key []byte) (hash uint64) {
	hash = maphash.Bytes(t.store.seed, key)
	if !t.readOnly {
		t.points = append(t.points, point{t.arena.copy(key), hash})
	}
	return hash
}

func (t *tx) GetShared(key kv.Key, decode func([]byte) any) (any, bool) {
	if t.writes.latest(key) == nil && allowed(key) {
		t.pin()
		if m, ok := t.recall(key, t.note(key)); ok {
			if !m.present {
				return nil, false
			}
			return m.as(decode), true
		}
	}
	t.sharing = true
	value, ok := t.Get(key)
	t.sharing = false
	if !ok {
		return nil, false
	}
	return decode(value), true
}

func (t *tx) Peek(key kv.Key) ([]byte, bool) {
	o := t.writes.latest(key)
	if o != nil && o.kind != opAdd {
		return o.left(), o.kind == opPut
	}
	return t.resolve(key, maphash.Bytes(t.store.seed, key), o)
}

// resolve reads key and applies the transaction's own Adds.
func (t *tx) resolve(key []byte, hash uint64, add *op) ([]byte, bool) {
	if !allowed(key) {
		return nil, false
	}
	value, ok := t.read(key, hash)
	if add == nil {
		return value, ok
	}
	return t.arena.copy(kv.Counter(kv.CounterValue(value) + add.sum)), true
}

// enter joins the present era.
func (t *tx) enter() (err error) {
	t.era, err = t.store.enter()
	return err
}

// finish runs what OnCommit was given.
func (t *tx) finish() {
	for i := range t.writes.log {
		if o := &t.writes.log[i]; o.kind == opHook {
			o.hook(t.version)
		}
	}
}

// read returns the value of key as of readVersion: recalled, or read from the
// engine.
func (t *tx) read(key []byte, hash uint64) ([]byte, bool) {
	t.pin()
	if m, ok := t.recall(key, hash); ok {
		return m.value, m.present
	}
	// What the engine has now is what it had at readVersion, if no commit since
	// has touched the key: a snapshot is only needed where one did.
	if t.snap == nil {
		value, ok := t.get(t.era.engine, key)
		if !t.store.committer.history.points.since(hash, t.readVersion) {
			t.recalled = append(t.recalled, hash)
			t.era.recall.put(hash, reading{key, value, ok, t.readVersion, t.sharing})
			return value, ok
		}
	}
	t.begin()
	value, ok := t.get(t.snap, key)
	t.era.recall.put(hash, reading{key, value, ok, t.readVersion, t.sharing})
	return value, ok
}

func (t *tx) get(from getter, key []byte) ([]byte, bool) {
	value, ok, err := from.get(key, &t.arena)
	if err != nil {
		kv.Fail(err)
	}
	return value, ok
}

// recall returns key's value if it is remembered as of readVersion.
func (t *tx) recall(key []byte, hash uint64) (*remembered, bool) {
	m, ok := t.era.recall.get(key, hash, t.readVersion, t.store.committer.history.points)
	if ok && t.snap == nil {
		t.recalled = append(t.recalled, hash)
	}
	return m, ok
}

// pin chooses the version that the transaction reads at.
func (t *tx) pin() {
	if t.pinned {
		return
	}
	t.readVersion, t.pinned = t.store.published.Load(), true
	if t.stale {
		t.begin()
	}
}

// errStale ends a run whose snapshot turned out to be newer than what it had
// read before: it runs again.
var errStale = errors.New("kv: what was read changed before the snapshot")

// begin takes the snapshot. The version is read first, so that the snapshot
// can only be newer, which at worst is a conflict too many; but what was
// read before must not have changed in it.
func (t *tx) begin() {
	if t.snap != nil {
		return
	}
	t.pin()
	t.snap = t.era.engine.snapshot()
	for _, hash := range t.recalled {
		if t.store.committer.history.points.since(hash, t.readVersion) {
			kv.Fail(errStale)
		}
	}
}

func (t *tx) Put(key kv.Key, value []byte) {
	t.check(key, value)
	t.writes.append(op{kind: opPut, key: t.arena.copy(key), value: t.arena.copy(value)})
}

func (t *tx) PutStamped(prefix, suffix kv.Key, value []byte) (seq uint16) {
	key, at := kv.Stamped(prefix, suffix)
	t.check(key, value)
	if t.stamps > math.MaxUint16 {
		kv.Fail(kv.ErrTooLarge)
	}
	seq = uint16(t.stamps)
	t.stamps++
	t.writes.append(op{kind: opStamped, seq: seq, stamp: int32(at), key: key, value: t.arena.copy(value)})
	return seq
}

func (t *tx) Delete(key kv.Key) {
	t.check(key, nil)
	t.writes.append(op{kind: opDelete, key: t.arena.copy(key)})
}

func (t *tx) DeleteRange(r kv.Range) {
	from, to := bound(r)
	if bytes.Compare(from, to) >= 0 {
		return
	}
	t.check(from, nil)
	t.writes.append(op{kind: opClear, key: t.arena.copy(from), value: t.arena.copy(to)})
}

func (t *tx) Add(key kv.Key, delta int64) {
	t.check(key, nil)
	add := op{kind: opAdd, key: t.arena.copy(key), delta: delta, sum: delta}
	if o := t.writes.latest(key); o != nil {
		switch o.kind {
		case opAdd:
			add.sum += o.sum
		default: // the value is known: put the result
			add = op{kind: opPut, key: add.key, value: t.arena.copy(kv.Counter(kv.CounterValue(o.left()) + delta))}
		}
	}
	t.writes.append(add)
}

// left returns the value that a Put, Delete or DeleteRange leaves.
func (o *op) left() []byte {
	if o.kind == opPut {
		return o.value
	}
	return nil
}

func (t *tx) OnCommit(fn func(version uint64)) { t.writes.append(op{kind: opHook, hook: fn}) }

func (t *tx) Mark() int { return len(t.writes.log) }

func (t *tx) Rollback(mark int) { t.writes.truncate(mark) }

// check refuses a write that breaks a limit.
func (t *tx) check(key, value []byte) {
	switch {
	case t.readOnly:
		kv.Fail(kv.ErrReadOnly)
	case !allowed(key):
		kv.Fail(kv.ErrReserved)
	case len(key) > kv.MaxKey || len(value) > kv.MaxValue || t.writes.size+len(key)+len(value) > kv.MaxTransaction:
		kv.Fail(kv.ErrTooLarge)
	}
}

// allowed reports whether key may be a user's.
func allowed(key []byte) bool {
	return len(key) > 0 && key[0] >= firstKey[0] && key[0] < lastKey[0]
}

// bound returns the part of r that holds users' keys.
func bound(r kv.Range) (from, to []byte) {
	from, to = r.From, r.To
	if bytes.Compare(from, firstKey) < 0 {
		from = firstKey
	}
	if to == nil || bytes.Compare(to, lastKey) > 0 {
		to = lastKey
	}
	return from, to
}

// run calls fn and returns its error, or that of a kv.Fail that left it. Any
// other panic goes on, past a clean transaction.
func (t *tx) run(fn func(kv.Tx) error) (err error) {
	finished := false
	defer func() {
		if finished {
			return
		}
		r := recover()
		if failed, ok := kv.Unwound(r); ok {
			err = failed
		} else if r != nil {
			panic(r)
		}
	}()
	err = fn(t)
	finished = true
	return err
}

// release gives back what the transaction holds of the engine.
func (t *tx) release() {
	if t.snap != nil {
		if err := t.snap.close(); err != nil {
			t.store.opts.Log.Error("close a snapshot", "error", err)
		}
		t.snap = nil
	}
	if t.era != nil {
		t.era.leave()
		t.era = nil
	}
}

// reset prepares for another run.
func (t *tx) reset() {
	t.endClaims()
	t.release()
	t.arena.reset()
	t.writes.reset()
	clear(t.points)
	clear(t.spans)
	t.points, t.spans = t.points[:0], t.spans[:0]
	t.recalled, t.pinned, t.sharing = t.recalled[:0], false, false
	t.now, t.stamps, t.version, t.lost, t.err, t.alone = time.Time{}, 0, 0, false, nil, nil
}
