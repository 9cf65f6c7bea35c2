package lambda

import (
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
	"github.com/brume-cloud/brume/state/kv"
)

// Meter counts usage; *meter.Meter is one.
type Meter interface {
	Add(call *aws.Call, used []meter.Usage)
}

// Usage implements meter.Metered. AWS: "AWS Lambda pricing": the API is free,
// what runs is paid for.
func (s *Service) Usage(*aws.Call) []meter.Usage { return nil }

// keep counts that a provision begins (1) or ends (-1): it is paid for while it
// is configured, used or not.
func (p *provision) keep(tx kv.Tx, sc kv.Scope, sign int64) {
	meter.Keep(tx, meter.Place{Account: sc.Account, Region: sc.Region, Service: "lambda", Dimension: "Lambda-Provisioned-MB-Hours"}, sign*p.Memory)
}

// bill counts a call that ran: one request, and its time times its memory, in
// MB-milliseconds: GB-seconds would lose short calls.
func (s *Service) bill(call *aws.Call, c *configuration, o *Outcome) {
	if s.Meter == nil {
		return
	}
	suffix := ""
	if c.Architecture == "arm64" {
		suffix = "-ARM"
	}
	kind := "Lambda-"
	if o.Provisioned {
		kind += "Provisioned-"
	}
	s.Meter.Add(call, []meter.Usage{
		{Dimension: "Request" + suffix, Amount: 1},
		{Dimension: kind + "MB-Millisecond" + suffix, Amount: o.Billed.Milliseconds() * int64(c.Memory)},
	})
}
