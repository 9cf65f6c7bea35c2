package sts

import (
	"compress/flate"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
)

// limits are the policies that a request puts on its session, and its tags:
// together they must fit into the token.
type limits struct {
	account    aws.Account // whose managed policies are meant
	policy     *string
	arns       []api.PolicyDescriptorType
	tags       []api.Tag
	transitive []string
}

// documents gives the session policies, and how much of the room is used.
func (s *Service) documents(ctx context.Context, l *limits) (documents []string, packed *int32, err error) {
	if err := checkTags(l); err != nil {
		return nil, nil, err
	}
	if l.policy != nil {
		if len(*l.policy) > maxSessionPolicy {
			return nil, nil, invalid("1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to %d", maxSessionPolicy)
		}
		documents = append(documents, *l.policy)
	}
	if len(l.arns) > maxPolicyARNs {
		return nil, nil, invalid("1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to %d", maxPolicyARNs)
	}
	for _, d := range l.arns {
		document, ok, err := s.Directory.ManagedPolicy(ctx, l.account, or(d.Arn, ""))
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			return nil, nil, invalid("Policy %s does not exist or is not attachable.", or(d.Arn, ""))
		}
		documents = append(documents, document)
	}
	for _, document := range documents {
		if _, err := s.Deps.Policies.Get(document, policy.Identity); err != nil {
			return nil, nil, api.ErrMalformedPolicyDocumentException("%s", strings.TrimPrefix(err.Error(), "MalformedPolicyDocument: "))
		}
	}
	packed, err = l.packed()
	return documents, packed, err
}

// packed is the share of the room that policies and tags take, in percent.
// AWS: they are compressed into a form of its own; this is another one.
func (l *limits) packed() (*int32, error) {
	if l.policy == nil && len(l.arns) == 0 && len(l.tags) == 0 {
		return nil, nil
	}
	var size counter
	z, err := flate.NewWriter(&size, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	io.WriteString(z, or(l.policy, "")) //nolint:errcheck // counter takes everything
	for _, d := range l.arns {
		io.WriteString(z, or(d.Arn, "")) //nolint:errcheck // as above
	}
	for _, t := range l.tags {
		io.WriteString(z, t.Key+"\x00"+t.Value+"\x00") //nolint:errcheck // as above
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	percent := int32((int(size)*100 + packedLimit - 1) / packedLimit)
	if percent > 100 {
		return nil, api.ErrPackedPolicyTooLargeException("Packed size of session tags consumes %d%% of allotted space.", percent)
	}
	return &percent, nil
}

// counter counts what is written to it.
type counter int

// Write counts b.
func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// checkTags checks session tags. AWS: "Pass session tags in AWS STS".
func checkTags(l *limits) error {
	if len(l.tags) > maxTags {
		return invalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to %d", maxTags)
	}
	for i, t := range l.tags {
		if len(t.Key) >= 4 && strings.EqualFold(t.Key[:4], "aws:") {
			return invalid("Tag keys with the prefix aws: are reserved for AWS use.")
		}
		if slices.ContainsFunc(l.tags[:i], func(o api.Tag) bool { return strings.EqualFold(o.Key, t.Key) }) {
			return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
	}
	for _, key := range l.transitive {
		if !slices.ContainsFunc(l.tags, func(o api.Tag) bool { return strings.EqualFold(o.Key, key) }) {
			return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
		}
	}
	return nil
}

func tagMap(tags []api.Tag) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}
