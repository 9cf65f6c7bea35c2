package sqs

import (
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// draining takes visible messages out of a queue, oldest first, for whoever is
// not a receiver: they are neither delivered nor counted as received.
type draining struct {
	tx   kv.Tx
	q    *queue
	most int // messages to take
	// take decides on a message. It returns false to leave it where it is, and
	// with it all that follow: the rest of the queue, or of its FIFO group.
	take func(m *message) bool

	taken  int
	oldest time.Time // when the oldest message that was left was sent; zero if none was
}

func (d *draining) run() {
	if d.q.at.fifo() {
		d.groups()
		return
	}
	log := ready.Prefix(d.q.at.Scope, kv.Uint(d.q.ID))
	r := kv.Prefix(log)
	if head := d.q.head(d.tx, log); head != nil {
		r.From = head
	}
	var gone []kv.Key
	for key, m := range ready.Scan(d.tx, r) {
		live := m.Receives == 0 || returned.Has(d.tx, d.q.returnedKey(m.ID))
		if live && !d.wants(m) {
			d.q.setHead(d.tx, ready.Parts(key))
			break
		}
		gone = append(gone, key)
		if live && m.Receives > 0 {
			returned.Delete(d.tx, d.q.returnedKey(m.ID))
		}
	}
	for _, key := range gone {
		ready.Delete(d.tx, key)
	}
}

// wants asks take, and does the books when it takes m.
func (d *draining) wants(m *message) bool {
	if d.taken == d.most || !d.take(m) {
		if d.oldest.IsZero() || m.Sent.Before(d.oldest) {
			d.oldest = m.Sent
		}
		return false
	}
	d.taken++
	d.q.count(d.tx, taken, 1)
	d.q.count(d.tx, done, 1)
	return true
}

// groups drains the FIFO groups that have no message in flight.
func (d *draining) groups() {
	var listed []kv.Key
	for key := range d.tx.Scan(kv.Prefix(groupsReady.Prefix(d.q.at.Scope, kv.Uint(d.q.ID)))) {
		listed = append(listed, key)
		if len(listed) > d.most {
			break
		}
	}
	for _, key := range listed {
		parts := groupsReady.Parts(key)
		parts.Skip(1)
		since := parts.Stamp()
		d.group(key, parts.String(), since)
	}
}

func (d *draining) group(listing kv.Key, name string, listed kv.Stamp) {
	g, ok := groups.Get(d.tx, d.q.groupKey(name))
	if !ok {
		return
	}
	if g.Version == 0 {
		g.Version = listed.Version
	}
	var gone []kv.Key
	for key, m := range fifo.Scan(d.tx, d.q.groupRange(name, g)) {
		if !d.wants(m) {
			break
		}
		gone = append(gone, key)
	}
	if len(gone) == 0 {
		return
	}
	for _, key := range gone {
		fifo.Delete(d.tx, key)
	}
	d.tx.Delete(listing)
	d.q.settle(d.tx, name, g)
}
