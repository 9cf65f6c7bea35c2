package s3

import (
	"context"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/state/kv"
)

// PutBucketIntelligentTieringConfiguration says which objects of
// INTELLIGENT_TIERING are archived, and when. It holds from the next midnight on.
func (s *Service) PutBucketIntelligentTieringConfiguration(ctx context.Context, in *api.PutBucketIntelligentTieringConfigurationInput) (*api.PutBucketIntelligentTieringConfigurationOutput, error) {
	if err := checkTiering(in.IntelligentTieringConfiguration, in.Id); err != nil {
		return nil, err
	}
	p := at(intelligentSetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id)
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		b.watch(tx) // it may have objects from before they were watched
		return putOne(kv.Join(ctx, s.Store, tx), s, p, in.IntelligentTieringConfiguration)
	})
	return &api.PutBucketIntelligentTieringConfigurationOutput{}, err
}

// checkTiering holds a configuration against the rules.
// AWS: "Tiering", S3 API Reference.
func checkTiering(c *api.IntelligentTieringConfiguration, id string) error {
	if c == nil || c.Id != id || len(c.Tierings) == 0 || c.Status != api.IntelligentTieringStatusEnabled && c.Status != api.IntelligentTieringStatusDisabled {
		return errMalformedXML()
	}
	asked := map[api.IntelligentTieringAccessTier]bool{}
	for _, t := range c.Tierings {
		least := int32(leastArchive)
		switch string(t.AccessTier) {
		case tierDeep:
			least = leastDeep
		case tierArchive:
		default:
			return errMalformedXML()
		}
		if asked[t.AccessTier] {
			return errMalformedXML()
		}
		asked[t.AccessTier] = true
		if t.Days < least || t.Days > maxTierDays {
			return errArgument("Days", "", "'Days' for the access tier '%s' must be between %d and %d", t.AccessTier, least, maxTierDays)
		}
	}
	return nil
}

// GetBucketIntelligentTieringConfiguration returns it.
func (s *Service) GetBucketIntelligentTieringConfiguration(ctx context.Context, in *api.GetBucketIntelligentTieringConfigurationInput) (*api.GetBucketIntelligentTieringConfigurationOutput, error) {
	c, err := getOne[api.IntelligentTieringConfiguration](ctx, s, at(intelligentSetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id))
	return &api.GetBucketIntelligentTieringConfigurationOutput{IntelligentTieringConfiguration: c}, err
}

// DeleteBucketIntelligentTieringConfiguration takes it away.
func (s *Service) DeleteBucketIntelligentTieringConfiguration(ctx context.Context, in *api.DeleteBucketIntelligentTieringConfigurationInput) (*api.DeleteBucketIntelligentTieringConfigurationOutput, error) {
	return &api.DeleteBucketIntelligentTieringConfigurationOutput{}, s.deleteOne(ctx, at(intelligentSetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id))
}

// ListBucketIntelligentTieringConfigurations lists all of the bucket's.
func (s *Service) ListBucketIntelligentTieringConfigurations(ctx context.Context, in *api.ListBucketIntelligentTieringConfigurationsInput) (*api.ListBucketIntelligentTieringConfigurationsOutput, error) {
	all, next, err := listOnes[api.IntelligentTieringConfiguration](ctx, s, at(intelligentSetting, in.Bucket, in.ExpectedBucketOwner), in.ContinuationToken)
	return &api.ListBucketIntelligentTieringConfigurationsOutput{
		IntelligentTieringConfigurationList: all, IsTruncated: new(next != nil), ContinuationToken: in.ContinuationToken, NextContinuationToken: next,
	}, err
}
