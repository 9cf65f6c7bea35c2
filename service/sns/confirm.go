package sns

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// tokenLength is the number of characters of a confirmation token.
const tokenLength = 288

func (a address) tokenKey(text string) kv.Key {
	return tokens.Key(a.Scope, kv.String(a.Name), kv.String(text))
}

// askForConfirmation sends a pending subscription's endpoint its token.
func (s *Service) askForConfirmation(ctx context.Context, tx kv.Tx, sub *subscription) error {
	s.keepToken(tx, sub, sub.Token, nil)
	return s.notify(ctx, tx, sub, &notice{
		kind: typeSubscriptionConfirmation, token: sub.Token,
		text: "You have chosen to subscribe to the topic " + sub.at.arn() + ".\nTo confirm the subscription, visit the SubscribeURL included in this message.",
	})
}

// tellEnd tells an endpoint that somebody ended its subscription, with a token
// to take that back.
func (s *Service) tellEnd(ctx context.Context, tx kv.Tx, sub *subscription) error {
	if sub.Pending || sub.Protocol != protocolHTTP && sub.Protocol != protocolHTTPS {
		return nil
	}
	text := aws.Text(s.Random, aws.LowerHex, tokenLength)
	s.keepToken(tx, sub, text, sub)
	return s.notify(ctx, tx, sub, &notice{
		kind: typeUnsubscribeConfirmation, token: text,
		text: "You have chosen to deactivate subscription " + sub.arn() + ".\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.",
	})
}

// keepToken keeps a token for as long as it holds.
func (s *Service) keepToken(tx kv.Tx, sub *subscription, text string, removed *subscription) {
	if old, ok := tokens.Get(tx, sub.at.tokenKey(text)); ok && old.Subscription == sub.id {
		return
	}
	expires := tx.Now().Add(confirmWithin).Truncate(time.Second)
	tokens.Put(tx, sub.at.tokenKey(text), &token{Subscription: sub.id, Expires: expires, Removed: removed})
	job.Put(tx, &job.Job{
		Kind: kindExpire, Scope: sub.at.Scope, ID: text, Due: expires,
		Payload: kv.Append(nil, &expiry{Topic: sub.at.Name, Token: text}),
	})
}

// expiry is the payload of kindExpire.
type expiry struct {
	Topic string `kv:"1"`
	Token string `kv:"2"`
}

// expire ends a token's time. AWS: a subscription that nobody has confirmed for
// two days is deleted.
func (s *Service) expire(_ context.Context, tx kv.Tx, j *job.Job) error {
	var e expiry
	if err := kv.Decode(j.Payload, &e); err != nil {
		return err
	}
	a := address{j.Scope, e.Topic}
	row, ok := tokens.Get(tx, a.tokenKey(e.Token))
	if !ok {
		return nil
	}
	tokens.Delete(tx, a.tokenKey(e.Token))
	if sub, ok := a.subscription(tx, row.Subscription); ok && sub.Pending && sub.Token == e.Token {
		sub.leave(tx)
	}
	return nil
}

// ConfirmSubscription confirms a subscription with the token that its endpoint
// got, or restores one that was ended without a signature.
func (s *Service) ConfirmSubscription(ctx context.Context, in *sns.ConfirmSubscriptionInput) (*sns.ConfirmSubscriptionOutput, error) {
	a, err := topicAt(ctx, in.TopicArn, "TopicArn")
	if err != nil {
		return nil, err
	}
	signed := aws.CallFrom(ctx).Caller.Kind != aws.Anonymous
	var arn string
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := a.find(tx); err != nil {
			return err
		}
		row, ok := tokens.Get(tx, a.tokenKey(in.Token))
		if !ok {
			return invalid("Token")
		}
		sub, ok := a.subscription(tx, row.Subscription)
		switch {
		case !ok && row.Removed == nil:
			return invalid("Token")
		case !ok:
			sub = row.Removed
			sub.at, sub.id = a, row.Subscription
			a.count(tx, deleted, -1)
			a.count(tx, confirmed, 1)
		case sub.Pending:
			a.count(tx, pending, -1)
			a.count(tx, confirmed, 1)
		}
		sub.Pending, sub.Token = false, ""
		sub.Authenticated = sub.Authenticated || signed
		sub.Guarded = sub.Guarded || signed && deref(in.AuthenticateOnUnsubscribe) == "true"
		sub.put(tx)
		arn = sub.arn()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sns.ConfirmSubscriptionOutput{SubscriptionArn: &arn}, nil
}
