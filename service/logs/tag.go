package logs

import (
	"context"
	"maps"
	"strings"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/state/kv"
)

// checkTags checks what the model does not: the number of tags, and whose they are.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("A log group can have at most %d tags.", maxTags)
	}
	for k := range tags {
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return invalid("Tag keys that begin with aws: are reserved.")
		}
	}
	return nil
}

// tagged is the group that a tagging operation's ARN names.
// AWS: TagResource takes the ARN without :* at its end.
func tagged(arn string) (address, error) {
	a, ok := addressOfARN(arn)
	if !ok || strings.HasSuffix(arn, ":*") {
		return a, invalid("The resource ARN %s is not valid.", arn)
	}
	return a, nil
}

// tag adds tags to a group, replacing those with the same keys.
func (s *Service) tag(ctx context.Context, a address, tags map[string]string) error {
	return s.change(ctx, a, func(_ kv.Tx, g *group) error {
		if g.Tags == nil {
			g.Tags = map[string]string{}
		}
		maps.Copy(g.Tags, tags)
		if len(g.Tags) > maxTags {
			return logs.ErrTooManyTagsException(&logs.TooManyTagsException{}, "A log group can have at most %d tags.", maxTags)
		}
		return checkTags(g.Tags)
	})
}

// untag removes tags from a group. Keys that it does not have are no error.
func (s *Service) untag(ctx context.Context, a address, keys []string) error {
	return s.change(ctx, a, func(_ kv.Tx, g *group) error {
		for _, k := range keys {
			delete(g.Tags, k)
		}
		return nil
	})
}

func (s *Service) tags(ctx context.Context, a address) (tags map[string]string, err error) {
	err = s.view(ctx, a, func(_ kv.Tx, g *group) error {
		tags = map[string]string{}
		maps.Copy(tags, g.Tags)
		return nil
	})
	return tags, err
}

// TagResource adds tags to a group.
func (s *Service) TagResource(ctx context.Context, in *logs.TagResourceInput) (*logs.TagResourceOutput, error) {
	a, err := tagged(in.ResourceArn)
	if err == nil {
		err = s.tag(ctx, a, in.Tags)
	}
	return &logs.TagResourceOutput{}, err
}

// UntagResource removes tags from a group.
func (s *Service) UntagResource(ctx context.Context, in *logs.UntagResourceInput) (*logs.UntagResourceOutput, error) {
	a, err := tagged(in.ResourceArn)
	if err == nil {
		err = s.untag(ctx, a, in.TagKeys)
	}
	return &logs.UntagResourceOutput{}, err
}

// ListTagsForResource returns the tags of a group.
func (s *Service) ListTagsForResource(ctx context.Context, in *logs.ListTagsForResourceInput) (*logs.ListTagsForResourceOutput, error) {
	a, err := tagged(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags, err := s.tags(ctx, a)
	return &logs.ListTagsForResourceOutput{Tags: tags}, err
}

// TagLogGroup is the former TagResource.
func (s *Service) TagLogGroup(ctx context.Context, in *logs.TagLogGroupInput) (*logs.TagLogGroupOutput, error) {
	return &logs.TagLogGroupOutput{}, s.tag(ctx, here(ctx, in.LogGroupName), in.Tags)
}

// UntagLogGroup is the former UntagResource.
func (s *Service) UntagLogGroup(ctx context.Context, in *logs.UntagLogGroupInput) (*logs.UntagLogGroupOutput, error) {
	return &logs.UntagLogGroupOutput{}, s.untag(ctx, here(ctx, in.LogGroupName), in.Tags)
}

// ListTagsLogGroup is the former ListTagsForResource.
func (s *Service) ListTagsLogGroup(ctx context.Context, in *logs.ListTagsLogGroupInput) (*logs.ListTagsLogGroupOutput, error) {
	tags, err := s.tags(ctx, here(ctx, in.LogGroupName))
	return &logs.ListTagsLogGroupOutput{Tags: tags}, err
}
