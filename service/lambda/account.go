package lambda

import (
	"context"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// GetAccountSettings tells an account's limits, and what it has in the region.
func (s *Service) GetAccountSettings(ctx context.Context, _ *lambda.GetAccountSettingsInput) (*lambda.GetAccountSettingsOutput, error) {
	call := aws.CallFrom(ctx)
	sc := kv.Scope{Account: call.Account, Region: call.Region}
	var size, count int64
	left := int32(concurrency)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		size, count, left = 0, 0, int32(unreserved(tx, sc, nil))
		for range functions.Scan(tx, kv.Prefix(functions.Prefix(sc))) {
			count++
		}
		for _, c := range versions.Scan(tx, kv.Prefix(versions.Prefix(sc))) {
			size += c.CodeSize
		}
		for _, v := range layerVersions.Scan(tx, kv.Prefix(layerVersions.Prefix(sc))) {
			size += v.CodeSize
		}
		return nil
	})
	return &lambda.GetAccountSettingsOutput{
		AccountLimit: &lambda.AccountLimit{
			TotalCodeSize: new(int64(codeStorage)), CodeSizeUnzipped: new(int64(maxUnzipped)), CodeSizeZipped: new(int64(maxZip)),
			ConcurrentExecutions: new(int32(concurrency)), UnreservedConcurrentExecutions: &left,
		},
		AccountUsage: &lambda.AccountUsage{TotalCodeSize: &size, FunctionCount: &count},
	}, err
}
