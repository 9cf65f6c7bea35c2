package dynamodb

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// addTags adds tags to a table, replacing those with the same keys.
func (t *table) addTags(tags []dynamodb.Tag) error {
	for _, tag := range tags {
		switch {
		case tag.Key == "" || len(tag.Key) > maxTagKey || len(tag.Value) > maxTagValue:
			return invalidParameter("Invalid tag: keys have 1 to %d characters, values at most %d", maxTagKey, maxTagValue)
		case strings.HasPrefix(tag.Key, "aws:"):
			return invalidParameter("Tag keys cannot start with aws:")
		}
		if t.Tags == nil {
			t.Tags = map[string]string{}
		}
		t.Tags[tag.Key] = tag.Value
	}
	if len(t.Tags) > maxTags {
		return invalidParameter("Too many tags: a resource has at most %d", maxTags)
	}
	return t.obey()
}

// obey does what the tags ask of Brume.
func (t *table) obey() (err error) {
	if t.Hold, err = t.tagged(holdTag); err != nil {
		return err
	}
	t.Lag, err = t.tagged(staleTag)
	return err
}

// tagged is the duration in a tag; none is 0.
func (t *table) tagged(tag string) (time.Duration, error) {
	v, ok := t.Tags[tag]
	if !ok {
		return 0, nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 || d > maxTagged {
		return 0, invalidParameter("The tag %s must be a duration such as 2s, and at most %s: %s", tag, maxTagged, v)
	}
	return d, nil
}

// checkARN refuses a ResourceArn that cannot be a table's.
func checkARN(arn string) error {
	if strings.Contains(arn, streamResource) {
		return aws.NotImplemented("dynamodb", "resource policies of streams")
	}
	if _, ok := addressOfARN(arn); !ok {
		return invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", arn)
	}
	return nil
}

// noARN is the error for a ResourceArn of a table that is not there. AWS: the
// spelling is AWS's.
func noARN(arn string) error {
	return dynamodb.ErrResourceNotFoundException("Requested resource not found: ResourcArn: %s not found", arn)
}

// changeARN is change for a table that a ResourceArn names.
func (s *Service) changeARN(ctx context.Context, arn string, fn func(tx kv.Tx, t *table) error) error {
	if err := checkARN(arn); err != nil {
		return err
	}
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, ok := addressOf(ctx, arn).find(tx); !ok {
			return noARN(arn)
		}
		return s.change(kv.Join(ctx, s.Store, tx), arn, fn)
	})
}

// viewARN is view for a table that a ResourceArn names.
func (s *Service) viewARN(ctx context.Context, arn string, fn func(tx kv.Tx, t *table) error) error {
	if err := checkARN(arn); err != nil {
		return err
	}
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		t, ok := addressOf(ctx, arn).find(tx)
		if !ok {
			return noARN(arn)
		}
		return fn(tx, t)
	})
}

// TagResource adds tags to a table.
func (s *Service) TagResource(ctx context.Context, in *dynamodb.TagResourceInput) (*dynamodb.TagResourceOutput, error) {
	err := s.changeARN(ctx, in.ResourceArn, func(tx kv.Tx, t *table) error {
		lag := t.Lag
		if err := t.addTags(in.Tags); err != nil {
			return err
		}
		t.setLag(tx, lag)
		return nil
	})
	return &dynamodb.TagResourceOutput{}, err
}

// UntagResource removes tags from a table. Keys that it does not have are no error.
func (s *Service) UntagResource(ctx context.Context, in *dynamodb.UntagResourceInput) (*dynamodb.UntagResourceOutput, error) {
	err := s.changeARN(ctx, in.ResourceArn, func(tx kv.Tx, t *table) error {
		lag := t.Lag
		for _, k := range in.TagKeys {
			delete(t.Tags, k)
		}
		if err := t.obey(); err != nil {
			return err
		}
		t.setLag(tx, lag)
		return nil
	})
	return &dynamodb.UntagResourceOutput{}, err
}

// ListTagsOfResource returns the tags of a table, all in one page.
func (s *Service) ListTagsOfResource(ctx context.Context, in *dynamodb.ListTagsOfResourceInput) (*dynamodb.ListTagsOfResourceOutput, error) {
	out := new(dynamodb.ListTagsOfResourceOutput)
	err := s.viewARN(ctx, in.ResourceArn, func(_ kv.Tx, t *table) error {
		out.Tags = []dynamodb.Tag{}
		for _, k := range slices.Sorted(maps.Keys(t.Tags)) {
			out.Tags = append(out.Tags, dynamodb.Tag{Key: k, Value: t.Tags[k]})
		}
		return nil
	})
	return out, err
}
