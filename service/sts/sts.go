// Package sts is the AWS Security Token Service: temporary credentials.
//
// The service decides by itself who may assume a role: a role's trust policy is
// evaluated here, together with the caller's own policies, and nowhere else.
// The gateway is told that these operations need nothing (access.go).
//
// A session is one row, below its account and keyed by the access key id, which
// tells the account. It holds for all regions. Rows that are long over are
// removed in the order in which they ended, a few whenever one is made
// (session.go), so there is no job and nothing grows for ever.
//
// The README lists what differs from AWS.
package sts

import (
	"context"
	"net/http"
	"time"

	api "github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/jwt"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/state/kv"
)

// Role is a role as STS needs to know it.
type Role struct {
	ARN        string
	ID         string // AROA…
	Name       string
	Account    aws.Account
	Trust      string // the trust policy
	MaxSession time.Duration
	Tags       map[string]string
}

// Provider is an OpenID Connect provider that an account trusts.
type Provider struct {
	ARN       string
	Issuer    string // the URL, with scheme
	ClientIDs []string
}

// Directory is what STS asks of IAM.
type Directory interface {
	// Role finds a role by ARN, in whatever account.
	Role(ctx context.Context, arn string) (Role, bool, error)
	// Policies adds the policies of caller to r: Identity, Boundary and Session.
	Policies(ctx context.Context, caller *aws.Caller, r *policy.Request) error
	// ManagedPolicy gives the document of a managed policy that account may use.
	ManagedPolicy(ctx context.Context, account aws.Account, arn string) (document string, ok bool, err error)
	// Provider finds the provider with an issuer's URL in an account.
	Provider(ctx context.Context, account aws.Account, issuer string) (Provider, bool, error)
	// VerifyMFA checks a code of a device that caller has.
	VerifyMFA(ctx context.Context, caller *aws.Caller, serial, code string) (bool, error)
}

// Deps are what the service stands on.
type Deps struct {
	Store     kv.Store
	Random    aws.Random
	Policies  *policy.Cache // parsed documents, shared with the gateway
	Directory Directory
	Issuers   *jwt.Issuers // the keys of OpenID Connect providers
}

// Service implements api.Service. Make it with New.
type Service struct {
	api.Unimplemented
	Deps
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d} }

// invalid is a request that breaks a rule that no model states.
func invalid(format string, args ...any) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, "ValidationError", format, args...)
}

func denied(format string, args ...any) *aws.Error {
	return aws.Errorf(http.StatusForbidden, "AccessDenied", format, args...)
}

// unsigned is the refusal of a caller who does not say who they are.
func unsigned() *aws.Error {
	return aws.Errorf(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
}

// or is what p points to, or otherwise where it is nil.
func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
