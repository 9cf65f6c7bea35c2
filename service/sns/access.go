package sns

import (
	"context"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Access implements aws.Guard: the action on the topic, with the topic's policy.
// AWS: "Actions, resources, and condition keys for Amazon SNS".
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	call := aws.CallFrom(ctx)
	// AWS: SNS writes its prefix in capitals.
	a := aws.Access{Action: "SNS:" + operation, Resource: resourceOf(input)}
	switch in := input.(type) {
	case *sns.ConfirmSubscriptionInput:
		// AWS: the token is permission enough.
		if call.Caller.Kind == aws.Anonymous || deref(in.AuthenticateOnUnsubscribe) != "true" {
			return nil, nil
		}
	case *sns.UnsubscribeInput:
		// AWS: so is the ARN, unless the subscription says otherwise. The
		// operation looks at that.
		if call.Caller.Kind == aws.Anonymous {
			return nil, nil
		}
	case *sns.PublishBatchInput: // AWS: PublishBatch is sns:Publish
		a.Action = "SNS:Publish"
	case *sns.CreateTopicInput:
		a.Resource = address{kv.Scope{Account: call.Account, Region: call.Region}, in.Name}.arn()
	case *sns.SubscribeInput:
		a.Keys = func(key string) ([]string, bool) {
			switch key {
			case "sns:protocol":
				return []string{in.Protocol}, true
			case "sns:endpoint":
				return []string{deref(in.Endpoint)}, in.Endpoint != nil
			}
			return nil, false
		}
	}
	if a.Resource == "" {
		a.Resource = "*"
		return []aws.Access{a}, nil
	}
	if err := s.addPolicy(ctx, &a); err != nil {
		return nil, err
	}
	return []aws.Access{a}, nil
}

// addPolicy adds the policy and the owner of the topic that an access is to.
func (s *Service) addPolicy(ctx context.Context, a *aws.Access) error {
	arn, err := aws.ParseARN(a.Resource)
	if err != nil || arn.Service != "sns" {
		return nil
	}
	a.Owner = arn.Account
	keys, call := a.Keys, aws.CallFrom(ctx)
	a.Keys = func(key string) ([]string, bool) {
		if key == "aws:sourceowner" { // AWS: an old name, which default policies use
			return []string{sourceOwner(call)}, true
		}
		if keys != nil {
			return keys(key)
		}
		return nil, false
	}
	at := address{kv.Scope{Account: arn.Account, Region: arn.Region}, topicNameOf(arn.Resource)}
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if t, ok := topics.Get(tx, at.key()); ok {
			a.Policy = t.Policy
		}
		return nil
	})
}

// sourceOwner is the account that a call comes from.
func sourceOwner(c *aws.Call) string {
	if arn, err := aws.ParseARN(c.Source); err == nil {
		return string(arn.Account)
	}
	return string(c.Caller.Account)
}

// topicNameOf takes the id of a subscription off a resource.
func topicNameOf(resource string) string {
	for i := range len(resource) {
		if resource[i] == ':' {
			return resource[:i]
		}
	}
	return resource
}

// resourceOf is the ARN that an input names; of a subscription, its topic's.
func resourceOf(input any) string {
	switch in := input.(type) {
	case *sns.PublishInput:
		if in.TopicArn != nil {
			return *in.TopicArn
		}
		return deref(in.TargetArn)
	case *sns.PublishBatchInput:
		return in.TopicArn
	case *sns.SubscribeInput:
		return in.TopicArn
	case *sns.ConfirmSubscriptionInput:
		return in.TopicArn
	case *sns.DeleteTopicInput:
		return in.TopicArn
	case *sns.GetTopicAttributesInput:
		return in.TopicArn
	case *sns.SetTopicAttributesInput:
		return in.TopicArn
	case *sns.AddPermissionInput:
		return in.TopicArn
	case *sns.RemovePermissionInput:
		return in.TopicArn
	case *sns.ListSubscriptionsByTopicInput:
		return in.TopicArn
	}
	return furtherResource(input)
}

func furtherResource(input any) string {
	switch in := input.(type) {
	case *sns.UnsubscribeInput:
		return topicOf(in.SubscriptionArn)
	case *sns.GetSubscriptionAttributesInput:
		return topicOf(in.SubscriptionArn)
	case *sns.SetSubscriptionAttributesInput:
		return topicOf(in.SubscriptionArn)
	case *sns.TagResourceInput:
		return in.ResourceArn
	case *sns.UntagResourceInput:
		return in.ResourceArn
	case *sns.ListTagsForResourceInput:
		return in.ResourceArn
	case *sns.PutDataProtectionPolicyInput:
		return in.ResourceArn
	case *sns.GetDataProtectionPolicyInput:
		return in.ResourceArn
	case *sns.CreatePlatformEndpointInput:
		return in.PlatformApplicationArn
	case *sns.DeletePlatformApplicationInput:
		return in.PlatformApplicationArn
	case *sns.GetPlatformApplicationAttributesInput:
		return in.PlatformApplicationArn
	case *sns.SetPlatformApplicationAttributesInput:
		return in.PlatformApplicationArn
	case *sns.ListEndpointsByPlatformApplicationInput:
		return in.PlatformApplicationArn
	case *sns.DeleteEndpointInput:
		return in.EndpointArn
	case *sns.GetEndpointAttributesInput:
		return in.EndpointArn
	case *sns.SetEndpointAttributesInput:
		return in.EndpointArn
	}
	return ""
}

func topicOf(subscriptionARN string) string {
	a, _, err := subscriptionAt(subscriptionARN)
	if err != nil {
		return subscriptionARN
	}
	return a.arn()
}
