package local

import (
	"bytes"
	"hash/maphash"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/brume-cloud/brume/state/kv"
)

// logs gives the rows of logs out to the transactions that claim them, each
// row to one at a time. It belongs to an era and is memory only: rows are read
// ahead from the engine, or kept as they are committed while a log's claimers
// keep up with it, and then claiming costs the engine nothing.
//
// Nothing depends on what it remembers. A row that may have changed since it
// was read is read again before it is given out, and two transactions that
// happen to get the same row conflict like any others.
type logs struct {
	mu   sync.RWMutex
	logs map[string]*log
	kept atomic.Int64 // bytes of rows that are held
}

const (
	keptRows     = 64       // of a log
	keptRowBytes = 64 << 10 // of a log; one row is kept whatever its size
	keptLogs     = 4 << 10
	keptLogBytes = 16 << 20 // of all logs
)

func newLogs() *logs { return &logs{logs: map[string]*log{}} }

// log is the head of one log.
type log struct {
	*logs
	prefix []byte

	reading sync.Mutex // held while rows are read ahead, before mu

	mu      sync.Mutex
	rows    []*row // not claimed, in order
	claimed []*row // by transactions that run
	size    int    // bytes of rows
	next    []byte // the first place that was not read
	whole   bool   // rows and claimed are all there is: commits add to them
	grown   bool   // commits that were not added came since the reading began
	dropped bool   // no longer in logs
}

// row is a row of a log. Its key and value never change.
type row struct {
	key, value []byte
	hash       uint64
	created    uint64 // version of the commit that put it
	seen       uint64 // version at which it was surely there; its claimer's to set
}

// claim is a row that a transaction has claimed.
type claim struct {
	log  *log
	row  *row
	gone bool // another transaction has deleted it
}

// begin makes the log under prefix, which has no rows before from, unless
// somebody else has just done so.
func (l *logs) begin(prefix, from []byte) *log {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g := l.logs[string(prefix)]; g != nil {
		return g
	}
	for k, g := range l.logs { // any will do: what is forgotten is read again
		if len(l.logs) < keptLogs && l.kept.Load() < keptLogBytes {
			break
		}
		delete(l.logs, k)
		g.drop()
	}
	g := &log{logs: l, prefix: bytes.Clone(prefix)}
	if g.next = g.prefix; bytes.Compare(from, prefix) > 0 {
		g.next = bytes.Clone(from)
	}
	l.logs[string(prefix)] = g
	return g
}

func (l *logs) find(prefix []byte) *log {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.logs[string(prefix)]
}

// note adds the rows that t has just committed to the logs that are whole.
func (l *logs) note(t *tx) {
	for i := range t.writes.log {
		o := &t.writes.log[i]
		if o.kind != opStamped {
			continue
		}
		if g := l.find(o.key[:o.stamp]); g != nil {
			g.append(o.key, o.value, t.version, t.store.seed)
		}
	}
}

func (g *log) append(key, value []byte, version uint64, seed maphash.Seed) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !g.whole:
		g.grown = true
	case g.full():
		g.whole, g.next = false, bytes.Clone(key)
	default:
		g.push(&row{key: bytes.Clone(key), value: bytes.Clone(value), hash: maphash.Bytes(seed, key), created: version, seen: version})
	}
}

func (g *log) full() bool {
	return g.dropped || len(g.rows) >= keptRows || g.size >= keptRowBytes
}

func (g *log) push(r *row) {
	g.rows = append(g.rows, r)
	g.resize(len(r.key) + len(r.value))
}

func (g *log) resize(n int) {
	g.size += n
	if !g.dropped {
		g.kept.Add(int64(n))
	}
}

// drop forgets the log. Those who have claims on it may end in peace.
func (g *log) drop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.kept.Add(-int64(g.size))
	g.dropped = true
}

// take claims the oldest row that is there as of version. more is set when
// there is none, but some may not have been read yet.
func (g *log) take(version uint64) (r *row, more bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.rows) == 0 {
		return nil, !g.whole
	}
	r = g.rows[0]
	if r.created > version {
		return nil, false
	}
	g.rows[0] = nil
	if g.rows = g.rows[1:]; len(g.rows) == 0 {
		g.rows = nil
	}
	g.resize(-len(r.key) - len(r.value))
	g.claimed = append(g.claimed, r)
	return r, false
}

// end ends the claim on r; unless it is gone, others may have it.
func (g *log) end(r *row, gone bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.claimed, r); i >= 0 {
		last := len(g.claimed) - 1
		g.claimed[i] = g.claimed[last]
		g.claimed[last] = nil
		g.claimed = g.claimed[:last]
	}
	if gone {
		return
	}
	i, _ := slices.BinarySearchFunc(g.rows, r, func(a, b *row) int { return bytes.Compare(a.key, b.key) })
	g.rows = slices.Insert(g.rows, i, r)
	g.resize(len(r.key) + len(r.value))
}

// oldest is the first row that is there or claimed, nil when none is known.
func (g *log) oldest() (key []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.rows) > 0 {
		key = g.rows[0].key
	}
	for _, r := range g.claimed {
		if key == nil || bytes.Compare(r.key, key) < 0 {
			key = r.key
		}
	}
	return key
}

// readAhead reads the next rows from the engine. It returns false when there
// are none.
func (g *log) readAhead(t *tx) bool {
	g.reading.Lock()
	defer g.reading.Unlock()
	g.mu.Lock()
	done, from := len(g.rows) > 0 || g.whole, g.next
	g.grown = false
	g.mu.Unlock()
	if done { // somebody else did it meanwhile
		return true
	}
	rows, whole, err := g.scan(t, from)
	if err != nil {
		kv.Fail(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range rows {
		g.push(r)
		g.next = append(bytes.Clone(r.key), 0)
	}
	g.whole = whole && !g.grown
	return len(rows) > 0
}

// scan reads rows from the latest state, until enough.
func (g *log) scan(t *tx, from []byte) (rows []*row, whole bool, err error) {
	version := t.store.published.Load()
	snap := t.era.engine.snapshot()
	defer func() { _ = snap.close() }()
	var a arena
	c, err := snap.walk(way{from: from, to: kv.Key(g.prefix).End(), arena: &a})
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = c.close() }()
	size := 0
	for len(rows) < keptRows && size < keptRowBytes {
		key, value, ok := c.next()
		if !ok {
			return rows, true, c.err()
		}
		r := &row{key: bytes.Clone(key), value: bytes.Clone(value), hash: maphash.Bytes(t.store.seed, key), seen: version}
		r.created = kv.StampAt(r.key, len(g.prefix)).Version
		rows = append(rows, r)
		size += len(key) + len(value)
	}
	return rows, false, nil
}

// Claim implements kv.Tx.
func (t *tx) Claim(prefix kv.Key, from func() kv.Key) iter.Seq2[kv.Key, []byte] {
	return func(yield func(kv.Key, []byte) bool) {
		t.check(prefix, nil)
		t.pin()
		g := t.era.logs.find(prefix)
		if g == nil {
			var first kv.Key
			if from != nil {
				first = from()
			}
			g = t.era.logs.begin(prefix, first)
		}
		for {
			r, more := g.take(t.readVersion)
			if r == nil {
				if more && g.readAhead(t) {
					continue
				}
				return
			}
			t.claims = append(t.claims, claim{log: g, row: r})
			if t.writes.latest(r.key) != nil {
				continue // a row of a log is only ever deleted
			}
			if !t.has(r) {
				t.claims[len(t.claims)-1].gone = true
				continue
			}
			t.points = append(t.points, point{r.key, r.hash})
			if !yield(r.key, r.value) {
				return
			}
		}
	}
}

// has reports whether r is there for t. One that is not will never come back.
func (t *tx) has(r *row) bool {
	if !t.store.committer.history.points.since(r.hash, r.seen) {
		return true
	}
	t.begin()
	_, ok, err := t.snap.get(r.key, &t.arena)
	if err != nil {
		kv.Fail(err)
	}
	if ok {
		r.seen = t.readVersion
	}
	return ok
}

// Oldest implements kv.Tx.
func (t *tx) Oldest(prefix kv.Key) kv.Key {
	if g := t.era.logs.find(prefix); g != nil {
		return g.oldest()
	}
	return nil
}

// endClaims gives back the rows that t claimed and has not deleted.
func (t *tx) endClaims() {
	committed := t.version != 0 && !t.lost && t.err == nil
	for i := range t.claims {
		c := &t.claims[i]
		c.log.end(c.row, c.gone || committed && t.writes.latest(c.row.key) != nil)
		*c = claim{}
	}
	t.claims = t.claims[:0]
}
