package policy

import (
	"hash/maphash"
	"sync/atomic"
)

// Cache keeps parsed documents by their text. It is bounded: each slot holds
// the document that was last parsed for it, so there is no lock and nothing to
// evict. One serves all goroutines.
type Cache struct {
	seed  maphash.Seed
	slots [1024]atomic.Pointer[cached]
}

// maxCached bounds what one slot can hold on to. Only S3 and KMS take longer
// documents, and they are rare.
const maxCached = 16 << 10

type cached struct {
	doc    string
	kind   Kind
	policy *Policy
}

// NewCache makes an empty Cache.
func NewCache() *Cache { return &Cache{seed: maphash.MakeSeed()} }

// Get gives the policy that doc is. Documents that do not
// parse, or are very long, are not kept.
func (c *Cache) Get(doc string, kind Kind) (*Policy, error) {
	hash := maphash.String(c.seed, doc) + uint64(kind)
	slot := &c.slots[hash%uint64(len(c.slots))]
	if s := slot.Load(); s != nil && s.kind == kind && s.doc == doc {
		return s.policy, nil
	}
	p, err := Parse([]byte(doc), kind)
	if err != nil {
		return nil, err
	}
	if len(doc) > maxCached {
		return p, nil
	}
	slot.Store(&cached{doc, kind, p})
	return p, nil
}
