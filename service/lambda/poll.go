package lambda

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// pollKind receives from a mapping's source and hands over what it received,
// until there is no more. Then the job waits for commits to the source, so that
// a mapping that has nothing to do costs nothing. A job has a lane: jobs of
// other lanes of the mapping poll beside it.
const pollKind = "lambda.poll"

const (
	maxPolls = 2048 // at the same time, of all mappings
	forever  = math.MaxInt
)

// lane is the payload of such a job.
type lane struct {
	Mapping string `kv:"1"`
	Name    string `kv:"2"`
	Nonce   uint64 `kv:"3"` // of the poller: a job of another one is over
}

// firstLane is the lane that a mapping always has.
const firstLane = "0"

// startPolling begins to poll, with new jobs for whatever polled before.
func (m *mapping) startPolling(tx kv.Tx, nonce uint64) {
	first := &poller{}
	for key, p := range pollers.Scan(tx, kv.Prefix(pollers.Prefix(m.at, kv.String(m.id)))) {
		switch name := laneOf(key); {
		case name == firstLane:
			first = p
		case m.queue():
			pollers.Delete(tx, key)
			gathered.DeleteAll(tx, m.gatheredKey(name))
		case !p.Done:
			m.startLane(tx, name, p, nonce)
		}
	}
	m.startLane(tx, firstLane, first, nonce)
}

// startLane puts a poller and its job.
func (m *mapping) startLane(tx kv.Tx, name string, p *poller, nonce uint64) {
	p.Nonce = nonce
	pollers.Put(tx, m.pollerKey(name), p)
	l := lane{m.id, name, nonce}
	job.PutNow(tx, &job.Job{Kind: pollKind, Scope: m.at, ID: m.id, Payload: kv.Append(nil, &l)})
}

// polling is one lane of a mapping at work.
type polling struct {
	*Service
	lane
	m    *mapping
	p    *poller
	t    target
	now  time.Time
	call *aws.Call
}

// errOver ends a job whose mapping or lane does not poll any more.
var errOver = errors.New("lambda: the poller is over")

// poll is the job.
func (s *Service) poll(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	x := &polling{Service: s}
	if err := kv.Decode(j.Payload, &x.lane); err != nil {
		return nil, err
	}
	for {
		err := x.load(ctx, j.Scope)
		switch {
		case err != nil:
		case x.m.queue():
			err = x.pollQueue(ctx)
		case x.Name == firstLane:
			err = x.findShards(ctx)
		default:
			err = x.pollShard(ctx)
		}
		switch {
		case err == nil: // there may be more
		case errors.Is(err, errOver):
			return nil, nil
		case ctx.Err() != nil:
			return nil, err
		default:
			return nil, x.pause(ctx, err)
		}
	}
}

// pause is what a poll does after an error: a Wait is as it should be; whatever
// else may pass, such as a missing permission, and is tried again.
func (x *polling) pause(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*job.Wait](err); ok {
		return err
	}
	x.Log.Warn("an event source could not be polled", "mapping", x.m.arn(), "source", x.m.Source, "error", err)
	until := x.now.Add(backoff(x.p.Troubles))
	err = x.update(ctx, func(_ kv.Tx, p *poller) error { p.Troubles++; return nil })
	if err != nil && !errors.Is(err, errOver) {
		return err
	}
	return &job.Wait{Until: until, On: []kv.Key{x.m.key()}}
}

// load reads what the lane works with. A function that is gone may come back.
func (x *polling) load(ctx context.Context, sc kv.Scope) error {
	roll := x.roll()
	missing := false
	err := kv.View(ctx, x.Store, func(tx kv.Tx) (err error) {
		x.now, missing = tx.Now(), false
		var ok bool
		if x.m, ok = findMapping(tx, sc, x.Mapping); !ok || !x.m.Enabled {
			return errOver
		}
		if x.p, ok = pollers.Get(tx, x.m.pollerKey(x.Name)); !ok || x.p.Nonce != x.Nonce {
			return errOver
		}
		if x.t.f, x.t.c, err = x.m.target().version(tx); err != nil {
			missing = true
			return nil
		}
		x.t = x.t.f.aim(tx, x.t.c, roll)
		return nil
	})
	if err == nil && missing {
		a := x.m.target()
		a.Qualifier = ""
		err = &job.Wait{On: []kv.Key{x.m.key(), a.key()}}
	}
	return err
}

// asRole is ctx for calls to the source and to destinations: as the function's
// role, in the source's account.
func (x *polling) asRole(ctx context.Context) context.Context {
	source, _ := aws.ParseARN(x.m.Source) // was checked
	return x.Service.asRole(ctx, x.t, source)
}

// asRole is ctx for calls that a version's role makes about a resource.
func (s *Service) asRole(ctx context.Context, t target, about aws.ARN) context.Context {
	role, _ := aws.ParseARN(t.c.Role) // was checked
	account, region := about.Account, about.Region
	if account == "" {
		account = t.f.at.Account
	}
	if region == "" {
		region = t.f.at.Region
	}
	return aws.ActAs(ctx, aws.Actor{Caller: t.session(role), Account: account, Region: region})
}

// invoke hands an event over, as a call of its own.
func (x *polling) invoke(ctx context.Context, event []byte, trace string) (request string, out *Outcome, err error) {
	request = aws.UUID(x.Random)
	a := x.m.target()
	ctx = aws.WithCall(ctx, &aws.Call{RequestID: request, Start: x.now, Service: "lambda", Operation: "Invoke", Account: a.Account, Region: a.Region, Trace: trace})
	out, err = x.run(ctx, x.t, Request{ID: request, FunctionARN: a.qualified(), Payload: event})
	return request, out, err
}

// update runs fn on the lane's poller and stores it, unless the lane is over.
func (x *polling) update(ctx context.Context, fn func(tx kv.Tx, p *poller) error) error {
	return kv.Update(ctx, x.Store, func(tx kv.Tx) error {
		p, ok := pollers.Get(tx, x.m.pollerKey(x.Name))
		if !ok || p.Nonce != x.Nonce {
			return errOver
		}
		if err := fn(tx, p); err != nil {
			return err
		}
		pollers.Put(tx, x.m.pollerKey(x.Name), p)
		*x.p = *p
		return nil
	})
}

// note keeps what came of the last batch, when that changes.
func (x *polling) note(ctx context.Context, result string) error {
	if x.m.Result == result {
		return nil
	}
	return kv.Update(ctx, x.Store, func(tx kv.Tx) error {
		if m, ok := findMapping(tx, x.m.at, x.m.id); ok {
			m.Result = result
			mappings.Put(tx, m.key(), m)
		}
		return nil
	})
}

// resultOf is how AWS tells of a batch.
func resultOf(out *Outcome, err error) string {
	switch {
	case errors.Is(err, ErrBusy):
		return "PROBLEM: Function call throttled"
	case err != nil || out.Error != "":
		return "PROBLEM: Function call failed"
	}
	return "OK"
}

// rest waits for the source, or until a time.
func (x *polling) rest(ctx context.Context, part string, until time.Time) error {
	on, due, err := x.Sources.Next(ctx, x.m.Source, part)
	if err != nil {
		return err
	}
	if until.IsZero() || !due.IsZero() && due.Before(until) {
		until = due
	}
	return &job.Wait{Until: until, On: append(on, x.m.key())}
}

// backoff is the pause after an nth failure in a row, from 0 on.
func backoff(n int) time.Duration { return min(firstPause<<min(n, 16), longestPoll) }

// longestPoll is the longest pause of a poller whose function fails.
const longestPoll = time.Minute
