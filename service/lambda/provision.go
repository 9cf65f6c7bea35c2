package lambda

import (
	"context"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// PutProvisionedConcurrencyConfig keeps environments ready for a version or an alias.
func (s *Service) PutProvisionedConcurrencyConfig(ctx context.Context, in *lambda.PutProvisionedConcurrencyConfigInput) (*lambda.PutProvisionedConcurrencyConfigOutput, error) {
	nonce := s.Random.Uint64()
	var out *lambda.ProvisionedConcurrencyConfigListItem
	err := s.provisioned(ctx, in.FunctionName, in.Qualifier, func(tx kv.Tx, f *function, c *configuration) error {
		n := int(in.ProvisionedConcurrentExecutions)
		if err := f.mayProvision(tx, c, n); err != nil {
			return err
		}
		key := f.provisionKey(f.at.Qualifier)
		f.unprovision(tx, f.at.Qualifier)
		p := &provision{Requested: n, Nonce: nonce, Modified: tx.Now(), Memory: int64(n) * int64(c.Memory)}
		p.keep(tx, f.at.Scope, 1)
		provisions.Put(tx, key, p)
		f.Provisioned += n
		functions.Put(tx, f.at.key(), f)
		recount(tx, f.at.Scope)
		payload := provisionJob{f.at.Name, f.ID, f.at.Qualifier, nonce}
		job.PutNow(tx, &job.Job{Kind: provisionKind, Scope: f.at.Scope, ID: f.at.qualified(), Payload: kv.Append(nil, &payload)})
		out = p.describe(f.at, 0)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.PutProvisionedConcurrencyConfigOutput{
		RequestedProvisionedConcurrentExecutions: out.RequestedProvisionedConcurrentExecutions, AllocatedProvisionedConcurrentExecutions: out.AllocatedProvisionedConcurrentExecutions,
		AvailableProvisionedConcurrentExecutions: out.AvailableProvisionedConcurrentExecutions, Status: out.Status, StatusReason: out.StatusReason, LastModified: out.LastModified,
	}, nil
}

// provisioned runs fn on the version or alias that a provision is of.
func (s *Service) provisioned(ctx context.Context, name, qualifier string, fn func(kv.Tx, *function, *configuration) error) error {
	a, err := addressOf(aws.CallFrom(ctx), name, &qualifier)
	if err != nil {
		return err
	}
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		f, c, err := a.version(tx)
		if err != nil {
			return err
		}
		return fn(tx, f, c)
	})
}

// mayProvision refuses what cannot be provisioned, in AWS's words.
// AWS: "Configuring provisioned concurrency for a function".
func (f *function) mayProvision(tx kv.Tx, c *configuration, n int) error {
	switch {
	case c.Number == 0:
		return invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
	case c.SnapStart:
		return invalid("Provisioned Concurrency is not supported with SnapStart.")
	}
	others := f.Provisioned
	if p, ok := provisions.Get(tx, f.provisionKey(f.at.Qualifier)); ok {
		others -= p.Requested
	}
	if f.at.Qualifier != c.version() && provisions.Has(tx, f.provisionKey(c.version())) {
		return lambda.ErrResourceConflictException(&lambda.ResourceConflictException{Type: new(user)},
			"Alias can not be used for Provisioned Concurrency configuration on an already provisioned version")
	}
	if f.Limited {
		if others+n > f.Reserved {
			return invalid("Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function")
		}
		return nil
	}
	if unreserved(tx, f.at.Scope, f)-others-n < minUnreserved {
		return belowMinimum()
	}
	return nil
}

// describe tells of a provision, of which some environments are there.
func (p *provision) describe(at address, available int) *lambda.ProvisionedConcurrencyConfigListItem {
	status := lambda.ProvisionedConcurrencyStatusEnumINPROGRESS
	switch {
	case available >= p.Requested:
		available, status = p.Requested, lambda.ProvisionedConcurrencyStatusEnumREADY
	case p.Reason != "":
		status = lambda.ProvisionedConcurrencyStatusEnumFAILED
	}
	n := int32(available)
	return &lambda.ProvisionedConcurrencyConfigListItem{
		FunctionArn: new(at.qualified()), RequestedProvisionedConcurrentExecutions: new(int32(p.Requested)),
		AllocatedProvisionedConcurrentExecutions: &n, AvailableProvisionedConcurrentExecutions: &n,
		Status: status, StatusReason: aws.Optional(p.Reason), LastModified: new(p.Modified.UTC().Format("2006-01-02T15:04:05+0000")),
	}
}

// GetProvisionedConcurrencyConfig tells how many environments there are to be, and are.
func (s *Service) GetProvisionedConcurrencyConfig(ctx context.Context, in *lambda.GetProvisionedConcurrencyConfigInput) (*lambda.GetProvisionedConcurrencyConfigOutput, error) {
	var d *lambda.ProvisionedConcurrencyConfigListItem
	call := aws.CallFrom(ctx)
	err := s.view(ctx, in.FunctionName, &in.Qualifier, func(tx kv.Tx, f *function, c *configuration) error {
		p, ok := provisions.Get(tx, f.provisionKey(f.at.Qualifier))
		if !ok {
			return lambda.ErrProvisionedConcurrencyConfigNotFoundException(&lambda.ProvisionedConcurrencyConfigNotFoundException{Type: new(user)}, "No Provisioned Concurrency Config found for this function")
		}
		d = p.describe(f.at, s.Runner.Provisioned(target{f: f, c: c, pool: f.at.Qualifier}.poolKey(call.Start)))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.GetProvisionedConcurrencyConfigOutput{
		RequestedProvisionedConcurrentExecutions: d.RequestedProvisionedConcurrentExecutions, AllocatedProvisionedConcurrentExecutions: d.AllocatedProvisionedConcurrentExecutions,
		AvailableProvisionedConcurrentExecutions: d.AvailableProvisionedConcurrentExecutions, Status: d.Status, StatusReason: d.StatusReason, LastModified: d.LastModified,
	}, nil
}

// ListProvisionedConcurrencyConfigs lists those of a function. The marker is the
// qualifier to go on after.
func (s *Service) ListProvisionedConcurrencyConfigs(ctx context.Context, in *lambda.ListProvisionedConcurrencyConfigsInput) (*lambda.ListProvisionedConcurrencyConfigsOutput, error) {
	size := pageSize
	if in.MaxItems != nil {
		size = min(size, int(*in.MaxItems))
	}
	call := aws.CallFrom(ctx)
	out := &lambda.ListProvisionedConcurrencyConfigsOutput{}
	err := s.view(ctx, in.FunctionName, nil, func(tx kv.Tx, f *function, _ *configuration) error {
		*out = lambda.ListProvisionedConcurrencyConfigsOutput{ProvisionedConcurrencyConfigs: []lambda.ProvisionedConcurrencyConfigListItem{}}
		r := kv.Prefix(provisions.Prefix(f.at.Scope, kv.Uint(f.ID)))
		if after := deref(in.Marker); after != "" {
			r.From = f.provisionKey(after).After()
		}
		last := ""
		for key, p := range provisions.Scan(tx, r) {
			if len(out.ProvisionedConcurrencyConfigs) == size {
				out.NextMarker = &last
				break
			}
			last = provisionOf(key)
			at := f.at
			at.Qualifier = last
			available := 0
			if _, c, err := at.version(tx); err == nil {
				available = s.Runner.Provisioned(target{f: f, c: c, pool: last}.poolKey(call.Start))
			}
			out.ProvisionedConcurrencyConfigs = append(out.ProvisionedConcurrencyConfigs, *p.describe(at, available))
		}
		return nil
	})
	return out, err
}

// DeleteProvisionedConcurrencyConfig gives the environments back. The job, which
// waits for the row, ends them.
func (s *Service) DeleteProvisionedConcurrencyConfig(ctx context.Context, in *lambda.DeleteProvisionedConcurrencyConfigInput) (*lambda.DeleteProvisionedConcurrencyConfigOutput, error) {
	err := s.provisioned(ctx, in.FunctionName, in.Qualifier, func(tx kv.Tx, f *function, _ *configuration) error {
		f.unprovision(tx, f.at.Qualifier)
		return nil
	})
	return &lambda.DeleteProvisionedConcurrencyConfigOutput{}, err
}

// unprovision deletes a provision, if there is one, and stores the function.
func (f *function) unprovision(tx kv.Tx, qualifier string) {
	key := f.provisionKey(qualifier)
	p, ok := provisions.Get(tx, key)
	if !ok {
		return
	}
	p.keep(tx, f.at.Scope, -1)
	provisions.Delete(tx, key)
	f.Provisioned -= p.Requested
	functions.Put(tx, f.at.key(), f)
	recount(tx, f.at.Scope)
}
