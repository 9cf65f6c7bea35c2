package iam

import (
	"context"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/state/kv"
)

// holder is a user, group or role as the operations on its policies see it.
type holder struct {
	id, name string
	kind     string // user, group, role
}

// inlineLimit is how long a holder's inline policies may be together.
func (h *holder) inlineLimit() int {
	switch h.kind {
	case "user":
		return maxUserInlineSize
	case "group":
		return maxGroupInlineSize
	}
	return maxRoleInlineSize
}

func (t *tx) userHolder(name string) (holder, error) {
	u, err := t.user(name)
	if err != nil {
		return holder{}, err
	}
	return holder{u.ID, u.Name, "user"}, nil
}

func (t *tx) groupHolder(name string) (holder, error) {
	g, err := t.group(name)
	if err != nil {
		return holder{}, err
	}
	return holder{g.ID, g.Name, "group"}, nil
}

func (t *tx) roleHolder(name string) (holder, error) {
	r, err := t.role(name)
	if err != nil {
		return holder{}, err
	}
	return holder{r.ID, r.Name, "role"}, nil
}

// ownRoleHolder is roleHolder for a change, which service-linked roles refuse.
func (t *tx) ownRoleHolder(name string) (holder, error) {
	r, err := t.ownRole(name)
	if err != nil {
		return holder{}, err
	}
	return holder{r.ID, r.Name, "role"}, nil
}

// seek finds a holder by name.
type seek func(*tx, string) (holder, error)

// PutUserPolicy embeds a policy in a user, or replaces it.
func (s *Service) PutUserPolicy(ctx context.Context, in *api.PutUserPolicyInput) (*api.PutUserPolicyOutput, error) {
	return &api.PutUserPolicyOutput{}, s.putInline(ctx, (*tx).userHolder, in.UserName, &grant{Name: in.PolicyName, Document: in.PolicyDocument})
}

// PutGroupPolicy embeds a policy in a group, or replaces it.
func (s *Service) PutGroupPolicy(ctx context.Context, in *api.PutGroupPolicyInput) (*api.PutGroupPolicyOutput, error) {
	return &api.PutGroupPolicyOutput{}, s.putInline(ctx, (*tx).groupHolder, in.GroupName, &grant{Name: in.PolicyName, Document: in.PolicyDocument})
}

// PutRolePolicy embeds a policy in a role, or replaces it.
func (s *Service) PutRolePolicy(ctx context.Context, in *api.PutRolePolicyInput) (*api.PutRolePolicyOutput, error) {
	return &api.PutRolePolicyOutput{}, s.putInline(ctx, (*tx).ownRoleHolder, in.RoleName, &grant{Name: in.PolicyName, Document: in.PolicyDocument})
}

func (s *Service) putInline(ctx context.Context, find seek, name string, g *grant) error {
	if err := s.check(g.Document); err != nil {
		return err
	}
	g.Kind = grantInline
	return s.update(ctx, func(t *tx) error {
		h, err := find(t, name)
		if err != nil {
			return err
		}
		total := size(g.Document)
		for _, other := range t.grantsOf(h.id, grantInline) {
			if other.Name != g.Name {
				total += size(other.Document)
			}
		}
		if total > h.inlineLimit() {
			return api.ErrLimitExceededException("Maximum policy size of %d bytes exceeded for %s %s", h.inlineLimit(), h.kind, h.name)
		}
		t.give(h.id, g)
		return nil
	})
}

// GetUserPolicy gives a policy embedded in a user.
func (s *Service) GetUserPolicy(ctx context.Context, in *api.GetUserPolicyInput) (*api.GetUserPolicyOutput, error) {
	h, g, err := s.getInline(ctx, (*tx).userHolder, in.UserName, in.PolicyName)
	return &api.GetUserPolicyOutput{UserName: h.name, PolicyName: g.Name, PolicyDocument: encode(g.Document)}, err
}

// GetGroupPolicy gives a policy embedded in a group.
func (s *Service) GetGroupPolicy(ctx context.Context, in *api.GetGroupPolicyInput) (*api.GetGroupPolicyOutput, error) {
	h, g, err := s.getInline(ctx, (*tx).groupHolder, in.GroupName, in.PolicyName)
	return &api.GetGroupPolicyOutput{GroupName: h.name, PolicyName: g.Name, PolicyDocument: encode(g.Document)}, err
}

// GetRolePolicy gives a policy embedded in a role.
func (s *Service) GetRolePolicy(ctx context.Context, in *api.GetRolePolicyInput) (*api.GetRolePolicyOutput, error) {
	h, g, err := s.getInline(ctx, (*tx).roleHolder, in.RoleName, in.PolicyName)
	return &api.GetRolePolicyOutput{RoleName: h.name, PolicyName: g.Name, PolicyDocument: encode(g.Document)}, err
}

func (s *Service) getInline(ctx context.Context, find seek, name, policyName string) (h holder, g grant, err error) {
	err = s.view(ctx, func(t *tx) error {
		if h, err = find(t, name); err != nil {
			return err
		}
		found, ok := t.grant(h.id, grantInline, policyName)
		if !ok {
			return h.lacks(policyName)
		}
		g = *found
		return nil
	})
	return h, g, err
}

// lacks is the error of an inline policy that is not there.
func (h *holder) lacks(policyName string) error {
	return api.ErrNoSuchEntityException("The %s policy with name %s cannot be found.", h.kind, policyName)
}

// DeleteUserPolicy removes a policy embedded in a user.
func (s *Service) DeleteUserPolicy(ctx context.Context, in *api.DeleteUserPolicyInput) (*api.DeleteUserPolicyOutput, error) {
	return &api.DeleteUserPolicyOutput{}, s.deleteInline(ctx, (*tx).userHolder, in.UserName, in.PolicyName)
}

// DeleteGroupPolicy removes a policy embedded in a group.
func (s *Service) DeleteGroupPolicy(ctx context.Context, in *api.DeleteGroupPolicyInput) (*api.DeleteGroupPolicyOutput, error) {
	return &api.DeleteGroupPolicyOutput{}, s.deleteInline(ctx, (*tx).groupHolder, in.GroupName, in.PolicyName)
}

// DeleteRolePolicy removes a policy embedded in a role.
func (s *Service) DeleteRolePolicy(ctx context.Context, in *api.DeleteRolePolicyInput) (*api.DeleteRolePolicyOutput, error) {
	return &api.DeleteRolePolicyOutput{}, s.deleteInline(ctx, (*tx).ownRoleHolder, in.RoleName, in.PolicyName)
}

func (s *Service) deleteInline(ctx context.Context, find seek, name, policyName string) error {
	return s.update(ctx, func(t *tx) error {
		h, err := find(t, name)
		if err != nil {
			return err
		}
		if !t.take(h.id, grantInline, policyName) {
			return h.lacks(policyName)
		}
		return nil
	})
}

// ListUserPolicies lists the policies embedded in a user.
func (s *Service) ListUserPolicies(ctx context.Context, in *api.ListUserPoliciesInput) (*api.ListUserPoliciesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	names, err := s.listInline(ctx, (*tx).userHolder, in.UserName, p)
	return &api.ListUserPoliciesOutput{PolicyNames: names.items, IsTruncated: names.more, Marker: names.marker}, err
}

// ListGroupPolicies lists the policies embedded in a group.
func (s *Service) ListGroupPolicies(ctx context.Context, in *api.ListGroupPoliciesInput) (*api.ListGroupPoliciesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	names, err := s.listInline(ctx, (*tx).groupHolder, in.GroupName, p)
	return &api.ListGroupPoliciesOutput{PolicyNames: names.items, IsTruncated: names.more, Marker: names.marker}, err
}

// ListRolePolicies lists the policies embedded in a role.
func (s *Service) ListRolePolicies(ctx context.Context, in *api.ListRolePoliciesInput) (*api.ListRolePoliciesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	names, err := s.listInline(ctx, (*tx).roleHolder, in.RoleName, p)
	return &api.ListRolePoliciesOutput{PolicyNames: names.items, IsTruncated: names.more, Marker: names.marker}, err
}

func (s *Service) listInline(ctx context.Context, find seek, name string, p page) (out part[string], err error) {
	err = s.view(ctx, func(t *tx) error {
		h, err := find(t, name)
		if err != nil {
			return err
		}
		out = walk(t.grantListing(h.id, grantInline), p, func(g *grant) (string, bool) { return g.Name, true })
		return nil
	})
	return out, err
}

// grantListing lists the grants of a kind that a holder has.
func (t *tx) grantListing(id, kind string) listing[grant] {
	return listing[grant]{
		rows:   func(r kv.Range) rows[grant] { return grants.Scan(t.Tx, r) },
		prefix: grants.Prefix(t.Scope, kv.String(id), kv.String(kind)),
		at:     (*grant).slot,
	}
}
