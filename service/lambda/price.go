package lambda

import (
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
)

// Meter counts usage; *meter.Meter is one.
type Meter interface {
	Add(call *aws.Call, used []meter.Usage)
}

// Usage implements meter.Metered. AWS: "AWS Lambda pricing": the API is free,
// what runs is paid for.
func (s *Service) Usage(*aws.Call) []meter.Usage { return nil }

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
	s.Meter.Add(call, []meter.Usage{
		{Dimension: "Request" + suffix, Amount: 1},
		{Dimension: "Lambda-MB-Millisecond" + suffix, Amount: o.Billed.Milliseconds() * int64(c.Memory)},
	})
}
