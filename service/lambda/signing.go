package lambda

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// What code has to be signed is real here; what is signed is not: without AWS
// Signer nothing can be, so that a configuration that enforces signatures refuses
// every deployment, as AWS refuses unsigned code.

// CreateCodeSigningConfig says whose signatures count, and whether code needs one.
func (s *Service) CreateCodeSigningConfig(ctx context.Context, in *lambda.CreateCodeSigningConfigInput) (*lambda.CreateCodeSigningConfigOutput, error) {
	if len(in.Tags) > 0 {
		return nil, unbuilt("Tags of code signing configurations")
	}
	call := aws.CallFrom(ctx)
	at := signingAddress{kv.Scope{Account: call.Account, Region: call.Region}, "csc-" + s.urlID()[:17]}
	made := signing{Description: deref(in.Description), Publishers: in.AllowedPublishers.SigningProfileVersionArns}
	made.police(in.CodeSigningPolicies)
	var out *lambda.CodeSigningConfig
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		c := made
		c.Modified = tx.Now()
		signings.Put(tx, at.key(), &c)
		out = c.describe(at)
		return nil
	})
	return &lambda.CreateCodeSigningConfigOutput{CodeSigningConfig: out}, err
}

// signingAddress is where a code signing configuration is.
type signingAddress struct {
	kv.Scope
	id string
}

func (a signingAddress) arn() string {
	return aws.NewARN("lambda", a.Region, a.Account, "code-signing-config:"+a.id).String()
}

// signingAt reads an ARN, whose form the model has checked.
func signingAt(arn string) signingAddress {
	parsed, _ := aws.ParseARN(arn)
	return signingAddress{kv.Scope{Account: parsed.Account, Region: parsed.Region}, strings.TrimPrefix(parsed.Resource, "code-signing-config:")}
}

func (c *signing) police(p *lambda.CodeSigningPolicies) {
	if p != nil {
		c.Enforce = p.UntrustedArtifactOnDeployment == lambda.CodeSigningPolicyEnforce
	}
}

func (c *signing) describe(at signingAddress) *lambda.CodeSigningConfig {
	p := lambda.CodeSigningPolicyWarn
	if c.Enforce {
		p = lambda.CodeSigningPolicyEnforce
	}
	return &lambda.CodeSigningConfig{
		CodeSigningConfigId: at.id, CodeSigningConfigArn: at.arn(), Description: &c.Description, AllowedPublishers: &lambda.AllowedPublishers{SigningProfileVersionArns: c.Publishers},
		CodeSigningPolicies: &lambda.CodeSigningPolicies{UntrustedArtifactOnDeployment: p}, LastModified: c.Modified.UTC().Format("2006-01-02T15:04:05.000000Z"),
	}
}

func (a signingAddress) find(tx kv.Tx) (*signing, error) {
	if c, ok := signings.Get(tx, a.key()); ok {
		return c, nil
	}
	return nil, noResource("The code signing configuration cannot be found. Check that the provided configuration is not deleted: %s.", a.arn())
}

// GetCodeSigningConfig tells of a code signing configuration.
func (s *Service) GetCodeSigningConfig(ctx context.Context, in *lambda.GetCodeSigningConfigInput) (*lambda.GetCodeSigningConfigOutput, error) {
	at := signingAt(in.CodeSigningConfigArn)
	out := &lambda.GetCodeSigningConfigOutput{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		c, err := at.find(tx)
		if err == nil {
			out.CodeSigningConfig = c.describe(at)
		}
		return err
	})
	return out, err
}

// UpdateCodeSigningConfig changes one. It holds for deployments from then on.
func (s *Service) UpdateCodeSigningConfig(ctx context.Context, in *lambda.UpdateCodeSigningConfigInput) (*lambda.UpdateCodeSigningConfigOutput, error) {
	at := signingAt(in.CodeSigningConfigArn)
	out := &lambda.UpdateCodeSigningConfigOutput{}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		c, err := at.find(tx)
		if err != nil {
			return err
		}
		put(&c.Description, in.Description)
		if in.AllowedPublishers != nil {
			c.Publishers = in.AllowedPublishers.SigningProfileVersionArns
		}
		c.police(in.CodeSigningPolicies)
		c.Modified = tx.Now()
		signings.Put(tx, at.key(), c)
		out.CodeSigningConfig = c.describe(at)
		return nil
	})
	return out, err
}

// DeleteCodeSigningConfig deletes one that no function has.
func (s *Service) DeleteCodeSigningConfig(ctx context.Context, in *lambda.DeleteCodeSigningConfigInput) (*lambda.DeleteCodeSigningConfigOutput, error) {
	at := signingAt(in.CodeSigningConfigArn)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := at.find(tx); err != nil {
			return err
		}
		for range at.users(tx, "") {
			return lambda.ErrResourceConflictException(&lambda.ResourceConflictException{Type: new(user)},
				"Cannot delete the code signing configuration %s because it is attached to a function.", at.arn())
		}
		signings.Delete(tx, at.key())
		return nil
	})
	return &lambda.DeleteCodeSigningConfigOutput{}, err
}

// users are the functions that have the configuration, from one name on.
func (a signingAddress) users(tx kv.Tx, from string) func(yield func(address) bool) {
	return func(yield func(address) bool) {
		r := kv.Prefix(functions.Prefix(a.Scope))
		if from != "" {
			r.From = functions.Key(a.Scope, kv.String(from))
		}
		for key, f := range functions.Scan(tx, r) {
			parts := functions.Parts(key)
			if f.Signing == a.arn() && !yield(address{Scope: a.Scope, Name: parts.String()}) {
				return
			}
		}
	}
}

// ListCodeSigningConfigs lists those of the account. The marker is the id to go on after.
func (s *Service) ListCodeSigningConfigs(ctx context.Context, in *lambda.ListCodeSigningConfigsInput) (*lambda.ListCodeSigningConfigsOutput, error) {
	call := aws.CallFrom(ctx)
	at := signingAddress{Scope: kv.Scope{Account: call.Account, Region: call.Region}}
	size := pageOf(in.MaxItems)
	out := &lambda.ListCodeSigningConfigsOutput{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = lambda.ListCodeSigningConfigsOutput{CodeSigningConfigs: []lambda.CodeSigningConfig{}}
		r := kv.Prefix(signings.Prefix(at.Scope))
		if in.Marker != nil {
			r.From = signingAddress{at.Scope, *in.Marker}.key().After()
		}
		for key, c := range signings.Scan(tx, r) {
			if n := len(out.CodeSigningConfigs); n == size {
				out.NextMarker = &out.CodeSigningConfigs[n-1].CodeSigningConfigId
				break
			}
			parts := signings.Parts(key)
			out.CodeSigningConfigs = append(out.CodeSigningConfigs, *c.describe(signingAddress{at.Scope, parts.String()}))
		}
		return nil
	})
	return out, err
}

// ListFunctionsByCodeSigningConfig lists the functions that have one. The marker is
// the name to go on at.
func (s *Service) ListFunctionsByCodeSigningConfig(ctx context.Context, in *lambda.ListFunctionsByCodeSigningConfigInput) (*lambda.ListFunctionsByCodeSigningConfigOutput, error) {
	at, size := signingAt(in.CodeSigningConfigArn), pageOf(in.MaxItems)
	out := &lambda.ListFunctionsByCodeSigningConfigOutput{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = lambda.ListFunctionsByCodeSigningConfigOutput{FunctionArns: []string{}}
		if _, err := at.find(tx); err != nil {
			return err
		}
		for a := range at.users(tx, deref(in.Marker)) {
			if len(out.FunctionArns) == size {
				out.NextMarker = &a.Name
				break
			}
			out.FunctionArns = append(out.FunctionArns, a.arn())
		}
		return nil
	})
	return out, err
}

// PutFunctionCodeSigningConfig gives a function one. Code that is there stays.
func (s *Service) PutFunctionCodeSigningConfig(ctx context.Context, in *lambda.PutFunctionCodeSigningConfigInput) (*lambda.PutFunctionCodeSigningConfigOutput, error) {
	out := &lambda.PutFunctionCodeSigningConfigOutput{CodeSigningConfigArn: in.CodeSigningConfigArn}
	err := s.change(ctx, in.FunctionName, func(tx kv.Tx, f *function, _ *configuration) error {
		if _, err := signingAt(in.CodeSigningConfigArn).find(tx); err != nil {
			return unknownSigning(in.CodeSigningConfigArn)
		}
		f.Signing, out.FunctionName = in.CodeSigningConfigArn, f.at.Name
		return nil
	})
	return out, err
}

func unknownSigning(arn string) error {
	return lambda.ErrCodeSigningConfigNotFoundException(&lambda.CodeSigningConfigNotFoundException{Type: new(user)},
		"The code signing configuration cannot be found. Check that the provided configuration is not deleted: %s.", arn)
}

// GetFunctionCodeSigningConfig tells which one a function has.
func (s *Service) GetFunctionCodeSigningConfig(ctx context.Context, in *lambda.GetFunctionCodeSigningConfigInput) (*lambda.GetFunctionCodeSigningConfigOutput, error) {
	out := &lambda.GetFunctionCodeSigningConfigOutput{}
	err := s.view(ctx, in.FunctionName, nil, func(_ kv.Tx, f *function, _ *configuration) error {
		out.FunctionName, out.CodeSigningConfigArn = f.at.Name, f.Signing
		return nil
	})
	return out, err
}

// DeleteFunctionCodeSigningConfig takes it from a function.
func (s *Service) DeleteFunctionCodeSigningConfig(ctx context.Context, in *lambda.DeleteFunctionCodeSigningConfigInput) (*lambda.DeleteFunctionCodeSigningConfigOutput, error) {
	err := s.change(ctx, in.FunctionName, func(_ kv.Tx, f *function, _ *configuration) error {
		f.Signing = ""
		return nil
	})
	return &lambda.DeleteFunctionCodeSigningConfigOutput{}, err
}

// checkSigned refuses code that has no signature where one is enforced.
func (f *function) checkSigned(tx kv.Tx) error {
	if f.Signing == "" {
		return nil
	}
	c, err := signingAt(f.Signing).find(tx)
	switch {
	case err != nil:
		return unknownSigning(f.Signing)
	case c.Enforce:
		return lambda.ErrCodeVerificationFailedException(&lambda.CodeVerificationFailedException{Type: new(user)},
			"Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is not configured to accept. Check the provided signature for %s.", f.at.Name)
	}
	return nil
}
