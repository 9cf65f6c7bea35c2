// Package memo remembers what follows from a text alone, such as a parsed
// document, so that it need not be worked out again. What is in a Cache is no
// state: dropping any of it changes nothing but the time that things take.
package memo

import (
	"hash/maphash"
	"sync/atomic"
)

// size is the number of values that a Cache keeps at most.
const size = 1024

// maxText bounds what one value's text can hold on to.
const maxText = 64 << 10

// Cache keeps values by the texts that they follow from. Each slot holds the
// value that was last kept for it, so there is no lock and nothing to evict.
// It may be used from many goroutines.
type Cache[V any] struct {
	seed  maphash.Seed
	slots [size]atomic.Pointer[entry[V]]
}

type entry[V any] struct {
	text  string
	value V
}

// New makes an empty cache.
func New[V any]() *Cache[V] { return &Cache[V]{seed: maphash.MakeSeed()} }

func (c *Cache[V]) slot(text string) *atomic.Pointer[entry[V]] {
	return &c.slots[maphash.String(c.seed, text)%size]
}

// Find returns the value of a text, if it is still there.
func (c *Cache[V]) Find(text string) (value V, ok bool) {
	if e := c.slot(text).Load(); e != nil && e.text == text {
		return e.value, true
	}
	return value, false
}

// Keep keeps the value of a text, unless the text is very long.
func (c *Cache[V]) Keep(text string, value V) {
	if len(text) <= maxText {
		c.slot(text).Store(&entry[V]{text, value})
	}
}
