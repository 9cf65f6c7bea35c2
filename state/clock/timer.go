package clock

import (
	"container/heap"
	"context"
	"time"
)

// Timer fires once, at a moment of virtual time. All timers of a clock share
// one real timer, so a waiting one costs a place in a heap.
type Timer struct {
	C     <-chan time.Time // receives the virtual time once
	c     chan time.Time
	at    time.Time
	clock *Clock
	index int // in the heap, -1 when not waiting
}

// NewTimer returns a timer that fires at the moment at, at once when that has
// passed, and at once when the clock is moved past it.
func (c *Clock) NewTimer(at time.Time) *Timer {
	ch := make(chan time.Time, 1)
	t := &Timer{C: ch, c: ch, at: at, clock: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	heap.Push(&c.timers, t)
	if t.index == 0 {
		c.fire()
	}
	return t
}

// Stop keeps the timer from firing, and reports whether it did.
func (t *Timer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	if t.index < 0 {
		return false
	}
	heap.Remove(&t.clock.timers, t.index)
	return true
}

// Sleep waits for d of virtual time. It returns early, with ctx's error, when
// ctx ends.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	t := c.NewTimer(c.Now().Add(d))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// maxAlarm bounds how long the real timer waits, because real time may be set
// forward (a suspended machine, a corrected clock) without timers noticing.
const maxAlarm = time.Minute

// fire lets all due timers fire and sets the alarm for the next. c.mu is held.
func (c *Clock) fire() {
	now := c.Now()
	for len(c.timers) > 0 && !c.timers[0].at.After(now) {
		t := heap.Pop(&c.timers).(*Timer)
		t.c <- now
	}
	if len(c.timers) == 0 || c.state.Load().mode == held {
		if c.alarm != nil {
			c.alarm.Stop()
		}
		return
	}
	wait := min(c.timers[0].at.Sub(now), maxAlarm)
	if c.alarm == nil {
		c.alarm = time.AfterFunc(wait, c.ring)
		return
	}
	c.alarm.Reset(wait)
}

func (c *Clock) ring() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fire()
}

// timerHeap orders timers by their moment.
type timerHeap []*Timer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.index = len(*h)
	*h = append(*h, t)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = -1
	return t
}
