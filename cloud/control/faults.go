package control

import (
	"context"
	"net/http"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/fault"
)

// Fault is a fault rule: which calls fail, and how. Empty selectors match
// everything; Service and Operation may end with a *.
type Fault struct {
	ID        string      `json:"id,omitempty"` // given by the cloud
	Kind      fault.Kind  `json:"kind"`
	Service   string      `json:"service,omitempty"`
	Operation string      `json:"operation,omitempty"`
	Account   aws.Account `json:"account,omitempty"`
	Region    aws.Region  `json:"region,omitempty"`
	Rate      float64     `json:"rate,omitempty"` // share of the matching calls; 1 when absent

	Code    string   `json:"code,omitempty"`   // of an error
	Status  int      `json:"status,omitempty"` // of an error
	Message string   `json:"message,omitempty"`
	Latency Duration `json:"latency,omitzero"`

	For   Duration  `json:"for,omitzero"`   // when adding: how long, in virtual time
	Until time.Time `json:"until,omitzero"` // virtual time at which the rule ends
}

// FaultList is the answer to GET faults.
type FaultList struct {
	Faults []Fault `json:"faults"`
}

func faultRoutes(mux *http.ServeMux, c Cloud) {
	handle(mux, "GET /_brume/faults", func(ctx context.Context, _ *none) (FaultList, error) {
		rules, err := c.Faults(ctx)
		list := FaultList{[]Fault{}}
		for i := range rules {
			list.Faults = append(list.Faults, faultOf(&rules[i]))
		}
		return list, err
	})
	handle(mux, "POST /_brume/faults", func(ctx context.Context, f *Fault) (Fault, error) {
		r, err := f.rule(c.Clock().Now())
		if err == nil {
			r, err = c.AddFault(ctx, r)
		}
		return faultOf(&r), err
	})
	handle(mux, "DELETE /_brume/faults", func(ctx context.Context, _ *none) (none, error) {
		return none{}, c.ClearFaults(ctx)
	})
	handle(mux, "DELETE /_brume/faults/{id}", func(ctx context.Context, _ *none) (none, error) {
		return none{}, c.RemoveFault(ctx, pathValue(ctx, "id"))
	})
}

func (f *Fault) rule(now time.Time) (fault.Rule, error) {
	until := f.Until
	switch {
	case f.For != 0 && !until.IsZero():
		return fault.Rule{}, aws.Errorf(http.StatusBadRequest, "BadRequest", "say either for or until, not both")
	case f.For < 0:
		return fault.Rule{}, aws.Errorf(http.StatusBadRequest, "BadRequest", "for is %s: want more than 0", FormatDuration(time.Duration(f.For)))
	case f.For > 0:
		until = now.Add(time.Duration(f.For))
	}
	return fault.Rule{
		Kind: f.Kind, Service: f.Service, Operation: f.Operation, Account: f.Account, Region: f.Region, Rate: f.Rate,
		Code: f.Code, Status: f.Status, Message: f.Message, Latency: time.Duration(f.Latency), Until: until,
	}, nil
}

func faultOf(r *fault.Rule) Fault {
	return Fault{
		ID: r.ID, Kind: r.Kind, Service: r.Service, Operation: r.Operation, Account: r.Account, Region: r.Region, Rate: r.Rate,
		Code: r.Code, Status: r.Status, Message: r.Message, Latency: Duration(r.Latency), Until: r.Until,
	}
}
