package iam

import (
	"context"
	"slices"
	"strconv"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/state/kv"
)

// CreatePolicyVersion adds a version to a policy.
func (s *Service) CreatePolicyVersion(ctx context.Context, in *api.CreatePolicyVersionInput) (*api.CreatePolicyVersionOutput, error) {
	if err := s.checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	var out api.CreatePolicyVersionOutput
	err := s.update(ctx, func(t *tx) error {
		m, err := t.ownPolicy(in.PolicyArn)
		if err != nil {
			return err
		}
		if len(t.versionsOf(m)) >= maxVersions {
			return api.ErrLimitExceededException("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		v := t.addVersion(m, in.PolicyDocument, or(in.SetAsDefault, false))
		shown := showVersion(m, v)
		shown.Document = nil // AWS: "CreatePolicyVersion" does not repeat it
		out.PolicyVersion = &shown
		return nil
	})
	return &out, err
}

// GetPolicyVersion gives one version with its document.
func (s *Service) GetPolicyVersion(ctx context.Context, in *api.GetPolicyVersionInput) (*api.GetPolicyVersionOutput, error) {
	var out api.GetPolicyVersionOutput
	err := s.view(ctx, func(t *tx) error {
		m, v, err := t.version(in.PolicyArn, in.VersionId)
		if err == nil {
			out.PolicyVersion = new(showVersion(m, v))
		}
		return err
	})
	return &out, err
}

// ListPolicyVersions lists the versions of a policy, newest first.
func (s *Service) ListPolicyVersions(ctx context.Context, in *api.ListPolicyVersionsInput) (*api.ListPolicyVersionsOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.PolicyVersion]
	err = s.view(ctx, func(t *tx) error {
		m, err := t.policy(in.PolicyArn)
		if err != nil {
			return err
		}
		var all []api.PolicyVersion
		for _, v := range t.versionsOf(m) {
			shown := showVersion(m, v)
			shown.Document = nil // AWS: "ListPolicyVersions" leaves it out
			all = append(all, shown)
		}
		out, err = slice(all, p)
		return err
	})
	return &api.ListPolicyVersionsOutput{Versions: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// SetDefaultPolicyVersion puts another version in force.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, in *api.SetDefaultPolicyVersionInput) (*api.SetDefaultPolicyVersionOutput, error) {
	return &api.SetDefaultPolicyVersionOutput{}, s.update(ctx, func(t *tx) error {
		if _, err := t.ownPolicy(in.PolicyArn); err != nil {
			return err
		}
		m, v, err := t.version(in.PolicyArn, in.VersionId)
		if err != nil {
			return err
		}
		m.Default, m.Document, m.Updated = v.Number, v.Document, t.Now()
		policies.Put(t.Tx, t.policyKey(m.Name), m)
		return nil
	})
}

// DeletePolicyVersion removes a version that is not in force.
func (s *Service) DeletePolicyVersion(ctx context.Context, in *api.DeletePolicyVersionInput) (*api.DeletePolicyVersionOutput, error) {
	return &api.DeletePolicyVersionOutput{}, s.update(ctx, func(t *tx) error {
		if _, err := t.ownPolicy(in.PolicyArn); err != nil {
			return err
		}
		m, v, err := t.version(in.PolicyArn, in.VersionId)
		if err != nil {
			return err
		}
		if v.Number == m.Default {
			return api.ErrDeleteConflictException("Cannot delete the default version of a policy.")
		}
		versions.Delete(t.Tx, t.versionKey(m, v.Number))
		return nil
	})
}

// addVersion stores the next version of a policy, and the policy. The first
// version is the default in any case.
func (t *tx) addVersion(m *managedPolicy, document string, inForce bool) *version {
	m.Newest++
	v := &version{Number: m.Newest, Document: document, Created: t.Now()}
	if inForce {
		m.Default, m.Document, m.Updated = v.Number, document, t.Now()
	}
	versions.Put(t.Tx, t.versionKey(m, v.Number), v)
	policies.Put(t.Tx, t.policyKey(m.Name), m)
	return v
}

func (t *tx) versionKey(m *managedPolicy, number int) kv.Key {
	return versions.Key(t.Scope, kv.String(m.ref()), kv.Uint(uint64(number)))
}

// versionsOf are a policy's versions, newest first. Of AWS's own policies only
// the one in force is known.
func (t *tx) versionsOf(m *managedPolicy) (out []*version) {
	if m.AWS {
		return []*version{{Number: m.Default, Document: m.Document, Created: m.Updated}}
	}
	for _, v := range versions.Scan(t.Tx, kv.Prefix(versions.Prefix(t.Scope, kv.String(m.ref())))) {
		out = append(out, v)
	}
	slices.Reverse(out)
	return out
}

func (t *tx) version(arn, id string) (*managedPolicy, *version, error) {
	m, err := t.policy(arn)
	if err != nil {
		return nil, nil, err
	}
	for _, v := range t.versionsOf(m) {
		if versionID(v.Number) == id {
			return m, v, nil
		}
	}
	return nil, nil, api.ErrNoSuchEntityException("Policy %s version %s does not exist or is not attachable.", arn, id)
}

func versionID(number int) string { return "v" + strconv.Itoa(number) }

func showVersion(m *managedPolicy, v *version) api.PolicyVersion {
	return api.PolicyVersion{
		Document: new(encode(v.Document)), VersionId: new(versionID(v.Number)), IsDefaultVersion: new(v.Number == m.Default), CreateDate: &v.Created,
	}
}
