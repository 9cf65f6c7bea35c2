package logs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	api "github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/service/logs"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv/local"
)

// BenchmarkLogs calls the service itself: no socket, no signature, no codec.
func BenchmarkLogs(b *testing.B) {
	c := clock.New()
	store := local.Memory(local.Options{Now: c.Now})
	defer func() { _ = store.Close() }()
	s := logs.New(logs.Deps{Store: store, Random: dice{}})
	ctx := aws.WithCall(context.Background(), &aws.Call{Account: "000000000000", Region: "us-east-1"})
	group, pattern := "g", `{ $.level = "error" && $.ms > 1000 }`
	check := func(_ any, err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	check(s.CreateLogGroup(ctx, &api.CreateLogGroupInput{LogGroupName: group}))
	check(s.CreateLogStream(ctx, &api.CreateLogStreamInput{LogGroupName: group, LogStreamName: "s"}))
	batch := func(n int) *api.PutLogEventsInput {
		in := &api.PutLogEventsInput{LogGroupName: group, LogStreamName: "s", LogEvents: make([]api.InputLogEvent, n)}
		for i := range in.LogEvents {
			in.LogEvents[i].Message = fmt.Sprintf(`{"level":"info","ms":%d,"text":"%s"}`, i, strings.Repeat("x", 170))
		}
		return in
	}
	for _, n := range []int{1, 100} {
		in := batch(n)
		b.Run(fmt.Sprintf("PutLogEvents-%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				now := c.Now().UnixMilli()
				for i := range in.LogEvents {
					in.LogEvents[i].Timestamp = now
				}
				check(s.PutLogEvents(ctx, in))
			}
		})
	}
	start := c.Now().Add(-time.Minute).UnixMilli()
	for name, text := range map[string]*string{"all": nil, "json": &pattern} {
		b.Run("FilterLogEvents-"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				check(s.FilterLogEvents(ctx, &api.FilterLogEventsInput{LogGroupName: &group, FilterPattern: text, StartTime: &start}))
			}
		})
	}
}
