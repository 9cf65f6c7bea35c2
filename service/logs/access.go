package logs

import (
	"context"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Access implements aws.Guard: the action on a group, or on a stream of it, with
// the policies that the region has for its groups.
// AWS: "Actions, resources, and condition keys for Amazon CloudWatch Logs".
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	access := aws.Access{Action: "logs:" + operation, Resource: "*"}
	switch in := input.(type) {
	case *logs.TestMetricFilterInput, *logs.PutResourcePolicyInput, *logs.DescribeResourcePoliciesInput, *logs.DeleteResourcePolicyInput, *logs.ListLogGroupsInput:
		return []aws.Access{access}, nil
	case *logs.TagResourceInput:
		return s.tagging(ctx, access, in.ResourceArn)
	case *logs.UntagResourceInput:
		return s.tagging(ctx, access, in.ResourceArn)
	case *logs.ListTagsForResourceInput:
		return s.tagging(ctx, access, in.ResourceArn)
	}
	sub, ok := targetOf(ctx, input)
	if !ok {
		return []aws.Access{access}, nil
	}
	// AWS: what is about a group alone is asked for with an empty stream, which
	// log-group:NAME:* matches and log-group:NAME does not.
	access.Resource, access.Owner = sub.arn()+streamMark+sub.stream, sub.Account
	all := []aws.Access{access}
	if in, ok := input.(*logs.PutSubscriptionFilterInput); ok && in.RoleArn != nil {
		all = append(all, aws.Access{Action: "iam:PassRole", Resource: *in.RoleArn})
	}
	return all, s.addPolicy(ctx, sub.Scope, &all[0])
}

// tagging is the access to a group's tags, whose ARN is without :*.
func (s *Service) tagging(ctx context.Context, access aws.Access, arn string) ([]aws.Access, error) {
	a, ok := addressOfARN(arn)
	if !ok {
		return []aws.Access{access}, nil
	}
	access.Resource, access.Owner = arn, a.Account
	all := []aws.Access{access}
	return all, s.addPolicy(ctx, a.Scope, &all[0])
}

// addPolicy adds the policies of a region's groups.
func (s *Service) addPolicy(ctx context.Context, sc kv.Scope, access *aws.Access) error {
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if p, ok := merged.GetShared(tx, merged.Key(sc), nil); ok {
			access.Policy = p.Document
		}
		return nil
	})
}

// target is what a call is about: a group and, perhaps, a stream.
type target struct {
	address
	stream string
}

func targetOf(ctx context.Context, input any) (target, bool) {
	var name, identifier *string
	stream := ""
	switch in := input.(type) {
	case *logs.PutLogEventsInput:
		name, stream = &in.LogGroupName, in.LogStreamName
	case *logs.GetLogEventsInput:
		name, identifier, stream = in.LogGroupName, in.LogGroupIdentifier, in.LogStreamName
	case *logs.DeleteLogStreamInput:
		name, stream = &in.LogGroupName, in.LogStreamName
	case *logs.CreateLogStreamInput:
		name = &in.LogGroupName
	case *logs.FilterLogEventsInput:
		name, identifier = in.LogGroupName, in.LogGroupIdentifier
	case *logs.DescribeLogStreamsInput:
		name, identifier = in.LogGroupName, in.LogGroupIdentifier
	case *logs.PutLogGroupDeletionProtectionInput:
		identifier = &in.LogGroupIdentifier
	case *logs.DescribeLogGroupsInput:
		// AWS: asked for on log-group::log-stream:, the group of no name.
		return target{address: here(ctx, "")}, true
	default:
		group, ok := groupName(input)
		name = &group
		if !ok {
			return target{}, false
		}
	}
	a, err := identified(ctx, name, identifier)
	return target{a, stream}, err == nil
}

// groupName is the group of those operations that name nothing but a group.
func groupName(input any) (string, bool) {
	switch in := input.(type) {
	case *logs.CreateLogGroupInput:
		return in.LogGroupName, true
	case *logs.DeleteLogGroupInput:
		return in.LogGroupName, true
	case *logs.PutRetentionPolicyInput:
		return in.LogGroupName, true
	case *logs.DeleteRetentionPolicyInput:
		return in.LogGroupName, true
	case *logs.TagLogGroupInput:
		return in.LogGroupName, true
	case *logs.UntagLogGroupInput:
		return in.LogGroupName, true
	case *logs.ListTagsLogGroupInput:
		return in.LogGroupName, true
	case *logs.PutSubscriptionFilterInput:
		return in.LogGroupName, true
	case *logs.DescribeSubscriptionFiltersInput:
		return in.LogGroupName, true
	case *logs.DeleteSubscriptionFilterInput:
		return in.LogGroupName, true
	}
	return "", false
}
