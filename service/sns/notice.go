package sns

import (
	"context"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// notify sends a subscriber a notice about its subscription, to where its
// messages go.
func (s *Service) notify(ctx context.Context, tx kv.Tx, sub *subscription, n *notice) error {
	t, err := sub.at.find(tx)
	if err != nil {
		return err
	}
	m := &message{ID: aws.UUID(s.Random), Topic: sub.at.Name, Sent: tx.Now()}
	b := s.newBroadcast(kv.Join(ctx, s.Store, tx), tx, t, m)
	body, err := b.confirmation(n)
	if err != nil {
		return err
	}
	switch {
	case sub.outside():
		b.putPost(sub, &outgoing{Kind: n.kind, Body: body, ContentType: sub.plan(t).contentType})
		return nil
	case sub.Protocol == protocolSQS:
		b.confirmByQueue(sub, body)
		return nil
	case sub.Protocol == protocolEmail:
		body = "You have chosen to subscribe to the topic:\n" + b.arn + "\n\nTo confirm this subscription, click or visit the link below (If this was in error no action is necessary):\n" +
			b.confirmURL(n)
	}
	b.write(&Letter{Protocol: sub.Protocol, To: sub.Endpoint, Subject: "AWS Notification - Subscription Confirmation", Body: body})
	return nil
}

// confirmByQueue sends a queue of another account its confirmation. Whether
// the queue takes it is its owner's affair.
func (b *broadcast) confirmByQueue(sub *subscription, body string) {
	queue, err := aws.ParseARN(sub.Endpoint)
	if err != nil {
		return
	}
	_, err = b.queues.SendMessage(b.as(queue.Account, queue.Region), &sqs.SendMessageInput{QueueUrl: "/" + string(queue.Account) + "/" + queue.Resource, MessageBody: body})
	if err != nil {
		b.Log.Warn("a queue did not take the confirmation of its subscription", "subscription", sub.arn(), "cause", err)
	}
}
