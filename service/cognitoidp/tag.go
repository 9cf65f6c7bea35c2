package cognitoidp

import (
	"context"
	"maps"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// checkTags checks what the model does not: the number of tags, and whose they are.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return cognitoidp.ErrUserPoolTaggingException("A user pool can have at most %d tags.", maxTags)
	}
	for k := range tags {
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return cognitoidp.ErrUserPoolTaggingException("Tag keys that begin with aws: are reserved.")
		}
	}
	return nil
}

// tagged is the pool that a tagging operation's ARN names, which is the caller's.
func tagged(ctx context.Context, arn string) (address, error) {
	a, ok := addressOfARN(arn)
	if !ok || a.Scope != scopeOf(ctx) {
		return a, invalid("Invalid ARN %s given.", arn)
	}
	return a, nil
}

// TagResource adds tags to a pool, replacing those with the same keys.
func (s *Service) TagResource(ctx context.Context, in *cognitoidp.TagResourceInput) (*cognitoidp.TagResourceOutput, error) {
	a, err := tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, a, func(_ kv.Tx, p *pool) error {
		if p.settings.UserPoolTags == nil {
			p.settings.UserPoolTags = map[string]string{}
		}
		maps.Copy(p.settings.UserPoolTags, in.Tags)
		return checkTags(p.settings.UserPoolTags)
	})
	return &cognitoidp.TagResourceOutput{}, err
}

// UntagResource removes tags from a pool. Keys that it does not have are no error.
func (s *Service) UntagResource(ctx context.Context, in *cognitoidp.UntagResourceInput) (*cognitoidp.UntagResourceOutput, error) {
	a, err := tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, a, func(_ kv.Tx, p *pool) error {
		for _, k := range in.TagKeys {
			delete(p.settings.UserPoolTags, k)
		}
		return nil
	})
	return &cognitoidp.UntagResourceOutput{}, err
}

// ListTagsForResource returns the tags of a pool.
func (s *Service) ListTagsForResource(ctx context.Context, in *cognitoidp.ListTagsForResourceInput) (*cognitoidp.ListTagsForResourceOutput, error) {
	a, err := tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := new(cognitoidp.ListTagsForResourceOutput)
	err = s.view(ctx, a.ID, func(_ kv.Tx, p *pool) error {
		out.Tags = map[string]string{}
		maps.Copy(out.Tags, p.settings.UserPoolTags)
		return nil
	})
	return out, err
}
