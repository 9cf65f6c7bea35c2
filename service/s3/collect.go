package s3

import (
	"context"

	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// armCollector puts the job that collects, unless it is put already.
func armCollector(tx kv.Tx) {
	key := armed.Key(kv.Scope{}, kv.String(kindCollect))
	if armed.Has(tx, key) {
		return
	}
	armed.Put(tx, key, &struct{}{})
	job.Put(tx, &job.Job{Kind: kindCollect, Due: tx.Now().Add(collectPeriod)})
}

// collect deletes the blobs that no row refers to: those of uploads that ended
// with the process before their row was there, and those that were spared for
// the sake of saved states. Young ones may be of uploads that are under way.
func (s *Service) collect(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	old := s.Clock.Wall().Add(-orphanAge)
	for info, err := range s.Blobs.List() {
		if err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if info.Created.After(old) {
			continue
		}
		if wanted, err := s.wanted(ctx, info.ID); err != nil || wanted {
			if err != nil {
				return nil, err
			}
			continue
		}
		if err := s.Blobs.Delete(info.ID); err != nil {
			return nil, err
		}
	}
	return func(tx kv.Tx) error {
		job.Put(tx, &job.Job{Kind: kindCollect, Due: tx.Now().Add(collectPeriod)})
		return nil
	}, nil
}
