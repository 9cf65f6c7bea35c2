package control

import (
	"context"
	"net/http"
	"time"

	"github.com/brume-cloud/brume/aws"
)

// Snapshot is a saved state.
type Snapshot struct {
	Name  string    `json:"name"`
	Saved time.Time `json:"saved,omitzero"` // real time
}

// SnapshotList is the answer to GET snapshots.
type SnapshotList struct {
	Snapshots []Snapshot `json:"snapshots"`
}

func stateRoutes(mux *http.ServeMux, c Cloud) {
	handle(mux, "GET /_brume/snapshots", func(ctx context.Context, _ *none) (SnapshotList, error) {
		return listSnapshots(ctx, c)
	})
	handle(mux, "POST /_brume/snapshots", func(ctx context.Context, in *Snapshot) (Snapshot, error) {
		if err := c.SaveSnapshot(ctx, in.Name); err != nil {
			return Snapshot{}, err
		}
		return findSnapshot(ctx, c, in.Name)
	})
	handle(mux, "GET /_brume/snapshots/{name}", func(ctx context.Context, _ *none) (Snapshot, error) {
		return findSnapshot(ctx, c, pathValue(ctx, "name"))
	})
	handle(mux, "POST /_brume/snapshots/{name}/load", func(ctx context.Context, _ *none) (Clock, error) {
		err := c.LoadSnapshot(ctx, pathValue(ctx, "name"))
		return readClock(c), err
	})
	handle(mux, "DELETE /_brume/snapshots/{name}", func(ctx context.Context, _ *none) (none, error) {
		return none{}, c.RemoveSnapshot(ctx, pathValue(ctx, "name"))
	})
}

func listSnapshots(ctx context.Context, c Cloud) (SnapshotList, error) {
	saved, err := c.Snapshots(ctx)
	list := SnapshotList{[]Snapshot{}}
	for _, s := range saved {
		list.Snapshots = append(list.Snapshots, Snapshot{Name: s.Name, Saved: s.Saved.UTC()})
	}
	return list, err
}

func findSnapshot(ctx context.Context, c Cloud, name string) (Snapshot, error) {
	list, err := listSnapshots(ctx, c)
	if err != nil {
		return Snapshot{}, err
	}
	for _, s := range list.Snapshots {
		if s.Name == name {
			return s, nil
		}
	}
	return Snapshot{}, aws.Errorf(http.StatusNotFound, "NoSuchSnapshot", "there is no snapshot %q: list them to see their names", name)
}
