// Package cognitoidentity is Amazon Cognito identity pools: AWS credentials for
// people, who sign in with a user pool, with a developer's own server, or not at all.
//
// # Where things live
//
// A pool is a row in its account and region, and so is each of its identities and
// each login that an identity is known by. What an app without credentials sends
// names a pool or an identity only: the table of places tells where they are.
//
// # How credentials come about
//
// An identity gets a token, signed with a key of this service, that says which
// pool it is of and how it signed in. Security Token Service takes the token for a
// role that trusts cognito-identity.amazonaws.com, as it takes any web identity.
//
// Differences from AWS are in the README.
package cognitoidentity

import (
	"context"
	"net/http"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/kv"
)

// UserPools is what the service asks of user pools.
type UserPools interface {
	// Keys returns the JSON Web Key Set of the pool that an issuer is.
	Keys(ctx context.Context, issuer string) (jwks []byte, ok bool, err error)
	// SignedIn reports whether a sign-in of a user still holds: neither signed out,
	// nor disabled or deleted.
	SignedIn(ctx context.Context, issuer, sub, origin string) (bool, error)
}

// Deps are what the service stands on.
type Deps struct {
	Store  kv.Store
	Random aws.Random // ids, keys
	Via    aws.Invoker
	Pools  UserPools
}

// Service implements the API. What it does not override answers NotImplemented.
type Service struct {
	cognitoidentity.Unimplemented
	Deps
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d} }

// Invalid says in Cognito's words what is wrong with a request.
func Invalid(_ *schema.Operation, v *wire.Invalid) *aws.Error {
	return v.WithCode("InvalidParameterException")
}

func invalid(format string, args ...any) *aws.Error {
	return cognitoidentity.ErrInvalidParameterException(format, args...)
}

func refused(format string, args ...any) *aws.Error {
	return cognitoidentity.ErrNotAuthorizedException(format, args...)
}

// unbuilt refuses a setting that Brume could not keep to.
func unbuilt(setting string) *aws.Error {
	e := aws.NotImplemented("cognito-identity", setting)
	e.Status = http.StatusNotImplemented
	e.Message = "Brume does not implement " + setting + " of identity pools yet. Leave it out, or see the README of service/cognitoidentity."
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
