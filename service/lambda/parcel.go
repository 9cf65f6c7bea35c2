package lambda

import (
	"bytes"
	"context"
	"strings"

	eventsapi "github.com/brume-cloud/brume/api/events"
	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// sendKind brings a parcel to its destination: what became of an event, or of
// records that were given up. It is put with the change that calls for it.
const sendKind = "lambda.send"

// parcel is an empty parcel to a destination, from the function's role.
func (t target) parcel(to string) *parcel {
	return &parcel{To: to, Role: t.c.Role, Session: t.c.RoleSession, Name: t.f.at.Name, Function: t.f.at.arn() + ":" + t.c.version()}
}

// kind is the destination's service.
func (p *parcel) kind() string {
	to, _ := aws.ParseARN(p.To) // was checked
	return to.Service
}

// post puts the parcel and the job that sends it.
func (p *parcel) post(tx kv.Tx, id string, body []byte) {
	function, _ := aws.ParseARN(p.Function) // is one
	sc := kv.Scope{Account: function.Account, Region: function.Region}
	putBytes(tx, &parcels, parcelKey(sc, id), body)
	job.PutNow(tx, &job.Job{Kind: sendKind, Scope: sc, ID: id, Payload: kv.Append(nil, p)})
}

// send is the job. What can never arrive is dropped.
func (s *Service) send(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	var p parcel
	if err := kv.Decode(j.Payload, &p); err != nil {
		return nil, err
	}
	var body []byte
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		body = getBytes(tx, &parcels, parcelKey(j.Scope, j.ID))
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = p.deliver(ctx, s.Via, body)
	if aws.MayPass(err) && j.Attempt+1 < maxSends {
		return nil, err
	}
	if err != nil {
		s.Log.Warn("a destination of a function refuses what it is sent", "function", p.Function, "destination", p.To, "error", err)
	}
	return func(tx kv.Tx) error {
		parcels.DeleteAll(tx, parcelKey(j.Scope, j.ID))
		return nil
	}, nil
}

// maxSends is how often a destination is tried: the last job would be kept as dead.
const maxSends = 10

// deliver makes the call that the destination's service takes parcels by.
func (p *parcel) deliver(ctx context.Context, via aws.Invoker, body []byte) (err error) {
	to, err := aws.ParseARN(p.To)
	if err != nil {
		return err
	}
	role, err := aws.ParseARN(p.Role)
	if err != nil {
		return err
	}
	function, _ := aws.ParseARN(p.Function) // is one
	actor := aws.Actor{Caller: aws.RoleSession(role, p.Name, p.Session), Account: to.Account, Region: to.Region}
	if to.Service == "s3" {
		actor.Account, actor.Region = function.Account, function.Region
	}
	ctx = aws.ActAs(ctx, actor)
	text := string(body)
	switch to.Service {
	case "sqs":
		in := &sqs.SendMessageInput{QueueUrl: queueURL(to), MessageBody: text, MessageAttributes: map[string]sqs.MessageAttributeValue{}}
		for name, value := range p.Attributes {
			in.MessageAttributes[name] = sqs.MessageAttributeValue{DataType: attributeType(name), StringValue: &value}
		}
		_, err = sqs.NewClient(via).SendMessage(ctx, in)
	case "sns":
		in := &sns.PublishInput{TopicArn: &p.To, Message: text, MessageAttributes: map[string]sns.MessageAttributeValue{}}
		for name, value := range p.Attributes {
			in.MessageAttributes[name] = sns.MessageAttributeValue{DataType: attributeType(name), StringValue: &value}
		}
		_, err = sns.NewClient(via).Publish(ctx, in)
	case "lambda":
		_, err = lambda.NewClient(via).Invoke(ctx, &lambda.InvokeInput{FunctionName: p.To, InvocationType: lambda.InvocationTypeEvent, Payload: body})
	case "events":
		err = p.putEvent(ctx, via, text)
	default:
		_, err = s3.NewClient(via).PutObject(ctx, &s3.PutObjectInput{
			Bucket: strings.TrimSuffix(to.Resource, "/*"), Key: p.Key, Body: bytes.NewReader(body), ContentType: new("application/json"),
		})
	}
	return err
}

// attributeType is the type of an attribute of a dead letter.
func attributeType(name string) string {
	if name == "ErrorCode" {
		return "Number"
	}
	return "String"
}

func (p *parcel) putEvent(ctx context.Context, via aws.Invoker, text string) error {
	out, err := eventsapi.NewClient(via).PutEvents(ctx, &eventsapi.PutEventsInput{Entries: []eventsapi.PutEventsRequestEntry{{
		Source: new("lambda"), DetailType: &p.Detail, Detail: &text, EventBusName: &p.To, Resources: []string{p.To, p.Function},
	}}})
	if err == nil && deref(out.FailedEntryCount) > 0 {
		err = aws.Errorf(400, deref(out.Entries[0].ErrorCode), "%s", deref(out.Entries[0].ErrorMessage))
	}
	return err
}
