package local

import (
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// sharedSnapshot is a Pebble snapshot that all transactions use which begin
// between two commits. Closing a snapshot makes Pebble look for work, which
// costs more than a read; this way there is at most one for each commit.
type sharedSnapshot struct {
	diskSnapshot
	commits uint64       // of the engine, when it was taken
	refs    atomic.Int64 // its users, and the engine while it is the latest
	once    sync.Once
}

// snapshot returns the latest snapshot, or a new one when there were commits.
func (d *disk) snapshot() snapshot {
	commits := d.commits.Load()
	if s := d.latest.Load(); s != nil && s.commits == commits {
		s.refs.Add(1)
		if d.latest.Load() == s { // so it cannot have been closed
			return s
		}
		_ = s.close()
	}
	s := &sharedSnapshot{diskSnapshot: diskSnapshot{d.db.NewSnapshot()}, commits: commits}
	s.refs.Store(2) // before anybody else can see it, and let go of it
	if !d.latest.CompareAndSwap(nil, s) {
		s.refs.Store(1)
	} else if d.commits.Load() != commits { // a commit came between, and dropped nothing
		d.dropLatest()
	}
	return s
}

// committed tells that snapshots so far are not the latest any more.
func (d *disk) committed() {
	d.commits.Add(1)
	d.dropLatest()
}

// dropLatest lets go of the latest snapshot, so that it does not keep Pebble
// from dropping old data.
func (d *disk) dropLatest() {
	if s := d.latest.Swap(nil); s != nil {
		_ = s.close()
	}
}

func (s *sharedSnapshot) close() (err error) {
	if s.refs.Add(-1) > 0 {
		return nil
	}
	s.once.Do(func() { err = s.diskSnapshot.close() })
	return err
}

// diskSnapshot reads from a Pebble snapshot.
type diskSnapshot struct{ s *pebble.Snapshot }
