package sns

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// pendingARN is what stands in a subscription's place until it is confirmed.
const pendingARN = "pending confirmation"

// Subscribe subscribes an endpoint to a topic, or returns the subscription that
// it has.
func (s *Service) Subscribe(ctx context.Context, in *sns.SubscribeInput) (*sns.SubscribeOutput, error) {
	endpoint := deref(in.Endpoint)
	if strings.HasPrefix(in.Protocol, "http") {
		endpoint = strings.TrimSpace(endpoint)
	}
	call := aws.CallFrom(ctx)
	var arn string
	err := s.updateTopic(ctx, in.TopicArn, func(tx kv.Tx, t *topic) error {
		if err := checkEndpoint(t.at, in.Protocol, endpoint); err != nil {
			return err
		}
		sub := &subscription{
			at: t.at, id: aws.UUID(s.Random), Protocol: in.Protocol, Endpoint: endpoint, Owner: call.Account, Principal: call.Caller.ARN,
			FilterScope: scopeAttributes, Pending: needsConfirmation(in.Protocol, endpoint, call.Account),
		}
		sub.Authenticated = !sub.Pending
		if err := sub.setAll(in.Attributes); err != nil {
			return err
		}
		if have, ok := t.at.subscriptionOf(tx, in.Protocol, endpoint); ok {
			if !have.agreesWith(sub, in.Attributes) {
				return invalid("Attributes Reason: Subscription already exists with different attributes")
			}
			sub = have
		} else if err := s.enter(tx, t, sub); err != nil {
			return err
		}
		if arn = sub.arn(); sub.Pending {
			if err := s.askForConfirmation(ctx, tx, sub); err != nil {
				return err
			}
			if in.ReturnSubscriptionArn == nil || !*in.ReturnSubscriptionArn {
				arn = pendingARN
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sns.SubscribeOutput{SubscriptionArn: &arn}, nil
}

// subscriptionOf finds the subscription of an endpoint to the topic.
func (a address) subscriptionOf(tx kv.Tx, protocol, endpoint string) (*subscription, bool) {
	prefix := subscriptions.IndexPrefix(&byEndpoint, a.Scope, kv.String(protocol), kv.String(endpoint), kv.String(a.Name))
	for key, s := range subscriptions.ScanBy(tx, kv.Prefix(prefix)) {
		parts := subscriptions.Parts(key)
		parts.Skip(1)
		s.at, s.id = a, parts.String()
		return s, true
	}
	return nil, false
}

// enter adds a new subscription to its topic.
func (s *Service) enter(tx kv.Tx, t *topic, sub *subscription) error {
	if t.at.fifo() && t.at.total(tx, confirmed) >= maxFIFOSubscriptions {
		return sns.ErrSubscriptionLimitExceededException("Subscription quota for FIFO topic has been reached: %d", maxFIFOSubscriptions)
	}
	if sub.Filter != "" {
		if err := t.at.countFilter(tx, 1); err != nil {
			return err
		}
	}
	state := confirmed
	if sub.Pending {
		state = pending
		sub.Token = aws.Text(s.Random, aws.LowerHex, tokenLength)
	}
	t.at.count(tx, state, 1)
	sub.put(tx)
	if sub.Owner != t.at.Account {
		foreigners.Put(tx, foreignKey(sub.Owner, t.at, sub.id), &foreign{Topic: t.at.arn()})
	}
	return nil
}

// countFilter keeps the number of a topic's filter policies, which is limited.
func (a address) countFilter(tx kv.Tx, n int64) error {
	if n > 0 && a.total(tx, filters)+n > maxTopicFilters {
		return sns.ErrFilterPolicyLimitExceededException("Filter policy limit exceeded for this topic: %d", maxTopicFilters)
	}
	a.count(tx, filters, n)
	return nil
}

// leave removes a subscription from its topic.
func (s *subscription) leave(tx kv.Tx) {
	state := confirmed
	if s.Pending {
		state = pending
	} else {
		s.at.count(tx, deleted, 1)
	}
	s.at.count(tx, state, -1)
	if s.Filter != "" {
		_ = s.at.countFilter(tx, -1) // fewer are always allowed
	}
	subscriptions.Delete(tx, s.at.subscriptionKey(s.id))
	s.at.enroll(tx)
	lanes.DeleteAll(tx, lanes.Prefix(s.at.Scope, kv.String(s.at.Name), kv.String(s.id)))
	paces.Delete(tx, paces.Key(s.at.Scope, kv.String(s.at.Name), kv.String(s.id)))
	if s.Owner != s.at.Account {
		foreigners.Delete(tx, foreignKey(s.Owner, s.at, s.id))
	}
}

// Unsubscribe ends a subscription. AWS: without a signature, as a link in a
// mail or message calls it, it works unless the subscription was confirmed
// with AuthenticateOnUnsubscribe, and can be taken back with a token.
func (s *Service) Unsubscribe(ctx context.Context, in *sns.UnsubscribeInput) (*sns.UnsubscribeOutput, error) {
	a, id, err := subscriptionAt(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	call := aws.CallFrom(ctx)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		sub, ok := a.subscription(tx, id)
		if !ok {
			return nil
		}
		if call.Caller.Kind == aws.Anonymous && sub.Guarded {
			return sns.ErrAuthorizationErrorException("User: anonymous is not authorized to perform: SNS:Unsubscribe on resource: %s", a.arn())
		}
		sub.leave(tx)
		if call.Account != sub.Owner || call.Caller.Kind == aws.Anonymous {
			return s.tellEnd(ctx, tx, sub)
		}
		return nil
	})
	return &sns.UnsubscribeOutput{}, err
}
