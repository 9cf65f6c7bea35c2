package gateway

import (
	"context"
	"net/http"
	"time"

	"github.com/brume-cloud/brume/aws"
)

// Invoke implements aws.Invoker: a call from within. Who calls, for which
// account and region, is what aws.ActAs put into ctx; without it, the call is
// made on behalf of the call that ctx carries.
func (g *Gateway) Invoke(ctx context.Context, service, operation string, input any) (any, error) {
	x := &exchange{gate: g, input: input}
	patience := time.Duration(0)
	if actor, ok := aws.ActorFrom(ctx); ok {
		x.Call = aws.Call{
			Account: actor.Account, Region: actor.Region, Caller: actor.Caller, Source: actor.Source, SourceAccount: actor.SourceAccount, Host: g.Address, UserAgent: actor.Caller.Service,
			TLS:   true, // nothing within travels in the clear
			Trace: actor.Trace,
		}
		if x.Trace == "" {
			x.Trace = aws.TraceOf(ctx)
		}
		x.hurry = actor.Hurry
		if patience = actor.Patience; patience > 0 { // it is for this call, not for those that it makes
			actor.Patience = 0
			ctx = aws.ActAs(ctx, actor)
		}
	} else { // from where the call came that this one is made for
		parent := aws.CallFrom(ctx)
		x.Call = aws.Call{
			Account: parent.Account, Region: parent.Region, Caller: parent.Caller, Host: parent.Host, UserAgent: parent.UserAgent,
			TLS: parent.TLS, Trace: parent.Trace, SourceIP: parent.SourceIP, Referer: parent.Referer,
		}
	}
	x.RequestID, x.Start, x.Service, x.Operation = newRequestID(), g.Clock.Now(), service, operation
	x.began = g.Clock.Wall()
	if patience > 0 {
		return x.awaited(ctx, patience)
	}
	return x.finish(ctx, (*exchange).run)
}

// finish makes a call from within and observes it.
func (x *exchange) finish(ctx context.Context, run func(*exchange, context.Context, []step) error) (any, error) {
	if err := run(x, ctx, fromWithin); err != nil {
		e := err.(*aws.Error)
		x.observe(ctx, e)
		return nil, e
	}
	x.Status = http.StatusOK
	x.observe(ctx, nil)
	return x.output, nil
}

// awaited is finish for somebody who waits only so long, in wall time. The call
// goes on without him.
func (x *exchange) awaited(ctx context.Context, patience time.Duration) (any, error) {
	type outcome struct {
		output any
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		output, err := x.finish(context.WithoutCancel(ctx), (*exchange).contained)
		done <- outcome{output, err}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.output, o.err
	case <-timer.C:
		return nil, aws.ErrPatience
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find finds the operation that a call from within names.
func (x *exchange) find(context.Context) error {
	e := x.gate.services.byName[x.Service]
	if e == nil {
		return aws.NotImplemented(x.Service, x.Operation)
	}
	svc := e.open()
	x.endpoint, x.flavor = e, flavorOf(e.Model, e.Model.Protocols[0])
	x.Region = e.region(x.Region)
	if x.op = svc.Operation(x.Operation); x.op == nil || !x.op.Built() {
		return aws.NotImplemented(x.Service, x.Operation)
	}
	return nil
}
