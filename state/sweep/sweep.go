// Package sweep gives back the space of blobs that no row refers to any more:
// those of uploads that ended with the process before their row was there, and
// those that were spared for the sake of saved states. A service that keeps
// blobs has a Sweep over its store of them, and says which ones its rows refer to.
package sweep

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

const (
	period = 24 * time.Hour
	young  = 24 * time.Hour // real time; younger ones may be of uploads that are under way
	batch  = 4096           // blobs whose rows are looked for at once
)

// Set is a set of blobs.
type Set map[blob.ID]struct{}

// Sweep sweeps one store of blobs, which nobody else writes.
type Sweep struct {
	Kind  string // of its job: stored, never rename
	Armed kv.Key // a row of the service's own, there once the job is put
	Store kv.Store
	Blobs blob.Store
	Clock *clock.Clock // for the real time

	// Saved reports whether saved states exist. Their rows may refer to any
	// blob: while there are some, none is deleted.
	Saved func() (bool, error)

	// Keep takes out of a set the blobs that rows refer to.
	Keep func(tx kv.Tx, s Set)
}

// Arm puts the job that sweeps, unless it is put already.
func (w *Sweep) Arm(tx kv.Tx) {
	if _, ok := tx.Get(w.Armed); ok {
		return
	}
	tx.Put(w.Armed, kv.Append(nil, &struct{}{}))
	job.Put(tx, &job.Job{Kind: w.Kind, Due: tx.Now().Add(period)})
}

// Job is the kind of job that sweeps.
func (w *Sweep) Job() job.Kind { return job.Kind{Name: w.Kind, Do: w.run, Concurrency: 1} }

func (w *Sweep) run(ctx context.Context, _ *job.Job) (func(kv.Tx) error, error) {
	if err := w.sweep(ctx); err != nil {
		return nil, err
	}
	return func(tx kv.Tx) error {
		job.Put(tx, &job.Job{Kind: w.Kind, Due: tx.Now().Add(period)})
		return nil
	}, nil
}

func (w *Sweep) sweep(ctx context.Context) error {
	old := w.Clock.Wall().Add(-young)
	some := Set{}
	for info, err := range w.Blobs.List() {
		if err != nil {
			return err
		}
		if info.Created.After(old) {
			continue
		}
		some[info.ID] = struct{}{}
		if len(some) < batch {
			continue
		}
		if err := w.drop(ctx, some); err != nil {
			return err
		}
		clear(some)
	}
	return w.drop(ctx, some)
}

// drop deletes those of some blobs that nothing refers to.
func (w *Sweep) drop(ctx context.Context, some Set) error {
	if len(some) == 0 {
		return nil
	}
	orphans := Set{}
	err := kv.View(ctx, w.Store, func(tx kv.Tx) error {
		clear(orphans)
		for id := range some {
			orphans[id] = struct{}{}
		}
		w.Keep(tx, orphans)
		return nil
	})
	if err != nil {
		return err
	}
	for id := range orphans {
		if saved, err := w.Saved(); saved || err != nil {
			return err
		}
		if err := w.Blobs.Delete(id); err != nil {
			return err
		}
	}
	return ctx.Err()
}
