package iam

import (
	"context"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
)

// AttachUserPolicy attaches a managed policy to a user.
func (s *Service) AttachUserPolicy(ctx context.Context, in *api.AttachUserPolicyInput) (*api.AttachUserPolicyOutput, error) {
	return &api.AttachUserPolicyOutput{}, s.attach(ctx, (*tx).userHolder, in.UserName, in.PolicyArn)
}

// AttachGroupPolicy attaches a managed policy to a group.
func (s *Service) AttachGroupPolicy(ctx context.Context, in *api.AttachGroupPolicyInput) (*api.AttachGroupPolicyOutput, error) {
	return &api.AttachGroupPolicyOutput{}, s.attach(ctx, (*tx).groupHolder, in.GroupName, in.PolicyArn)
}

// AttachRolePolicy attaches a managed policy to a role.
func (s *Service) AttachRolePolicy(ctx context.Context, in *api.AttachRolePolicyInput) (*api.AttachRolePolicyOutput, error) {
	return &api.AttachRolePolicyOutput{}, s.attach(ctx, (*tx).ownRoleHolder, in.RoleName, in.PolicyArn)
}

// serviceRolePath begins the paths of policies that only service-linked roles have.
const serviceRolePath = "/aws-service-role/"

func (s *Service) attach(ctx context.Context, find seek, name, arn string) error {
	return s.update(ctx, func(t *tx) error {
		h, err := find(t, name)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(arn, "arn:") {
			return invalid("ARN %s is not valid.", arn)
		}
		m, ok := t.managed(arn)
		if !ok {
			return api.ErrNoSuchEntityException("Policy %s does not exist or is not attachable.", arn)
		}
		if m.AWS && strings.HasPrefix(m.Path, serviceRolePath) {
			return api.ErrPolicyNotAttachableException("Cannot attach a Service Role Policy to a Customer Role.")
		}
		if _, ok := t.grant(h.id, grantManaged, m.ref()); ok {
			return nil
		}
		if t.countGrants(h.id, grantManaged) >= maxAttached {
			return exceeded("PoliciesPer"+strings.ToUpper(h.kind[:1])+h.kind[1:], maxAttached)
		}
		t.give(h.id, &grant{Kind: grantManaged, Name: m.Name, Target: m.ref(), ARN: arn})
		return nil
	})
}

// DetachUserPolicy detaches a managed policy from a user.
func (s *Service) DetachUserPolicy(ctx context.Context, in *api.DetachUserPolicyInput) (*api.DetachUserPolicyOutput, error) {
	return &api.DetachUserPolicyOutput{}, s.detach(ctx, (*tx).userHolder, in.UserName, in.PolicyArn)
}

// DetachGroupPolicy detaches a managed policy from a group.
func (s *Service) DetachGroupPolicy(ctx context.Context, in *api.DetachGroupPolicyInput) (*api.DetachGroupPolicyOutput, error) {
	return &api.DetachGroupPolicyOutput{}, s.detach(ctx, (*tx).groupHolder, in.GroupName, in.PolicyArn)
}

// DetachRolePolicy detaches a managed policy from a role.
func (s *Service) DetachRolePolicy(ctx context.Context, in *api.DetachRolePolicyInput) (*api.DetachRolePolicyOutput, error) {
	return &api.DetachRolePolicyOutput{}, s.detach(ctx, (*tx).ownRoleHolder, in.RoleName, in.PolicyArn)
}

func (s *Service) detach(ctx context.Context, find seek, name, arn string) error {
	return s.update(ctx, func(t *tx) error {
		h, err := find(t, name)
		if err != nil {
			return err
		}
		if m, ok := t.managed(arn); !ok || !t.take(h.id, grantManaged, m.ref()) {
			return api.ErrNoSuchEntityException("Policy %s was not found.", arn)
		}
		return nil
	})
}

// ListAttachedUserPolicies lists the managed policies of a user.
func (s *Service) ListAttachedUserPolicies(ctx context.Context, in *api.ListAttachedUserPoliciesInput) (*api.ListAttachedUserPoliciesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	l, err := s.listAttached(ctx, (*tx).userHolder, attachedQuery{in.UserName, in.PathPrefix, p})
	return &api.ListAttachedUserPoliciesOutput{AttachedPolicies: l.items, IsTruncated: l.more, Marker: l.marker}, err
}

// ListAttachedGroupPolicies lists the managed policies of a group.
func (s *Service) ListAttachedGroupPolicies(ctx context.Context, in *api.ListAttachedGroupPoliciesInput) (*api.ListAttachedGroupPoliciesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	l, err := s.listAttached(ctx, (*tx).groupHolder, attachedQuery{in.GroupName, in.PathPrefix, p})
	return &api.ListAttachedGroupPoliciesOutput{AttachedPolicies: l.items, IsTruncated: l.more, Marker: l.marker}, err
}

// ListAttachedRolePolicies lists the managed policies of a role.
func (s *Service) ListAttachedRolePolicies(ctx context.Context, in *api.ListAttachedRolePoliciesInput) (*api.ListAttachedRolePoliciesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	l, err := s.listAttached(ctx, (*tx).roleHolder, attachedQuery{in.RoleName, in.PathPrefix, p})
	return &api.ListAttachedRolePoliciesOutput{AttachedPolicies: l.items, IsTruncated: l.more, Marker: l.marker}, err
}

// attachedQuery is what the ListAttached… operations ask.
type attachedQuery struct {
	holder     string
	pathPrefix *string
	page       page
}

func (s *Service) listAttached(ctx context.Context, find seek, q attachedQuery) (out part[api.AttachedPolicy], err error) {
	err = s.view(ctx, func(t *tx) error {
		h, err := find(t, q.holder)
		if err != nil {
			return err
		}
		out = walk(t.grantListing(h.id, grantManaged), q.page, func(g *grant) (api.AttachedPolicy, bool) {
			return showAttached(g), below(policyPath(g.ARN), q.pathPrefix)
		})
		return nil
	})
	return out, err
}

// policyPath is the path in a policy's ARN.
func policyPath(arn string) string {
	_, full, _ := strings.Cut(arn, ":policy")
	return full[:strings.LastIndexByte(full, '/')+1]
}

func showAttached(g *grant) api.AttachedPolicy {
	return api.AttachedPolicy{PolicyName: &g.Name, PolicyArn: &g.ARN}
}
