// Package apigateway is Amazon API Gateway's REST APIs: their definition, what
// they serve, and who may call them.
//
// # Where an API lives
//
// AWS defines every resource of the API as a JSON document that PATCH changes.
// So it is here: a row is the document of a generated type (document.go), and one
// mechanism patches all of them (patch.go). A deployment is one row, a copy of all
// documents that make up the API (snapshot.go). Traffic is served from that row
// alone, which is compiled when it is first read and shared from then on.
//
// Differences from AWS are in the README.
package apigateway

import (
	"context"
	"net/http"
	"time"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/accesslog"
	"github.com/brume-cloud/brume/front/assume"
	"github.com/brume-cloud/brume/front/authorizer"
	"github.com/brume-cloud/brume/front/jwt"
	"github.com/brume-cloud/brume/front/logwriter"
	"github.com/brume-cloud/brume/front/upstream"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/memo"
)

// Deps are what the service stands on.
type Deps struct {
	Store   kv.Store
	Random  aws.Random  // ids
	Via     aws.Invoker // integrations with other services, and authorizers
	Pace    Pace
	Domains Domains // custom domain names, which the other generation of APIs has too

	// Door is how integrations with AWS services reach them: by requests as from a
	// socket, whose context says who sends them (aws.ActAs).
	Door      http.Handler
	HTTP      *upstream.Client
	Tokens    *jwt.Verifier     // of user pools
	Decisions *authorizer.Cache // of Lambda authorizers
	Roles     *assume.Roles
	Logs      *logwriter.Writer
	Endpoint  func(aws.Region) string // the URL that this cloud is reached at
}

// Pace keeps token buckets by name.
type Pace interface {
	// Spend takes one from a bucket that gains rate a second and holds most, and reports
	// whether there was one.
	Spend(name string, rate, most float64, now time.Time) bool
}

// Service implements the API. What it does not override answers NotImplemented.
type Service struct {
	api.Unimplemented
	Deps
	visiting *schema.Operation // what a request to an API is
	formats  *memo.Cache[*accesslog.Format]
}

// New returns the service.
func New(d Deps) *Service {
	s := &Service{Deps: d, formats: memo.New[*accesslog.Format]()}
	s.visiting = schema.Beside(schema.Dispatch{Name: visiting, Call: func(ctx context.Context, _, in any) (any, error) {
		return s.receive(ctx, in.(*visit))
	}})
	return s
}

// address is where a REST API is.
type address struct {
	kv.Scope
	API string // id
}

// at is the address of an API of the caller's.
func at(ctx context.Context, id string) address {
	return address{scopeOf(ctx), id}
}

func scopeOf(ctx context.Context) kv.Scope {
	c := aws.CallFrom(ctx)
	return kv.Scope{Account: c.Account, Region: c.Region}
}

// arn is the ARN of a resource of the control plane, which names no account.
func arn(sc kv.Scope, path string) string {
	return aws.NewARN("apigateway", sc.Region, "", path).String()
}

// id is a new id in the form of AWS's: lower-case letters and digits.
func (s *Service) id(length int) string {
	return aws.Text(s.Random, "abcdefghijklmnopqrstuvwxyz0123456789", length)
}

// Lengths of ids.
const (
	apiID  = 10
	partID = 6 // of everything within an API, and of usage plans
)

func invalid(format string, args ...any) *aws.Error {
	return api.ErrBadRequestException(format, args...)
}

func missing(format string, args ...any) *aws.Error { return api.ErrNotFoundException(format, args...) }

func conflict(format string, args ...any) *aws.Error {
	return api.ErrConflictException(format, args...)
}

// unbuilt refuses a setting that the service could not act by.
func unbuilt(setting string) *aws.Error {
	e := aws.NotImplemented("apigateway", setting)
	e.Message = "Brume does not implement " + setting + " of REST APIs yet. Leave it out, or see the README of service/apigateway."
	return e
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// or is *p, or another value where there is none.
func or[T any](p *T, other T) T {
	if p != nil {
		return *p
	}
	return other
}

// view runs fn on the API with an id.
func (s *Service) view(ctx context.Context, id string, fn func(tx kv.Tx, a address) error) error {
	a := at(ctx, id)
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if err := a.check(tx); err != nil {
			return err
		}
		return fn(tx, a)
	})
}

// update is view for operations that write.
func (s *Service) update(ctx context.Context, id string, fn func(tx kv.Tx, a address) error) error {
	a := at(ctx, id)
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if err := a.check(tx); err != nil {
			return err
		}
		return fn(tx, a)
	})
}

// within is view for a part of an API: of one that is not there AWS says that the part
// is not there.
func (s *Service) within(ctx context.Context, id string, fn func(tx kv.Tx, a address) error) error {
	return kv.View(ctx, s.Store, func(tx kv.Tx) error { return fn(tx, at(ctx, id)) })
}

// change is within for operations that write.
func (s *Service) change(ctx context.Context, id string, fn func(tx kv.Tx, a address) error) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error { return fn(tx, at(ctx, id)) })
}

// check returns the error for an API that is not there.
func (a address) check(tx kv.Tx) error {
	if !restAPIs.rows.Has(tx, a.key()) {
		return a.missing()
	}
	return nil
}

func (a address) missing() error {
	return missing("Invalid API identifier specified %s:%s", a.Account, a.API)
}
