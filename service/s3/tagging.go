package s3

import (
	"context"
	"net/http"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/state/kv"
)

// PutObjectTagging replaces an object's tags.
func (s *Service) PutObjectTagging(ctx context.Context, in *api.PutObjectTaggingInput) (*api.PutObjectTaggingOutput, error) {
	if in.Tagging == nil {
		return nil, errMalformedXML()
	}
	tags, err := tagMap(in.Tagging.TagSet, maxTags)
	if err != nil {
		return nil, err
	}
	out := new(api.PutObjectTaggingOutput)
	err = s.change(ctx, target{in.Bucket, in.ExpectedBucketOwner}, objectID{in.Key, in.VersionId}, func(tx kv.Tx, b *bucket, o *object) error {
		o.Tags, out.VersionId = tags, b.shownVersion(o)
		s.emit(ctx, tx, b, o.event("ObjectTagging:Put"))
		s.resync(tx, b, o)
		return nil
	})
	return out, err
}

// GetObjectTagging returns them.
func (s *Service) GetObjectTagging(ctx context.Context, in *api.GetObjectTaggingInput) (*api.GetObjectTaggingOutput, error) {
	out := new(api.GetObjectTaggingOutput)
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		o, err := b.lookup(tx, in.Key, in.VersionId)
		if err != nil {
			return err
		}
		out.TagSet, out.VersionId = tagList(o.Tags), b.shownVersion(o)
		return nil
	})
	return out, err
}

// DeleteObjectTagging takes them away.
func (s *Service) DeleteObjectTagging(ctx context.Context, in *api.DeleteObjectTaggingInput) (*api.DeleteObjectTaggingOutput, error) {
	out := new(api.DeleteObjectTaggingOutput)
	err := s.change(ctx, target{in.Bucket, in.ExpectedBucketOwner}, objectID{in.Key, in.VersionId}, func(tx kv.Tx, b *bucket, o *object) error {
		o.Tags, out.VersionId = nil, b.shownVersion(o)
		s.emit(ctx, tx, b, o.event("ObjectTagging:Delete"))
		s.resync(tx, b, o)
		return nil
	})
	return out, err
}

// PutBucketTagging replaces a bucket's tags.
func (s *Service) PutBucketTagging(ctx context.Context, in *api.PutBucketTaggingInput) (*api.PutBucketTaggingOutput, error) {
	if in.Tagging != nil {
		if _, err := tagMap(in.Tagging.TagSet, maxBucketTags); err != nil {
			return nil, err
		}
	}
	return &api.PutBucketTaggingOutput{}, putSetting(ctx, s, at(tagSetting, in.Bucket, in.ExpectedBucketOwner), in.Tagging)
}

// GetBucketTagging returns them.
func (s *Service) GetBucketTagging(ctx context.Context, in *api.GetBucketTaggingInput) (*api.GetBucketTaggingOutput, error) {
	t, err := getSetting[api.Tagging](ctx, s, at(tagSetting, in.Bucket, in.ExpectedBucketOwner).orElse(http.StatusNotFound, "NoSuchTagSet", "The TagSet does not exist"))
	if err != nil {
		return nil, err
	}
	return &api.GetBucketTaggingOutput{TagSet: t.TagSet}, nil
}

// DeleteBucketTagging takes them away.
func (s *Service) DeleteBucketTagging(ctx context.Context, in *api.DeleteBucketTaggingInput) (*api.DeleteBucketTaggingOutput, error) {
	return &api.DeleteBucketTaggingOutput{}, s.deleteSetting(ctx, at(tagSetting, in.Bucket, in.ExpectedBucketOwner))
}
