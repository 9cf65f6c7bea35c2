// Package pace keeps token buckets in memory: what is left of a rate that may be
// saved up. A bucket that is not known is full, so a restart only gives credit.
package pace

import (
	"sync"
	"time"
)

// Buckets are buckets by name. The zero value is ready, and may be used from many
// goroutines; those that use different buckets do not wait for each other. Names
// are never forgotten: there should be a bounded number of them.
type Buckets struct{ all sync.Map } // name -> *bucket

type bucket struct {
	mu   sync.Mutex
	left float64
	at   time.Time // when left was right
}

func (b *Buckets) named(name string, full float64) *bucket {
	if k, ok := b.all.Load(name); ok {
		return k.(*bucket)
	}
	k, _ := b.all.LoadOrStore(name, &bucket{left: full})
	return k.(*bucket)
}

// Left returns what is left in a bucket that gains rate a second and holds most.
// It is negative after more was taken than there was.
func (b *Buckets) Left(name string, rate, most float64, now time.Time) float64 {
	k := b.named(name, most)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.refill(rate, most, now)
}

// refill returns what is in the bucket now.
func (k *bucket) refill(rate, most float64, now time.Time) float64 {
	if passed := now.Sub(k.at).Seconds(); passed > 0 {
		if !k.at.IsZero() {
			k.left += passed * rate
		}
		k.at = now
	}
	k.left = min(k.left, most)
	return k.left
}

// Take takes n from a bucket that Left was asked about.
func (b *Buckets) Take(name string, n float64) {
	k := b.named(name, 0)
	k.mu.Lock()
	k.left -= n
	k.mu.Unlock()
}

// Spend takes one from a bucket that gains rate a second and holds most, and reports
// whether there was one. Where there was not, it takes nothing.
func (b *Buckets) Spend(name string, rate, most float64, now time.Time) bool {
	k := b.named(name, most)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refill(rate, most, now) < 1 {
		return false
	}
	k.left--
	return true
}
