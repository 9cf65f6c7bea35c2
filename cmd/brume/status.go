package main

import (
	"runtime"
	"strings"
	"time"

	"github.com/brume-cloud/brume/cloud"
	"github.com/brume-cloud/brume/cloud/control"
)

type statusCommand struct{ remote }

// Run runs the command.
func (s *statusCommand) Run(c console) error {
	about, err := s.about()
	if err != nil {
		return err
	}
	var clock control.Clock
	if err := s.get("clock", &clock); err != nil {
		return err
	}
	var faults control.FaultList
	if err := s.get("faults", &faults); err != nil {
		return err
	}
	c.table([]string{
		"endpoint\t" + s.Endpoint,
		"version\t" + about.Version,
		"up for\t" + control.FormatDuration(clock.Wall.Sub(about.Started).Round(time.Second)),
		"data\t" + or(about.Data, "in memory"),
		"auth\t" + about.Auth,
		"clock\t" + describe(&clock),
		"faults\t" + count(len(faults.Faults), "rule"),
		"services\t" + strings.Join(about.Services, ", "),
	})
	return nil
}

type resetCommand struct{ remote }

// Run runs the command.
func (r *resetCommand) Run(c console) error {
	if err := r.post("reset", nil, nil); err != nil {
		return err
	}
	c.printf("The cloud is empty.\n")
	return nil
}

type versionCommand struct{}

// Run runs the command.
func (*versionCommand) Run(c console) error {
	c.printf("brume %s %s/%s %s\n", cloud.Version(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	return nil
}
