// Package local is the embedded store: one transactional core over a small
// engine, which is Pebble in a directory or a copy-on-write tree in memory.
//
// A transaction reads from a snapshot of the engine and keeps its writes to
// itself. To commit, it queues at the committer, which validates what it read
// against the commits since its snapshot, gives it a version, and writes all
// that queue as one batch. See commit.go and history.go.
//
// Because a closure only ever sees one snapshot, what it sees is consistent,
// and an error that it returns stands without validation.
//
// A write is acknowledged when the operating system has it: it survives the end
// of the process, however sudden. With Options.Sync it survives a power loss.
package local

import (
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brume-cloud/brume/state/kv"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Options say where and how a Store keeps its state. All have defaults but Dir,
// which Open needs and Memory ignores.
type Options struct {
	Dir       string           // the data directory; made when missing
	Sync      bool             // survive a power loss: fsync before acknowledging
	Now       func() time.Time // the time of transactions; the real one by default
	Log       *slog.Logger     // for trouble in the background; slog.Default by default
	CacheSize int64            // bytes of table blocks kept in memory; 32 MiB by default

	disk vfs.FS // for tests of failing disks
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.CacheSize == 0 {
		o.CacheSize = defaultCache
	}
	if o.disk == nil {
		o.disk = vfs.Default
	}
	return o
}

// Store is a kv.Store within this process.
type Store struct {
	opts      Options
	keeper    keeper
	unlock    func()
	seed      maphash.Seed
	era       atomic.Pointer[era]   // nil when the store has ended
	ended     atomic.Pointer[error] // why
	published atomic.Uint64         // version that snapshots surely hold
	committer committer
	watches   watches
	idle      sync.Pool  // *tx; per store, so that a store and its channels stay in one synctest bubble
	admin     sync.Mutex // one of Save, Load, Close, … at a time
}

// Memory returns a store that keeps its state in memory.
func Memory(o Options) *Store {
	return newStore(o.withDefaults(), candidate{engine: newMemory()}, 0)
}

// Open opens the store in o.Dir. The directory belongs to one Store at a time;
// a second one gets a *LockedError.
func Open(o Options) (*Store, error) {
	o = o.withDefaults()
	h, err := openHome(&o)
	if err != nil {
		return nil, err
	}
	c, version, err := h.openCurrent()
	if err != nil {
		h.unlock()
		return nil, err
	}
	s := newStore(o, c, version)
	s.keeper, s.unlock = h, h.unlock
	return s, nil
}

func newStore(o Options, c candidate, version uint64) *Store {
	s := &Store{opts: o, keeper: new(shelf), unlock: func() {}, seed: maphash.MakeSeed()}
	a := newEra(c)
	s.era.Store(a)
	s.published.Store(version)
	s.committer = committer{
		history:  newHistory(s.seed),
		counters: newCounters(),
		current:  a,
		last:     version,
		reserved: version,
	}
	return s
}

// View implements kv.Store.
func (s *Store) View(ctx context.Context, fn func(kv.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := s.newTx()
	defer s.freeTx(t)
	for range maxAttempts {
		t.reset()
		t.ctx, t.readOnly = ctx, true
		if err := t.enter(); err != nil {
			return err
		}
		if err := t.run(fn); !errors.Is(err, errStale) {
			return err
		}
		t.stale = true
	}
	return kv.ErrConflict
}

// maxAttempts bounds the runs of one closure.
const maxAttempts = 100

// Update implements kv.Store.
func (s *Store) Update(ctx context.Context, fn func(kv.Tx) error) error {
	t := s.newTx()
	defer s.freeTx(t)
	t.ctx = ctx
	for attempt := range maxAttempts {
		if err := pause(ctx, attempt); err != nil {
			return err
		}
		t.reset()
		if err := t.enter(); err != nil {
			return err
		}
		if err := t.run(fn); errors.Is(err, errStale) {
			t.stale = true
			continue
		} else if err != nil {
			return err
		}
		if t.writes.size == 0 {
			t.version = s.published.Load()
			t.finish()
			return nil
		}
		s.commit(t)
		if t.err != nil {
			return t.err
		}
		if !t.lost {
			s.watches.notify(t)
			t.finish()
			return nil
		}
	}
	return kv.ErrConflict
}

// pause waits before an attempt, the longer the more have failed.
func pause(ctx context.Context, attempt int) error {
	const patient, most = 4, 10
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case attempt == 0:
		return nil
	case attempt < patient:
		runtime.Gosched()
		return nil
	}
	wait := time.NewTimer(rand.N(10 * time.Microsecond << min(attempt-patient, most)))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wait.C:
		return nil
	}
}

// Watch implements kv.Store.
func (s *Store) Watch(prefix kv.Key, bells ...chan<- struct{}) *kv.Watch {
	return s.watches.add(prefix, bells)
}

// Close implements kv.Store. Closing twice is no error.
func (s *Store) Close() error {
	s.admin.Lock()
	defer s.admin.Unlock()
	a := s.end(kv.ErrClosed)
	if a == nil { // closed already, or broken; Pebble cannot be closed then
		s.unlock()
		return nil
	}
	a.leave()
	<-a.gone
	s.unlock()
	return a.err
}

// end refuses all transactions from now on with err, and returns the era that
// was present, still held for the Store; nil when the store had ended before.
func (s *Store) end(err error) *era {
	s.ended.CompareAndSwap(nil, &err)
	return s.era.Swap(nil)
}

func (s *Store) newTx() *tx {
	if t, ok := s.idle.Get().(*tx); ok {
		return t
	}
	return &tx{store: s, waiting: make(chan bool, 1)}
}

func (s *Store) freeTx(t *tx) {
	t.reset()
	t.ctx, t.readOnly, t.stale = nil, false, false
	s.idle.Put(t)
}
