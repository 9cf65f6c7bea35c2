package lambda

import (
	"context"
	"errors"
	"time"

	"github.com/brume-cloud/brume/aws"
)

// Pace keeps token buckets; *pace.Buckets is one. They are in memory: a rate is
// over in a second, and no crash is the worse for it.
type Pace interface {
	Spend(name string, rate, most float64, now time.Time) bool
}

var errRate = errors.New("lambda: too many calls in a second")

// runNow is run for somebody who waits for the answer: the call goes on when its
// caller has gone away, and there may be only so many in a second.
func (s *Service) runNow(ctx context.Context, t target, r Request) (*Outcome, error) {
	if err := s.keepRate(aws.CallFrom(ctx), t); err != nil {
		return nil, err
	}
	return s.run(outlast(ctx), t, r)
}

// keepRate refuses a call when those of the target's share come too fast.
// AWS: "Lambda quotas": invocations per function and second, synchronous, are ten
// times the concurrency; those that are asynchronous have no such limit.
func (s *Service) keepRate(call *aws.Call, t target) error {
	rate := float64(t.limit * callsPerEnvironment)
	if s.Pace == nil || rate <= 0 { // without concurrency, or with provisioned environments alone, run decides
		return nil
	}
	if !s.Pace.Spend("lambda/"+t.share, rate, rate, call.Start) {
		return errRate
	}
	return nil
}
