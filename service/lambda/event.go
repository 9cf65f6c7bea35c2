package lambda

import (
	"context"
	"errors"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// eventKind makes a call that nobody waits for. Its effect is outside: it is
// made at least once, as Lambda promises.
const eventKind = "lambda.event"

// event is the payload of such a job. Its ID is the request's.
type event struct {
	Name      string    `kv:"1"`
	Function  uint64    `kv:"2"`
	Qualifier string    `kv:"3"`
	Sent      time.Time `kv:"4"`
	Failures  int       `kv:"5"` // of the function
	Refusals  int       `kv:"6"` // for want of concurrency, in a row
	Trace     string    `kv:"7"`
}

// Jobs returns the kinds of job that the service owns.
func (s *Service) Jobs() []job.Kind {
	return []job.Kind{
		{Name: eventKind, Do: s.call},
		{Name: settleKind, Run: s.settle},
		{Name: sendKind, Do: s.send},
		{Name: provisionKind, Do: s.keepProvisioned, Concurrency: maxPolls, MaxAttempts: forever},
		{Name: pollKind, Do: s.poll, Concurrency: maxPolls, MaxAttempts: forever},
	}
}

// enqueue puts a call and its payload.
func (s *Service) enqueue(ctx context.Context, t target, payload []byte) error {
	request, trace := aws.CallFrom(ctx).RequestID, aws.TraceOf(ctx)
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		f, err := t.f.at.find(tx)
		if err != nil {
			return err
		}
		putBytes(tx, &events, f.eventKey(request), payload)
		e := event{Name: f.at.Name, Function: f.ID, Qualifier: f.at.Qualifier, Sent: tx.Now(), Trace: trace}
		job.PutNow(tx, &job.Job{Kind: eventKind, Scope: f.at.Scope, ID: request, Payload: kv.Append(nil, &e)})
		return nil
	})
}

// call is the job: one attempt.
func (s *Service) call(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	var e event
	if err := kv.Decode(j.Payload, &e); err != nil {
		return nil, err
	}
	a := address{j.Scope, e.Name, e.Qualifier}
	var t target
	var payload []byte
	var now time.Time
	roll := s.roll()
	err := kv.View(ctx, s.Store, func(tx kv.Tx) (err error) {
		now = tx.Now()
		if t.f, t.c, err = a.version(tx); err == nil {
			t = t.f.aim(tx, t.c, roll)
			payload = getBytes(tx, &events, t.f.eventKey(j.ID))
		}
		return err
	})
	if isCode(err, "ResourceNotFoundException") || err == nil && t.f.ID != e.Function {
		return nil, nil // with the function, its rows have gone
	}
	if err != nil {
		return nil, err
	}
	ctx = aws.WithCall(ctx, &aws.Call{RequestID: j.ID, Start: now, Service: "lambda", Operation: "Invoke", Account: a.Account, Region: a.Region, Trace: e.Trace})
	out, err := s.run(ctx, t, Request{ID: j.ID, FunctionARN: a.qualified(), Payload: payload})
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	if err != nil && !errors.Is(err, ErrBusy) {
		s.Log.Warn("a function could not be called", "function", a.arn(), "error", err)
	}
	return func(tx kv.Tx) error {
		s.conclude(tx, t, ending{e, j.ID, payload, out, err})
		return nil
	}, nil
}

// ending is an event after an attempt.
type ending struct {
	event
	request string
	payload []byte
	out     *Outcome
	err     error
}

// conclude puts the next attempt, or ends the event and tells its destinations.
func (s *Service) conclude(tx kv.Tx, t target, e ending) {
	config := t.f.eventConfig(tx, e.Qualifier)
	var pause time.Duration
	condition := "Success"
	switch {
	case errors.Is(e.err, errLoop):
		condition = "RetriesExhausted" // AWS does not say what it says
	case e.err != nil:
		pause = min(firstPause<<min(e.Refusals, 16), longestPause)
		e.Refusals++
	case e.out.Error != "":
		e.Failures, e.Refusals = e.Failures+1, 0
		if pause = time.Duration(e.Failures) * afterFailures; e.Failures > config.retries() {
			pause, condition = 0, "RetriesExhausted"
		}
	}
	due := tx.Now().Add(pause)
	if pause > 0 && due.Sub(e.Sent) > config.maxAge() {
		pause, condition = 0, "EventAgeExceeded"
	}
	if pause > 0 {
		job.Put(tx, &job.Job{Kind: eventKind, Scope: t.f.at.Scope, ID: e.request, Due: due, Payload: kv.Append(nil, &e.event)})
		return
	}
	events.DeleteAll(tx, t.f.eventKey(e.request))
	s.tell(tx, t, config, result{e, condition})
}
