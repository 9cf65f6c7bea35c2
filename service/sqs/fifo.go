package sqs

import (
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// A FIFO queue's messages lie in fifo by group and stamp, and stay there while
// they are in flight. A group that has messages and none in flight is in
// groupsReady, a log: receivers take groups from its head, and a group whose
// flights have ended is put back at its end.

func (q *queue) groupKey(name string) kv.Key {
	return groups.Key(q.at.Scope, kv.Uint(q.ID), kv.String(name))
}

func (q *queue) fifoPrefix(name string) kv.Key {
	return fifo.Prefix(q.at.Scope, kv.Uint(q.ID), kv.String(name))
}

// sendFIFO puts a message at the end of its group, unless one with its
// deduplication id was sent in the last five minutes.
func (q *queue) sendFIFO(tx kv.Tx, m *message) sendReceipt {
	if first, stamp, ok := q.duplicate(tx, m); ok {
		return sendReceipt{id: first.ID, fifo: true, stamp: stamp}
	}
	q.keepApart(tx, m)
	seq := fifo.PutStamped(tx, q.fifoPrefix(m.Group), m)
	q.remember(tx, m) // before anything else is stamped
	q.noteArrival(tx, m)
	return sendReceipt{id: m.ID, fifo: true, stamp: kv.Stamp{Seq: seq}}
}

// enterFIFO is sendFIFO for messages that come from another queue: those are
// not held against what was sent.
func (q *queue) enterFIFO(tx kv.Tx, m *message) {
	fifo.PutStamped(tx, q.fifoPrefix(m.Group), m)
	q.noteArrival(tx, m)
}

// noteArrival does the books for a message that was put into fifo.
func (q *queue) noteArrival(tx kv.Tx, m *message) {
	if _, ok := groups.Get(tx, q.groupKey(m.Group)); !ok {
		groups.Put(tx, q.groupKey(m.Group), &group{})
		q.listGroup(tx, m.Group)
	}
	q.count(tx, entered, 1)
	q.arm(tx, m)
}

func (q *queue) listGroup(tx kv.Tx, name string) {
	tx.PutStamped(groupsReady.Prefix(q.at.Scope, kv.Uint(q.ID)), kv.NewKey(kv.String(name)), nil)
}

// slot is the five-minute slot of a time. What is remembered for five minutes
// lies in the present slot or the one before; older slots are dropped whole.
func slot(t time.Time) uint64 { return uint64(t.Unix() / int64(dedupInterval/time.Second)) }

func (q *queue) dedupPrefix(slot uint64, m *message) kv.Key {
	scope := ""
	if q.DedupScope == scopeGroup {
		scope = m.Group
	}
	return dedups.Prefix(q.at.Scope, kv.Uint(q.ID), kv.Uint(slot), kv.String(scope), kv.String(m.Dedup))
}

// duplicate finds a message with the same deduplication id, and its stamp.
func (q *queue) duplicate(tx kv.Tx, m *message) (*dedup, kv.Stamp, bool) {
	now := slot(tx.Now())
	for _, s := range []uint64{now, now - 1} {
		for key, d := range dedups.Scan(tx, kv.Prefix(q.dedupPrefix(s, m))) {
			if tx.Now().Sub(d.Sent) >= dedupInterval {
				continue
			}
			parts := dedups.Parts(key)
			parts.Skip(4)
			stamp := parts.Stamp()
			stamp.Seq-- // the message was stamped just before
			return d, stamp, true
		}
	}
	return nil, kv.Stamp{}, false
}

// remember notes a message for duplicate. It is stamped right after the
// message, so the row's own key tells the message's sequence number.
func (q *queue) remember(tx kv.Tx, m *message) {
	now := slot(tx.Now())
	dedups.PutStamped(tx, q.dedupPrefix(now, m), &dedup{ID: m.ID, Sent: tx.Now()})
	if now >= 2 {
		prefix := dedups.Prefix(q.at.Scope, kv.Uint(q.ID))
		old, _ := armed.Get(tx, q.oldSlotsKey())
		if old == nil || slot(old.Due) != now {
			tx.DeleteRange(kv.Range{From: prefix, To: prefix.With(kv.Uint(now - 1))})
			armed.Put(tx, q.oldSlotsKey(), &pointer{Due: tx.Now()})
		}
	}
}

func (q *queue) oldSlotsKey() kv.Key {
	return armed.Key(q.at.Scope, kv.Uint(q.ID), kv.String("slots"))
}

// fifo takes messages of a FIFO queue: as many as possible of one group, then
// of the next.
// AWS: "FIFO queue delivery logic".
func (t *taking) fifo() ([]delivery, error) {
	if t.attempt != "" {
		if got, ok := t.repeat(); ok {
			return got, nil
		}
	}
	var got []delivery
	log := groupsReady.Prefix(t.q.at.Scope, kv.Uint(t.q.ID))
	for key := range t.tx.Claim(log, func() kv.Key { return t.q.head(t.tx, log) }) {
		if got = t.takeGroup(got, key); len(got) == t.max {
			break
		}
	}
	t.noteHead(log)
	t.noteAttempt(got)
	return got, nil
}

// takeGroup takes the first messages of the group with a row in groupsReady.
func (t *taking) takeGroup(got []delivery, key kv.Key) []delivery {
	parts := groupsReady.Parts(key)
	parts.Skip(1)
	listed := parts.Stamp()
	name := parts.String()
	t.tx.Delete(key)
	g, ok := groups.Get(t.tx, t.q.groupKey(name))
	if !ok {
		return got
	}
	if g.Version == 0 {
		g.Version = listed.Version // the group began with the commit that listed it
	}
	r := t.q.groupRange(name, g)
	var last kv.Stamp
	for row, m := range fifo.Scan(t.tx, r) {
		if len(got) == t.max {
			break
		}
		own := fifo.Parts(row)
		own.Skip(2)
		last = own.Stamp()
		m.Version, m.Seq = last.Version, last.Seq
		t.q.count(t.tx, taken, 1)
		if gone := t.leavesFIFO(m); gone {
			fifo.Delete(t.tx, row)
			t.q.count(t.tx, done, 1)
			continue
		}
		g.InFlight++
		got = append(got, t.deliver(m))
	}
	t.q.settle(t.tx, name, g)
	return got
}

// leavesFIFO drops or dead-letters a message that must not be delivered.
func (t *taking) leavesFIFO(m *message) bool {
	if t.q.expired(m, t.tx.Now()) {
		t.q.discard(t.tx, m)
		return true
	}
	return t.q.exhausted(m) && t.q.deadLetter(t.tx, m)
}

func (q *queue) groupRange(name string, g *group) kv.Range {
	prefix := q.fifoPrefix(name)
	r := kv.Prefix(prefix)
	r.From = prefix.With(kv.At(kv.Stamp{Version: g.Version}))
	return r
}

// settle stores a group after its flights changed: listed when it has messages
// and none in flight, forgotten when it is empty.
func (q *queue) settle(tx kv.Tx, name string, g *group) {
	if g.InFlight > 0 {
		groups.Put(tx, q.groupKey(name), g)
		return
	}
	for row := range fifo.Scan(tx, q.groupRange(name, g)) {
		parts := fifo.Parts(row)
		parts.Skip(2)
		g.Version = parts.Stamp().Version
		groups.Put(tx, q.groupKey(name), g)
		q.listGroup(tx, name)
		return
	}
	groups.Delete(tx, q.groupKey(name))
}

// removeFIFO deletes a message whose flight has ended.
func (q *queue) removeFIFO(tx kv.Tx, m *message) {
	fifo.Delete(tx, q.fifoPrefix(m.Group).With(kv.At(m.stamp())))
	q.endFlight(tx, m)
}

// landFIFO makes a message receivable again, in its old place.
func (q *queue) landFIFO(tx kv.Tx, m *message) {
	stamp := m.stamp()
	m.Moved, m.Version, m.Seq = false, 0, 0
	fifo.Put(tx, q.fifoPrefix(m.Group).With(kv.At(stamp)), m)
	q.count(tx, done, 1)
	q.count(tx, entered, 1)
	q.endFlight(tx, m)
}

func (q *queue) endFlight(tx kv.Tx, m *message) {
	if g, ok := groups.Get(tx, q.groupKey(m.Group)); ok {
		g.InFlight = max(0, g.InFlight-1)
		q.settle(tx, m.Group, g)
	}
}
