package local

import (
	"bytes"
	"hash/maphash"

	"github.com/brume-cloud/brume/state/kv"
)

// counters turns the Adds of a group of transactions into one Set per key, and
// remembers the values of hot counters from group to group. It belongs to the
// committer.
type counters struct {
	values map[string]int64
	dirty  map[string]struct{} // added to in the group under way
	wrote  []string            // what the last flush wrote
}

const keptCounters = 4 << 10

func newCounters() counters {
	return counters{values: map[string]int64{}, dirty: map[string]struct{}{}}
}

// add applies an Add of a transaction; load finds the value of a counter that
// is not remembered.
func (c *counters) add(key []byte, delta int64, load func([]byte) (int64, error)) error {
	value, ok := c.values[string(key)]
	if !ok {
		var err error
		if value, err = load(key); err != nil {
			return err
		}
	}
	c.values[string(key)] = value + delta
	c.dirty[string(key)] = struct{}{}
	return nil
}

// forget drops a key that is overwritten.
func (c *counters) forget(key []byte) {
	if len(c.values) > 0 {
		delete(c.values, string(key))
		delete(c.dirty, string(key))
	}
}

// forgetRange drops the keys from <= k < to.
func (c *counters) forgetRange(from, to []byte) {
	for k := range c.values {
		if key := []byte(k); bytes.Compare(from, key) <= 0 && bytes.Compare(key, to) < 0 {
			c.forget(key)
		}
	}
}

// flush writes the group's results and bounds what is remembered.
func (c *counters) flush(b batch) {
	c.wrote = c.wrote[:0]
	for k := range c.dirty {
		b.set([]byte(k), kv.Counter(c.values[k]))
		c.wrote = append(c.wrote, k)
	}
	clear(c.dirty)
	for k := range c.values {
		if len(c.values) <= keptCounters {
			break
		}
		delete(c.values, k)
	}
}

// teach tells the recall of an era the counters that the last flush wrote, as
// of version: those that are read at all are mostly read between two writes.
func (c *counters) teach(a *era, seed maphash.Seed, version uint64) {
	for _, k := range c.wrote {
		if n, ok := c.values[k]; ok {
			a.recall.refresh(k, maphash.String(seed, k), &remembered{reading: reading{value: kv.Counter(n), present: true, version: version}})
		}
	}
}

func (c *counters) reset() {
	clear(c.values)
	clear(c.dirty)
}
