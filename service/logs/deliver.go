package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"

	firehoseapi "github.com/brume-cloud/brume/api/firehose"
	kinesisapi "github.com/brume-cloud/brume/api/kinesis"
	lambdaapi "github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// deliverKind delivers the oldest events that wait for a destination.
const deliverKind = "logs.deliver"

// principal is who CloudWatch Logs is to other services.
const principal = "logs.amazonaws.com"

// delivery is the payload of such a job.
type delivery struct {
	Group  uint64 `kv:"1"`
	Filter string `kv:"2"`
}

// feed puts what each subscription wants of a batch where its jobs find it.
// Deliveries of one subscription are made one after the other.
func (s *Service) feed(tx kv.Tx, g *group, st *stream, written []written) error {
	for i := range g.Subscriptions {
		sub := &g.Subscriptions[i]
		p, err := s.compile(sub.Pattern)
		if err != nil {
			return err
		}
		next, size := feed{Stream: st.name}, int64(0)
		for _, w := range written {
			for n := range w.Events {
				e := &w.Events[n]
				if !p.Match(e.Message) {
					continue
				}
				if size > 0 && size+e.size() > feedSize {
					g.deliverNext(tx, sub, &next)
					next.Events, size = nil, 0
				}
				next.Events = append(next.Events, fed{e.At, e.Message, w.seq, n})
				size += e.size()
			}
		}
		if len(next.Events) > 0 {
			g.deliverNext(tx, sub, &next)
		}
	}
	return nil
}

// deliverNext puts events and the job that delivers them.
func (g *group) deliverNext(tx kv.Tx, sub *subscription, f *feed) {
	feeds.PutStamped(tx, g.feedPrefix(sub.Name), f)
	d := delivery{g.ID, sub.Name}
	job.PutNow(tx, &job.Job{Kind: deliverKind, Scope: g.at.Scope, ID: g.at.Name, Lane: sub.lane(g), Payload: kv.Append(nil, &d)})
}

// feedSize is how many bytes of events one delivery has, unless it is one event.
const feedSize = 256 << 10

func (sub *subscription) lane(g *group) string { return g.at.arn() + "/" + sub.Name }

// deliver is the job. What can never arrive, or did not for too long, is dropped.
func (s *Service) deliver(ctx context.Context, tx kv.Tx, j *job.Job) error {
	var d delivery
	if err := kv.Decode(j.Payload, &d); err != nil {
		return err
	}
	g, err := address{j.Scope, j.ID}.find(tx)
	if err != nil || g.ID != d.Group {
		return nil
	}
	for key, f := range feeds.Scan(tx, kv.Prefix(g.feedPrefix(d.Filter))) {
		for i := range g.Subscriptions {
			if sub := &g.Subscriptions[i]; sub.Name == d.Filter {
				err = s.send(ctx, g, sub, g.message(sub, f, stampOfFeed(key)))
			}
		}
		if aws.MayPass(err) && j.Attempt+1 < maxRounds {
			return err
		}
		feeds.Delete(tx, key)
		return nil
	}
	return nil
}

// message is what destinations get.
// AWS: "Using CloudWatch Logs subscription filters".
type message struct {
	Type    string         `json:"messageType"`
	Owner   string         `json:"owner"`
	Group   string         `json:"logGroup"`
	Stream  string         `json:"logStream"`
	Filters []string       `json:"subscriptionFilters"`
	Events  []messageEvent `json:"logEvents"`
}

const (
	dataMessage    = "DATA_MESSAGE"
	controlMessage = "CONTROL_MESSAGE"
)

type messageEvent struct {
	ID   string `json:"id"`
	At   int64  `json:"timestamp"`
	Text string `json:"message"`
}

func (g *group) message(sub *subscription, f *feed, stamp kv.Stamp) *message {
	m := &message{Type: dataMessage, Owner: string(g.at.Account), Group: g.at.Name, Stream: f.Stream, Filters: []string{sub.Name}}
	for i := range f.Events {
		e := &f.Events[i]
		at := place{e.At, kv.Stamp{Version: stamp.Version, Seq: e.Seq}, e.Index}
		m.Events = append(m.Events, messageEvent{at.id(), e.At, e.Message})
	}
	return m
}

// try tells a destination that it is subscribed. A function is not called, but
// asked whether it could be.
func (s *Service) try(ctx context.Context, g *group, sub *subscription) error {
	m := &message{
		Type: controlMessage, Owner: "CloudwatchLogs", Filters: []string{},
		Events: []messageEvent{{Text: "CWL CONTROL MESSAGE: Checking health of destination " + sub.kind() + "."}},
	}
	err := s.send(ctx, g, sub, m)
	var refused *aws.Error
	if err == nil || errors.As(err, &refused) && refused.Code == aws.NotImplemented("", "").Code {
		return err
	}
	switch sub.kind() {
	case "Lambda":
		return invalid("Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.")
	case "Kinesis":
		return invalid("Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state.")
	}
	return invalid("Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state.")
}

// kind is the destination's service, as texts name it.
func (sub *subscription) kind() string {
	to, _ := aws.ParseARN(sub.Destination) // was checked
	return strings.ToUpper(to.Service[:1]) + to.Service[1:]
}

// send sends a message to the destination of a subscription.
func (s *Service) send(ctx context.Context, g *group, sub *subscription, m *message) error {
	to, err := aws.ParseARN(sub.Destination)
	if err != nil {
		return err
	}
	data, err := m.zipped()
	if err != nil {
		return err
	}
	actor := aws.Actor{Account: to.Account, Region: to.Region, Source: g.at.arn() + ":*", Hurry: true}
	if to.Service == "lambda" {
		actor.Caller = aws.Caller{Kind: aws.ServicePrincipal, Service: principal}
		event, err := json.Marshal(map[string]any{"awslogs": map[string]string{"data": base64.StdEncoding.EncodeToString(data)}})
		if err != nil {
			return err
		}
		_, err = lambdaapi.NewClient(s.Via).Invoke(aws.ActAs(ctx, actor), &lambdaapi.InvokeInput{
			FunctionName: sub.Destination, InvocationType: m.invocation(), Payload: event,
		})
		return err
	}
	role, err := aws.ParseARN(sub.Role)
	if err != nil {
		return err
	}
	actor.Caller = aws.RoleSession(role, "CWLSubscription", "")
	ctx = aws.ActAs(ctx, actor)
	if to.Service == "firehose" {
		_, err = firehoseapi.NewClient(s.Via).PutRecord(ctx, &firehoseapi.PutRecordInput{
			DeliveryStreamName: strings.TrimPrefix(to.Resource, "deliverystream/"), Record: &firehoseapi.Record{Data: data},
		})
		return err
	}
	key := m.Stream
	if sub.Random || key == "" {
		key = aws.UUID(s.Random)
	}
	_, err = kinesisapi.NewClient(s.Via).PutRecord(ctx, &kinesisapi.PutRecordInput{StreamARN: &sub.Destination, Data: data, PartitionKey: &key})
	return err
}

func (m *message) invocation() lambdaapi.InvocationType {
	if m.Type == controlMessage {
		return lambdaapi.InvocationTypeDryRun
	}
	return lambdaapi.InvocationTypeEvent
}

func (m *message) zipped() ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}
