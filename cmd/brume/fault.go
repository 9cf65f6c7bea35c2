package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/cloud/control"
	"github.com/brume-cloud/brume/front/fault"
)

type faultCommands struct {
	Add    faultAdd    `cmd:"" help:"Make calls fail."`
	List   faultList   `cmd:"" default:"withargs" help:"List the rules by which calls fail."`
	Remove faultRemove `cmd:"" help:"Take a rule away."`
}

type faultAdd struct {
	Kind      string           `enum:"auto,error,latency,throttle" default:"auto" placeholder:"KIND" help:"What happens: error, latency or throttle; auto is latency when --latency is given, and error otherwise."`
	Service   string           `placeholder:"NAME" help:"Only calls to this service, such as sqs. May end with *."`
	Operation string           `placeholder:"NAME" help:"Only this operation, such as SendMessage or Get*."`
	Account   string           `placeholder:"ID" help:"Only calls in this account."`
	Region    string           `placeholder:"NAME" help:"Only calls in this region."`
	Rate      float64          `default:"1" placeholder:"SHARE" help:"The share of the calls that fail, up to 1."`
	For       control.Duration `placeholder:"DURATION" help:"How long, on the cloud's clock, such as 10m; until it is removed when not given."`
	Code      string           `placeholder:"CODE" help:"The error's code, such as ServiceUnavailable."`
	Status    int              `placeholder:"STATUS" help:"The error's HTTP status."`
	Message   string           `placeholder:"TEXT" help:"The error's message."`
	Latency   control.Duration `placeholder:"DURATION" help:"How long calls are held up, such as 2s."`
	remote
}

// Help is the end of the command's help.
func (*faultAdd) Help() string {
	return `Examples:

  brume fault add --service sqs --operation SendMessage --rate 0.5
  brume fault add --service dynamodb --kind throttle --for 10m
  brume fault add --region eu-west-1 --code ServiceUnavailable --status 503
  brume fault add --service s3 --latency 2s`
}

// Run runs the command.
func (f *faultAdd) Run(c console) error {
	kind := fault.Kind(f.Kind)
	switch {
	case f.Kind == "auto" && f.Latency != 0:
		kind = fault.Latency
	case f.Kind == "auto":
		kind = fault.Error
	}
	var added control.Fault
	err := f.post("faults", control.Fault{
		Kind: kind, Service: f.Service, Operation: f.Operation, Account: aws.Account(f.Account), Region: aws.Region(f.Region),
		Rate: f.Rate, For: f.For, Code: f.Code, Status: f.Status, Message: f.Message, Latency: f.Latency,
	}, &added)
	if err != nil {
		return err
	}
	c.printf("Fault %s: %s. brume fault remove %s ends it.\n", added.ID, sentence(&added), added.ID)
	return nil
}

// sentence tells what a rule does.
func sentence(f *control.Fault) string {
	const percent = 100
	var b strings.Builder
	if f.Rate < 1 {
		fmt.Fprintf(&b, "%g%% of ", f.Rate*percent)
	}
	fmt.Fprintf(&b, "%s:%s", or(f.Service, "*"), or(f.Operation, "*"))
	if f.Account != "" {
		fmt.Fprintf(&b, " in account %s", f.Account)
	}
	if f.Region != "" {
		fmt.Fprintf(&b, " in %s", f.Region)
	}
	switch f.Kind {
	case fault.Latency:
		fmt.Fprintf(&b, " takes %s longer", f.Latency)
	case fault.Throttle:
		b.WriteString(" is throttled")
	default:
		fmt.Fprintf(&b, " fails with %s (%d)", f.Code, f.Status)
	}
	if !f.Until.IsZero() {
		fmt.Fprintf(&b, " until %s", f.Until.Format(time.DateTime))
	}
	return b.String()
}

type faultList struct{ remote }

// Run runs the command.
func (f *faultList) Run(c console) error {
	var list control.FaultList
	if err := f.get("faults", &list); err != nil {
		return err
	}
	if len(list.Faults) == 0 {
		c.printf("No faults: brume fault add makes calls fail.\n")
		return nil
	}
	lines := []string{"ID\tFAULT"}
	for i := range list.Faults {
		lines = append(lines, list.Faults[i].ID+"\t"+sentence(&list.Faults[i]))
	}
	c.table(lines)
	return nil
}

type faultRemove struct {
	ID  string `arg:"" optional:"" help:"Which: list tells."`
	All bool   `help:"Take all rules away."`
	remote
}

// Run runs the command.
func (f *faultRemove) Run(c console) error {
	if (f.ID == "") == !f.All {
		return usageError{errors.New("say which fault: its id, or --all")}
	}
	path := "faults"
	if !f.All {
		path += "/" + url.PathEscape(f.ID)
	}
	if err := f.remove(path); err != nil {
		return err
	}
	c.printf("Removed.\n")
	return nil
}
