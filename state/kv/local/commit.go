package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/brume-cloud/brume/state/kv"
)

// committer serialises commits. The first transaction to come takes the lead:
// it commits all that wait, itself included, as one batch of the engine, so
// that many clients share one write of the log; then it hands the lead to the
// first of those that came meanwhile.
type committer struct {
	mu    sync.Mutex
	queue []*tx
	busy  bool // somebody leads

	// The rest belongs to the leader.
	group    []*tx
	history  *history
	counters counters
	current  *era   // what is committed to
	last     uint64 // version given out
	reserved uint64 // last may grow to this before keyVersion must be written
	broken   error
}

const (
	maxGroup      = 128
	maxGroupBytes = 8 << 20
	versionStep   = 1 << 20 // versions reserved by one write of keyVersion
)

// commit waits until the committer has decided on t: see t.err and t.lost.
func (s *Store) commit(t *tx) {
	c := &s.committer
	c.mu.Lock()
	c.queue = append(c.queue, t)
	if c.busy {
		c.mu.Unlock()
		if lead := <-t.waiting; !lead {
			return
		}
		c.mu.Lock()
	}
	c.busy = true
	c.mu.Unlock()
	runtime.Gosched() // who is about to commit as well should be in the group
	c.mu.Lock()
	c.take()
	c.mu.Unlock()

	if c.group[0].alone != nil {
		c.group[0].err = c.group[0].alone()
	} else {
		s.commitGroup()
	}
	for _, member := range c.group {
		if member != t {
			member.waiting <- false
		}
	}

	c.mu.Lock()
	if len(c.queue) > 0 {
		c.queue[0].waiting <- true
	} else {
		c.busy = false
	}
	c.mu.Unlock()
}

// exclusive runs fn while no transaction commits.
func (s *Store) exclusive(fn func() error) error {
	t := s.newTx()
	defer s.freeTx(t)
	t.alone = fn
	s.commit(t)
	return t.err
}

// take moves a bounded part of the queue to the group; what runs alone is a
// group of its own.
func (c *committer) take() {
	n, size := 0, 0
	for n < len(c.queue) && n < maxGroup && size < maxGroupBytes {
		if c.queue[n].alone != nil {
			n = max(n, 1)
			break
		}
		size += c.queue[n].writes.size
		n++
	}
	if c.queue[0].alone != nil {
		n = 1
	}
	c.group = append(c.group[:0], c.queue[:n]...)
	rest := copy(c.queue, c.queue[n:])
	clear(c.queue[rest:])
	c.queue = c.queue[:rest]
}

// commitGroup validates the group's transactions one after the other, against
// all commits before and each other, and applies those that pass.
func (s *Store) commitGroup() {
	c := &s.committer
	if c.broken != nil {
		c.reject(c.broken)
		return
	}
	b := c.current.engine.begin()
	accepted := 0
	for i, t := range c.group {
		if t.era != c.current || c.history.conflicts(t) {
			t.lost = true
			continue
		}
		c.last++
		t.version = c.last
		if err := c.fill(b, t, c.group[:i]); err != nil {
			b.drop()
			s.fail(err)
			return
		}
		c.history.note(t)
		accepted++
	}
	if accepted == 0 {
		b.drop()
		return
	}
	c.reserve(b)
	c.counters.flush(b)
	if err := b.commit(); err != nil {
		s.fail(err)
		return
	}
	for _, t := range c.group {
		if !t.lost {
			c.current.logs.note(t)
		}
	}
	s.published.Store(c.last)
	c.counters.teach(c.current, s.seed, c.last)
}

// fill puts the writes of t into the batch; before are the transactions in
// front of it in the group.
func (c *committer) fill(b batch, t *tx, before []*tx) error {
	for i := range t.writes.log {
		o := &t.writes.log[i]
		switch o.kind {
		case opPut:
			c.counters.forget(o.key)
			b.set(o.key, o.value)
		case opDelete:
			c.counters.forget(o.key)
			b.delete(o.key)
		case opClear:
			c.counters.forgetRange(o.key, o.value)
			b.deleteRange(o.key, o.value)
		case opStamped:
			kv.SetStamp(o.key, int(o.stamp), kv.Stamp{Version: t.version, Seq: o.seq})
			c.counters.forget(o.key)
			b.set(o.key, o.value)
		case opAdd:
			load := func(key []byte) (int64, error) { return t.store.counterBefore(key, before) }
			if err := c.counters.add(o.key, o.delta, load); err != nil {
				return err
			}
		}
	}
	return nil
}

// counterBefore returns the value of a counter as the transactions before, not
// yet applied, leave it.
func (s *Store) counterBefore(key []byte, before []*tx) (int64, error) {
	for i := len(before) - 1; i >= 0; i-- {
		if before[i].lost {
			continue
		}
		if o := before[i].writes.latest(key); o != nil {
			return kv.CounterValue(o.left()), nil
		}
	}
	snap := s.committer.current.engine.snapshot()
	var a arena
	value, _, err := snap.get(key, &a)
	return kv.CounterValue(value), errors.Join(err, snap.close())
}

// reserve makes sure that after a restart versions begin above c.last.
func (c *committer) reserve(b batch) {
	if c.last <= c.reserved {
		return
	}
	c.reserved = c.last + versionStep
	b.set(keyVersion, binary.BigEndian.AppendUint64(nil, c.reserved))
}

// fail ends the life of the store: the engine may have kept a part of the
// batch, so nothing that it says can be trusted any more.
func (s *Store) fail(err error) {
	c := &s.committer
	c.broken = fmt.Errorf("%w: %w", kv.ErrBroken, err)
	s.end(c.broken)
	c.reject(c.broken)
}

func (c *committer) reject(err error) {
	for _, t := range c.group {
		t.err = err
	}
}
