package lambda

import (
	"errors"
	"testing"
	"time"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/pace"
)

// A function with a share of two may be called twenty times in a second, by those
// who wait; another share is not touched by it.
func TestCallsASecondAreTenTimesTheConcurrency(t *testing.T) {
	s := New(Deps{Pace: new(pace.Buckets)})
	call := &aws.Call{Start: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	mine := target{f: &function{Limited: true, Reserved: 2}, share: "mine", limit: 2}
	calls := func(t target) (n int, err error) {
		for ; n < 1000; n++ {
			if err = s.keepRate(call, t); err != nil {
				return n, s.refusal(t, err)
			}
		}
		return n, nil
	}
	n, err := calls(mine)
	var e *aws.Error
	if n != 20 || !errors.As(err, &e) || e.Code != "TooManyRequestsException" || e.Status != 429 {
		t.Errorf("after %d calls: %v", n, err)
	}
	if n, err := calls(target{f: new(function), share: "others", limit: 3}); n != 30 || err == nil {
		t.Errorf("of another share after %d: %v", n, err)
	}
	call.Start = call.Start.Add(500 * time.Millisecond)
	if n, _ := calls(mine); n != 10 {
		t.Errorf("half a second later: %d calls", n)
	}
	if n, err := calls(target{f: new(function), share: "none"}); n != 1000 || err != nil {
		t.Errorf("a share without limit: %d, %v", n, err)
	}
}

func TestTooManyCallsSayWhichLimitIsMet(t *testing.T) {
	for _, c := range []struct {
		err     error
		limited bool
		want    string
	}{
		{ErrBusy, false, "ConcurrentInvocationLimitExceeded"},
		{ErrBusy, true, "ReservedFunctionConcurrentInvocationLimitExceeded"},
		{errRate, false, "FunctionInvocationRateLimitExceeded"},
		{errRate, true, "ReservedFunctionInvocationRateLimitExceeded"},
	} {
		var e *aws.Error
		errors.As(new(Service).refusal(target{f: &function{Limited: c.limited}}, c.err), &e)
		d, ok := e.Detail.(*lambda.TooManyRequestsException)
		if !ok || string(d.Reason) != c.want {
			t.Errorf("%v: %+v, want %s", c.err, e.Detail, c.want)
		}
	}
}
