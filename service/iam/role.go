package iam

import (
	"context"
	"time"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateRole makes a role that those whom its trust policy names may assume.
func (s *Service) CreateRole(ctx context.Context, in *api.CreateRoleInput) (*api.CreateRoleOutput, error) {
	if err := s.checkTrust(in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	var out api.CreateRoleOutput
	err := s.update(ctx, func(t *tx) error {
		r := &role{
			entity: t.newEntity(prefixRole, in.RoleName, in.Path, in.Tags), Trust: in.AssumeRolePolicyDocument,
			Description: or(in.Description, ""), MaxSession: sessionLength(in.MaxSessionDuration),
		}
		if err := t.addRole(r); err != nil {
			return err
		}
		if in.PermissionsBoundary != nil {
			if err := t.bound(r.ID, *in.PermissionsBoundary); err != nil {
				return err
			}
		}
		out.Role = new(t.showRole(r))
		return nil
	})
	return &out, err
}

func sessionLength(seconds *int32) time.Duration {
	return time.Duration(or(seconds, int32(defaultMaxSession/time.Second))) * time.Second
}

// addRole stores a new role.
func (t *tx) addRole(r *role) error {
	if _, taken := find(t, &roles, r.Name); taken {
		return api.ErrEntityAlreadyExistsException("Role with name %s already exists.", r.Name)
	}
	if err := room(t, &roles, maxRoles, "RolesPerAccount"); err != nil {
		return err
	}
	if err := t.checkPrincipals(r.Trust); err != nil {
		return err
	}
	put(t, &roles, r)
	return nil
}

// GetRole describes a role.
func (s *Service) GetRole(ctx context.Context, in *api.GetRoleInput) (*api.GetRoleOutput, error) {
	var out api.GetRoleOutput
	err := s.view(ctx, func(t *tx) error {
		r, err := t.role(in.RoleName)
		if err != nil {
			return err
		}
		out.Role = new(t.showRole(r))
		out.Role.RoleLastUsed = t.showUse(r.ID)
		return nil
	})
	return &out, err
}

// UpdateRole changes description and session length.
func (s *Service) UpdateRole(ctx context.Context, in *api.UpdateRoleInput) (*api.UpdateRoleOutput, error) {
	return &api.UpdateRoleOutput{}, s.update(ctx, func(t *tx) error {
		r, err := t.ownRole(in.RoleName)
		if err != nil {
			return err
		}
		r.Description = or(in.Description, "") // AWS: "UpdateRole" clears what it is not given
		r.MaxSession = sessionLength(in.MaxSessionDuration)
		put(t, &roles, r)
		return nil
	})
}

// UpdateRoleDescription changes the description alone.
func (s *Service) UpdateRoleDescription(ctx context.Context, in *api.UpdateRoleDescriptionInput) (*api.UpdateRoleDescriptionOutput, error) {
	var out api.UpdateRoleDescriptionOutput
	err := s.update(ctx, func(t *tx) error {
		r, err := t.role(in.RoleName) // AWS: service-linked roles may be described, too
		if err != nil {
			return err
		}
		r.Description = in.Description
		put(t, &roles, r)
		out.Role = new(t.showRole(r))
		return nil
	})
	return &out, err
}

// UpdateAssumeRolePolicy replaces the trust policy.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, in *api.UpdateAssumeRolePolicyInput) (*api.UpdateAssumeRolePolicyOutput, error) {
	if err := s.checkTrust(in.PolicyDocument); err != nil {
		return nil, err
	}
	return &api.UpdateAssumeRolePolicyOutput{}, s.update(ctx, func(t *tx) error {
		r, err := t.ownRole(in.RoleName)
		if err != nil {
			return err
		}
		if err := t.checkPrincipals(in.PolicyDocument); err != nil {
			return err
		}
		r.Trust = in.PolicyDocument
		put(t, &roles, r)
		return nil
	})
}

// DeleteRole removes a role that has no policies and no instance profile.
func (s *Service) DeleteRole(ctx context.Context, in *api.DeleteRoleInput) (*api.DeleteRoleOutput, error) {
	return &api.DeleteRoleOutput{}, s.update(ctx, func(t *tx) error {
		r, err := t.ownRole(in.RoleName)
		if err != nil {
			return err
		}
		switch {
		case len(t.profilesOf(r.ID)) > 0:
			return conflict("must remove roles from instance profile first.")
		case t.holds(r.ID, grantManaged):
			return conflict("must detach all policies first.")
		case t.holds(r.ID, grantInline):
			return conflict("must delete policies first.")
		}
		t.dropRole(r)
		return nil
	})
}

// dropRole removes a role and all that is about it alone.
func (t *tx) dropRole(r *role) {
	grants.DeleteAll(t.Tx, grants.Prefix(t.Scope, kv.String(r.ID)))
	lastUses.Delete(t.Tx, lastUses.Key(t.Scope, kv.String(r.ID)))
	remove(t, &roles, r)
}

// ListRoles lists roles by name.
func (s *Service) ListRoles(ctx context.Context, in *api.ListRolesInput) (*api.ListRolesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.Role]
	err = s.view(ctx, func(t *tx) error {
		out = walk(named(t, &roles), p, func(r *role) (api.Role, bool) {
			shown := t.showRole(r)
			shown.Tags, shown.PermissionsBoundary = nil, nil // AWS: "ListRoles" leaves these out
			return shown, below(r.Path, in.PathPrefix)
		})
		return nil
	})
	return &api.ListRolesOutput{Roles: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// TagRole adds tags to a role.
func (s *Service) TagRole(ctx context.Context, in *api.TagRoleInput) (*api.TagRoleOutput, error) {
	return &api.TagRoleOutput{}, s.update(ctx, func(t *tx) error {
		r, err := t.role(in.RoleName)
		if err != nil {
			return err
		}
		if err := retag(&r.entity, in.Tags); err != nil {
			return err
		}
		put(t, &roles, r)
		return nil
	})
}

// UntagRole removes tags from a role.
func (s *Service) UntagRole(ctx context.Context, in *api.UntagRoleInput) (*api.UntagRoleOutput, error) {
	return &api.UntagRoleOutput{}, s.update(ctx, func(t *tx) error {
		r, err := t.role(in.RoleName)
		if err != nil {
			return err
		}
		untag(&r.entity, in.TagKeys)
		put(t, &roles, r)
		return nil
	})
}

// ListRoleTags lists a role's tags.
func (s *Service) ListRoleTags(ctx context.Context, in *api.ListRoleTagsInput) (*api.ListRoleTagsOutput, error) {
	var out part[api.Tag]
	err := s.view(ctx, func(t *tx) error {
		r, err := t.role(in.RoleName)
		if err == nil {
			out, err = listTags(&r.entity, in.Marker, in.MaxItems)
		}
		return err
	})
	return &api.ListRoleTagsOutput{Tags: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// role finds a role by name.
func (t *tx) role(name string) (*role, error) {
	if r, ok := find(t, &roles, name); ok {
		return r, nil
	}
	return nil, api.ErrNoSuchEntityException("The role with name %s cannot be found.", name)
}

// ownRole is role for a change, which service-linked roles refuse.
func (t *tx) ownRole(name string) (*role, error) {
	r, err := t.role(name)
	if err == nil && r.Service != "" {
		return nil, protected(r.Name)
	}
	return r, err
}

func protected(name string) *aws.Error {
	return api.ErrUnmodifiableEntityException("Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", name)
}

func (t *tx) roleARN(r *role) string { return t.arn("role" + r.full()) }

func (t *tx) showRole(r *role) api.Role {
	return api.Role{
		Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: t.roleARN(r), CreateDate: r.Created,
		AssumeRolePolicyDocument: new(encode(r.Trust)), Description: filled(r.Description),
		MaxSessionDuration: new(int32(r.MaxSession / time.Second)), PermissionsBoundary: t.showBoundary(r.ID), Tags: showTags(r.Tags),
	}
}

// showUse tells when a role was used last; an empty answer is never.
func (t *tx) showUse(id string) *api.RoleLastUsed {
	use, ok := lastUses.Get(t.Tx, lastUses.Key(t.Scope, kv.String(id)))
	if !ok {
		return &api.RoleLastUsed{}
	}
	return &api.RoleLastUsed{LastUsedDate: &use.At, Region: filled(use.Region)}
}
