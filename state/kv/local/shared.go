package local

import (
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// sharedSnapshot is a Pebble snapshot that all transactions use which begin
// between two commits. It is taken only when the commit before it is complete:
// Pebble shows a commit to readers before the log has it, and a reader could
// tell of what the end of the process then takes back. It also saves work, as
// closing a snapshot costs Pebble more than a read.
type sharedSnapshot struct {
	diskSnapshot
	refs atomic.Int64 // its users, and the engine while it is the latest
	once sync.Once
}

// snapshots has the latest snapshot of an engine.
type snapshots struct {
	committing sync.Mutex // held during a commit
	latest     atomic.Pointer[sharedSnapshot]
	wanted     atomic.Bool // somebody has read since the last commit
}

// snapshot returns the state as of the last complete commit. Only the first
// reader after commits that nobody read may have to wait for one under way.
func (d *disk) snapshot() snapshot {
	if !d.wanted.Load() {
		d.wanted.Store(true)
	}
	for {
		s := d.latest.Load()
		if s == nil {
			d.committing.Lock()
			if d.latest.Load() == nil {
				d.latest.Store(d.takeSnapshot())
			}
			d.committing.Unlock()
			continue
		}
		s.refs.Add(1)
		if d.latest.Load() == s { // so it cannot have been closed
			return s
		}
		_ = s.close()
	}
}

func (d *disk) takeSnapshot() *sharedSnapshot {
	s := &sharedSnapshot{diskSnapshot: diskSnapshot{d.db.NewSnapshot()}}
	s.refs.Store(1)
	return s
}

// replaceSnapshot follows a commit. Without readers it leaves none, so that
// writing alone costs no snapshots and none keeps old data alive.
func (d *disk) replaceSnapshot() {
	var next *sharedSnapshot
	if d.wanted.Swap(false) {
		next = d.takeSnapshot()
	}
	if s := d.latest.Swap(next); s != nil {
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
