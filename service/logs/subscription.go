package logs

import (
	"context"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// PutSubscriptionFilter subscribes a destination to the events of a group that
// match a pattern, or changes a subscription. The destination is tried first.
func (s *Service) PutSubscriptionFilter(ctx context.Context, in *logs.PutSubscriptionFilterInput) (*logs.PutSubscriptionFilterOutput, error) {
	if _, err := s.compile(in.FilterPattern); err != nil {
		return nil, err
	}
	if deref(in.ApplyOnTransformedLogs) || in.FieldSelectionCriteria != nil || len(in.EmitSystemFields) > 0 {
		return nil, aws.NotImplemented("logs", "PutSubscriptionFilter with transformed logs or system fields")
	}
	sub := subscription{
		Name: in.FilterName, Pattern: in.FilterPattern, Destination: in.DestinationArn, Role: deref(in.RoleArn), Random: in.Distribution == logs.DistributionRandom,
	}
	if err := sub.check(); err != nil {
		return nil, err
	}
	err := s.change(ctx, here(ctx, in.LogGroupName), func(tx kv.Tx, g *group) error {
		if err := g.readable(); err != nil {
			return err
		}
		sub.Created = tx.Now()
		at, found := slices.BinarySearchFunc(g.Subscriptions, sub.Name, func(s subscription, name string) int { return strings.Compare(s.Name, name) })
		if found {
			sub.Created = g.Subscriptions[at].Created
			g.Subscriptions[at] = sub
		} else if len(g.Subscriptions) >= maxSubscriptions {
			return logs.ErrLimitExceededException("Resource limit exceeded.")
		} else {
			g.Subscriptions = slices.Insert(g.Subscriptions, at, sub)
		}
		return s.try(kv.Join(ctx, s.Store, tx), g, &sub)
	})
	return &logs.PutSubscriptionFilterOutput{}, err
}

// check checks that the destination is of a kind that there is, and has a role
// if it needs one.
func (sub *subscription) check() error {
	to, err := aws.ParseARN(sub.Destination)
	if err != nil {
		return invalid("Invalid destinationArn")
	}
	switch to.Service {
	case "lambda":
		return nil
	case "kinesis", "firehose":
		if role, err := aws.ParseARN(sub.Role); err != nil || role.Service != "iam" {
			return invalid("destinationArn for vendor %s requires a roleArn", to.Service)
		}
		return nil
	case "logs":
		return aws.NotImplemented("logs", "PutSubscriptionFilter to a destination of another account")
	}
	return invalid("destinationArn for vendor %s cannot be used with a subscription filter", to.Service)
}

// DescribeSubscriptionFilters lists the subscriptions of a group.
func (s *Service) DescribeSubscriptionFilters(ctx context.Context, in *logs.DescribeSubscriptionFiltersInput) (*logs.DescribeSubscriptionFiltersOutput, error) {
	out := new(logs.DescribeSubscriptionFiltersOutput)
	err := s.view(ctx, here(ctx, in.LogGroupName), func(_ kv.Tx, g *group) error {
		*out = logs.DescribeSubscriptionFiltersOutput{SubscriptionFilters: []logs.SubscriptionFilter{}}
		for i := range g.Subscriptions {
			sub := &g.Subscriptions[i]
			if !strings.HasPrefix(sub.Name, deref(in.FilterNamePrefix)) || in.NextToken != nil && sub.Name <= *in.NextToken {
				continue
			}
			if in.Limit != nil && len(out.SubscriptionFilters) == int(*in.Limit) {
				out.NextToken = out.SubscriptionFilters[len(out.SubscriptionFilters)-1].FilterName
				break
			}
			out.SubscriptionFilters = append(out.SubscriptionFilters, sub.shown(g))
		}
		return nil
	})
	return out, err
}

func (sub *subscription) shown(g *group) logs.SubscriptionFilter {
	created, distribution, no := sub.Created.UnixMilli(), logs.DistributionByLogStream, false
	if sub.Random {
		distribution = logs.DistributionRandom
	}
	return logs.SubscriptionFilter{
		FilterName: &sub.Name, LogGroupName: &g.at.Name, FilterPattern: &sub.Pattern, DestinationArn: &sub.Destination, RoleArn: aws.Optional(sub.Role),
		Distribution: distribution, ApplyOnTransformedLogs: &no, CreationTime: &created,
	}
}

// DeleteSubscriptionFilter ends a subscription. What was not delivered is not.
func (s *Service) DeleteSubscriptionFilter(ctx context.Context, in *logs.DeleteSubscriptionFilterInput) (*logs.DeleteSubscriptionFilterOutput, error) {
	err := s.change(ctx, here(ctx, in.LogGroupName), func(tx kv.Tx, g *group) error {
		n := len(g.Subscriptions)
		g.Subscriptions = slices.DeleteFunc(g.Subscriptions, func(sub subscription) bool { return sub.Name == in.FilterName })
		if len(g.Subscriptions) == n {
			return logs.ErrResourceNotFoundException("The specified subscription filter does not exist.")
		}
		feeds.DeleteAll(tx, g.feedPrefix(in.FilterName))
		return nil
	})
	return &logs.DeleteSubscriptionFilterOutput{}, err
}
