package cloud

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv"
)

// clockRow is how far the clock is ahead of real time. It is part of the state:
// a snapshot has the time of its rows.
type clockRow struct {
	Offset time.Duration `kv:"1"`
}

var clocks = kv.Table[clockRow]{Name: "cloud.clock"}

func clockKey() kv.Key { return clocks.Key(kv.Scope{}) }

// Advance moves the clock d forward and runs, in order, all that falls due on
// the way.
func (s *System) Advance(ctx context.Context, d time.Duration) error {
	return s.alone(ctx, func() error {
		s.logs.Settle() // what was said before must not be too old
		err := s.clock.Advance(ctx, d)
		// Also where it stopped half-way: the rows have seen that time.
		if kept := s.keepClock(context.WithoutCancel(ctx)); err == nil {
			err = kept
		}
		return err
	})
}

// alone runs fn while nothing else moves the clock or replaces the state.
func (s *System) alone(ctx context.Context, fn func() error) error {
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
		return fn()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *System) keepClock(ctx context.Context) error {
	return s.store.Update(ctx, func(tx kv.Tx) error {
		clocks.Put(tx, clockKey(), &clockRow{s.clock.Offset()})
		return nil
	})
}

func (s *System) restoreClock(ctx context.Context) error {
	var row clockRow
	err := s.store.View(ctx, func(tx kv.Tx) error {
		row = clockRow{}
		if kept, ok := clocks.Get(tx, clockKey()); ok {
			row = *kept
		}
		return nil
	})
	s.clock.SetOffset(row.Offset)
	return err
}

// stepper keeps the offset before the work of a moment runs: should the process
// end half-way, time does not go back behind what the rows have seen.
type stepper struct {
	clock.Stepper
	system *System
}

// RunDue implements clock.Stepper.
func (st *stepper) RunDue(ctx context.Context, now time.Time) error {
	if err := st.system.keepClock(ctx); err != nil {
		return err
	}
	return st.Stepper.RunDue(ctx, now)
}
