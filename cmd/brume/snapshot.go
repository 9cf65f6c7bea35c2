package main

import (
	"net/url"
	"time"

	"github.com/brume-cloud/brume/cloud/control"
)

type snapshotCommand struct {
	Save   snapshotSave   `cmd:"" help:"Keep the present state under a name."`
	Load   snapshotLoad   `cmd:"" help:"Go back to a saved state. The present one is lost."`
	List   snapshotList   `cmd:"" default:"withargs" help:"List the saved states."`
	Delete snapshotDelete `cmd:"" help:"Forget a saved state."`
}

type snapshotSave struct {
	Name string `arg:"" help:"The name: letters, digits, dots, underscores and hyphens."`
	remote
}

// Run runs the command.
func (s *snapshotSave) Run(c console) error {
	if err := s.post("snapshots", control.Snapshot{Name: s.Name}, nil); err != nil {
		return err
	}
	c.printf("Saved. brume snapshot load %s brings it back.\n", s.Name)
	return nil
}

type snapshotLoad struct {
	Name string `arg:"" help:"Which: list tells."`
	remote
}

// Run runs the command.
func (s *snapshotLoad) Run(c console) error {
	var clock control.Clock
	if err := s.post("snapshots/"+url.PathEscape(s.Name)+"/load", nil, &clock); err != nil {
		return err
	}
	c.printf("Loaded. It is %s.\n", describe(&clock))
	return nil
}

type snapshotList struct{ remote }

// Run runs the command.
func (s *snapshotList) Run(c console) error {
	var list control.SnapshotList
	if err := s.get("snapshots", &list); err != nil {
		return err
	}
	if len(list.Snapshots) == 0 {
		c.printf("No snapshots: brume snapshot save NAME makes one.\n")
		return nil
	}
	lines := []string{"NAME\tSAVED"}
	for _, one := range list.Snapshots {
		lines = append(lines, one.Name+"\t"+one.Saved.Local().Format(time.DateTime))
	}
	c.table(lines)
	return nil
}

type snapshotDelete struct {
	Name string `arg:"" help:"Which: list tells."`
	remote
}

// Run runs the command.
func (s *snapshotDelete) Run(c console) error {
	if err := s.remove("snapshots/" + url.PathEscape(s.Name)); err != nil {
		return err
	}
	c.printf("Deleted.\n")
	return nil
}
