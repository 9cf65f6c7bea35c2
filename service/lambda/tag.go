package lambda

import (
	"context"
	"maps"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/state/kv"
)

// TagResource adds tags to a function.
func (s *Service) TagResource(ctx context.Context, in *lambda.TagResourceInput) (*lambda.TagResourceOutput, error) {
	err := s.change(ctx, in.Resource, func(_ kv.Tx, f *function, _ *configuration) error {
		tags := maps.Clone(f.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		maps.Copy(tags, in.Tags)
		f.Tags = tags
		return checkTags(tags)
	})
	return &lambda.TagResourceOutput{}, err
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("The number of tags exceeds the limit of %d.", maxTags)
	}
	return nil
}

// UntagResource removes tags from a function.
func (s *Service) UntagResource(ctx context.Context, in *lambda.UntagResourceInput) (*lambda.UntagResourceOutput, error) {
	err := s.change(ctx, in.Resource, func(_ kv.Tx, f *function, _ *configuration) error {
		f.Tags = maps.Clone(f.Tags)
		for _, key := range in.TagKeys {
			delete(f.Tags, key)
		}
		return nil
	})
	return &lambda.UntagResourceOutput{}, err
}

// ListTags lists a function's tags.
func (s *Service) ListTags(ctx context.Context, in *lambda.ListTagsInput) (*lambda.ListTagsOutput, error) {
	out := &lambda.ListTagsOutput{}
	err := s.view(ctx, in.Resource, nil, func(_ kv.Tx, f *function, _ *configuration) error {
		out.Tags = f.Tags
		return nil
	})
	return out, err
}
