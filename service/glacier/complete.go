package glacier

import (
	"context"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// retrieval finds a job of the vault.
func (v *vault) retrieval(tx kv.Tx, id string) (*retrieval, error) {
	r, ok := retrievals.Get(tx, v.retrievalKey(id))
	if !ok {
		return nil, notFound("The job ID was not found: %s", id)
	}
	r.id = id
	return r, nil
}

// inProgress finds the retrieval that a job completes. It may be gone with its
// vault, or be complete since the job ran before.
func inProgress(tx kv.Tx, j *job.Job) (*vault, *retrieval, bool) {
	v, ok := findErrand(tx, j)
	if !ok {
		return nil, nil, false
	}
	r, err := v.retrieval(tx, j.ID)
	return v, r, err == nil && r.Completed.IsZero()
}

func (r *retrieval) status() glacier.StatusCode {
	switch {
	case r.Completed.IsZero():
		return glacier.StatusCodeInProgress
	case r.Failure != "":
		return glacier.StatusCodeFailed
	}
	return glacier.StatusCodeSucceeded
}

// completeArchive is the job at the end of an archive retrieval's time.
// AWS: "Delete Archive": a retrieval under way fails when its archive is
// deleted; one that is complete keeps what it has.
func (s *Service) completeArchive(_ context.Context, tx kv.Tx, j *job.Job) error {
	v, r, ok := inProgress(tx, j)
	if !ok {
		return nil
	}
	hauls.Delete(tx, r.haulKey(j.Scope))
	if _, err := v.archive(tx, r.Archive); err != nil {
		r.Failure = "The archive was deleted."
	} else {
		place{j.Scope, r.Content}.hold(tx)
	}
	return v.complete(tx, r)
}

// completeInventory is the job at the end of an inventory retrieval's time. It
// writes the list, and then says where it is.
func (s *Service) completeInventory(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	var r *retrieval
	var v *vault
	found := false
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		v, r, found = inProgress(tx, j)
		return nil
	})
	if err != nil || !found {
		return nil, err
	}
	l := &listing{Service: s, v: v, r: r}
	output, err := l.write(ctx)
	if err != nil {
		return nil, err
	}
	return func(tx kv.Tx) error {
		v, r, ok := inProgress(tx, j)
		if !ok {
			deleteBlob(tx, output.ID)
			return nil
		}
		r.Output, r.Marker = output, l.next
		return v.complete(tx, r)
	}, nil
}

// complete ends a retrieval, for its job to expire a day later, and tells of it.
func (v *vault) complete(tx kv.Tx, r *retrieval) error {
	r.Completed = tx.Now()
	retrievals.Put(tx, v.retrievalKey(r.id), r)
	job.Put(tx, v.errandFor(kindExpire, r.id, r.Completed.Add(jobLife)))
	return v.announce(tx, r)
}

// expire is the job at the end of a completed retrieval's time.
func (s *Service) expire(_ context.Context, tx kv.Tx, j *job.Job) error {
	v, ok := findErrand(tx, j)
	if !ok {
		return nil
	}
	if r, err := v.retrieval(tx, j.ID); err == nil {
		r.release(tx, j.Scope)
		retrievals.Delete(tx, v.retrievalKey(r.id))
	}
	return nil
}

// release gives back what a completed retrieval holds.
func (r *retrieval) release(tx kv.Tx, sc kv.Scope) {
	switch {
	case r.status() != glacier.StatusCodeSucceeded:
	case r.Action == actionArchive:
		place{sc, r.Content}.release(tx)
	case r.Output != (blob.Ref{}):
		deleteBlob(tx, r.Output.ID)
	}
}
