package s3

import (
	"context"
	"net/http"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// PutPublicAccessBlock says what public access the bucket refuses.
// AWS: "Blocking public access to your Amazon S3 storage".
func (s *Service) PutPublicAccessBlock(ctx context.Context, in *api.PutPublicAccessBlockInput) (*api.PutPublicAccessBlockOutput, error) {
	c := in.PublicAccessBlockConfiguration
	if c == nil {
		return nil, errMalformedXML()
	}
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		b.Block = block{true, deref(c.BlockPublicAcls), deref(c.IgnorePublicAcls), deref(c.BlockPublicPolicy), deref(c.RestrictPublicBuckets)}
		b.put(tx)
		return nil
	})
	return &api.PutPublicAccessBlockOutput{}, err
}

// GetPublicAccessBlock tells it.
func (s *Service) GetPublicAccessBlock(ctx context.Context, in *api.GetPublicAccessBlockInput) (*api.GetPublicAccessBlockOutput, error) {
	out := new(api.GetPublicAccessBlockOutput)
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ kv.Tx, b *bucket) error {
		if !b.Block.Set {
			return errBucket(http.StatusNotFound, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", in.Bucket)
		}
		out.PublicAccessBlockConfiguration = &api.PublicAccessBlockConfiguration{
			BlockPublicAcls: &b.Block.ACLs, IgnorePublicAcls: &b.Block.Ignore, BlockPublicPolicy: &b.Block.Policy, RestrictPublicBuckets: &b.Block.Restrict,
		}
		return nil
	})
	return out, err
}

// DeletePublicAccessBlock makes the bucket refuse none.
func (s *Service) DeletePublicAccessBlock(ctx context.Context, in *api.DeletePublicAccessBlockInput) (*api.DeletePublicAccessBlockOutput, error) {
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		b.Block = block{}
		b.put(tx)
		return nil
	})
	return &api.DeletePublicAccessBlockOutput{}, err
}

// PutBucketOwnershipControls says who owns the objects that others write.
func (s *Service) PutBucketOwnershipControls(ctx context.Context, in *api.PutBucketOwnershipControlsInput) (*api.PutBucketOwnershipControlsOutput, error) {
	if in.OwnershipControls == nil || len(in.OwnershipControls.Rules) != 1 {
		return nil, errMalformedXML()
	}
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		wanted := string(in.OwnershipControls.Rules[0].ObjectOwnership)
		if wanted == ownerEnforced && len(b.ACL) > 0 {
			return aws.Errorf(http.StatusBadRequest, "InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
		}
		b.Ownership = wanted
		b.put(tx)
		return nil
	})
	return &api.PutBucketOwnershipControlsOutput{}, err
}

// GetBucketOwnershipControls tells it.
func (s *Service) GetBucketOwnershipControls(ctx context.Context, in *api.GetBucketOwnershipControlsInput) (*api.GetBucketOwnershipControlsOutput, error) {
	out := new(api.GetBucketOwnershipControlsOutput)
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ kv.Tx, b *bucket) error {
		if b.Ownership == "" {
			return errBucket(http.StatusNotFound, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", in.Bucket)
		}
		out.OwnershipControls = &api.OwnershipControls{Rules: []api.OwnershipControlsRule{{ObjectOwnership: api.ObjectOwnership(b.Ownership)}}}
		return nil
	})
	return out, err
}

// DeleteBucketOwnershipControls leaves objects to their writers.
func (s *Service) DeleteBucketOwnershipControls(ctx context.Context, in *api.DeleteBucketOwnershipControlsInput) (*api.DeleteBucketOwnershipControlsOutput, error) {
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		b.Ownership = ""
		b.put(tx)
		return nil
	})
	return &api.DeleteBucketOwnershipControlsOutput{}, err
}
