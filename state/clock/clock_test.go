package clock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestClockFollowsRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New()
		start := c.Now()
		time.Sleep(time.Hour)
		if got := c.Now().Sub(start); got != time.Hour {
			t.Errorf("%v passed in an hour", got)
		}
		if err := c.Advance(t.Context(), 48*time.Hour); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := c.Now().Sub(start); got != 49*time.Hour+time.Minute {
			t.Errorf("%v passed", got)
		}
		if c.Offset() != 48*time.Hour || c.Wall().Sub(start) != time.Hour+time.Minute {
			t.Errorf("offset %v, wall %v", c.Offset(), c.Wall())
		}
	})
}

func TestSleepWakesWhenTheClockIsMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New()
		start := c.Wall()
		woken := make(chan time.Duration, 3)
		for _, d := range []time.Duration{3 * time.Hour, time.Hour, 2 * time.Hour} {
			go func() {
				if c.Sleep(t.Context(), d) == nil {
					woken <- d
				}
			}()
		}
		synctest.Wait()
		if err := c.Advance(t.Context(), 2*time.Hour+time.Minute); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(woken) != 2 || <-woken+<-woken != 3*time.Hour || c.Wall() != start {
			t.Errorf("the wrong ones woke, after %v", c.Wall().Sub(start))
		}
		time.Sleep(time.Hour) // of real time
		synctest.Wait()
		if len(woken) != 1 {
			t.Error("the last one did not wake")
		}
	})
}

func TestTimersFireInOrderDuringAdvance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New()
		start := c.Now()
		var timers []*Timer
		for _, n := range []int{5, 1, 3, 100} {
			timers = append(timers, c.NewTimer(start.Add(time.Duration(n)*time.Hour)))
		}
		if !timers[2].Stop() || timers[2].Stop() {
			t.Error("Stop does not tell whether it stopped")
		}
		if err := c.Advance(t.Context(), 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if got := (<-timers[0].C).Sub(start); got != 5*time.Hour {
			t.Errorf("fired at %v", got)
		}
		if got := (<-timers[1].C).Sub(start); got != time.Hour {
			t.Errorf("fired at %v", got)
		}
		if len(timers[2].C)+len(timers[3].C) != 0 {
			t.Error("fired when stopped or too early")
		}
	})
}

// daily is work due every 24 hours.
type daily struct {
	next time.Time
	seen []time.Time
	fail error
}

func (d *daily) NextDue(_ context.Context, until time.Time) (time.Time, bool, error) {
	return d.next, !d.next.After(until), nil
}

func (d *daily) RunDue(_ context.Context, now time.Time) error {
	if !d.next.After(now) {
		d.seen = append(d.seen, now)
		d.next = d.next.Add(24 * time.Hour)
	}
	return d.fail
}

func TestAdvanceRunsEachDueMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New()
		start := c.Now()
		d := &daily{next: start.Add(time.Hour)}
		c.SetStepper(d)
		if err := c.Advance(t.Context(), 90*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if len(d.seen) != 90 || d.seen[1] != start.Add(25*time.Hour) {
			t.Errorf("ran %d times: %v …", len(d.seen), d.seen[:2])
		}
		if got := c.Now().Sub(start); got != 90*24*time.Hour {
			t.Errorf("advanced by %v", got)
		}
		d.fail = errors.New("stuck")
		if err := c.Advance(t.Context(), 48*time.Hour); err != d.fail {
			t.Errorf("Advance: %v", err)
		}
		if got := c.Now().Sub(start); got != 90*24*time.Hour+time.Hour {
			t.Errorf("stopped at %v", got)
		}
	})
}

func TestTimeNeverGoesBackDuringAdvance(t *testing.T) {
	c := New()
	c.SetStepper(&daily{next: c.Now()})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 20 {
			if err := c.Advance(t.Context(), 240*time.Hour); err != nil {
				t.Error(err)
			}
		}
	}()
	last := c.Now()
	for advancing := true; advancing; {
		select {
		case <-done:
			advancing = false
		default:
		}
		now := c.Now()
		if now.Before(last) {
			t.Errorf("from %v back to %v", last, now)
		}
		last = now
	}
}

func BenchmarkTimer10000Waiting(b *testing.B) {
	c := New()
	for i := range 10_000 {
		c.NewTimer(c.Now().Add(time.Hour + time.Duration(i)))
	}
	b.ReportAllocs()
	for b.Loop() {
		c.NewTimer(c.Now().Add(2 * time.Hour)).Stop()
	}
}
