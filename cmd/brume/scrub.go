package main

import (
	"fmt"

	"github.com/brume-cloud/brume/cloud/control"
)

type scrubCommand struct{ remote }

// Run runs the command.
func (s *scrubCommand) Run(c console) error {
	var done control.Scrub
	if err := s.post("scrub", nil, &done); err != nil {
		return err
	}
	if len(done.Damaged) == 0 {
		c.printf("All is well: %d objects, %d bytes.\n", done.Objects, done.Bytes)
		return nil
	}
	lines := []string{"BUCKET\tKEY\tVERSION\tDAMAGE"}
	for _, d := range done.Damaged {
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s", d.Bucket, d.Key, d.Version, d.What))
	}
	c.table(lines)
	return fmt.Errorf("%d of %d objects are damaged", len(done.Damaged), done.Objects)
}
