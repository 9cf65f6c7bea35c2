package sns

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/firehose"
	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
)

// principal is who SNS is to other services.
const principal = "sns.amazonaws.com"

// sendInside delivers the message to an endpoint within the cloud, in the
// transaction.
func (b *broadcast) sendInside(sub *subscription) error {
	b.count(sub.Protocol)
	switch sub.Protocol {
	case protocolSQS:
		return b.sendToQueue(sub, sub.Endpoint)
	case protocolLambda:
		return b.invoke(sub)
	case protocolFirehose:
		return b.sendToStream(sub)
	case protocolApplication:
		return b.push(sub.Endpoint)
	}
	b.mail(sub)
	return nil
}

// as is the context of a call made as SNS itself, on the state of an account.
func (b *broadcast) as(account aws.Account, region aws.Region) context.Context {
	if b.act == nil || b.actor.Account != account || b.actor.Region != region {
		b.actor = aws.Actor{
			Caller: aws.Caller{Kind: aws.ServicePrincipal, Service: principal}, Account: account, Region: region, Source: b.arn, Hurry: b.actor.Hurry, Trace: b.m.Trace,
		}
		b.act = aws.ActAs(b.ctx, b.actor)
	}
	return b.act
}

// sendToQueue sends to a queue, which is the subscription's own or the one for
// its dead letters.
func (b *broadcast) sendToQueue(sub *subscription, arn string) error {
	queue, err := aws.ParseARN(arn)
	if err != nil {
		return err
	}
	in := sqs.SendMessageInput{QueueUrl: "/" + string(queue.Account) + "/" + queue.Resource}
	if sub.Raw {
		if len(b.m.Attributes) > maxRawAttributes {
			// AWS: "Amazon SNS raw message delivery": a queue takes no more than ten.
			return invalid("The message has %d attributes; raw delivery to a queue allows %d", len(b.m.Attributes), maxRawAttributes)
		}
		in.MessageBody, in.MessageAttributes = b.m.bodyFor(sub.Protocol), b.queueAttributes()
	} else if in.MessageBody, err = b.notification(sub); err != nil {
		return err
	}
	if b.m.Group != "" {
		in.MessageGroupId = &b.m.Group
	}
	if strings.HasSuffix(queue.Resource, fifoSuffix) {
		in.MessageDeduplicationId = &b.m.Dedup
	}
	_, err = b.queues.SendMessage(b.as(queue.Account, queue.Region), &in)
	return err
}

func (b *broadcast) queueAttributes() map[string]sqs.MessageAttributeValue {
	if len(b.m.Attributes) == 0 {
		return nil
	}
	out := make(map[string]sqs.MessageAttributeValue, len(b.m.Attributes))
	for i := range b.m.Attributes {
		a := &b.m.Attributes[i]
		v := sqs.MessageAttributeValue{DataType: a.Type}
		if a.binary() {
			v.BinaryValue = a.Binary
		} else {
			v.StringValue = &a.Text
		}
		out[a.Name] = v
	}
	return out
}

// sendToDeadLetters sends what the subscriber should have got to its
// dead-letter queue: raw only if a queue can hold it so.
func (b *broadcast) sendToDeadLetters(sub *subscription) error {
	if sub.Raw && len(b.m.Attributes) > maxRawAttributes {
		whole := *sub
		whole.Raw = false
		sub = &whole
	}
	return b.sendToQueue(sub, sub.DeadLetter)
}

// invoke invokes a function with the message as its event. The invocation is
// asynchronous: the function's own errors are Lambda's to retry.
func (b *broadcast) invoke(sub *subscription) error {
	function, err := aws.ParseARN(sub.Endpoint)
	if err != nil {
		return err
	}
	event, err := b.event(sub)
	if err != nil {
		return err
	}
	_, err = b.lambda.Invoke(b.as(function.Account, function.Region), &lambda.InvokeInput{
		FunctionName: sub.Endpoint, InvocationType: lambda.InvocationTypeEvent, Payload: event,
	})
	return err
}

// sendToStream puts a record into a delivery stream, as the subscription's role.
func (b *broadcast) sendToStream(sub *subscription) error {
	stream, err := aws.ParseARN(sub.Endpoint)
	if err != nil {
		return err
	}
	body := b.m.bodyFor(sub.Protocol)
	if !sub.Raw {
		if body, err = b.notification(sub); err != nil {
			return err
		}
	}
	role, err := aws.ParseARN(sub.Attributes["SubscriptionRoleArn"])
	if err != nil {
		return invalid("SubscriptionRoleArn")
	}
	ctx := aws.ActAs(b.ctx, aws.Actor{Account: stream.Account, Region: stream.Region, Source: b.arn, Caller: aws.RoleSession(role, "snsDelivery", "")})
	_, err = b.firehose.PutRecord(ctx, &firehose.PutRecordInput{
		DeliveryStreamName: strings.TrimPrefix(stream.Resource, "deliverystream/"), Record: &firehose.Record{Data: []byte(body)},
	})
	return err
}

func isNotFound(err error) bool {
	var e *aws.Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}
