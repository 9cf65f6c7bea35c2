package logs_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	kinesisapi "github.com/brume-cloud/brume/api/kinesis"
	lambdaapi "github.com/brume-cloud/brume/api/lambda"
	api "github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
	"github.com/brume-cloud/brume/service/logs"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv/local"
)

// receivers stands in for the services that subscriptions deliver to: it
// notes what it is called with, and fails as often as it is told to.
type receivers struct {
	t     *testing.T
	got   []string
	fails int
}

// Invoke implements aws.Invoker.
func (r *receivers) Invoke(ctx context.Context, service, operation string, input any) (any, error) {
	actor, _ := aws.ActorFrom(ctx)
	who := actor.Caller.Service + actor.Caller.ARN
	if r.fails > 0 {
		r.fails--
		return nil, aws.Errorf(500, "ServiceException", "later")
	}
	switch in := input.(type) {
	case *lambdaapi.InvokeInput:
		var event struct{ AWSLogs struct{ Data string } }
		if err := json.Unmarshal(in.Payload, &event); err != nil {
			r.t.Error(err)
		}
		data, err := base64.StdEncoding.DecodeString(event.AWSLogs.Data)
		if err != nil {
			r.t.Error(err)
		}
		r.got = append(r.got, fmt.Sprint(in.InvocationType, " ", who, " ", actor.Source, " ", r.unzip(data)))
		return &lambdaapi.InvokeOutput{}, nil
	case *kinesisapi.PutRecordInput:
		r.got = append(r.got, fmt.Sprint(*in.PartitionKey != "", " ", who, " ", r.unzip(in.Data)))
		return &kinesisapi.PutRecordOutput{}, nil
	}
	return nil, aws.NotImplemented(service, operation)
}

func (r *receivers) unzip(data []byte) string {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		r.t.Error(err)
	}
	var m struct {
		MessageType, LogGroup, LogStream string
		SubscriptionFilters              []string
		LogEvents                        []struct{ ID, Message string }
	}
	if err := json.Unmarshal(text, &m); err != nil {
		r.t.Error(err)
	}
	return fmt.Sprint(m.MessageType, m.LogGroup, m.LogStream, m.SubscriptionFilters, " ", len(m.LogEvents), " ", m.LogEvents[0].Message)
}

type dice struct{}

func (dice) Uint64() uint64 { return rand.Uint64() }

// subscribed runs a test with a service whose neighbours are receivers.
func subscribed(t *testing.T, fn func(ctx context.Context, s *logs.Service, r *receivers)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := clock.New()
		store := local.Memory(local.Options{Now: c.Now})
		r := &receivers{t: t}
		s := logs.New(logs.Deps{Store: store, Random: dice{}, Via: r})
		sched := job.New(store, c, s.Jobs(), slog.New(slog.DiscardHandler))
		if err := sched.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx := aws.WithCall(t.Context(), &aws.Call{Account: "000000000000", Region: "us-east-1"})
		if _, err := s.CreateLogGroup(ctx, &api.CreateLogGroupInput{LogGroupName: "g"}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateLogStream(ctx, &api.CreateLogStreamInput{LogGroupName: "g", LogStreamName: "s"}); err != nil {
			t.Fatal(err)
		}
		fn(ctx, s, r)
		if err := sched.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
}

func say(ctx context.Context, t *testing.T, s *logs.Service, texts ...string) {
	t.Helper()
	in := &api.PutLogEventsInput{LogGroupName: "g", LogStreamName: "s"}
	for _, text := range texts {
		in.LogEvents = append(in.LogEvents, api.InputLogEvent{Timestamp: time.Now().UnixMilli(), Message: text})
	}
	if _, err := s.PutLogEvents(ctx, in); err != nil {
		t.Fatal(err)
	}
}

func TestAFunctionGetsWhatItSubscribedTo(t *testing.T) {
	subscribed(t, func(ctx context.Context, s *logs.Service, r *receivers) {
		in := &api.PutSubscriptionFilterInput{LogGroupName: "g", FilterName: "errors", FilterPattern: "ERROR", DestinationArn: "arn:aws:lambda:us-east-1:000000000000:function:f"}
		if _, err := s.PutSubscriptionFilter(ctx, in); err != nil {
			t.Fatal(err)
		}
		say(ctx, t, s, "INFO a", "ERROR b", "ERROR c")
		say(ctx, t, s, "INFO d")
		time.Sleep(time.Second)
		const from = "logs.amazonaws.com arn:aws:logs:us-east-1:000000000000:log-group:g:* "
		want := []string{
			"DryRun " + from + "CONTROL_MESSAGE[] 1 CWL CONTROL MESSAGE: Checking health of destination Lambda.",
			"Event " + from + "DATA_MESSAGEgs[errors] 2 ERROR b",
		}
		if got := strings.Join(r.got, "\n"); got != strings.Join(want, "\n") {
			t.Errorf("got\n%s", got)
		}
	})
}

func TestAStreamGetsEventsInOrderAfterFailures(t *testing.T) {
	subscribed(t, func(ctx context.Context, s *logs.Service, r *receivers) {
		role := "arn:aws:iam::000000000000:role/r"
		in := &api.PutSubscriptionFilterInput{LogGroupName: "g", FilterName: "all", DestinationArn: "arn:aws:kinesis:us-east-1:000000000000:stream/k", RoleArn: &role}
		r.fails = 1
		if _, err := s.PutSubscriptionFilter(ctx, in); err == nil || !strings.Contains(err.Error(), "Could not deliver test message to specified Kinesis stream") {
			t.Error(err)
		}
		if _, err := s.PutSubscriptionFilter(ctx, in); err != nil {
			t.Fatal(err)
		}
		r.got, r.fails = nil, 3
		for i := range 3 {
			say(ctx, t, s, fmt.Sprint(i))
		}
		time.Sleep(time.Minute)
		const from = "true arn:aws:sts::000000000000:assumed-role/r/CWLSubscription DATA_MESSAGEgs[all] 1 "
		if got, want := strings.Join(r.got, "\n"), from+"0\n"+from+"1\n"+from+"2"; got != want {
			t.Errorf("got\n%s", got)
		}
		if _, err := s.DeleteSubscriptionFilter(ctx, &api.DeleteSubscriptionFilterInput{LogGroupName: "g", FilterName: "all"}); err != nil {
			t.Fatal(err)
		}
		say(ctx, t, s, "more")
		time.Sleep(time.Minute)
		if len(r.got) != 3 {
			t.Error("events were delivered after the subscription had ended")
		}
	})
}

func TestDeliveredEventsHaveTheIdsThatSearchesGive(t *testing.T) {
	subscribed(t, func(ctx context.Context, s *logs.Service, r *receivers) {
		ids := ""
		s.Via = invoker(func(in *lambdaapi.InvokeInput) {
			var event struct{ AWSLogs struct{ Data []byte } }
			_ = json.Unmarshal(in.Payload, &event)
			z, _ := gzip.NewReader(bytes.NewReader(event.AWSLogs.Data))
			var m struct{ LogEvents []struct{ ID string } }
			_ = json.NewDecoder(z).Decode(&m)
			ids = ""
			for _, e := range m.LogEvents {
				ids += e.ID + " "
			}
		})
		in := &api.PutSubscriptionFilterInput{LogGroupName: "g", FilterName: "x", FilterPattern: "x", DestinationArn: "arn:aws:lambda:us-east-1:000000000000:function:f"}
		if _, err := s.PutSubscriptionFilter(ctx, in); err != nil {
			t.Fatal(err)
		}
		say(ctx, t, s, "a", "x"+strings.Repeat(".", 70<<10), "b", "x")
		time.Sleep(time.Second)
		group, pattern, want := "g", "x", ""
		out, err := s.FilterLogEvents(ctx, &api.FilterLogEventsInput{LogGroupName: &group, FilterPattern: &pattern})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range out.Events {
			want += *e.EventId + " "
		}
		if ids != want || ids == "" {
			t.Errorf("ids %s, want %s", ids, want)
		}
	})
}

// invoker is a function that takes the place of Lambda.
type invoker func(*lambdaapi.InvokeInput)

// Invoke implements aws.Invoker.
func (f invoker) Invoke(_ context.Context, _, _ string, input any) (any, error) {
	f(input.(*lambdaapi.InvokeInput))
	return &lambdaapi.InvokeOutput{}, nil
}

// bill adds up what is metered.
type bill map[string]int64

// Add implements logs.Meter.
func (b bill) Add(_ *aws.Call, used []meter.Usage) {
	for _, u := range used {
		b[u.Dimension] += u.Amount
	}
}

func TestWhatIsAcceptedIsMetered(t *testing.T) {
	subscribed(t, func(ctx context.Context, s *logs.Service, _ *receivers) {
		b := bill{}
		s.Meter = b
		in := &api.PutLogEventsInput{LogGroupName: "g", LogStreamName: "s"}
		for _, ago := range []time.Duration{0, -3 * time.Hour} {
			in.LogEvents = append(in.LogEvents, api.InputLogEvent{Timestamp: time.Now().Add(-ago).UnixMilli(), Message: "four"})
		}
		if _, err := s.PutLogEvents(ctx, in); err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(b), "map[DataProcessing-Bytes:30]"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
