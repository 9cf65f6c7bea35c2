package lambda

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// provisionKind keeps the environments of a provisioned version or alias. What
// it keeps is in the Runner, so the job waits for good, and is done once when
// the server starts. Environments with new credentials are made before those
// with the old ones are left.
const provisionKind = "lambda.provision"

// provisionJob is the payload of such a job.
type provisionJob struct {
	Name      string `kv:"1"`
	Function  uint64 `kv:"2"`
	Qualifier string `kv:"3"`
	Nonce     uint64 `kv:"4"` // of the setting: a job of another one is over
}

// keeping is a provision as its job finds it.
type keeping struct {
	provisionJob
	at  address
	t   target
	p   *provision
	now time.Time
}

// owner is whose the environments are in the Runner.
func (k *keeping) owner() string {
	return k.at.qualified() + " " + strconv.FormatUint(k.Function, 10)
}

// keepProvisioned is the job.
func (s *Service) keepProvisioned(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	k := &keeping{}
	if err := kv.Decode(j.Payload, &k.provisionJob); err != nil {
		return nil, err
	}
	k.at = address{j.Scope, k.Name, k.Qualifier}
	err := s.loadProvision(ctx, k)
	switch {
	case errors.Is(err, errOver):
		return nil, s.Runner.Provision(ctx, k.owner(), nil, 0)
	case err != nil:
		return nil, err
	case k.p.Nonce != k.Nonce: // a later job has the environments
		return nil, nil
	}
	start := k.now.UTC().Truncate(renewal)
	until := start.Add(renewal - renewAhead)
	programs := []Program{s.program(k.call(k.now), k.t)}
	if !k.now.Before(until) {
		until = start.Add(renewal)
		programs = append(programs, s.program(k.call(until), k.t))
	}
	reason := ""
	ctx = aws.WithCall(ctx, k.call(k.now))
	if err := s.Runner.Provision(ctx, k.owner(), programs, k.p.Requested); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		s.Log.Warn("concurrency could not be provisioned", "function", k.at.qualified(), "error", err)
		reason, until = provisionReason(err), k.now.Add(time.Minute)
	}
	if err := s.noteProvision(ctx, k, reason); err != nil {
		return nil, err
	}
	return nil, &job.Wait{Until: until, On: []kv.Key{k.t.f.provisionKey(k.Qualifier), k.t.f.aliasKey(k.Qualifier)}}
}

// provisionReason is why a provision failed, as AWS has it.
func provisionReason(err error) string {
	switch {
	case errors.Is(err, ErrBusy):
		return "There is not enough capacity on this machine."
	case errors.Is(err, ErrCannotRun):
		return err.Error()
	}
	return "FUNCTION_ERROR_INIT_FAILURE"
}

// call is what a program is made for.
func (k *keeping) call(at time.Time) *aws.Call {
	return &aws.Call{Start: at, Service: "lambda", Operation: "Invoke", Account: k.at.Account, Region: k.at.Region}
}

// loadProvision reads what there is to be kept, or says that it is over.
func (s *Service) loadProvision(ctx context.Context, k *keeping) error {
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		k.now = tx.Now()
		f, c, err := k.at.version(tx)
		if isCode(err, "ResourceNotFoundException") || err == nil && f.ID != k.Function {
			return errOver
		}
		if err != nil {
			return err
		}
		var ok bool
		if k.p, ok = provisions.Get(tx, f.provisionKey(k.Qualifier)); !ok {
			return errOver
		}
		k.t = target{f: f, c: c, pool: k.Qualifier}
		return nil
	})
}

// noteProvision stores how it went.
func (s *Service) noteProvision(ctx context.Context, k *keeping, reason string) error {
	if reason == k.p.Reason {
		return nil
	}
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		key := k.t.f.provisionKey(k.Qualifier)
		if p, ok := provisions.Get(tx, key); ok && p.Nonce == k.Nonce {
			p.Reason = reason
			provisions.Put(tx, key, p)
		}
		return nil
	})
}
