package sqs

import (
	"context"
	"maps"
	"net/http"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "Too many tags added for queue. Maximum number of tags is %d.", maxTags)
	}
	for k, v := range tags {
		switch {
		case k == "" || len(k) > maxTagKey:
			return invalid(k, "Tag.Key", "Tag keys must be between 1 and 128 characters in length.")
		case len(v) > maxTagValue:
			return invalid(v, "Tag.Value", "Tag values must be between 0 and 256 characters in length.")
		case len(k) >= 4 && k[:4] == "aws:":
			return invalid(k, "Tag.Key", "Tag keys that begin with aws: are reserved.")
		}
	}
	return nil
}

// TagQueue adds tags to a queue, replacing those with the same keys.
func (s *Service) TagQueue(ctx context.Context, in *sqs.TagQueueInput) (*sqs.TagQueueOutput, error) {
	err := s.change(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		if len(in.Tags) == 0 {
			return missing("Tags")
		}
		if q.Tags == nil {
			q.Tags = map[string]string{}
		}
		for k, v := range in.Tags {
			q.Tags[k] = v
		}
		if err := checkTags(q.Tags); err != nil {
			return err
		}
		return nil
	})
	return &sqs.TagQueueOutput{}, err
}

// UntagQueue removes tags from a queue. Keys that it does not have are no error.
func (s *Service) UntagQueue(ctx context.Context, in *sqs.UntagQueueInput) (*sqs.UntagQueueOutput, error) {
	err := s.change(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		for _, k := range in.TagKeys {
			delete(q.Tags, k)
		}
		return nil
	})
	return &sqs.UntagQueueOutput{}, err
}

// ListQueueTags returns the tags of a queue.
func (s *Service) ListQueueTags(ctx context.Context, in *sqs.ListQueueTagsInput) (*sqs.ListQueueTagsOutput, error) {
	out := new(sqs.ListQueueTagsOutput)
	err := s.view(ctx, in.QueueUrl, func(_ kv.Tx, q *queue) error {
		if len(q.Tags) > 0 {
			out.Tags = maps.Clone(q.Tags)
		}
		return nil
	})
	return out, err
}
