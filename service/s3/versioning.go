package s3

import (
	"context"
	"net/http"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// PutBucketVersioning turns versioning on, or suspends it. It can never be
// turned off again.
func (s *Service) PutBucketVersioning(ctx context.Context, in *api.PutBucketVersioningInput) (*api.PutBucketVersioningOutput, error) {
	c := in.VersioningConfiguration
	if c == nil || c.Status == "" {
		return nil, aws.Errorf(http.StatusBadRequest, "IllegalVersioningConfigurationException", "The Versioning element must be specified")
	}
	if c.MFADelete == "Enabled" { // AWS: "Configuring MFA delete": the root user's device must say so, and nobody's is known here
		return nil, api.ErrAccessDenied("Mfa Authentication must be used for this request")
	}
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		if b.Locks && c.Status != versioningOn {
			return aws.Errorf(http.StatusConflict, "InvalidBucketState", "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.")
		}
		b.Versioning = string(c.Status)
		b.put(tx)
		return nil
	})
	return &api.PutBucketVersioningOutput{}, err
}

// GetBucketVersioning tells the state; nothing when it was never set.
func (s *Service) GetBucketVersioning(ctx context.Context, in *api.GetBucketVersioningInput) (*api.GetBucketVersioningOutput, error) {
	out := new(api.GetBucketVersioningOutput)
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ kv.Tx, b *bucket) error {
		out.Status = api.BucketVersioningStatus(b.Versioning)
		return nil
	})
	return out, err
}
