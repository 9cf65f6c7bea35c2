package gateway_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/fault"
	"github.com/brume-cloud/brume/front/gateway"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/state/clock"
)

// nobody has no access keys.
type nobody struct{}

func (nobody) Identity(context.Context, string) (gateway.Identity, bool, error) {
	return gateway.Identity{}, false, nil
}
func (nobody) Policies(context.Context, *aws.Caller, *policy.Request) error { return nil }

// with returns a gateway whose ListQueues is call.
func with(call func(ctx context.Context) (any, error)) *gateway.Gateway {
	ops := slices.Clone(sqs.Operations)
	for i := range ops {
		if ops[i].Name == "ListQueues" {
			ops[i].Call = func(ctx context.Context, _, _ any) (any, error) { return call(ctx) }
		}
	}
	return gateway.New(gateway.Options{Clock: clock.New(), Log: slogDiscard, Identities: nobody{}, Faults: new(fault.Set)},
		[]gateway.Endpoint{{Model: sqs.Model(), Operations: ops}})
}

const listQueues = "POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues\n\n{}"

func TestPanicsAreContained(t *testing.T) {
	for name, call := range map[string]func(context.Context) (any, error){
		"in the operation": func(context.Context) (any, error) { panic("secret") },
		"in the codec":     func(context.Context) (any, error) { return nil, nil },
	} {
		w := httptest.NewRecorder()
		with(call).ServeHTTP(w, request(listQueues))
		if body := w.Body.String(); w.Code != 500 || !strings.Contains(body, "InternalFailure") || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %s", name, w.Code, body)
		}
	}
}

// TestPanicsFromWithinGoOn: a transaction that cannot go on unwinds through the
// calls that take part in it, to whoever began it.
func TestPanicsFromWithinGoOn(t *testing.T) {
	var g *gateway.Gateway
	depth, unwound := 0, any(nil)
	g = with(func(ctx context.Context) (any, error) {
		if depth++; depth == 2 {
			panic("unwinding")
		}
		defer func() { unwound = recover() }()
		return g.Invoke(ctx, "sqs", "ListQueues", new(sqs.ListQueuesInput))
	})
	g.ServeHTTP(httptest.NewRecorder(), request(listQueues))
	if depth != 2 || unwound != "unwinding" {
		t.Errorf("at depth %d, unwound %v", depth, unwound)
	}
}

func TestClientThatGoesAwayEndsItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := false
		g := with(func(ctx context.Context) (any, error) {
			<-ctx.Done()
			ended = true
			return nil, ctx.Err()
		})
		ctx, leave := context.WithCancel(t.Context())
		go g.ServeHTTP(httptest.NewRecorder(), request(listQueues).WithContext(ctx))
		synctest.Wait()
		leave()
		synctest.Wait()
		if !ended {
			t.Error("the call goes on for nobody")
		}
	})
}

func TestACallOutlastsWhoHasNoPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Bool
		g := with(func(ctx context.Context) (any, error) {
			if actor, _ := aws.ActorFrom(ctx); actor.Patience != 0 {
				t.Error("the calls that it makes would be given up as well")
			}
			time.Sleep(time.Minute)
			ended.Store(ctx.Err() == nil)
			return new(sqs.ListQueuesOutput), nil
		})
		ask := func(patience time.Duration) error {
			root := gateway.RootOf(aws.DefaultAccount, aws.DefaultRegion)
			ctx := aws.ActAs(t.Context(), aws.Actor{Caller: root, Account: root.Account, Region: aws.DefaultRegion, Patience: patience})
			_, err := g.Invoke(ctx, "sqs", "ListQueues", new(sqs.ListQueuesInput))
			return err
		}
		if err := ask(time.Hour); err != nil {
			t.Error(err)
		}
		ended.Store(false)
		if err := ask(time.Second); !errors.Is(err, aws.ErrPatience) || ended.Load() {
			t.Errorf("after a second: %v, ended: %t", err, ended.Load())
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !ended.Load() {
			t.Error("the call did not go on")
		}
	})
}

func TestARequestFromWithinIsItsActors(t *testing.T) {
	var call aws.Call
	g := with(func(ctx context.Context) (any, error) {
		call = *aws.CallFrom(ctx)
		return new(sqs.ListQueuesOutput), nil
	})
	actor := aws.Actor{Caller: gateway.RootOf("111122223333", "eu-west-1"), Account: "111122223333", Source: "arn:aws:execute-api:eu-west-1:111122223333:a/b", SourceAccount: "111122223333"}
	r := request("POST /\nHost: sqs.eu-west-1.amazonaws.com\nX-Amz-Target: AmazonSQS.ListQueues\n\n{}")
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r.WithContext(aws.ActAs(t.Context(), actor)))
	if w.Code != 200 || call.Account != actor.Account || call.Caller.ARN != actor.Caller.ARN || call.Source != actor.Source || call.Region != "eu-west-1" {
		t.Errorf("%d, called by %q for %q, source %q, in %q", w.Code, call.Caller.ARN, call.Account, call.Source, call.Region)
	}
	w = httptest.NewRecorder()
	call = aws.Call{}
	g.ServeHTTP(w, r.WithContext(t.Context()))
	if call.Account == actor.Account {
		t.Error("the same request from outside was taken for the actor's")
	}
}
