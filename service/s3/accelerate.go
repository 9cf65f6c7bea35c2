package s3

import (
	"context"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// accelerateLabel is the label of the hosts of Transfer Acceleration.
const accelerateLabel = "s3-accelerate"

// PutBucketAccelerateConfiguration sets whether the hosts of Transfer
// Acceleration lead to the bucket. There is nothing to be faster than.
func (s *Service) PutBucketAccelerateConfiguration(ctx context.Context, in *api.PutBucketAccelerateConfigurationInput) (*api.PutBucketAccelerateConfigurationOutput, error) {
	c := in.AccelerateConfiguration
	if c == nil || c.Status != "Enabled" && c.Status != "Suspended" {
		return nil, errMalformedXML()
	}
	if strings.Contains(in.Bucket, ".") {
		return nil, errAccelerateDots()
	}
	return &api.PutBucketAccelerateConfigurationOutput{}, putSetting(ctx, s, at(accelerateSetting, in.Bucket, in.ExpectedBucketOwner), c)
}

// GetBucketAccelerateConfiguration tells it.
func (s *Service) GetBucketAccelerateConfiguration(ctx context.Context, in *api.GetBucketAccelerateConfigurationInput) (*api.GetBucketAccelerateConfigurationOutput, error) {
	c, err := getSetting[api.AccelerateConfiguration](ctx, s, at(accelerateSetting, in.Bucket, in.ExpectedBucketOwner))
	if err != nil {
		return nil, err
	}
	return &api.GetBucketAccelerateConfigurationOutput{Status: c.Status}, nil
}

func errAccelerateDots() error {
	return api.ErrInvalidRequest("S3 Transfer Acceleration is not supported for buckets with periods (.) in their names")
}

// accelerated refuses a request at a host of Transfer Acceleration whose bucket
// is not for that.
func (s *Service) accelerated(ctx context.Context, name, endpoint string) error {
	if endpoint != accelerateLabel {
		return nil
	}
	if strings.Contains(name, ".") {
		return errAccelerateDots()
	}
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		b, err := reach(tx, aws.CallFrom(ctx).Region, name)
		if err != nil {
			return nil // which the operation will say
		}
		c, ok := get[api.AccelerateConfiguration](tx, b, accelerateSetting)
		switch {
		case !ok:
			return api.ErrInvalidRequest("S3 Transfer Acceleration is not configured on this bucket")
		case c.Status != "Enabled":
			return api.ErrInvalidRequest("S3 Transfer Acceleration is disabled on this bucket")
		}
		return nil
	})
}
