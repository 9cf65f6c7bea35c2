package main

import (
	"fmt"

	"github.com/brume-cloud/brume/cloud/control"
)

type usageCommand struct{ remote }

// Run runs the command.
func (u *usageCommand) Run(c console) error {
	var all control.Usage
	if err := u.get("usage", &all); err != nil {
		return err
	}
	if len(all.Usage) == 0 {
		c.printf("Nothing has been used yet.\n")
		return nil
	}
	lines := []string{"ACCOUNT\tREGION\tSERVICE\tDIMENSION\tAMOUNT"}
	for _, l := range all.Usage {
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s\t%d", l.Account, l.Region, l.Service, l.Dimension, l.Amount))
	}
	c.table(lines)
	return nil
}
