package sqs

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// handle is what a receipt handle says: which receive of which message.
type handle struct {
	queue    uint64
	due      time.Time // when the message was to become visible again
	id       string
	receives int
}

// handleMark begins every receipt handle with AQEB, as AWS's begin. What they
// must never begin with is a hyphen: the AWS CLI would take it for an option.
const handleMark = "\x01\x01\x01"

const handleHead = len(handleMark) + 8 + 8 + 4

// String returns the receipt handle's text. It is opaque to callers, and means
// nothing to another queue.
func (h handle) String() string {
	b := append(make([]byte, 0, handleHead+len(h.id)), handleMark...)
	b = binary.BigEndian.AppendUint64(b, h.queue)
	b = binary.BigEndian.AppendUint64(b, uint64(h.due.UnixNano()))
	b = binary.BigEndian.AppendUint32(b, uint32(h.receives))
	return base64.StdEncoding.EncodeToString(append(b, h.id...))
}

// receipt reads a receipt handle of this queue.
func (q *queue) receipt(text string) (handle, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) <= handleHead || string(b[:len(handleMark)]) != handleMark {
		return handle{}, badReceipt(text)
	}
	fields := b[len(handleMark):]
	h := handle{
		queue: binary.BigEndian.Uint64(fields), due: time.Unix(0, int64(binary.BigEndian.Uint64(fields[8:]))).UTC(),
		receives: int(binary.BigEndian.Uint32(fields[16:])), id: string(b[handleHead:]),
	}
	if h.queue != q.ID {
		return handle{}, badReceipt(text)
	}
	return h, nil
}

// flight finds the message in flight that a receipt is for. It is nil when the
// message is not in flight, or was received again since.
func (q *queue) flight(tx kv.Tx, h handle) (kv.Key, *message) {
	key := q.flightKey(h.due, h.id)
	m, ok := inflight.Get(tx, key)
	if !ok {
		p, found := moved.Get(tx, q.movedKey(h.id))
		if !found {
			return nil, nil
		}
		key = q.flightKey(p.Due, h.id)
		m, ok = inflight.Get(tx, key)
	}
	if !ok || m.Receives != h.receives {
		return nil, nil
	}
	return key, m
}

func (q *queue) movedKey(id string) kv.Key {
	return moved.Key(q.at.Scope, kv.Uint(q.ID), kv.String(id))
}

func (q *queue) returnedKey(id string) kv.Key {
	return returned.Key(q.at.Scope, kv.Uint(q.ID), kv.String(id))
}

// bringBack makes a message visible again after it was received.
func (q *queue) bringBack(tx kv.Tx, m *message) {
	m.Moved = false
	ready.PutStamped(tx, ready.Prefix(q.at.Scope, kv.Uint(q.ID)), m)
	returned.Put(tx, q.returnedKey(m.ID), &pointer{})
	q.count(tx, done, 1)
	q.count(tx, entered, 1)
}

// unreturn notes that a message that was visible again is not any more. It
// returns false when somebody did that before: the message was deleted with an
// old receipt.
func (q *queue) unreturn(tx kv.Tx, m *message) bool {
	key := q.returnedKey(m.ID)
	if !returned.Has(tx, key) {
		return false
	}
	returned.Delete(tx, key)
	return true
}

// discard removes what is left of a message that leaves the queue.
func (q *queue) discard(tx kv.Tx, m *message) {
	if m.Apart {
		bodies.Delete(tx, bodies.Key(q.at.Scope, kv.Uint(q.ID), kv.String(m.ID)))
	}
}
