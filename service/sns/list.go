package sns

import (
	"context"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/state/kv"
)

// ListSubscriptions lists the account's subscriptions: those to topics of other
// accounts, and those to its own.
func (s *Service) ListSubscriptions(ctx context.Context, in *sns.ListSubscriptionsInput) (*sns.ListSubscriptionsOutput, error) {
	p, err := newPage(in.NextToken)
	if err != nil {
		return nil, err
	}
	sc := scopeOf(ctx)
	out := new(sns.ListSubscriptionsOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = sns.ListSubscriptionsOutput{Subscriptions: []sns.Subscription{}}
		own := kv.Prefix(subscriptions.Prefix(sc))
		if !own.Contains(p.from) {
			for key, f := range foreigners.Scan(tx, p.of(kv.Prefix(foreigners.Prefix(sc)))) {
				if len(out.Subscriptions) == p.size {
					out.NextToken = p.token(key)
					return nil
				}
				parts := foreigners.Parts(key)
				parts.Skip(1)
				if a, id, err := subscriptionAt(f.Topic + ":" + parts.String()); err == nil {
					if sub, ok := a.subscription(tx, id); ok {
						out.Subscriptions = append(out.Subscriptions, sub.listed())
					}
				}
			}
		}
		for key, sub := range subscriptions.Scan(tx, p.of(own)) {
			if len(out.Subscriptions) == p.size {
				out.NextToken = p.token(key)
				return nil
			}
			if sub.Owner == sc.Account {
				parts := subscriptions.Parts(key)
				sub.at, sub.id = address{sc, parts.String()}, parts.String()
				out.Subscriptions = append(out.Subscriptions, sub.listed())
			}
		}
		return nil
	})
	return out, err
}

// ListSubscriptionsByTopic lists the subscriptions of a topic.
func (s *Service) ListSubscriptionsByTopic(ctx context.Context, in *sns.ListSubscriptionsByTopicInput) (*sns.ListSubscriptionsByTopicOutput, error) {
	p, err := newPage(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(sns.ListSubscriptionsByTopicOutput)
	err = s.viewTopic(ctx, in.TopicArn, func(tx kv.Tx, t *topic) error {
		*out = sns.ListSubscriptionsByTopicOutput{Subscriptions: []sns.Subscription{}}
		r := p.of(kv.Prefix(subscriptions.Prefix(t.at.Scope, kv.String(t.at.Name))))
		for key, sub := range subscriptions.Scan(tx, r) {
			if len(out.Subscriptions) == p.size {
				out.NextToken = p.token(key)
				return nil
			}
			parts := subscriptions.Parts(key)
			parts.Skip(1)
			sub.at, sub.id = t.at, parts.String()
			out.Subscriptions = append(out.Subscriptions, sub.listed())
		}
		return nil
	})
	return out, err
}

// listed is the subscription in a listing. AWS: until it is confirmed, its ARN
// is not told there.
func (s *subscription) listed() sns.Subscription {
	arn, topic, owner := s.arn(), s.at.arn(), string(s.Owner)
	if s.Pending {
		arn = "PendingConfirmation"
	}
	return sns.Subscription{SubscriptionArn: &arn, TopicArn: &topic, Owner: &owner, Protocol: &s.Protocol, Endpoint: &s.Endpoint}
}
