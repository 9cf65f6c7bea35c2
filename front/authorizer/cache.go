package authorizer

import (
	"strings"
	"sync"
	"time"
)

// maxDecisions bounds a Cache.
const maxDecisions = 10_000

// Cache remembers decisions for as long as their authorizer says. The zero value is
// ready, and may be used from many goroutines. It is no state: a restart forgets it.
type Cache struct {
	mu  sync.RWMutex
	all map[string]kept
}

type kept struct {
	decision *Decision
	until    time.Time
}

// Key names a decision: the authorizer that made it, by where it is, and what of the
// request it depends on.
func Key(authorizer string, sources []string) string {
	return authorizer + "\x00" + strings.Join(sources, "\x00")
}

// Find returns a decision that still holds.
func (c *Cache) Find(key string, now time.Time) (*Decision, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	k, ok := c.all[key]
	if !ok || !now.Before(k.until) {
		return nil, false
	}
	return k.decision, true
}

// Keep remembers a decision. Where there is no room, another is forgotten.
func (c *Cache) Keep(key string, d *Decision, now, until time.Time) {
	if !now.Before(until) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]kept{}
	}
	for other := range c.all {
		if len(c.all) < maxDecisions {
			break
		}
		delete(c.all, other)
	}
	c.all[key] = kept{d, until}
}

// Forget drops the decisions whose keys begin with prefix.
func (c *Cache) Forget(prefix string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.all {
		if strings.HasPrefix(key, prefix) {
			delete(c.all, key)
		}
	}
}
