package pace_test

import (
	"testing"
	"time"

	"github.com/brume-cloud/brume/front/pace"
)

func TestBucketFillsAtItsRateUpToItsSize(t *testing.T) {
	var b pace.Buckets
	now := time.Unix(1_000_000, 0)
	for _, step := range []struct {
		after time.Duration
		take  float64
		want  float64 // before taking
	}{
		{0, 40, 30},
		{0, 0, -10},
		{time.Second, 0, 0},
		{2 * time.Second, 5, 20},
		{-time.Second, 0, 15}, // a clock that goes back gives nothing
		{time.Hour, 0, 30},
	} {
		now = now.Add(step.after)
		if got := b.Left("a", 10, 30, now); got != step.want {
			t.Errorf("after %s: %g left, want %g", step.after, got, step.want)
		}
		b.Take("a", step.take)
	}
	if got := b.Left("b", 10, 30, now); got != 30 {
		t.Errorf("another bucket has %g", got)
	}
}

func TestSpendingIsExact(t *testing.T) {
	var b pace.Buckets
	now := time.Unix(1_000_000, 0)
	spend := func(n int) (spent int) {
		for range n {
			if b.Spend("a", 2, 3, now) {
				spent++
			}
		}
		return spent
	}
	for i, step := range []struct {
		after time.Duration
		want  int
	}{{0, 3}, {0, 0}, {499 * time.Millisecond, 0}, {time.Millisecond, 1}, {time.Hour, 3}} {
		now = now.Add(step.after)
		if got := spend(10); got != step.want {
			t.Errorf("step %d: %d of 10 passed, want %d", i, got, step.want)
		}
	}
}
