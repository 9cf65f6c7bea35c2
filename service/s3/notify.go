package s3

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	eventsapi "github.com/brume-cloud/brume/api/events"
	lambdaapi "github.com/brume-cloud/brume/api/lambda"
	api "github.com/brume-cloud/brume/api/s3"
	snsapi "github.com/brume-cloud/brume/api/sns"
	sqsapi "github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// principal is who S3 is to other services.
const principal = "s3.amazonaws.com"

// event is something that happened to an object.
type event struct {
	Name    string // without s3:
	Key     string
	Size    int64
	ETag    string
	Version string
	Seq     uint64            // the version's place, which orders the events of a key
	Expires time.Time         // of a restored copy
	Class   string            // storage class that it was restored from
	Tier    string            // that it was moved to
	Copy    map[string]string // what is told of its replication
}

// notice is an event on its way to one receiver.
type notice struct {
	ARN  string `kv:"1"`
	Body string `kv:"2"`

	Trace string `kv:"3"`
}

// emit tells an event to all who want to know of its kind: a job for each, put
// in the transaction in which it happens.
func (s *Service) emit(ctx context.Context, tx kv.Tx, b *bucket, e event) {
	c, ok := get[api.NotificationConfiguration](tx, b, notificationSetting)
	if !ok {
		return
	}
	send := func(arn, body string) {
		job.PutNow(tx, &job.Job{Kind: kindNotify, Scope: b.scope(), ID: b.Name, Lane: arn, Payload: kv.Append(nil, &notice{ARN: arn, Body: body, Trace: aws.TraceOf(ctx)})})
	}
	call := aws.CallFrom(ctx)
	for _, r := range receivers(c) {
		if r.wants(&e) {
			send(r.arn, e.record(call, b, r.id, tx.Now()))
		}
	}
	if c.EventBridgeConfiguration != nil && e.Copy == nil {
		send(busARN, e.detail(call, b, tx.Now()))
	}
}

const busARN = "eventbridge"

// receiver is one entry of a notification configuration.
type receiver struct {
	id, arn string
	events  []api.Event
	filter  *api.NotificationConfigurationFilter
}

func receivers(c *api.NotificationConfiguration) (all []receiver) {
	for _, q := range c.QueueConfigurations {
		all = append(all, receiver{deref(q.Id), q.QueueArn, q.Events, q.Filter})
	}
	for _, t := range c.TopicConfigurations {
		all = append(all, receiver{deref(t.Id), t.TopicArn, t.Events, t.Filter})
	}
	for _, f := range c.LambdaFunctionConfigurations {
		all = append(all, receiver{deref(f.Id), f.LambdaFunctionArn, f.Events, f.Filter})
	}
	return all
}

func (r *receiver) wants(e *event) bool {
	prefix, suffix := r.affixes()
	if !strings.HasPrefix(e.Key, prefix) || !strings.HasSuffix(e.Key, suffix) {
		return false
	}
	for _, name := range r.events {
		if pattern := strings.TrimPrefix(string(name), "s3:"); likeOne(pattern, e.Name) {
			return true
		}
	}
	return false
}

// affixes are the prefix and suffix that keys must have.
func (r *receiver) affixes() (prefix, suffix string) {
	if r.filter == nil || r.filter.Key == nil {
		return "", ""
	}
	for _, f := range r.filter.Key.FilterRules {
		if strings.EqualFold(string(f.Name), "prefix") {
			prefix = deref(f.Value)
		} else {
			suffix = deref(f.Value)
		}
	}
	return prefix, suffix
}

// record is the event as receivers get it.
// AWS: "Event message structure".
func (e *event) record(call *aws.Call, b *bucket, id string, now time.Time) string {
	object := map[string]any{"key": (&listing{encode: true}).shown(e.Key), "sequencer": e.sequencer(now)}
	if e.ETag != "" {
		object["size"], object["eTag"] = e.Size, e.ETag
	}
	if b.Versioning != "" && e.Version != "" {
		object["versionId"] = e.Version
	}
	r := map[string]any{
		"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": b.Region, "eventTime": now.UTC().Format("2006-01-02T15:04:05.000Z"), "eventName": e.Name,
		"userIdentity":      map[string]string{"principalId": whoIs(&call.Caller)},
		"requestParameters": map[string]string{"sourceIPAddress": call.SourceIP},
		"responseElements":  map[string]string{"x-amz-request-id": call.RequestID, "x-amz-id-2": call.RequestID},
		"s3": map[string]any{
			"s3SchemaVersion": "1.0", "configurationId": id, "object": object,
			"bucket": map[string]any{"name": b.Name, "arn": b.arn(), "ownerIdentity": map[string]string{"principalId": canonical(b.Account)}},
		},
	}
	if !e.Expires.IsZero() {
		r["glacierEventData"] = map[string]any{"restoreEventData": map[string]string{
			"lifecycleRestorationExpiryTime": e.Expires.UTC().Format("2006-01-02T15:04:05.000Z"), "lifecycleRestoreStorageClass": e.Class,
		}}
	}
	if e.Tier != "" {
		r["eventVersion"], r["intelligentTieringEventData"] = "2.3", map[string]string{"destinationAccessTier": e.Tier}
	}
	if e.Copy != nil {
		r["eventVersion"], r["replicationEventData"] = "2.2", e.Copy
	}
	return toJSON(map[string]any{"Records": []any{r}})
}

// sequencer orders the events of one key.
func (e *event) sequencer(now time.Time) string {
	return fmt.Sprintf("%016X%04X", now.UnixNano(), e.Seq)
}

func whoIs(c *aws.Caller) string {
	switch c.Kind {
	case aws.Anonymous:
		return "Anonymous"
	case aws.ServicePrincipal:
		return c.Service
	case aws.Root:
		return string(c.Account)
	}
	return "AWS:" + c.UserID
}

// detail is the event as EventBridge gets it: an entry of PutEvents.
// AWS: "EventBridge event message structure".
func (e *event) detail(call *aws.Call, b *bucket, now time.Time) string {
	kind := map[string]string{
		"ObjectCreated": "Object Created", "ObjectRemoved": "Object Deleted", "ObjectTagging": "Object Tags Added", "ObjectAcl": "Object ACL Updated",
		"ObjectRestore": "Object Restore Completed", "LifecycleExpiration": "Object Deleted", "LifecycleTransition": "Object Storage Class Changed",
		"IntelligentTiering": "Object Access Tier Changed",
	}
	family, verb, _ := strings.Cut(e.Name, ":")
	name := kind[family]
	switch e.Name {
	case "ObjectTagging:Delete":
		name = "Object Tags Deleted"
	case "ObjectRestore:Post":
		name = "Object Restore Initiated"
	case "ObjectRestore:Delete":
		name = "Object Restore Expired"
	}
	object := map[string]any{"key": e.Key, "size": e.Size, "etag": e.ETag, "sequencer": e.sequencer(now)}
	if e.Version != "" {
		object["version-id"] = e.Version
	}
	text := map[string]any{
		"version": "0", "bucket": map[string]string{"name": b.Name}, "object": object, "request-id": call.RequestID,
		"requester": whoIs(&call.Caller), "source-ip-address": call.SourceIP, "reason": verb,
	}
	if e.Tier != "" {
		text["destination-access-tier"] = e.Tier
	}
	detail := toJSON(text)
	entry := eventsapi.PutEventsRequestEntry{Time: &now, Source: new("aws.s3"), Resources: []string{b.arn()}, DetailType: &name, Detail: &detail}
	return toJSON(entry)
}

func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structures of numbers and strings
	}
	return string(b)
}

// notify is the job that tells one receiver. What can never arrive is dropped.
func (s *Service) notify(ctx context.Context, _ kv.Tx, j *job.Job) error {
	var n notice
	if err := kv.Decode(j.Payload, &n); err != nil {
		return err
	}
	if err := s.tell(s.as(ctx, j.Scope, j.ID), j.Scope, &n); aws.MayPass(err) {
		return err
	}
	return nil
}

// as is the context of calls that S3 makes itself, for a bucket and within a
// transaction.
func (s *Service) as(ctx context.Context, sc kv.Scope, bucket string) context.Context {
	return aws.ActAs(ctx, aws.Actor{
		Caller: aws.Caller{Kind: aws.ServicePrincipal, Service: principal}, Account: sc.Account, Region: sc.Region, Source: arn(sc.Region, bucket), SourceAccount: sc.Account, Hurry: true,
	})
}

// tell calls the receiver's service.
func (s *Service) tell(ctx context.Context, sc kv.Scope, n *notice) error {
	if n.ARN == busARN {
		var entry eventsapi.PutEventsRequestEntry
		if err := json.Unmarshal([]byte(n.Body), &entry); err != nil {
			return err
		}
		_, err := eventsapi.NewClient(s.Via).PutEvents(ctx, &eventsapi.PutEventsInput{Entries: []eventsapi.PutEventsRequestEntry{entry}})
		return err
	}
	to, err := aws.ParseARN(n.ARN)
	if err != nil {
		return errArgument("ARN", n.ARN, "The ARN could not be parsed")
	}
	actor, _ := aws.ActorFrom(ctx)
	actor.Trace = n.Trace
	actor.Account, actor.Region = to.Account, to.Region
	ctx = aws.ActAs(ctx, actor)
	switch to.Service {
	case "sqs":
		_, err = sqsapi.NewClient(s.Via).SendMessage(ctx, &sqsapi.SendMessageInput{QueueUrl: "/" + string(to.Account) + "/" + to.Resource, MessageBody: n.Body})
	case "sns":
		_, err = snsapi.NewClient(s.Via).Publish(ctx, &snsapi.PublishInput{TopicArn: &n.ARN, Message: n.Body, Subject: new("Amazon S3 Notification")})
	case "lambda":
		_, err = lambdaapi.NewClient(s.Via).Invoke(ctx, &lambdaapi.InvokeInput{FunctionName: n.ARN, InvocationType: lambdaapi.InvocationTypeEvent, Payload: []byte(n.Body)})
	default:
		err = errArgument("ARN", n.ARN, "The ARN is not well formed")
	}
	return err
}
