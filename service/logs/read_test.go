package logs_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	api "github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/service/logs"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv/local"
)

// written is an event as a list in memory has it.
type written struct {
	at     int64
	stream string
	text   string
}

// TestPagesAgreeWithASortedList writes batches that overlap, with many equal
// times, and reads them in pages of all sizes, both ways.
func TestPagesAgreeWithASortedList(t *testing.T) {
	c := clock.New()
	store := local.Memory(local.Options{Now: c.Now})
	defer func() { _ = store.Close() }()
	s := logs.New(logs.Deps{Store: store, Random: dice{}})
	ctx := aws.WithCall(t.Context(), &aws.Call{Account: "000000000000", Region: "us-east-1"})
	must(t)(s.CreateLogGroup(ctx, &api.CreateLogGroupInput{LogGroupName: "g"}))
	for _, name := range []string{"a", "b"} {
		must(t)(s.CreateLogStream(ctx, &api.CreateLogStreamInput{LogGroupName: "g", LogStreamName: name}))
	}
	random := rand.New(rand.NewPCG(1, 2))
	all := writeBatches(ctx, t, s, random, c.Now().UnixMilli()-3_600_000)
	for _, name := range []string{"", "a"} {
		var want []string
		for _, w := range all {
			if name == "" || w.stream == name {
				want = append(want, w.text)
			}
		}
		for _, limit := range []int32{1, 2, 3, 7, 50, 1000} {
			if got := searchAll(ctx, t, s, name, limit, true); !slices.Equal(got, want) {
				t.Errorf("search of %q by %d:\n%v, want\n%v", name, limit, got, want)
			}
			got := searchAll(ctx, t, s, name, limit, false)
			if slices.Reverse(got); !slices.Equal(got, want) {
				t.Errorf("search backward of %q by %d:\n%v, want\n%v", name, limit, got, want)
			}
			if name == "" {
				continue
			}
			for _, head := range []bool{true, false} {
				if got := readAll(ctx, t, s, limit, head); !slices.Equal(got, want) {
					t.Errorf("read of %q by %d, from the head %v:\n%v, want\n%v", name, limit, head, got, want)
				}
			}
		}
	}
}

func must(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// writeBatches writes batches, and returns their events in the order of time.
func writeBatches(ctx context.Context, t *testing.T, s *logs.Service, random *rand.Rand, from int64) (all []written) {
	for n := range 60 {
		stream := []string{"a", "b"}[random.IntN(2)]
		at := from + random.Int64N(60_000)
		in := &api.PutLogEventsInput{LogGroupName: "g", LogStreamName: stream}
		for i := range 1 + random.IntN(6) {
			text := fmt.Sprintf("%d.%d", n, i)
			in.LogEvents = append(in.LogEvents, api.InputLogEvent{Timestamp: at, Message: text})
			all = append(all, written{at, stream, text})
			at += []int64{0, 1, 5_000, 10_000, 30_000}[random.IntN(5)]
		}
		must(t)(s.PutLogEvents(ctx, in))
	}
	slices.SortStableFunc(all, func(a, b written) int { return int(a.at - b.at) })
	return all
}

func searchAll(ctx context.Context, t *testing.T, s *logs.Service, stream string, limit int32, head bool) (got []string) {
	group, start := "g", int64(1704067200000)
	in := &api.FilterLogEventsInput{LogGroupName: &group, Limit: &limit, StartFromHead: &head, StartTime: &start}
	if stream != "" {
		in.LogStreamNames = []string{stream}
	}
	for {
		out, err := s.FilterLogEvents(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Events) > int(limit) {
			t.Fatalf("a page of %d events, for %d", len(out.Events), limit)
		}
		for _, e := range out.Events {
			got = append(got, *e.Message)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return got
		}
	}
}

func readAll(ctx context.Context, t *testing.T, s *logs.Service, limit int32, head bool) (got []string) {
	group := "g"
	in := &api.GetLogEventsInput{LogGroupName: &group, LogStreamName: "a", Limit: &limit, StartFromHead: &head}
	for {
		out, err := s.GetLogEvents(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		var page []string
		for _, e := range out.Events {
			page = append(page, *e.Message)
		}
		next := out.NextForwardToken
		if head {
			got = append(got, page...)
		} else {
			got, next = append(page, got...), out.NextBackwardToken
		}
		if in.NextToken != nil && *next == *in.NextToken {
			return got
		}
		in.NextToken = next
	}
}
