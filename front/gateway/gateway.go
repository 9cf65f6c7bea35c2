// Package gateway is the one door: every call goes through its chain, whether it
// comes from a socket or from another service.
//
//	socket:  route → read → sign → decode → fault → allow → call   → answer → observe
//	within:  find                         → fault → allow → call            → observe
//
// A service's Front, where it has one, sees the request within route, before an
// operation is sought. Each step is a method on *exchange in the file of its
// name; the two chains are the slices fromSocket and fromWithin below. A step
// that fails ends the chain, its error is the answer, and observe sees every
// call, however it ended.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/fault"
	"github.com/brume-cloud/brume/front/meter"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/front/sigv4"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/clock"
)

// step is one link of the chain.
type step func(*exchange, context.Context) error

var fromSocket = []step{(*exchange).route, (*exchange).read, (*exchange).sign, (*exchange).decode, (*exchange).fault, (*exchange).allow, (*exchange).call}

var fromWithin = []step{(*exchange).find, (*exchange).fault, (*exchange).allow, (*exchange).call}

// Options are what a Gateway stands on.
type Options struct {
	Clock      *clock.Clock
	Log        *slog.Logger
	Identities Identities // who access keys belong to, and what they may do
	Faults     *fault.Set
	Meter      *meter.Meter
	Strict     bool         // refuse access keys that Identities does not know
	Address    string       // host:port that this server is reached at, for URLs made within
	Control    http.Handler // answers below /_brume/
	RequestLog bool         // log every call, not only those that failed
}

// Gateway takes calls and gives them to services. Make it with New.
type Gateway struct {
	Options
	services *directory
	verifier *sigv4.Verifier
	policies *policy.Cache
}

// New returns a gateway for services.
func New(o Options, services []Endpoint) *Gateway {
	return &Gateway{Options: o, services: newDirectory(services), verifier: sigv4.NewVerifier(), policies: policy.NewCache()}
}

// exchange is one call on its way through the chain.
type exchange struct {
	aws.Call
	gate     *Gateway
	w        http.ResponseWriter // nil for a call from within
	endpoint *Endpoint
	op       *schema.Operation
	codec    wire.Codec
	req      wire.Request
	auth     sigv4.Auth
	flavor   sigv4.Flavor
	input    any
	output   any
	signer   string    // the signing name that the signature claims
	signed   []byte    // the body as it came, which the signature covers
	began    time.Time // wall time
	hurry    bool      // must not be held up
}

// contained is run for a call from outside: a panic becomes an internal failure
// of this call alone.
func (x *exchange) contained(ctx context.Context, chain []step) (err error) {
	defer func() {
		switch r := recover(); r {
		case nil:
		case http.ErrAbortHandler: // a Front that could not finish its answer
			panic(r)
		default:
			err = x.panicked(r)
		}
	}()
	return x.run(ctx, chain)
}

// run passes the exchange along chain. A panic within a call from within goes
// on: it may be the end of the caller's transaction, which wants to run again.
func (x *exchange) run(ctx context.Context, chain []step) error {
	ctx = aws.WithCall(ctx, &x.Call)
	for _, s := range chain {
		if err := s(x, ctx); err == errAnswered {
			return err
		} else if err != nil {
			return x.public(err)
		}
	}
	return nil
}

// panicked logs a recovered panic, and returns the answer to its call.
func (x *exchange) panicked(r any) *aws.Error {
	x.gate.Log.Error("panic in a call", "request", x.RequestID, "service", x.Service, "operation", x.Operation, "panic", r, "stack", string(debug.Stack()))
	return x.internal()
}

// public is the error that the caller sees: an *aws.Error as it is; anything
// else is a fault of Brume, logged here and not told.
func (x *exchange) public(err error) *aws.Error {
	var public *aws.Error
	if errors.As(err, &public) {
		return public
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return aws.Errorf(http.StatusServiceUnavailable, "ServiceUnavailable", "The request was interrupted: the client went away, or the server is stopping.")
	}
	x.gate.Log.Error("call failed", "request", x.RequestID, "service", x.Service, "operation", x.Operation, "error", err)
	return x.internal()
}

func (x *exchange) internal() *aws.Error {
	code := "InternalFailure"
	switch x.flavor {
	case sigv4.S3, sigv4.EC2:
		code = "InternalError"
	}
	return aws.Errorf(http.StatusInternalServerError, code, "We encountered an internal error. Brume's log has the cause under request id %s.", x.RequestID)
}

// decode makes the input structure.
func (x *exchange) decode(context.Context) error {
	if !x.op.Built() {
		return aws.NotImplemented(x.Service, x.Operation)
	}
	in, err := x.codec.Decode(x.op, &x.req)
	x.input = in
	var invalid *wire.Invalid
	if errors.As(err, &invalid) {
		return x.endpoint.invalid(x.op, invalid)
	}
	return err
}

// fault lets the injected faults act.
func (x *exchange) fault(ctx context.Context) error {
	o := x.gate.Faults.Decide(&x.Call)
	if o.Wait > 0 && x.hurry {
		return aws.Errorf(http.StatusServiceUnavailable, "ServiceUnavailable", "An injected latency of %s holds the call up.", o.Wait)
	}
	if o.Wait > 0 {
		if err := wait(ctx, o.Wait); err != nil {
			return err
		}
	}
	if o.Err != nil {
		return o.Err
	}
	return nil
}

// wait waits in wall time: an injected latency holds a real client up.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// call runs the operation.
func (x *exchange) call(ctx context.Context) (err error) {
	x.output, err = x.op.Call(ctx, x.endpoint.Service, x.input)
	return err
}

// observe hands the ended call to the log and the meter.
func (x *exchange) observe(ctx context.Context, err *aws.Error) {
	if err != nil {
		x.Status, x.ErrorCode = err.Status, err.Code
	}
	x.Took = x.gate.Clock.Wall().Sub(x.began)
	if x.endpoint != nil {
		if m, ok := x.endpoint.Service.(meter.Metered); ok {
			x.gate.Meter.Add(&x.Call, m.Usage(&x.Call))
		}
	}
	if x.Answered != nil {
		x.Answered(&x.Call)
	}
	level := slog.LevelDebug
	switch {
	case ctx.Err() != nil && x.Status == http.StatusServiceUnavailable:
		level = slog.LevelInfo // who went away needs nobody's attention
	case x.Status >= http.StatusInternalServerError && x.req.As != nil:
		level = slog.LevelInfo // a customer's program failed, not this one
	case x.req.As != nil && !x.gate.RequestLog: // what a customer's program refuses is no news
	case x.Status >= http.StatusInternalServerError && x.ErrorCode != "NotImplemented":
		level = slog.LevelError
	case x.Status >= http.StatusBadRequest || x.gate.RequestLog:
		level = slog.LevelInfo
	}
	if !x.gate.Log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("call", x.Service+":"+x.Operation), slog.Int("status", x.Status), slog.Duration("took", x.Took),
		slog.String("region", string(x.Region)), slog.String("account", string(x.Account)), slog.String("request", x.RequestID),
	}
	if err != nil {
		attrs = append(attrs, slog.String("code", err.Code), slog.String("message", firstLine(err.Message)))
	}
	x.gate.Log.LogAttrs(ctx, level, "call", attrs...)
}
