package sts

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
)

// GetSessionToken gives a user temporary credentials of their own.
func (s *Service) GetSessionToken(ctx context.Context, in *api.GetSessionTokenInput) (*api.GetSessionTokenOutput, error) {
	call := aws.CallFrom(ctx)
	if err := longTerm(&call.Caller, "GetSessionToken"); err != nil {
		return nil, err
	}
	lasts, err := userDuration(&call.Caller, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	proof := &assumption{caller: call.Caller, keys: policy.Map{}}
	if err := s.proveMFA(ctx, proof, in.SerialNumber, in.TokenCode); err != nil {
		return nil, err
	}
	row := &session{Kind: uint8(call.Caller.Kind), ARN: call.Caller.ARN, UserID: call.Caller.UserID, Tags: call.Caller.Tags, MFA: in.TokenCode != nil}
	credentials, err := s.issue(ctx, call.Caller.Account, row, lasts)
	return &api.GetSessionTokenOutput{Credentials: credentials}, err
}

// longTerm refuses callers who have temporary credentials already.
func longTerm(c *aws.Caller, operation string) error {
	switch {
	case c.Kind == aws.Anonymous:
		return unsigned()
	case c.Session != nil || c.Kind != aws.User && c.Kind != aws.Root:
		return denied("Cannot call %s with session credentials", operation)
	}
	return nil
}

// userDuration is how long a user's session lasts.
func userDuration(c *aws.Caller, seconds *int32) (time.Duration, error) {
	lasts, limit := userDefault, userLimit
	if c.Kind == aws.Root {
		limit = rootLimit
	}
	if seconds != nil {
		lasts = time.Duration(*seconds) * time.Second
	}
	if lasts > userLimit {
		return 0, invalid("The requested DurationSeconds exceeds the limit of %d seconds.", int(userLimit/time.Second))
	}
	return min(lasts, limit), nil // AWS: root's is cut, not refused
}

// GetFederationToken gives a session that may do what both its user and its
// session policies allow.
func (s *Service) GetFederationToken(ctx context.Context, in *api.GetFederationTokenInput) (*api.GetFederationTokenOutput, error) {
	call := aws.CallFrom(ctx)
	if err := longTerm(&call.Caller, "GetFederationToken"); err != nil {
		return nil, err
	}
	lasts, err := userDuration(&call.Caller, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	l := &limits{account: call.Caller.Account, policy: in.Policy, arns: in.PolicyArns, tags: in.Tags}
	documents, packed, err := s.documents(ctx, l)
	if err != nil {
		return nil, err
	}
	row := &session{
		Kind: uint8(aws.FederatedUser), ARN: federatedARN(&call.Caller, in.Name), UserID: string(call.Caller.Account) + ":" + in.Name,
		User: call.Caller.ARN, Policies: documents, SessionTags: tagMap(in.Tags), Tags: call.Caller.Tags,
	}
	credentials, err := s.issue(ctx, call.Caller.Account, row, lasts)
	return &api.GetFederationTokenOutput{
		Credentials: credentials, PackedPolicySize: packed, FederatedUser: &api.FederatedUser{Arn: row.ARN, FederatedUserId: row.UserID},
	}, err
}

func federatedARN(c *aws.Caller, name string) string {
	partition, _, _ := strings.Cut(strings.TrimPrefix(c.ARN, "arn:"), ":")
	return "arn:" + partition + ":sts::" + string(c.Account) + ":federated-user/" + name
}

// GetCallerIdentity tells who asks. It needs no permission.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *api.GetCallerIdentityInput) (*api.GetCallerIdentityOutput, error) {
	c := &aws.CallFrom(ctx).Caller
	if c.Kind == aws.Anonymous || c.ARN == "" {
		return nil, unsigned()
	}
	return &api.GetCallerIdentityOutput{UserId: &c.UserID, Account: new(string(c.Account)), Arn: &c.ARN}, nil
}

// GetAccessKeyInfo tells which account an access key is of. The key says so
// itself, whether it still exists or not.
func (s *Service) GetAccessKeyInfo(_ context.Context, in *api.GetAccessKeyInfoInput) (*api.GetAccessKeyInfoOutput, error) {
	account, ok := aws.AccountOfKey(in.AccessKeyId)
	if !ok {
		return nil, invalid("%s is not a valid access key id.", in.AccessKeyId)
	}
	return &api.GetAccessKeyInfoOutput{Account: new(string(account))}, nil
}

// Access implements aws.Guard. What assumes a role needs no access here: the
// operation itself asks the role's trust policy and the caller's policies.
// AWS: "Actions, resources, and condition keys for AWS Security Token Service".
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	switch in := input.(type) {
	case *api.GetCallerIdentityInput, *api.GetSessionTokenInput, *api.AssumeRoleInput, *api.AssumeRoleWithWebIdentityInput, *api.AssumeRoleWithSAMLInput:
		return nil, nil
	case *api.GetFederationTokenInput:
		resource := federatedARN(&aws.CallFrom(ctx).Caller, in.Name)
		access := []aws.Access{{Action: "sts:GetFederationToken", Resource: resource, Keys: tagKeys(in.Tags)}}
		if len(in.Tags) > 0 {
			access = append(access, aws.Access{Action: "sts:TagSession", Resource: resource, Keys: tagKeys(in.Tags)})
		}
		return access, nil
	}
	return []aws.Access{{Action: "sts:" + operation, Resource: "*"}}, nil
}

// tagKeys gives the condition keys of a request's tags.
func tagKeys(tags []api.Tag) func(string) ([]string, bool) {
	return func(key string) ([]string, bool) {
		if key == "aws:tagkeys" {
			return slices.Sorted(maps.Keys(tagMap(tags))), len(tags) > 0
		}
		for _, t := range tags {
			if "aws:requesttag/"+strings.ToLower(t.Key) == key {
				return []string{t.Value}, true
			}
		}
		return nil, false
	}
}
