package s3

import (
	"context"
	"net/http"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/state/kv"
)

// Configurations of which a bucket may have many, by their ids. Those in this
// file are kept and returned, and have no effect.

// putOne puts the configuration with an id.
func putOne[T any](ctx context.Context, s *Service, p place, v *T) error {
	if v == nil || p.id == "" {
		return errMalformedXML()
	}
	return s.update(ctx, p.bucket, p.owner, func(tx kv.Tx, b *bucket) error {
		key, n := b.settingKey(p.name, p.id), 0
		for range tx.Scan(kv.Prefix(settings.Prefix(b.scope(), b.id(), kv.String(p.name)))) {
			n++
		}
		if n >= maxConfigs && !settings.Has(tx, key) {
			return errBucket(http.StatusBadRequest, "TooManyConfigurations", "You are attempting to create a new configuration but have already reached the 1,000-configuration limit.", p.bucket)
		}
		setRow(tx, key, v)
		return nil
	})
}

// getOne returns it.
func getOne[T any](ctx context.Context, s *Service, p place) (v *T, err error) {
	err = s.view(ctx, p.bucket, p.owner, func(tx kv.Tx, b *bucket) error {
		var ok bool
		if v, ok = getRow[T](tx, b.settingKey(p.name, p.id)); !ok {
			return errNoConfiguration(p.bucket)
		}
		return nil
	})
	return v, err
}

// deleteOne takes it away.
func (s *Service) deleteOne(ctx context.Context, p place) error {
	return s.update(ctx, p.bucket, p.owner, func(tx kv.Tx, b *bucket) error {
		key := b.settingKey(p.name, p.id)
		if !settings.Has(tx, key) {
			return errNoConfiguration(p.bucket)
		}
		settings.Delete(tx, key)
		return nil
	})
}

func errNoConfiguration(bucket string) error {
	return errBucket(http.StatusNotFound, "NoSuchConfiguration", "The specified configuration does not exist.", bucket)
}

// listOnes returns a page of them, from behind the id in token on; next is the
// token of the page behind it, nil at the end.
func listOnes[T any](ctx context.Context, s *Service, p place, token *string) (all []T, next *string, err error) {
	err = s.view(ctx, p.bucket, p.owner, func(tx kv.Tx, b *bucket) error {
		r := kv.Prefix(settings.Prefix(b.scope(), b.id(), kv.String(p.name)))
		if token != nil {
			r.From = behind(b.settingKey(p.name, *token))
		}
		last := ""
		for key, row := range settings.Scan(tx, r) {
			if len(all) == pageConfigs {
				next = &last
				return nil
			}
			rd := settings.Parts(key)
			rd.Skip(2)
			last = rd.String()
			all = append(all, *parse[T](row))
		}
		return nil
	})
	return all, next, err
}

// PutBucketAnalyticsConfiguration keeps a configuration.
func (s *Service) PutBucketAnalyticsConfiguration(ctx context.Context, in *api.PutBucketAnalyticsConfigurationInput) (*api.PutBucketAnalyticsConfigurationOutput, error) {
	return &api.PutBucketAnalyticsConfigurationOutput{}, putOne(ctx, s, at(analyticsSetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id), in.AnalyticsConfiguration)
}

// GetBucketAnalyticsConfiguration returns it.
func (s *Service) GetBucketAnalyticsConfiguration(ctx context.Context, in *api.GetBucketAnalyticsConfigurationInput) (*api.GetBucketAnalyticsConfigurationOutput, error) {
	c, err := getOne[api.AnalyticsConfiguration](ctx, s, at(analyticsSetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id))
	return &api.GetBucketAnalyticsConfigurationOutput{AnalyticsConfiguration: c}, err
}

// DeleteBucketAnalyticsConfiguration takes it away.
func (s *Service) DeleteBucketAnalyticsConfiguration(ctx context.Context, in *api.DeleteBucketAnalyticsConfigurationInput) (*api.DeleteBucketAnalyticsConfigurationOutput, error) {
	return &api.DeleteBucketAnalyticsConfigurationOutput{}, s.deleteOne(ctx, at(analyticsSetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id))
}

// ListBucketAnalyticsConfigurations lists all of the bucket's.
func (s *Service) ListBucketAnalyticsConfigurations(ctx context.Context, in *api.ListBucketAnalyticsConfigurationsInput) (*api.ListBucketAnalyticsConfigurationsOutput, error) {
	all, next, err := listOnes[api.AnalyticsConfiguration](ctx, s, at(analyticsSetting, in.Bucket, in.ExpectedBucketOwner), in.ContinuationToken)
	return &api.ListBucketAnalyticsConfigurationsOutput{
		AnalyticsConfigurationList: all, IsTruncated: new(next != nil), ContinuationToken: in.ContinuationToken, NextContinuationToken: next,
	}, err
}

// PutBucketMetricsConfiguration keeps a configuration.
func (s *Service) PutBucketMetricsConfiguration(ctx context.Context, in *api.PutBucketMetricsConfigurationInput) (*api.PutBucketMetricsConfigurationOutput, error) {
	return &api.PutBucketMetricsConfigurationOutput{}, putOne(ctx, s, at(metricsSetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id), in.MetricsConfiguration)
}

// GetBucketMetricsConfiguration returns it.
func (s *Service) GetBucketMetricsConfiguration(ctx context.Context, in *api.GetBucketMetricsConfigurationInput) (*api.GetBucketMetricsConfigurationOutput, error) {
	c, err := getOne[api.MetricsConfiguration](ctx, s, at(metricsSetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id))
	return &api.GetBucketMetricsConfigurationOutput{MetricsConfiguration: c}, err
}

// DeleteBucketMetricsConfiguration takes it away.
func (s *Service) DeleteBucketMetricsConfiguration(ctx context.Context, in *api.DeleteBucketMetricsConfigurationInput) (*api.DeleteBucketMetricsConfigurationOutput, error) {
	return &api.DeleteBucketMetricsConfigurationOutput{}, s.deleteOne(ctx, at(metricsSetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id))
}

// ListBucketMetricsConfigurations lists all of the bucket's.
func (s *Service) ListBucketMetricsConfigurations(ctx context.Context, in *api.ListBucketMetricsConfigurationsInput) (*api.ListBucketMetricsConfigurationsOutput, error) {
	all, next, err := listOnes[api.MetricsConfiguration](ctx, s, at(metricsSetting, in.Bucket, in.ExpectedBucketOwner), in.ContinuationToken)
	return &api.ListBucketMetricsConfigurationsOutput{
		MetricsConfigurationList: all, IsTruncated: new(next != nil), ContinuationToken: in.ContinuationToken, NextContinuationToken: next,
	}, err
}
