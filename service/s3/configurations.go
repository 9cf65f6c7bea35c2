package s3

import (
	"context"
	"net/http"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// PutBucketEncryption sets how objects are encrypted whose uploader does not say.
func (s *Service) PutBucketEncryption(ctx context.Context, in *api.PutBucketEncryptionInput) (*api.PutBucketEncryptionOutput, error) {
	c := in.ServerSideEncryptionConfiguration
	if c == nil || len(c.Rules) != 1 {
		return nil, errMalformedXML()
	}
	if by := c.Rules[0].ApplyServerSideEncryptionByDefault; by != nil && by.SSEAlgorithm == sealS3 && by.KMSMasterKeyID != nil {
		return nil, errArgument("KMSMasterKeyID", *by.KMSMasterKeyID, "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
	}
	return &api.PutBucketEncryptionOutput{}, putSetting(ctx, s, at(encryptionSetting, in.Bucket, in.ExpectedBucketOwner), c)
}

// GetBucketEncryption tells it: every bucket has one.
func (s *Service) GetBucketEncryption(ctx context.Context, in *api.GetBucketEncryptionInput) (*api.GetBucketEncryptionOutput, error) {
	c, err := getSetting[api.ServerSideEncryptionConfiguration](ctx, s, at(encryptionSetting, in.Bucket, in.ExpectedBucketOwner))
	if err != nil {
		return nil, err
	}
	if len(c.Rules) == 0 {
		c.Rules = []api.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &api.ServerSideEncryptionByDefault{SSEAlgorithm: sealS3}, BucketKeyEnabled: new(false)}}
	}
	return &api.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: c}, nil
}

// DeleteBucketEncryption sets it back to S3's own keys.
func (s *Service) DeleteBucketEncryption(ctx context.Context, in *api.DeleteBucketEncryptionInput) (*api.DeleteBucketEncryptionOutput, error) {
	return &api.DeleteBucketEncryptionOutput{}, s.deleteSetting(ctx, at(encryptionSetting, in.Bucket, in.ExpectedBucketOwner))
}

// PutBucketAbac keeps whether tags of the bucket decide about access.
func (s *Service) PutBucketAbac(ctx context.Context, in *api.PutBucketAbacInput) (*api.PutBucketAbacOutput, error) {
	return &api.PutBucketAbacOutput{}, putSetting(ctx, s, at(abacSetting, in.Bucket, in.ExpectedBucketOwner), in.AbacStatus)
}

// GetBucketAbac tells it.
func (s *Service) GetBucketAbac(ctx context.Context, in *api.GetBucketAbacInput) (*api.GetBucketAbacOutput, error) {
	c, err := getSetting[api.AbacStatus](ctx, s, at(abacSetting, in.Bucket, in.ExpectedBucketOwner))
	if err != nil {
		return nil, err
	}
	if c.Status == "" {
		c.Status = "Disabled"
	}
	return &api.GetBucketAbacOutput{AbacStatus: c}, nil
}

// PutBucketLogging keeps where access logs are to go.
func (s *Service) PutBucketLogging(ctx context.Context, in *api.PutBucketLoggingInput) (*api.PutBucketLoggingOutput, error) {
	c := in.BucketLoggingStatus
	if c == nil {
		return nil, errMalformedXML()
	}
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		unset(tx, b, loggingSetting)
		if c.LoggingEnabled != nil {
			to, ok := buckets.Get(tx, bucketKey(aws.Region(b.Region), c.LoggingEnabled.TargetBucket))
			if !ok || to.Account != b.Account || to.Region != b.Region {
				return errBucket(http.StatusBadRequest, "InvalidTargetBucketForLogging", "The target bucket for logging does not exist", c.LoggingEnabled.TargetBucket)
			}
			set(tx, b, loggingSetting, c)
		}
		b.put(tx)
		return nil
	})
	return &api.PutBucketLoggingOutput{}, err
}

// GetBucketLogging tells it.
func (s *Service) GetBucketLogging(ctx context.Context, in *api.GetBucketLoggingInput) (*api.GetBucketLoggingOutput, error) {
	c, err := getSetting[api.BucketLoggingStatus](ctx, s, at(loggingSetting, in.Bucket, in.ExpectedBucketOwner))
	if err != nil {
		return nil, err
	}
	return &api.GetBucketLoggingOutput{LoggingEnabled: c.LoggingEnabled}, nil
}
