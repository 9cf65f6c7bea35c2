package main

import (
	"fmt"
	"time"

	"github.com/brume-cloud/brume/cloud/control"
)

type clockCommands struct {
	Show    clockShow    `cmd:"" default:"withargs" help:"Show what time it is in the cloud."`
	Advance clockAdvance `cmd:"" help:"Let time pass: all that falls due on the way happens, in order."`
	Set     clockSet     `cmd:"" help:"Let time pass until a moment."`
}

type clockShow struct{ remote }

// Run runs the command.
func (s *clockShow) Run(c console) error {
	var clock control.Clock
	if err := s.get("clock", &clock); err != nil {
		return err
	}
	c.printf("%s\n", describe(&clock))
	return nil
}

type clockAdvance struct {
	By control.Duration `arg:"" help:"How long: 90d, 2w3d, 1h30m."`
	remote
}

// Run runs the command.
func (a *clockAdvance) Run(c console) error { return a.move(c, control.Move{By: a.By}) }

type clockSet struct {
	To string `arg:"" help:"When: 2031-05-01 or 2031-05-01T12:00:00Z. The clock only goes forward."`
	remote
}

// Run runs the command.
func (s *clockSet) Run(c console) error {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s.To); err == nil {
			return s.move(c, control.Move{To: t})
		}
	}
	return usageError{fmt.Errorf("%q is not a time: write it like 2031-05-01 or 2031-05-01T12:00:00Z", s.To)}
}

func (r *remote) move(c console, m control.Move) error {
	var clock control.Clock
	if err := r.post("clock", m, &clock); err != nil {
		return err
	}
	c.printf("%s\n", describe(&clock))
	return nil
}

// describe tells the time, and how it differs from the real one.
func describe(k *control.Clock) string {
	now := k.Now.Format("2006-01-02 15:04:05 MST")
	if k.Offset == 0 {
		return now + ", the real time"
	}
	return now + ", " + ahead(k.Offset) + " ahead of the real time"
}

// ahead prints an offset to the second: what lies below is the time that moving
// the clock itself took.
func ahead(d control.Duration) string {
	return control.FormatDuration(time.Duration(d).Round(time.Second))
}
