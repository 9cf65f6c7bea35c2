package local

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Errors of saved states. They are a caller's.
var (
	ErrName   = errors.New("a snapshot's name has 1 to 64 letters, digits, dots, underscores and hyphens, and does not begin with a dot")
	ErrExists = errors.New("there is a snapshot of that name already")
	ErrAbsent = errors.New("there is no snapshot of that name")
)

// SnapshotInfo describes a saved state.
type SnapshotInfo struct {
	Name  string
	Saved time.Time // real time
}

// keeper is where an engine's saved states are: the home directory, or memory.
type keeper interface {
	save(e engine, name string) error
	list() ([]SnapshotInfo, error)
	remove(name string) error

	// prepare opens an engine of its own with the saved state, or an empty one
	// when name is "". The engine becomes the one that the next start opens
	// when it is adopted.
	prepare(name string) (candidate, error)

	// fork writes the saved state to a new data directory.
	fork(name, dir string) error
}

// candidate is an engine that may replace the present one.
type candidate struct {
	engine
	adopt func() error // makes it the one to start with; may be nil
	drop  func() error // removes its files, once it is closed; may be nil
}

// Save keeps the present state under name. It takes time for the number of
// files, not for the size of the data, and transactions go on meanwhile.
func (s *Store) Save(ctx context.Context, name string) error {
	s.admin.Lock()
	defer s.admin.Unlock()
	if err := checkName(ctx, name); err != nil {
		return err
	}
	a, err := s.enter()
	if err != nil {
		return err
	}
	defer a.leave()
	return s.keeper.save(a.engine, name)
}

// Load replaces the present state by the one kept under name, which stays as it
// is. It happens at one moment: transactions that began before run again on the
// loaded state, Views that began before end on the state of before. All watches
// are told. If the process ends in between, the state is either the old or the
// loaded one.
//
// What was derived from the state and lives in memory must be derived again by
// whoever holds it, the job scheduler above all.
func (s *Store) Load(ctx context.Context, name string) error {
	if err := checkName(ctx, name); err != nil {
		return err
	}
	return s.replace(name)
}

// Reset replaces the present state by an empty one, as Load does.
func (s *Store) Reset(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.replace("")
}

// Snapshots returns the saved states, in the order of their names.
//
// A blob that a row of a saved state refers to must be kept as long as the
// saved state is: whoever collects blobs must ask here.
func (s *Store) Snapshots() ([]SnapshotInfo, error) {
	all, err := s.keeper.list()
	slices.SortFunc(all, func(a, b SnapshotInfo) int { return cmp.Compare(a.Name, b.Name) })
	return all, err
}

// Remove forgets a saved state.
func (s *Store) Remove(name string) error {
	s.admin.Lock()
	defer s.admin.Unlock()
	if err := checkName(context.Background(), name); err != nil {
		return err
	}
	return s.keeper.remove(name)
}

// Fork makes a data directory of its own from a saved state, for another
// process to open. dir must not exist. Blobs are not part of it.
func (s *Store) Fork(ctx context.Context, name, dir string) error {
	s.admin.Lock()
	defer s.admin.Unlock()
	if err := checkName(ctx, name); err != nil {
		return err
	}
	return s.keeper.fork(name, dir)
}

func checkName(ctx context.Context, name string) error {
	if !snapshotName.MatchString(name) {
		return fmt.Errorf("%w: %q", ErrName, name)
	}
	return ctx.Err()
}

var snapshotName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$`)

// replace begins a new era with the saved state of that name.
func (s *Store) replace(name string) error {
	s.admin.Lock()
	defer s.admin.Unlock()
	if s.era.Load() == nil {
		return *s.ended.Load()
	}
	c, err := s.keeper.prepare(name)
	if err != nil {
		return err
	}
	next := newEra(c)
	var before *era
	err = s.exclusive(func() (err error) {
		before, err = s.turn(next, c)
		return err
	})
	if err != nil {
		next.discard()
		return err
	}
	s.watches.notifyAll()
	before.discard()
	return nil
}

// turn makes next the present era. No transaction commits meanwhile. Versions
// go on from where they are, so that stamps grow across the change.
func (s *Store) turn(next *era, c candidate) (before *era, err error) {
	m := &s.committer
	if m.broken != nil {
		return nil, m.broken
	}
	bound, err := versionBound(c.engine)
	if err != nil {
		return nil, err
	}
	last := max(m.last, bound)
	b := c.begin()
	b.set(keyVersion, binary.BigEndian.AppendUint64(nil, last+versionStep))
	if err := b.commit(); err != nil {
		return nil, err
	}
	if c.adopt != nil {
		if err := c.adopt(); err != nil {
			return nil, err
		}
	}
	m.last, m.reserved = last, last+versionStep
	m.counters.reset()
	before, m.current = m.current, next
	s.published.Store(last)
	s.era.Store(next) // Close is kept out by s.admin, fail by the committer
	return before, nil
}
