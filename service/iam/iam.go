// Package iam is AWS Identity and Access Management: users, groups, roles,
// policies, and the credentials and providers that stand for them.
//
// Beside its API it answers the two questions that every call in the cloud
// asks: whose key is this (Identity), and what may its owner do (Policies).
// Both are made to cost a few reads: whatever grants something to a principal
// (boundary, group membership, inline policy, managed policy) is a row below
// the principal's own prefix, so that one short scan finds it all.
//
// Keys, each below account and aws-global (see tables.go):
//
//	iam.user, iam.group, iam.role, iam.profile, iam.certificate   unique id
//	iam.grant      holder's unique id, kind, name
//	iam.policy     name in lower case; iam.version adds the version
//	iam.accesskey  access key id, which tells its account, as AWS's do
//
// Rows refer to each other by unique id, so renaming touches one row.
//
// It differs from AWS in that all is visible at once: there is no delay
// between a change and its effect. The README lists the rest.
package iam

import (
	"context"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/front/policy/managed"
	"github.com/brume-cloud/brume/state/kv"
)

// Deps are what the service stands on.
type Deps struct {
	Store    kv.Store
	Random   aws.Random
	Policies *policy.Cache // parsed documents, shared with the gateway
}

// Service implements api.Service. Make it with New.
type Service struct {
	api.Unimplemented
	Deps
	catalog managed.Catalog // AWS's own policies; constants, and a cache of them
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d} }

// tx is a transaction on one account.
type tx struct {
	kv.Tx
	kv.Scope
	*Service
}

// update runs fn on the account of the call that ctx carries.
func (s *Service) update(ctx context.Context, fn func(*tx) error) error {
	sc := scopeOf(aws.CallFrom(ctx))
	return kv.Update(ctx, s.Store, func(t kv.Tx) error { return fn(&tx{t, sc, s}) })
}

// view is update without writing.
func (s *Service) view(ctx context.Context, fn func(*tx) error) error {
	return s.viewIn(ctx, scopeOf(aws.CallFrom(ctx)), fn)
}

func (s *Service) viewIn(ctx context.Context, sc kv.Scope, fn func(*tx) error) error {
	return kv.View(ctx, s.Store, func(t kv.Tx) error { return fn(&tx{t, sc, s}) })
}

func scopeOf(call *aws.Call) kv.Scope {
	return kv.Scope{Account: call.Account, Region: call.Region.Global()}
}

// scopeIn is where the state of an account in a partition is kept.
func scopeIn(account aws.Account, partition string) kv.Scope {
	if partition == "aws" {
		return kv.Scope{Account: account, Region: aws.Global}
	}
	return kv.Scope{Account: account, Region: aws.Region(partition + "-global")}
}

// partition is the partition of the account.
func (t *tx) partition() string { return t.Region.Partition() }

// arn names a resource of the account, such as user/path/name.
func (t *tx) arn(resource string) string {
	return "arn:" + t.partition() + ":iam::" + string(t.Account) + ":" + resource
}

// or is what p points to, or otherwise where it is nil.
func or[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// filled is a pointer to s, nil for an empty s.
func filled(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
