package cognitoidentity

import (
	"context"
	"maps"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/state/kv"
)

// checkTags checks what the model does not: the number of tags, and whose they are.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalid("An identity pool can have at most %d tags.", maxTags)
	}
	for k := range tags {
		if strings.HasPrefix(strings.ToLower(k), "aws:") {
			return invalid("Tag keys that begin with aws: are reserved.")
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
func (s *Service) TagResource(ctx context.Context, in *cognitoidentity.TagResourceInput) (*cognitoidentity.TagResourceOutput, error) {
	a, err := tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, a, func(p *pool) error {
		if p.settings.IdentityPoolTags == nil {
			p.settings.IdentityPoolTags = map[string]string{}
		}
		maps.Copy(p.settings.IdentityPoolTags, in.Tags)
		return checkTags(p.settings.IdentityPoolTags)
	})
	return &cognitoidentity.TagResourceOutput{}, err
}

// UntagResource removes tags from a pool. Keys that it does not have are no error.
func (s *Service) UntagResource(ctx context.Context, in *cognitoidentity.UntagResourceInput) (*cognitoidentity.UntagResourceOutput, error) {
	a, err := tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, a, func(p *pool) error {
		for _, k := range in.TagKeys {
			delete(p.settings.IdentityPoolTags, k)
		}
		return nil
	})
	return &cognitoidentity.UntagResourceOutput{}, err
}

// ListTagsForResource returns a pool's tags.
func (s *Service) ListTagsForResource(ctx context.Context, in *cognitoidentity.ListTagsForResourceInput) (*cognitoidentity.ListTagsForResourceOutput, error) {
	a, err := tagged(ctx, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := new(cognitoidentity.ListTagsForResourceOutput)
	err = s.view(ctx, a.ID, func(_ kv.Tx, p *pool) error {
		out.Tags = p.settings.IdentityPoolTags
		return nil
	})
	return out, err
}
