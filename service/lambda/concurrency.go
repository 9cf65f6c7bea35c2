package lambda

import (
	"context"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/state/kv"
)

// PutFunctionConcurrency gives a function a share of the account's concurrency,
// which is also its limit.
func (s *Service) PutFunctionConcurrency(ctx context.Context, in *lambda.PutFunctionConcurrencyInput) (*lambda.PutFunctionConcurrencyOutput, error) {
	n := int(in.ReservedConcurrentExecutions)
	err := s.change(ctx, in.FunctionName, func(tx kv.Tx, f *function, _ *configuration) error {
		others := 0
		for key, other := range functions.Scan(tx, kv.Prefix(functions.Prefix(f.at.Scope))) {
			if other.Limited && key.Compare(f.at.key()) != 0 {
				others += other.Reserved
			}
		}
		if concurrency-others-n < minUnreserved {
			return invalid("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", minUnreserved)
		}
		f.Limited, f.Reserved = true, n
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
	err := s.change(ctx, in.FunctionName, func(_ kv.Tx, f *function, _ *configuration) error {
		f.Limited, f.Reserved = false, 0
		return nil
	})
	return &lambda.DeleteFunctionConcurrencyOutput{}, err
}
