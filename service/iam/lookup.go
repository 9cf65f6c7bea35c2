package iam

import (
	"context"
	"strings"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Role is what others need to know of a role: STS to let it be assumed,
// services to act in it.
type Role struct {
	ARN        string
	ID         string
	Name       string
	Account    aws.Account
	Trust      string // the trust policy
	MaxSession time.Duration
	Tags       map[string]string
}

// Role finds a role by ARN, in whatever account.
func (s *Service) Role(ctx context.Context, arn string) (out Role, ok bool, err error) {
	a, full, named := resource(arn, "role/")
	if !named {
		return out, false, nil
	}
	err = s.viewIn(ctx, scopeIn(a.Account, a.Partition), func(t *tx) error {
		r, found := find(t, &roles, last(full))
		if ok = found && r.full() == "/"+full; ok {
			out = t.lookupRole(r)
		}
		return nil
	})
	return out, ok, err
}

func (t *tx) lookupRole(r *role) Role {
	return Role{
		ARN: t.roleARN(r), ID: r.ID, Name: r.Name, Account: t.Account, Trust: r.Trust, MaxSession: r.MaxSession, Tags: tagMap(r.Tags),
	}
}

// ProfileRole finds the role of an instance profile, given by ARN or, in the
// account of the call, by name. ok is false when there is no such profile; the
// Role is empty when it has none.
func (s *Service) ProfileRole(ctx context.Context, profile string) (out Role, ok bool, err error) {
	sc := scopeOf(aws.CallFrom(ctx))
	if a, full, named := resource(profile, "instance-profile/"); named {
		sc, profile = scopeIn(a.Account, a.Partition), last(full)
	}
	err = s.viewIn(ctx, sc, func(t *tx) error {
		p, found := find(t, &profiles, profile)
		if ok = found; !ok || p.RoleID == "" {
			return nil
		}
		if r, found := get(t, &roles, p.RoleID); found {
			out = t.lookupRole(r)
		}
		return nil
	})
	return out, ok, err
}

// ManagedPolicy gives the document of a managed policy that an account may use:
// its own or one of AWS's.
func (s *Service) ManagedPolicy(ctx context.Context, account aws.Account, arn string) (document string, ok bool, err error) {
	err = s.viewIn(ctx, scopeIn(account, partitionIn(arn)), func(t *tx) error {
		m, found := t.managed(arn)
		if ok = found; ok {
			document = m.Document
		}
		return nil
	})
	return document, ok, err
}

// Provider is an OpenID Connect provider that an account trusts.
type Provider struct {
	ARN       string
	Issuer    string // the URL, with scheme
	ClientIDs []string
}

// Provider finds the provider with an issuer's URL in an account.
func (s *Service) Provider(ctx context.Context, account aws.Account, issuer string) (out Provider, ok bool, err error) {
	_, bare, _ := strings.Cut(issuer, "://")
	sc := scopeIn(account, aws.CallFrom(ctx).Region.Partition())
	err = s.viewIn(ctx, sc, func(t *tx) error {
		p, found := oidcProviders.Get(t.Tx, t.oidcKey(strings.TrimSuffix(bare, "/")))
		if ok = found; ok {
			out = Provider{ARN: t.arn(oidcResource + p.URL), Issuer: p.Scheme + "://" + p.URL, ClientIDs: p.ClientIDs}
		}
		return nil
	})
	return out, ok, err
}

// VerifyMFA checks a code of a device that the caller, a user or root, has.
// Each code works once.
func (s *Service) VerifyMFA(ctx context.Context, caller *aws.Caller, serial, code string) (ok bool, err error) {
	id := caller.UserID
	if caller.Kind == aws.Root {
		id = ""
	}
	sc := scopeIn(caller.Account, partitionIn(caller.ARN))
	err = kv.Update(ctx, s.Store, func(k kv.Tx) error {
		t := &tx{k, sc, s}
		d, found := devices.Get(k, t.deviceKey(serial))
		ok = found && d.Enabled && d.UserID == id && d.accept(t.Now(), code)
		if ok {
			t.putDevice(d)
		}
		return nil
	})
	return ok, err
}

// resource splits the ARN of an IAM resource whose kind is prefix.
func resource(arn, prefix string) (a aws.ARN, full string, ok bool) {
	a, err := aws.ParseARN(arn)
	if err != nil || a.Service != "iam" {
		return a, "", false
	}
	full, ok = strings.CutPrefix(a.Resource, prefix)
	return a, full, ok
}

// last is the name at the end of path/name.
func last(full string) string { return full[strings.LastIndexByte(full, '/')+1:] }
