package local

import (
	"sync"
	"testing"

	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/kv/kvtest"
)

func TestMemory(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store { return Memory(Options{}) })
}

func TestPebble(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store { return open(t, Options{Dir: t.TempDir()}) })
}

func open(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReadsBetweenCommits has readers take and drop snapshots while commits
// replace them.
func TestReadsBetweenCommits(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		key := kv.NewKey(kv.String("k"))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				var last int64
				for range 2_000 {
					err := s.Update(t.Context(), func(tx kv.Tx) error {
						v, _ := tx.Peek(key)
						if now := kv.CounterValue(v); now < last {
							t.Errorf("from %d back to %d", last, now)
						} else {
							last = now
						}
						tx.Add(key, 1)
						return nil
					})
					if err != nil {
						t.Error(err)
					}
					last++ // one's own
				}
			})
		}
		wg.Wait()
	})
}
