// Package clock is the time that everything else goes by: real time plus an
// offset that people may move. It is the only importer of time.Now and of
// timers for services and planes.
//
// A Clock moves forward with real time. Advance moves it further, as a
// simulation does: it jumps to each moment at which something is due, lets that
// run with the moment as its now, and goes on to the next. While it does so the
// clock stands still between jumps. It never goes backwards.
package clock

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Clock is a virtual clock. Its methods may be called from many goroutines.
type Clock struct {
	state atomic.Pointer[state]

	mu       sync.Mutex
	timers   timerHeap
	alarm    *time.Timer // fires for the first of timers; nil until needed
	stepper  Stepper
	advances chan struct{} // holds a token while nobody advances
}

// state is how the clock goes; it is replaced, never changed.
type state struct {
	mode   mode
	offset time.Duration // running: ahead of real time
	held   time.Time     // held: the time
}

type mode uint8

const (
	running mode = iota
	turning      // about to be held: whoever asks the time has to ask again
	held
)

// Stepper runs due work while the clock advances; the job scheduler is one.
type Stepper interface {
	// NextDue returns the earliest moment, not after until, at which work is
	// due; one in the past means now.
	NextDue(ctx context.Context, until time.Time) (due time.Time, ok bool, err error)

	// RunDue returns when no work is left that is due at or before now,
	// including what that work itself adds.
	RunDue(ctx context.Context, now time.Time) error
}

// New returns a clock that shows real time.
func New() *Clock {
	c := &Clock{advances: make(chan struct{}, 1)}
	c.advances <- struct{}{}
	c.state.Store(&state{})
	return c
}

// Now returns the virtual time, in UTC and without a monotonic reading.
func (c *Clock) Now() time.Time {
	for {
		s := c.state.Load()
		switch s.mode {
		case held:
			return s.held
		case running:
			// A look at real time counts only when the clock still runs after
			// it: then it was before the moment at which the clock is held.
			now := c.Wall().Add(s.offset)
			if c.state.Load() == s {
				return now
			}
		case turning:
			runtime.Gosched()
		}
	}
}

// Wall returns the real time, for what the outside world checks: signatures,
// certificates.
func (c *Clock) Wall() time.Time { return time.Now().UTC().Round(0) }

// Offset returns how far the clock is ahead of real time, to be kept over a
// restart.
func (c *Clock) Offset() time.Duration {
	s := c.state.Load()
	if s.mode == held {
		return s.held.Sub(c.Wall())
	}
	return s.offset
}

// SetOffset restores a kept offset. It runs nothing in between and may set the
// clock back, so it is for the start, before anything has looked at the clock.
func (c *Clock) SetOffset(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Store(&state{offset: d})
	c.fire()
}

// SetStepper sets what Advance runs. It is called once, when wiring.
func (c *Clock) SetStepper(s Stepper) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stepper = s
}

// Advance moves the clock d forward, d >= 0, and runs everything that falls due
// on the way, in order. Timers due at a moment fire before work due at the same
// moment; nothing waits for what their receivers do. One Advance runs at a
// time. When ctx ends or work cannot be run, the clock stays where it got to,
// and Advance returns the error.
func (c *Clock) Advance(ctx context.Context, d time.Duration) error {
	select {
	case <-c.advances:
		defer func() { c.advances <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	target := c.stop().Add(max(d, 0))
	defer c.release()
	for {
		due, ok, err := c.nextDue(ctx, target)
		if err != nil {
			return err
		}
		if !ok {
			c.hold(target)
			return nil
		}
		c.hold(due)
		if c.stepper != nil {
			if err := c.stepper.RunDue(ctx, c.Now()); err != nil {
				return err
			}
		}
	}
}

// nextDue returns the next moment at which a timer or work is due.
func (c *Clock) nextDue(ctx context.Context, until time.Time) (due time.Time, ok bool, err error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, false, err
	}
	if c.stepper != nil {
		due, ok, err = c.stepper.NextDue(ctx, until)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.timers) > 0 {
		if at := c.timers[0].at; !at.After(until) && (!ok || at.Before(due)) {
			return at, true, err
		}
	}
	return due, ok, err
}

// stop holds the running clock where it is.
func (c *Clock) stop() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.state.Load()
	c.state.Store(&state{mode: turning, offset: s.offset})
	now := c.Wall().Add(s.offset)
	c.state.Store(&state{mode: held, held: now})
	c.fire()
	return now
}

// hold moves the held clock forward.
func (c *Clock) hold(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.state.Load().held) {
		c.state.Store(&state{mode: held, held: at})
	}
	c.fire()
}

// release lets the clock go on from where it is held.
func (c *Clock) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Store(&state{offset: c.state.Load().held.Sub(c.Wall())})
	c.fire()
}
