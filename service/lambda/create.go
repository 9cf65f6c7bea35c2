package lambda

import (
	"context"
	"maps"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateFunction makes a function. It can be called at once.
func (s *Service) CreateFunction(ctx context.Context, in *lambda.CreateFunctionInput) (*lambda.CreateFunctionOutput, error) {
	a, err := addressOf(aws.CallFrom(ctx), in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if err := checkCreate(a, in); err != nil {
		return nil, err
	}
	c, err := newConfiguration(in)
	if err != nil {
		return nil, err
	}
	zip, err := s.fetch(ctx, source{in.Code.ZipFile, in.Code.S3Bucket, in.Code.S3Key, in.Code.S3ObjectVersion})
	if err != nil {
		return nil, err
	}
	if err := s.checkRole(ctx, a, &c); err != nil {
		return nil, err
	}
	f := &function{at: a, ID: s.Random.Uint64(), Tags: maps.Clone(in.Tags), Signing: deref(in.CodeSigningConfigArn)}
	c.Revision = aws.UUID(s.Random)
	var out *lambda.FunctionConfiguration
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if functions.Has(tx, a.key()) {
			return lambda.ErrResourceConflictException(&lambda.ResourceConflictException{Type: new(user)}, "Function already exist: %s", a.Name)
		}
		if err := f.checkSigned(tx); err != nil {
			return err
		}
		made := c
		made.Modified = tx.Now()
		made.take(tx, f, zip)
		if err := made.restack(tx, aws.CallFrom(ctx), in.Layers); err != nil {
			return err
		}
		f := *f
		versions.Put(tx, f.versionKey(0), &made)
		if deref(in.Publish) {
			out = f.publish(tx, &made, made.Description)
		} else {
			out = made.describe(&f)
		}
		functions.Put(tx, a.key(), &f)
		return nil
	})
	return (*lambda.CreateFunctionOutput)(out), err
}

// checkRole refuses a role that Lambda may not assume, or that may not do what
// the settings ask of it.
func (s *Service) checkRole(ctx context.Context, a address, c *configuration) error {
	session, err := s.assume(ctx, a, c.Role)
	if err != nil {
		return err
	}
	c.RoleSession = session.AssumedRoleUser.AssumedRoleId
	return s.checkDeadLetter(ctx, a, c)
}

// checkCreate refuses a request that could make no function.
func checkCreate(a address, in *lambda.CreateFunctionInput) error {
	if a.Qualifier != "" {
		return invalid("The name of a new function must not have a qualifier: %s.", in.FunctionName)
	}
	if err := unbuiltCreate(in); err != nil {
		return err
	}
	if in.Runtime == "" || deref(in.Handler) == "" {
		return invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	if in.Code == nil {
		return invalid("Please provide a source for function code.")
	}
	return checkTags(in.Tags)
}

// newConfiguration is what a request sets, over the defaults.
func newConfiguration(in *lambda.CreateFunctionInput) (c configuration, err error) {
	c = configuration{Timeout: defaultTimeout, Memory: defaultMemory, Ephemeral: defaultEphemeral, Architecture: string(lambda.ArchitectureX8664)}
	if len(in.Architectures) > 0 {
		c.Architecture = string(in.Architectures[0])
	}
	return c, c.set(&lambda.UpdateFunctionConfigurationInput{
		Role: &in.Role, Handler: in.Handler, Description: in.Description, Timeout: in.Timeout, MemorySize: in.MemorySize,
		Environment: in.Environment, Runtime: in.Runtime, EphemeralStorage: in.EphemeralStorage, LoggingConfig: in.LoggingConfig,
		DeadLetterConfig: in.DeadLetterConfig, TracingConfig: in.TracingConfig, SnapStart: in.SnapStart,
	})
}

// take stores code as the configuration's.
func (c *configuration) take(tx kv.Tx, f *function, zip code) {
	c.CodeSum, c.CodeSize, c.Unzipped = zip.sum, int64(len(zip.data)), zip.unzipped
	putBytes(tx, &codes, f.codeKey(zip.sum), zip.data)
}

// unbuiltCreate refuses what only CreateFunction has, and Brume does not.
func unbuiltCreate(in *lambda.CreateFunctionInput) error {
	switch {
	case in.PackageType == lambda.PackageTypeImage || in.Code != nil && in.Code.ImageUri != nil:
		return unbuilt("PackageType Image")
	case in.TenancyConfig != nil:
		return unbuilt("TenancyConfig")
	case in.PublishTo != "":
		return unbuilt("PublishTo")
	case in.Code != nil && in.Code.SourceKMSKeyArn != nil:
		return unbuilt("SourceKMSKeyArn")
	}
	return unbuiltSettings(&lambda.UpdateFunctionConfigurationInput{
		VpcConfig: in.VpcConfig, DeadLetterConfig: in.DeadLetterConfig, KMSKeyArn: in.KMSKeyArn,
		FileSystemConfigs: in.FileSystemConfigs, ImageConfig: in.ImageConfig,
		CapacityProviderConfig: in.CapacityProviderConfig, DurableConfig: in.DurableConfig, RuntimeConfig: in.RuntimeConfig, AcceleratorConfig: in.AcceleratorConfig,
	})
}

// principal is who Lambda is to other services.
const principal = "lambda.amazonaws.com"

// assume begins a session of a function's role, which has to trust Lambda.
func (s *Service) assume(ctx context.Context, a address, role string) (*sts.AssumeRoleOutput, error) {
	arn, err := aws.ParseARN(role)
	if err != nil || arn.Service != "iam" {
		return nil, invalid("The role defined for the function cannot be assumed by Lambda.")
	}
	actor := aws.Actor{Caller: aws.Caller{Kind: aws.ServicePrincipal, Service: principal}, Account: arn.Account, Region: a.Region, Source: a.arn()}
	out, err := sts.NewClient(s.Via).AssumeRole(aws.ActAs(ctx, actor), &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: a.Name})
	if err != nil && !aws.MayPass(err) {
		return nil, invalid("The role defined for the function cannot be assumed by Lambda.")
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}
