package local

import (
	"errors"
	"sync"
	"sync/atomic"
)

// era is the life of one engine within a Store: from opening, loading or
// resetting until the next. Transactions hold the era that they began in; the
// engine is closed when the era is over and the last of them has left.
type era struct {
	engine engine
	recall recall
	logs   *logs
	refs   atomic.Int64 // the transactions, and the Store itself
	once   sync.Once
	gone   chan struct{} // closed when the engine is
	err    error         // from closing the engine

	discardable atomic.Bool  // another era has replaced this one
	drop        func() error // then removes the engine's files; may be nil
}

func newEra(c candidate) *era {
	a := &era{engine: c.engine, logs: newLogs(), drop: c.drop, gone: make(chan struct{})}
	a.refs.Store(1)
	return a
}

// enter returns the present era, held.
func (s *Store) enter() (*era, error) {
	for {
		a := s.era.Load()
		if a == nil {
			return nil, *s.ended.Load()
		}
		a.refs.Add(1)
		if s.era.Load() == a {
			return a, nil
		}
		a.leave()
	}
}

// leave gives the era back. Whoever is the last closes the engine.
func (a *era) leave() {
	if a.refs.Add(-1) > 0 {
		return
	}
	a.once.Do(func() {
		a.err = a.engine.close()
		if a.drop != nil && a.discardable.Load() {
			a.err = errors.Join(a.err, a.drop())
		}
		close(a.gone)
	})
}

// discard ends the era for the Store, and the engine's files with it.
func (a *era) discard() {
	a.discardable.Store(true)
	a.leave()
}
