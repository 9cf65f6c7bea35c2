package sns

import (
	"hash/maphash"
	"sync/atomic"
)

// filterCache keeps parsed filter policies by their text. It is bounded, since
// each slot holds what was last parsed for it, and has no lock. What is in it
// follows from the text alone, so it is no state.
type filterCache struct {
	seed  maphash.Seed
	slots [512]atomic.Pointer[cachedFilter]
}

type cachedFilter struct {
	text, scope string
	policy      *filterPolicy
}

func newFilterCache() *filterCache { return &filterCache{seed: maphash.MakeSeed()} }

// get returns the policy that text is.
func (c *filterCache) get(text, scope string) (*filterPolicy, error) {
	slot := &c.slots[maphash.String(c.seed, text)%uint64(len(c.slots))]
	if f := slot.Load(); f != nil && f.text == text && f.scope == scope {
		return f.policy, nil
	}
	p, err := parseFilter(text, scope)
	if err != nil {
		return nil, err
	}
	slot.Store(&cachedFilter{text, scope, p})
	return p, nil
}
