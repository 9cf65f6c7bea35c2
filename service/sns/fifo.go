package sns

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// checkKind checks that a message has what the topic's kind asks for.
// AWS: a group on a standard topic is passed on to queues, for fairness.
func (t *topic) checkKind(m *message) error {
	switch {
	case !t.at.fifo() && m.Dedup != "":
		return invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	case !t.at.fifo():
		return nil
	case m.Group == "":
		return invalid("The MessageGroupId parameter is required for FIFO topics")
	case m.Dedup != "":
		return nil
	case t.get("ContentBasedDeduplication") != "true":
		return invalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	sum := sha256.Sum256([]byte(m.Body))
	m.Dedup = hex.EncodeToString(sum[:])
	return nil
}

// slot is the five-minute slot of a time. What is remembered for five minutes
// lies in the present slot or the one before; older ones are dropped whole.
func slot(t time.Time) uint64 { return uint64(t.Unix() / int64(dedupInterval/time.Second)) }

func (t *topic) dedupKey(slot uint64, m *message) kv.Key {
	scope := ""
	if t.get("FifoThroughputScope") == throughputGroup {
		scope = m.Group
	}
	return dedups.Key(t.at.Scope, kv.String(t.at.Name), kv.Uint(slot), kv.String(scope), kv.String(m.Dedup))
}

// isRepeated gives a message its sequence number, or, when one with its
// deduplication id was published in the last five minutes, the id and number
// of that one. AWS: a repeated message is accepted and not delivered.
func (t *topic) isRepeated(tx kv.Tx, m *message) bool {
	now := slot(tx.Now())
	for _, s := range []uint64{now, now - 1} {
		if first, ok := dedups.Get(tx, t.dedupKey(s, m)); ok && tx.Now().Sub(first.Sent) < dedupInterval {
			m.ID, m.Sequence = first.ID, first.Sequence
			return true
		}
	}
	key := sequences.Key(t.at.Scope, kv.String(t.at.Name))
	last, ok := sequences.Get(tx, key)
	if !ok {
		last = new(sequence)
	}
	last.Last++
	m.Sequence = last.Last
	sequences.Put(tx, key, last)
	dedups.Put(tx, t.dedupKey(now, m), &dedup{ID: m.ID, Sequence: m.Sequence, Sent: tx.Now()})
	prefix := dedups.Prefix(t.at.Scope, kv.String(t.at.Name))
	if m.Sequence%forgetEvery == 0 {
		tx.DeleteRange(kv.Range{From: prefix, To: prefix.With(kv.Uint(now - 1))})
	}
	return false
}

// forgetEvery is after how many messages what is too old is dropped.
const forgetEvery = 64
