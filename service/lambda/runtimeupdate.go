package lambda

import (
	"context"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// PutRuntimeManagementConfig says when a version gets a newer runtime. Runtimes are
// what this machine has, so that nothing is updated by it.
func (s *Service) PutRuntimeManagementConfig(ctx context.Context, in *lambda.PutRuntimeManagementConfigInput) (*lambda.PutRuntimeManagementConfigOutput, error) {
	manual := in.UpdateRuntimeOn == lambda.UpdateRuntimeOnManual
	switch {
	case manual && in.RuntimeVersionArn == nil:
		return nil, invalid("You must provide a Runtime Version ARN when using the Manual runtime update mode.")
	case !manual && in.RuntimeVersionArn != nil:
		return nil, invalid("You can only provide a Runtime Version ARN when using the Manual runtime update mode.")
	}
	a, err := addressOf(aws.CallFrom(ctx), in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	out := &lambda.PutRuntimeManagementConfigOutput{UpdateRuntimeOn: in.UpdateRuntimeOn, RuntimeVersionArn: in.RuntimeVersionArn}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		f, c, err := a.version(tx)
		if err != nil {
			return err
		}
		c.RuntimeOn, c.RuntimeARN = string(in.UpdateRuntimeOn), deref(in.RuntimeVersionArn)
		versions.Put(tx, f.versionKey(c.Number), c)
		out.FunctionArn = a.arn() + ":" + c.version()
		return nil
	})
	return out, err
}

// GetRuntimeManagementConfig tells it.
func (s *Service) GetRuntimeManagementConfig(ctx context.Context, in *lambda.GetRuntimeManagementConfigInput) (*lambda.GetRuntimeManagementConfigOutput, error) {
	out := &lambda.GetRuntimeManagementConfigOutput{}
	err := s.view(ctx, in.FunctionName, in.Qualifier, func(_ kv.Tx, f *function, c *configuration) error {
		out.UpdateRuntimeOn, out.RuntimeVersionArn = lambda.UpdateRuntimeOnAuto, aws.Optional(c.RuntimeARN)
		if c.RuntimeOn != "" {
			out.UpdateRuntimeOn = lambda.UpdateRuntimeOn(c.RuntimeOn)
		}
		at := f.at
		at.Qualifier = c.version()
		out.FunctionArn = new(at.qualified())
		return nil
	})
	return out, err
}
