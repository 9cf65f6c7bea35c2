package cloud

import (
	"context"
	"errors"

	"github.com/brume-cloud/brume/cloud/control"
	"github.com/brume-cloud/brume/front/meter"
	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/kv/local"
)

// Snapshots returns the saved states by name.
func (s *System) Snapshots(context.Context) ([]local.SnapshotInfo, error) { return s.store.Snapshots() }

// hasSnapshots reports whether there are any.
func (s *System) hasSnapshots() (bool, error) {
	all, err := s.store.Snapshots()
	return len(all) > 0, err
}

// SaveSnapshot keeps the present state under a name.
func (s *System) SaveSnapshot(ctx context.Context, name string) error {
	return s.alone(ctx, func() error {
		if err := s.meter.Flush(ctx); err != nil {
			return err
		}
		return s.store.Save(ctx, name)
	})
}

// LoadSnapshot replaces the present state by a saved one. The clock shows what
// it would if the cloud had been stopped when the snapshot was saved and
// started again now.
func (s *System) LoadSnapshot(ctx context.Context, name string) error {
	return s.replace(ctx, func() error { return s.store.Load(ctx, name) })
}

// RemoveSnapshot forgets a saved state.
func (s *System) RemoveSnapshot(_ context.Context, name string) error { return s.store.Remove(name) }

// Reset replaces the present state by an empty one. Snapshots stay.
func (s *System) Reset(ctx context.Context) error {
	return s.replace(ctx, func() error { return s.store.Reset(ctx) })
}

// replace stands the jobs still while the state changes under them: they must
// not see the new rows at the old time.
func (s *System) replace(ctx context.Context, change func() error) error {
	return s.alone(ctx, func() error {
		if err := s.meter.Flush(ctx); err != nil { // of the old state
			return err
		}
		// From here on the client's patience does not matter: the jobs must run again.
		ctx := context.WithoutCancel(ctx)
		if err := s.scheduler.Stop(ctx); err != nil {
			return err
		}
		err := change()
		return errors.Join(err, s.restore(ctx), s.scheduler.Start(ctx))
	})
}

// Usage returns all usage so far.
func (s *System) Usage(ctx context.Context) ([]meter.Line, error) { return s.meter.Read(ctx) }

// Scrub reads all objects of S3 and tells which are damaged.
func (s *System) Scrub(ctx context.Context) (control.Scrub, error) {
	done, err := s.s3.Scrub(ctx)
	out := control.Scrub{Objects: done.Objects, Bytes: done.Bytes, Damaged: []control.Damage{}}
	for _, d := range done.Damaged {
		out.Damaged = append(out.Damaged, control.Damage(d))
	}
	return out, err
}

// Objects returns the store of S3's large bytes.
func (s *System) Objects() blob.Store { return s.objects }
