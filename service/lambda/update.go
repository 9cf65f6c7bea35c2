package lambda

import (
	"context"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// UpdateFunctionCode replaces the code of $LATEST.
func (s *Service) UpdateFunctionCode(ctx context.Context, in *lambda.UpdateFunctionCodeInput) (*lambda.UpdateFunctionCodeOutput, error) {
	switch {
	case in.ImageUri != nil:
		return nil, unbuilt("PackageType Image")
	case in.PublishTo != "":
		return nil, unbuilt("PublishTo")
	case in.SourceKMSKeyArn != nil:
		return nil, unbuilt("SourceKMSKeyArn")
	}
	zip, err := s.fetch(ctx, source{in.ZipFile, in.S3Bucket, in.S3Key, in.S3ObjectVersion})
	if err != nil {
		return nil, err
	}
	revision := aws.UUID(s.Random)
	var out *lambda.FunctionConfiguration
	update := func(tx kv.Tx, f *function, c *configuration) error {
		if err := c.expect(in.RevisionId); err != nil {
			return err
		}
		if err := f.checkSigned(tx); err != nil {
			return err
		}
		old := c.CodeSum
		c.CodeSum, c.CodeSize, c.Unzipped = zip.sum, int64(len(zip.data)), zip.unzipped
		if err := c.checkSize(); err != nil {
			return err
		}
		if len(in.Architectures) > 0 {
			c.Architecture = string(in.Architectures[0])
		}
		if !deref(in.DryRun) {
			c.take(tx, f, zip)
			c.Modified, c.Revision = tx.Now(), revision
			versions.Put(tx, f.versionKey(0), c)
			f.release(tx, old)
		}
		if deref(in.Publish) && !deref(in.DryRun) {
			out = f.publish(tx, c, c.Description)
		} else {
			out = c.describe(f)
		}
		return nil
	}
	if deref(in.DryRun) {
		err = s.view(ctx, in.FunctionName, nil, update)
	} else {
		err = s.change(ctx, in.FunctionName, update)
	}
	return (*lambda.UpdateFunctionCodeOutput)(out), err
}

// UpdateFunctionConfiguration changes settings of $LATEST.
func (s *Service) UpdateFunctionConfiguration(ctx context.Context, in *lambda.UpdateFunctionConfigurationInput) (*lambda.UpdateFunctionConfigurationOutput, error) {
	if err := unbuiltSettings(in); err != nil {
		return nil, err
	}
	a, err := addressOf(aws.CallFrom(ctx), in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	session := ""
	if in.Role != nil {
		out, err := s.assume(ctx, a, *in.Role)
		if err != nil {
			return nil, err
		}
		session = out.AssumedRoleUser.AssumedRoleId
	}
	if err := s.checkNewDeadLetter(ctx, a, in); err != nil {
		return nil, err
	}
	revision := aws.UUID(s.Random)
	var out *lambda.FunctionConfiguration
	err = s.change(ctx, in.FunctionName, func(tx kv.Tx, f *function, c *configuration) error {
		if err := c.expect(in.RevisionId); err != nil {
			return err
		}
		if err := c.set(in); err != nil {
			return err
		}
		if in.Layers != nil {
			if err := c.restack(tx, aws.CallFrom(ctx), in.Layers); err != nil {
				return err
			}
		}
		if session != "" {
			c.RoleSession = session
		}
		c.Modified, c.Revision = tx.Now(), revision
		out = c.describe(f)
		return nil
	})
	return (*lambda.UpdateFunctionConfigurationOutput)(out), err
}

// expect refuses a change of another revision than the caller has seen.
func (c *configuration) expect(revision *string) error {
	if revision == nil || *revision == c.Revision {
		return nil
	}
	return stale()
}

func stale() *aws.Error {
	return lambda.ErrPreconditionFailedException(&lambda.PreconditionFailedException{Type: new(user)},
		"The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}
