package lambda

import (
	"context"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/state/kv"
)

// takes is how much of the account's concurrency is set aside for the function.
func (f *function) takes() int {
	if f.Limited {
		return f.Reserved
	}
	return f.Provisioned
}

// unreserved is what functions other than one set aside leave of the account's
// concurrency.
func unreserved(tx kv.Tx, sc kv.Scope, but *function) int {
	n := concurrency
	for _, f := range functions.Scan(tx, kv.Prefix(functions.Prefix(sc))) {
		if but == nil || f.ID != but.ID {
			n -= f.takes()
		}
	}
	return n
}

// recount keeps what functions have set aside, so that a call need not look at
// all of them. Whatever changes it calls recount after the function is stored.
func recount(tx kv.Tx, sc kv.Scope) {
	takens.Put(tx, takenKey(sc), &taken{concurrency - unreserved(tx, sc, nil)})
}

func belowMinimum() error {
	return invalid("Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", minUnreserved)
}

// admit says what a call of the target is counted in: the function's own share
// or what is left of the account's. Provisioned environments are apart.
func (t *target) admit(tx kv.Tx) {
	f := t.f
	if f.Limited {
		t.share, t.limit = address{Scope: f.at.Scope, Name: f.at.Name}.arn(), f.Reserved-f.Provisioned
	} else {
		t.share, t.limit = string(f.at.Account)+" "+string(f.at.Region), concurrency
		if out, ok := takens.Get(tx, takenKey(f.at.Scope)); ok {
			t.limit -= out.Calls
		}
	}
	if f.Provisioned == 0 {
		return
	}
	for _, q := range []string{f.at.Qualifier, t.c.version()} {
		if provisions.Has(tx, f.provisionKey(q)) {
			t.pool = q
			return
		}
	}
}

// PutFunctionConcurrency gives a function a share of the account's concurrency,
// which is also its limit.
func (s *Service) PutFunctionConcurrency(ctx context.Context, in *lambda.PutFunctionConcurrencyInput) (*lambda.PutFunctionConcurrencyOutput, error) {
	n := int(in.ReservedConcurrentExecutions)
	err := s.change(ctx, in.FunctionName, func(tx kv.Tx, f *function, _ *configuration) error {
		if unreserved(tx, f.at.Scope, f)-n < minUnreserved {
			return invalid("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", minUnreserved)
		}
		if n < f.Provisioned {
			return invalid("Specified ReservedConcurrentExecutions for function should not be less than its provisioned concurrency of [%d].", f.Provisioned)
		}
		f.Limited, f.Reserved = true, n
		functions.Put(tx, f.at.key(), f)
		recount(tx, f.at.Scope)
		return nil
	})
	return &lambda.PutFunctionConcurrencyOutput{ReservedConcurrentExecutions: &in.ReservedConcurrentExecutions}, err
}

// GetFunctionConcurrency tells a function's share, if it has one.
func (s *Service) GetFunctionConcurrency(ctx context.Context, in *lambda.GetFunctionConcurrencyInput) (*lambda.GetFunctionConcurrencyOutput, error) {
	out := &lambda.GetFunctionConcurrencyOutput{}
	err := s.view(ctx, in.FunctionName, nil, func(_ kv.Tx, f *function, _ *configuration) error {
		if f.Limited {
			out.ReservedConcurrentExecutions = new(int32(f.Reserved))
		}
		return nil
	})
	return out, err
}

// DeleteFunctionConcurrency takes a function's share back.
func (s *Service) DeleteFunctionConcurrency(ctx context.Context, in *lambda.DeleteFunctionConcurrencyInput) (*lambda.DeleteFunctionConcurrencyOutput, error) {
	err := s.change(ctx, in.FunctionName, func(tx kv.Tx, f *function, _ *configuration) error {
		if f.Limited && unreserved(tx, f.at.Scope, f)-f.Provisioned < minUnreserved {
			return belowMinimum()
		}
		f.Limited, f.Reserved = false, 0
		functions.Put(tx, f.at.key(), f)
		recount(tx, f.at.Scope)
		return nil
	})
	return &lambda.DeleteFunctionConcurrencyOutput{}, err
}
