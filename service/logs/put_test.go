package logs_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	api "github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/service/logs"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/kv/local"
)

// counting is a store that counts how often transactions run.
type counting struct {
	kv.Store
	runs atomic.Int64
}

// Update counts each run of fn.
func (c *counting) Update(ctx context.Context, fn func(kv.Tx) error) error {
	return c.Store.Update(ctx, func(tx kv.Tx) error {
		c.runs.Add(1)
		return fn(tx)
	})
}

func TestWritersOfOneStreamDoNotCollide(t *testing.T) {
	c := clock.New()
	store := &counting{Store: local.Memory(local.Options{Now: c.Now})}
	defer func() { _ = store.Close() }()
	s := logs.New(logs.Deps{Store: store, Random: dice{}})
	ctx := aws.WithCall(t.Context(), &aws.Call{Account: "000000000000", Region: "us-east-1"})
	must(t)(s.CreateLogGroup(ctx, &api.CreateLogGroupInput{LogGroupName: "g"}))
	must(t)(s.CreateLogStream(ctx, &api.CreateLogStreamInput{LogGroupName: "g", LogStreamName: "a"}))
	must(t)(s.PutRetentionPolicy(ctx, &api.PutRetentionPolicyInput{LogGroupName: "g", RetentionInDays: 1}))
	store.runs.Store(0)
	const writers, batches = 8, 50
	now := c.Now().UnixMilli()
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range batches {
				in := &api.PutLogEventsInput{LogGroupName: "g", LogStreamName: "a", LogEvents: []api.InputLogEvent{{Timestamp: now + int64(i), Message: fmt.Sprint(w, i)}}}
				if _, err := s.PutLogEvents(ctx, in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	// The store may take a few strangers for a conflict; writers that read each other collide much more often.
	if n := store.runs.Load(); n > writers*batches*105/100 {
		t.Errorf("%d batches took %d runs of their transactions", writers*batches, n)
	}
	if got := readAll(ctx, t, s, 100, true); len(got) != writers*batches {
		t.Errorf("%d events, want %d", len(got), writers*batches)
	}
}
