package lambda

import (
	"context"
	"maps"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/state/kv"
)

// TagResource adds tags to a function or an event source mapping.
func (s *Service) TagResource(ctx context.Context, in *lambda.TagResourceInput) (*lambda.TagResourceOutput, error) {
	err := s.changeTags(ctx, in.Resource, func(tags map[string]string) error {
		maps.Copy(tags, in.Tags)
		return checkTags(tags)
	})
	return &lambda.TagResourceOutput{}, err
}

// changeTags runs fn on a copy of a resource's tags, and stores it.
func (s *Service) changeTags(ctx context.Context, arn string, fn func(tags map[string]string) error) error {
	copied := func(was map[string]string) (map[string]string, error) {
		tags := map[string]string{}
		maps.Copy(tags, was)
		return tags, fn(tags)
	}
	if id := mappingOfARN(arn); id != "" {
		return s.mapping(ctx, id, func(tx kv.Tx, m *mapping) (err error) {
			m.Tags, err = copied(m.Tags)
			mappings.Put(tx, m.key(), m)
			return err
		})
	}
	return s.change(ctx, arn, func(_ kv.Tx, f *function, _ *configuration) (err error) {
		f.Tags, err = copied(f.Tags)
		return err
	})
}

// mappingOfARN is the id of the event source mapping that an ARN names, if it
// names one.
func mappingOfARN(arn string) string {
	_, id, _ := strings.Cut(arn, ":event-source-mapping:")
	return id
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("The number of tags exceeds the limit of %d.", maxTags)
	}
	return nil
}

// UntagResource removes tags.
func (s *Service) UntagResource(ctx context.Context, in *lambda.UntagResourceInput) (*lambda.UntagResourceOutput, error) {
	err := s.changeTags(ctx, in.Resource, func(tags map[string]string) error {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
		return nil
	})
	return &lambda.UntagResourceOutput{}, err
}

// ListTags lists the tags of a function or an event source mapping.
func (s *Service) ListTags(ctx context.Context, in *lambda.ListTagsInput) (*lambda.ListTagsOutput, error) {
	out := &lambda.ListTagsOutput{}
	if id := mappingOfARN(in.Resource); id != "" {
		err := s.mapping(ctx, id, func(_ kv.Tx, m *mapping) error {
			out.Tags = m.Tags
			return nil
		})
		return out, err
	}
	err := s.view(ctx, in.Resource, nil, func(_ kv.Tx, f *function, _ *configuration) error {
		out.Tags = f.Tags
		return nil
	})
	return out, err
}
