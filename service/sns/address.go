package sns

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// parseARN splits an ARN that a parameter holds.
func parseARN(arn, parameter string) (aws.ARN, *aws.Error) {
	a, err := aws.ParseARN(arn)
	if err != nil {
		if n := strings.Count(arn, ":") + 1; n < 6 || arn == "" {
			return a, invalid("%s Reason: An ARN must have at least 6 elements, not %d", parameter, n)
		}
		return a, invalid("%s", parameter)
	}
	return a, nil
}

// topicAt finds the address that a topic's ARN names. AWS: a topic can only be
// reached in its own region.
func topicAt(ctx context.Context, arn, parameter string) (address, error) {
	a, err := parseARN(arn, parameter)
	if err != nil {
		return address{}, err
	}
	call := aws.CallFrom(ctx)
	if a.Service != "sns" || a.Region != call.Region && call.Caller.Kind != aws.Anonymous || !a.Account.Valid() || strings.ContainsAny(a.Resource, ":/") {
		return address{}, invalid("%s", parameter)
	}
	return address{kv.Scope{Account: a.Account, Region: a.Region}, a.Resource}, nil
}

// subscriptionAt finds the topic and the id that a subscription's ARN names.
func subscriptionAt(arn string) (at address, id string, err error) {
	a, invalidARN := parseARN(arn, "SubscriptionArn")
	if invalidARN != nil {
		return at, "", invalidARN
	}
	name, id, ok := strings.Cut(a.Resource, ":")
	if a.Service != "sns" || !ok || id == "" {
		return at, "", invalid("SubscriptionId")
	}
	return address{kv.Scope{Account: a.Account, Region: a.Region}, name}, id, nil
}

// updateTopic runs fn on the topic that an ARN names, in a transaction.
func (s *Service) updateTopic(ctx context.Context, arn string, fn func(tx kv.Tx, t *topic) error) error {
	a, err := topicAt(ctx, arn, "TopicArn")
	if err != nil {
		return err
	}
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		t, err := a.find(tx)
		if err != nil {
			return err
		}
		return fn(tx, t)
	})
}

// viewTopic is updateTopic for operations that only read.
func (s *Service) viewTopic(ctx context.Context, arn string, fn func(tx kv.Tx, t *topic) error) error {
	a, err := topicAt(ctx, arn, "TopicArn")
	if err != nil {
		return err
	}
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		t, err := a.find(tx)
		if err != nil {
			return err
		}
		return fn(tx, t)
	})
}

// isWord reports whether s has only letters, digits, hyphens, underscores and
// the characters of also.
func isWord(s, also string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || strings.IndexByte(also, c) >= 0) {
			return false
		}
	}
	return true
}
