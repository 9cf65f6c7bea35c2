// Package fault injects failures into API calls: errors, latency and throttling,
// by service, operation, account and region, at a rate and for a time.
package fault

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/brume-cloud/brume/aws"
)

// Kind is what a rule does to a call.
type Kind string

// The kinds of fault.
const (
	Error    Kind = "error"    // answer with an error instead of running
	Latency  Kind = "latency"  // wait before running
	Throttle Kind = "throttle" // answer as an exceeded rate limit
)

// Limits of a rule.
const (
	MaxRules   = 1000
	MaxLatency = 15 * time.Minute
)

// Rule says which calls fail, and how. Empty selectors match everything;
// Service and Operation may end with a * wildcard.
type Rule struct {
	ID        string      `json:"id" kv:"1"`
	Kind      Kind        `json:"kind" kv:"2"`
	Service   string      `json:"service,omitempty" kv:"3"`
	Operation string      `json:"operation,omitempty" kv:"4"`
	Account   aws.Account `json:"account,omitempty" kv:"5"`
	Region    aws.Region  `json:"region,omitempty" kv:"6"`
	Rate      float64     `json:"rate" kv:"7"` // share of the matching calls, 0 to 1

	Code    string        `json:"code,omitempty" kv:"8"`   // Error: the error's code
	Status  int           `json:"status,omitempty" kv:"9"` // Error: the HTTP status
	Message string        `json:"message,omitempty" kv:"10"`
	Latency time.Duration `json:"latency,omitempty" kv:"11"` // Latency: nanoseconds

	Until time.Time `json:"until,omitzero" kv:"12"` // virtual time at which the rule ends; zero never
}

// Check fills in defaults, and reports what is wrong with the rule.
func (r *Rule) Check() error {
	switch {
	case r.Rate == 0:
		r.Rate = 1
	case r.Rate < 0 || r.Rate > 1:
		return aws.Errorf(http.StatusBadRequest, "InvalidFault", "rate is %g: want a share of the calls, more than 0 and at most 1", r.Rate)
	}
	switch r.Kind {
	case Error:
		if r.Code == "" {
			r.Code = "InternalFailure"
		}
		if r.Status == 0 {
			r.Status = http.StatusInternalServerError
		}
		if r.Status < 400 || r.Status > 599 {
			return aws.Errorf(http.StatusBadRequest, "InvalidFault", "status is %d: want 400 to 599", r.Status)
		}
	case Latency:
		if r.Latency <= 0 || r.Latency > MaxLatency {
			return aws.Errorf(http.StatusBadRequest, "InvalidFault", "latency is %s: want more than 0 and at most %s", r.Latency, MaxLatency)
		}
	case Throttle:
	default:
		return aws.Errorf(http.StatusBadRequest, "InvalidFault", "kind is %q: want error, latency or throttle", r.Kind)
	}
	return nil
}

// Set is the rules in force. The zero value has none and costs a call nothing
// but one atomic load. All methods may be called from many goroutines.
type Set struct{ rules atomic.Pointer[[]Rule] }

// Replace puts rules in force instead of those before.
func (s *Set) Replace(rules []Rule) {
	if len(rules) == 0 {
		s.rules.Store(nil)
		return
	}
	s.rules.Store(&rules)
}

// Outcome is what the rules do to a call.
type Outcome struct {
	Wait time.Duration
	Err  *aws.Error // instead of running; nil to run
}

// Decide returns what happens to a call. Every rule that matches adds its
// latency; the first that fails the call decides how.
func (s *Set) Decide(call *aws.Call) Outcome {
	rules := s.rules.Load()
	if rules == nil {
		return Outcome{}
	}
	var o Outcome
	for i := range *rules {
		r := &(*rules)[i]
		if !r.matches(call) || r.Rate < 1 && rand.Float64() >= r.Rate {
			continue
		}
		switch {
		case r.Kind == Latency:
			o.Wait += r.Latency
		case o.Err == nil:
			o.Err = r.failure(call)
		}
	}
	return o
}

func (r *Rule) matches(c *aws.Call) bool {
	return matches(r.Service, c.Service) && matches(r.Operation, c.Operation) &&
		(r.Account == "" || r.Account == c.Account) && (r.Region == "" || r.Region == c.Region) &&
		(r.Until.IsZero() || c.Start.Before(r.Until))
}

func matches(pattern, s string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(s, prefix)
	}
	return pattern == "" || strings.EqualFold(pattern, s)
}

func (r *Rule) failure(c *aws.Call) *aws.Error {
	if r.Kind == Throttle {
		status, code := throttling(c.Service)
		return aws.Errorf(status, code, "%s", cmp.Or(r.Message, "Rate exceeded"))
	}
	return aws.Errorf(r.Status, r.Code, "%s", cmp.Or(r.Message, "Injected by brume fault "+r.ID+"."))
}

// throttling is how a service says that a rate was exceeded. SDKs retry on
// each of these.
func throttling(service string) (status int, code string) {
	switch service {
	case "s3":
		return http.StatusServiceUnavailable, "SlowDown"
	case "ec2":
		return http.StatusServiceUnavailable, "RequestLimitExceeded"
	case "sqs":
		return http.StatusBadRequest, "RequestThrottled"
	case "lambda":
		return http.StatusTooManyRequests, "TooManyRequestsException"
	case "dynamodb", "kms":
		return http.StatusBadRequest, "ThrottlingException"
	}
	return http.StatusBadRequest, "Throttling"
}
