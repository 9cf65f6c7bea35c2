package s3

import (
	"context"
	"maps"
	"net/http"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/api/s3control"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// tagged is a bucket or an access point whose tags are asked about.
type tagged struct {
	tags map[string]string // never nil
	keep func()            // puts them
}

// tagsAt finds what an ARN names, for the account that it must belong to.
func tagsAt(ctx context.Context, tx kv.Tx, account, name string) (*tagged, error) {
	region := aws.CallFrom(ctx).Region
	plain, ok := strings.CutPrefix(name, arn(region, ""))
	if !ok {
		p, err := pointNamed(tx, region, name)
		if err != nil || string(p.Account) != account || p.Region != region {
			return nil, errNoResource()
		}
		t := &tagged{tags: p.Tags}
		t.keep = func() { p.Tags = t.tags; points.Put(tx, p.key(), p) }
		return t.filled(), nil
	}
	b, ok := buckets.Get(tx, bucketKey(region, plain))
	if !ok || b.Account != account || b.Region != string(region) {
		return nil, errNoResource()
	}
	b.Name = plain
	t := &tagged{tags: map[string]string{}}
	if c, ok := get[api.Tagging](tx, b, tagSetting); ok {
		for _, tag := range c.TagSet {
			t.tags[tag.Key] = tag.Value
		}
	}
	t.keep = func() {
		if set(tx, b, tagSetting, &api.Tagging{TagSet: tagList(t.tags)}); len(t.tags) == 0 {
			unset(tx, b, tagSetting)
		}
		b.put(tx)
	}
	return t, nil
}

func (t *tagged) filled() *tagged {
	if t.tags == nil {
		t.tags = map[string]string{}
	}
	return t
}

func errNoResource() error {
	return aws.Errorf(http.StatusNotFound, "NoSuchResource", "The specified resource doesn't exist.")
}

// TagResource adds tags to a bucket or an access point.
func (c *Control) TagResource(ctx context.Context, in *s3control.TagResourceInput) (*s3control.TagResourceOutput, error) {
	added, err := tagMap(tagsIn(in.Tags), maxBucketTags)
	if err != nil {
		return nil, err
	}
	err = kv.Update(ctx, c.Store, func(tx kv.Tx) error {
		t, err := tagsAt(ctx, tx, in.AccountId, in.ResourceArn)
		if err != nil {
			return err
		}
		if maps.Copy(t.tags, added); len(t.tags) > maxBucketTags {
			return aws.Errorf(http.StatusBadRequest, "TooManyTags", "A resource has at most %d tags", maxBucketTags)
		}
		t.keep()
		return nil
	})
	return &s3control.TagResourceOutput{}, err
}

// UntagResource takes tags away, those that are there.
func (c *Control) UntagResource(ctx context.Context, in *s3control.UntagResourceInput) (*s3control.UntagResourceOutput, error) {
	err := kv.Update(ctx, c.Store, func(tx kv.Tx) error {
		t, err := tagsAt(ctx, tx, in.AccountId, in.ResourceArn)
		if err != nil {
			return err
		}
		for _, key := range in.TagKeys {
			delete(t.tags, key)
		}
		t.keep()
		return nil
	})
	return &s3control.UntagResourceOutput{}, err
}

// ListTagsForResource lists the tags.
func (c *Control) ListTagsForResource(ctx context.Context, in *s3control.ListTagsForResourceInput) (*s3control.ListTagsForResourceOutput, error) {
	out := &s3control.ListTagsForResourceOutput{Tags: []s3control.Tag{}}
	err := kv.View(ctx, c.Store, func(tx kv.Tx) error {
		t, err := tagsAt(ctx, tx, in.AccountId, in.ResourceArn)
		if err != nil {
			return err
		}
		for _, tag := range tagList(t.tags) {
			out.Tags = append(out.Tags, s3control.Tag{Key: tag.Key, Value: tag.Value})
		}
		return nil
	})
	return out, err
}
