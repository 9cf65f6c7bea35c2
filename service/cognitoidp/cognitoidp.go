// Package cognitoidp is Amazon Cognito user pools: directories of users who sign
// up, sign in and get tokens, and the clients that they do it with.
//
// # Where things live
//
// A pool is a row in its account and region, and so is each of its clients,
// users, groups and sessions, whose keys begin with the pool's id. What a client
// without credentials sends names a client or a pool only: the table of places
// tells in which account and region they are.
//
// Settings are kept as the documents that DescribeUserPool and
// DescribeUserPoolClient return, in JSON, because nothing but this service and
// its callers reads them.
//
// # Passwords
//
// What is kept of a password is a salt and the verifier of the secure remote
// password protocol (srp.go), which signing in by password checks as well.
//
// Differences from AWS are in the README.
package cognitoidp

import (
	"context"
	"net/http"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/kv"
)

// Deps are what the service stands on.
type Deps struct {
	Store  kv.Store
	Random aws.Random // ids, keys, codes, secrets

	Endpoint func(aws.Region) string // the URL of this cloud, in the issuer of tokens

	Via  aws.Invoker  // the way to pools' functions
	HTTP *http.Client // the way to other identity providers

	// Post keeps a message for a user where a developer can read it.
	Post func(ctx context.Context, tx kv.Tx, sc kv.Scope, l *Letter)
}

// Service implements the API. What it does not override answers NotImplemented.
type Service struct {
	cognitoidp.Unimplemented
	Deps
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d} }

// Invalid says in Cognito's words what is wrong with a request.
func Invalid(_ *schema.Operation, v *wire.Invalid) *aws.Error {
	return v.WithCode("InvalidParameterException")
}

func invalid(format string, args ...any) *aws.Error {
	return cognitoidp.ErrInvalidParameterException(&cognitoidp.InvalidParameterException{}, format, args...)
}

// unbuilt refuses a setting that Brume could not keep to.
func unbuilt(setting string) *aws.Error {
	e := aws.NotImplemented("cognito-idp", setting)
	e.Status = http.StatusNotImplemented
	e.Message = "Brume does not implement " + setting + " of user pools yet. Leave it out, or see the README of service/cognitoidp."
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

// or is what p points to, or a default for what was left out.
func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
