package sts

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
)

// assumption is an attempt to assume a role.
type assumption struct {
	action string // sts:AssumeRole and its kind
	role   Role
	caller aws.Caller // as trust policies see it
	name   string     // of the session
	limits limits
	source string            // source identity
	keys   policy.Map        // condition keys of the request
	chain  *session          // the caller's session, when it is a role's
	tags   map[string]string // of the new session, with inherited ones
	trans  []string          // keys of those that are inherited further
	last   time.Duration
}

// AssumeRole gives a session of a role to whom the role trusts.
func (s *Service) AssumeRole(ctx context.Context, in *api.AssumeRoleInput) (*api.AssumeRoleOutput, error) {
	call := aws.CallFrom(ctx)
	if call.Caller.Kind == aws.Anonymous {
		return nil, unsigned()
	}
	if call.Caller.Kind == aws.FederatedUser {
		return nil, denied("Cannot call AssumeRole with federated user credentials") // AWS: "Compare AWS STS credentials"
	}
	if call.Caller.Kind == aws.Root && issued(call.Caller.AccessKeyID) {
		return nil, denied("Roles may not be assumed by root accounts.") // AWS: "AssumeRole"
	}
	a := &assumption{
		action: "sts:AssumeRole", caller: call.Caller, name: in.RoleSessionName, source: or(in.SourceIdentity, ""),
		limits: limits{policy: in.Policy, arns: in.PolicyArns, tags: in.Tags, transitive: in.TransitiveTagKeys},
		keys:   policy.Map{},
	}
	if in.ExternalId != nil {
		a.keys["sts:externalid"] = policy.One(*in.ExternalId)
	}
	var err error
	if a.role, err = s.roleFor(ctx, a, in.RoleArn); err != nil {
		return nil, err
	}
	if err := s.proveMFA(ctx, a, in.SerialNumber, in.TokenCode); err != nil {
		return nil, err
	}
	if err := s.inherit(ctx, a); err != nil {
		return nil, err
	}
	credentials, user, packed, err := s.assume(ctx, a, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	out := &api.AssumeRoleOutput{Credentials: credentials, AssumedRoleUser: user, PackedPolicySize: packed}
	if a.source != "" {
		out.SourceIdentity = &a.source
	}
	return out, nil
}

// issued reports whether IAM or STS made an access key. Root with any other key
// is root for want of anything better, and not held to root's limits.
func issued(accessKeyID string) bool {
	return len(accessKeyID) == 20 && (strings.HasPrefix(accessKeyID, "AKIA") || strings.HasPrefix(accessKeyID, temporaryKey))
}

// roleFor finds the role. AWS: one that does not exist is refused as one that
// may not be assumed.
func (s *Service) roleFor(ctx context.Context, a *assumption, arn string) (Role, error) {
	parsed, err := aws.ParseARN(arn)
	if err != nil || parsed.Service != "iam" || !strings.HasPrefix(parsed.Resource, "role/") {
		return Role{}, invalid("%s is invalid", arn)
	}
	role, ok, err := s.Directory.Role(ctx, arn)
	if err == nil && !ok {
		if a.caller.Kind == aws.Anonymous {
			return role, denied("Not authorized to perform %s", a.action)
		}
		return role, denied("User: %s is not authorized to perform: %s on resource: %s", a.caller.ARN, a.action, arn)
	}
	return role, err
}

// proveMFA notes that the caller has shown a device, for the conditions.
func (s *Service) proveMFA(ctx context.Context, a *assumption, serial, code *string) error {
	if serial == nil && code == nil {
		return nil
	}
	if serial == nil || code == nil {
		return denied("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.")
	}
	ok, err := s.Directory.VerifyMFA(ctx, &a.caller, *serial, *code)
	if err != nil {
		return err
	}
	if !ok {
		return denied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
	}
	proven := aws.Session{}
	if a.caller.Session != nil {
		proven = *a.caller.Session
	}
	proven.MFA = true
	a.caller.Session = &proven
	a.keys["aws:multifactorauthage"] = policy.One("0")
	return nil
}

// inherit takes over what a chained session passes on: transitive tags and the
// source identity.
// AWS: "Pass session tags in AWS STS", chaining roles with session tags;
// "Monitor and control actions taken with assumed roles".
func (s *Service) inherit(ctx context.Context, a *assumption) error {
	a.tags, a.trans = tagMap(a.limits.tags), a.limits.transitive
	if a.caller.Kind != aws.AssumedRole {
		return nil
	}
	row, err := s.current(ctx, &a.caller)
	if err != nil || row == nil {
		return err
	}
	a.chain = row
	for _, key := range row.Transitive {
		for name := range a.tags {
			if strings.EqualFold(name, key) {
				return denied("The session tag %s is transitive and was set before: it cannot be set again.", name)
			}
		}
		if a.tags == nil {
			a.tags = map[string]string{}
		}
		a.tags[key] = row.SessionTags[key]
		a.trans = append(a.trans, key)
	}
	if row.SourceIdentity != "" {
		if a.source != "" && a.source != row.SourceIdentity {
			return denied("The source identity was set before and cannot be changed.")
		}
		a.source = row.SourceIdentity
	}
	return nil
}

// assume checks that the role may be assumed and makes the session.
func (s *Service) assume(ctx context.Context, a *assumption, seconds *int32) (*api.Credentials, *api.AssumedRoleUser, *int32, error) {
	if err := a.duration(seconds); err != nil {
		return nil, nil, nil, err
	}
	a.limits.account = a.role.Account
	documents, packed, err := s.documents(ctx, &a.limits)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := s.trusted(ctx, a); err != nil {
		return nil, nil, nil, err
	}
	partition, _, _ := strings.Cut(strings.TrimPrefix(a.role.ARN, "arn:"), ":")
	row := &session{
		Kind: uint8(aws.AssumedRole), UserID: a.role.ID + ":" + a.name, Tags: a.role.Tags, Role: a.role.ARN,
		ARN:      "arn:" + partition + ":sts::" + string(a.role.Account) + ":assumed-role/" + a.role.Name + "/" + a.name,
		Policies: documents, SourceIdentity: a.source, SessionTags: a.tags, Transitive: a.trans,
	}
	if c := a.caller.Session; c != nil {
		row.MFA = c.MFA
		if a.caller.Kind == aws.Anonymous {
			row.Federated, row.Claims = c.Federated, c.Claims
		}
	}
	credentials, err := s.issue(ctx, a.role.Account, row, a.last)
	return credentials, &api.AssumedRoleUser{Arn: row.ARN, AssumedRoleId: row.UserID}, packed, err
}

// duration decides how long the session lasts.
func (a *assumption) duration(seconds *int32) error {
	a.last = roleDefault
	if seconds == nil {
		return nil
	}
	a.last = time.Duration(*seconds) * time.Second
	switch {
	case a.caller.Kind == aws.AssumedRole && a.last > chainLimit:
		return invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	case a.last > a.role.MaxSession:
		return invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// trusted evaluates the trust policy and the caller's own policies, for each
// action that the request comes down to.
func (s *Service) trusted(ctx context.Context, a *assumption) error {
	trust, err := s.Deps.Policies.Get(a.role.Trust, policy.Trust)
	if err != nil {
		return err
	}
	a.conditions()
	r := policy.Request{
		Caller: &a.caller, Resource: a.role.ARN, ResourceAccount: a.role.Account, Attached: policy.Source{Name: a.role.ARN, Policy: trust},
		AttachedRequired: true, Context: policy.OfCall(aws.CallFrom(ctx), a.keys),
	}
	if err := s.Directory.Policies(ctx, &a.caller, &r); err != nil {
		return err
	}
	actions := []string{a.action}
	if len(a.tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if a.source != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, r.Action = range actions {
		if d := policy.Evaluate(&r); !d.Allowed {
			if a.caller.Kind == aws.Anonymous {
				return denied("Not authorized to perform %s", r.Action)
			}
			return denied("%s", d.Message())
		}
	}
	return nil
}

// conditions adds the condition keys of STS.
// AWS: "IAM and AWS STS condition context keys".
func (a *assumption) conditions() {
	a.keys["sts:rolesessionname"] = policy.One(a.name)
	if a.source != "" {
		a.keys["sts:sourceidentity"] = policy.One(a.source)
	}
	if len(a.trans) > 0 {
		a.keys["sts:transitivetagkeys"] = policy.Many(a.trans)
	}
	if len(a.tags) > 0 {
		a.keys["aws:tagkeys"] = policy.Many(slices.Sorted(maps.Keys(a.tags)))
	}
	for key, value := range a.tags {
		a.keys["aws:requesttag/"+strings.ToLower(key)] = policy.One(value)
	}
	for key, value := range a.role.Tags {
		a.keys["aws:resourcetag/"+strings.ToLower(key)] = policy.One(value)
		a.keys["iam:resourcetag/"+strings.ToLower(key)] = policy.One(value)
	}
}
