package sns

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/state/kv"
)

// newTags checks tags. AWS: a key may be given once.
func newTags(in []sns.Tag) (map[string]string, error) {
	tags := make(map[string]string, len(in))
	for _, t := range in {
		if _, twice := tags[t.Key]; twice {
			return nil, invalid("Duplicated keys are not allowed.")
		}
		switch {
		case t.Key == "" || len(t.Key) > maxTagKey:
			return nil, invalid("Tags Reason: Tag keys must be between 1 and 128 characters long")
		case len(t.Value) > maxTagValue:
			return nil, invalid("Tags Reason: Tag values must be at most 256 characters long")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return nil, invalid("Tags Reason: Tag keys that begin with aws: are reserved")
		}
		tags[t.Key] = t.Value
	}
	return tags, checkTagCount(tags)
}

func checkTagCount(tags map[string]string) error {
	if len(tags) > maxTags {
		return sns.ErrTagLimitExceededException("Could not complete request: tag quota of per resource exceeded")
	}
	return nil
}

// errNoResource is the error of the operations on tags for what does not exist.
func errNoResource(err error) error {
	if isNotFound(err) {
		return sns.ErrResourceNotFoundException("Resource does not exist")
	}
	return err
}

// TagResource adds tags to a topic, replacing those with the same keys.
func (s *Service) TagResource(ctx context.Context, in *sns.TagResourceInput) (*sns.TagResourceOutput, error) {
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	err = s.updateTopic(ctx, in.ResourceArn, func(tx kv.Tx, t *topic) error {
		if t.Tags == nil {
			t.Tags = map[string]string{}
		}
		maps.Copy(t.Tags, tags)
		if err := checkTagCount(t.Tags); err != nil {
			return err
		}
		t.at.put(tx, t)
		return nil
	})
	return &sns.TagResourceOutput{}, errNoResource(err)
}

// UntagResource removes tags from a topic. Keys that it does not have are no error.
func (s *Service) UntagResource(ctx context.Context, in *sns.UntagResourceInput) (*sns.UntagResourceOutput, error) {
	err := s.updateTopic(ctx, in.ResourceArn, func(tx kv.Tx, t *topic) error {
		for _, key := range in.TagKeys {
			delete(t.Tags, key)
		}
		t.at.put(tx, t)
		return nil
	})
	return &sns.UntagResourceOutput{}, errNoResource(err)
}

// ListTagsForResource returns the tags of a topic.
func (s *Service) ListTagsForResource(ctx context.Context, in *sns.ListTagsForResourceInput) (*sns.ListTagsForResourceOutput, error) {
	out := new(sns.ListTagsForResourceOutput)
	err := s.viewTopic(ctx, in.ResourceArn, func(_ kv.Tx, t *topic) error {
		out.Tags = []sns.Tag{}
		for _, key := range slices.Sorted(maps.Keys(t.Tags)) {
			out.Tags = append(out.Tags, sns.Tag{Key: key, Value: t.Tags[key]})
		}
		return nil
	})
	return out, errNoResource(err)
}
