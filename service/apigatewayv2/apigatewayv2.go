// Package apigatewayv2 is Amazon API Gateway's HTTP and WebSocket APIs.
//
// # Where things live
//
// An API and each of its parts is a row in its account and region: the document
// that the API's Get operations return, in JSON, because nothing but this
// service and its callers reads it. A host names an API only: the table of places
// tells in which account and region it is.
//
// # What traffic reads
//
// A deployment is a snapshot of an API's parts (snapshot.go). Each stage has one
// row with the snapshot that it points to and its own settings (served), which is
// all that a request needs. It is rewritten when either changes, and decoded once.
//
// Differences from AWS are in the README.
package apigatewayv2

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/assume"
	"github.com/brume-cloud/brume/front/authorizer"
	"github.com/brume-cloud/brume/front/jwt"
	"github.com/brume-cloud/brume/front/logwriter"
	"github.com/brume-cloud/brume/front/upstream"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv"
)

// Deps are what the service stands on.
type Deps struct {
	Store    kv.Store
	Random   aws.Random  // ids
	Via      aws.Invoker // calls to the services that requests are for
	Log      *slog.Logger
	Endpoint func(aws.Region) string // the URL of this cloud, in the addresses of APIs
	REST     REST                    // where custom domains may lead, too
	Meter    Meter                   // counts messages and connections
	Sockets  Sockets                 // the connections of WebSocket APIs
	Render   Render                  // mapping templates of WebSocket APIs

	Clock     *clock.Clock      // how long backends take
	Logs      *logwriter.Writer // access logs
	Pace      Pace              // throttling
	Tokens    *jwt.Verifier     // of JWT authorizers
	Decisions *authorizer.Cache // of Lambda authorizers
	Upstream  *upstream.Client  // to HTTP backends
	Roles     *assume.Roles     // that APIs call their backends with
	Door      http.Handler      // to services of AWS: requests whose actor is in their context need no signature
}

// Pace keeps token buckets; *pace.Buckets is one. They are in memory: a burst is
// over in a moment, and no crash is the worse for it.
type Pace interface {
	Spend(name string, rate, most float64, now time.Time) bool
}

// REST tells of the APIs of the first generation, to which custom domains may lead.
type REST interface {
	// HasStage reports whether there is a REST API with a stage; with "", whether there
	// is the API.
	HasStage(tx kv.Tx, sc kv.Scope, apiID, stage string) bool
}

// Render evaluates a mapping template on a body. variables are $context, stage are
// $stageVariables.
type Render func(template, body string, variables map[string]any, stage map[string]string) (string, error)

// Service implements the API. What it does not override answers NotImplemented.
type Service struct {
	apigatewayv2.Unimplemented
	Deps
	functions lambda.Client
	visiting  *schema.Operation // what a request to an HTTP API is
}

// New returns the service.
func New(d Deps) *Service {
	s := &Service{Deps: d, functions: lambda.NewClient(d.Via)}
	s.visiting = schema.Beside(schema.Dispatch{Name: visiting, Call: func(ctx context.Context, _, in any) (any, error) {
		return s.receive(ctx, in.(*visit))
	}})
	return s
}

// Invalid says in API Gateway's words what is wrong with a request.
func Invalid(_ *schema.Operation, v *wire.Invalid) *aws.Error {
	if v.Violations[0].Member == "ProtocolType" {
		return bad("Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]")
	}
	return v.WithCode("BadRequestException")
}

func bad(format string, args ...any) *aws.Error {
	return apigatewayv2.ErrBadRequestException(format, args...)
}

func conflict(format string, args ...any) *aws.Error {
	return apigatewayv2.ErrConflictException(format, args...)
}

// noThing is the error for an identifier of a kind that leads nowhere.
func noThing(kind, id string) *aws.Error {
	if id != "" {
		id = " " + id
	}
	return apigatewayv2.ErrNotFoundException(&apigatewayv2.NotFoundException{}, "Invalid %s identifier specified%s", kind, id)
}

// unbuilt refuses a setting that Brume could not keep to.
func unbuilt(setting string) *aws.Error {
	e := aws.NotImplemented("apigatewayv2", setting)
	e.Message = "Brume does not implement " + setting + " of HTTP and WebSocket APIs yet. Leave it out, or see the README of service/apigatewayv2."
	return e
}

// scopeOf is the caller's account and region.
func scopeOf(ctx context.Context) kv.Scope {
	c := aws.CallFrom(ctx)
	return kv.Scope{Account: c.Account, Region: c.Region}
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
