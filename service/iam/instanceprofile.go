package iam

import (
	"context"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateInstanceProfile makes a profile, through which instances get a role.
func (s *Service) CreateInstanceProfile(ctx context.Context, in *api.CreateInstanceProfileInput) (*api.CreateInstanceProfileOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	var out api.CreateInstanceProfileOutput
	err := s.update(ctx, func(t *tx) error {
		if _, taken := find(t, &profiles, in.InstanceProfileName); taken {
			return api.ErrEntityAlreadyExistsException("Instance Profile %s already exists.", in.InstanceProfileName)
		}
		if err := room(t, &profiles, maxProfiles, "InstanceProfilesPerAccount"); err != nil {
			return err
		}
		p := &profile{entity: t.newEntity(prefixProfile, in.InstanceProfileName, in.Path, in.Tags)}
		put(t, &profiles, p)
		out.InstanceProfile = new(t.showProfile(p))
		return nil
	})
	return &out, err
}

// GetInstanceProfile describes a profile and its role.
func (s *Service) GetInstanceProfile(ctx context.Context, in *api.GetInstanceProfileInput) (*api.GetInstanceProfileOutput, error) {
	var out api.GetInstanceProfileOutput
	err := s.view(ctx, func(t *tx) error {
		p, err := t.profile(in.InstanceProfileName)
		if err == nil {
			out.InstanceProfile = new(t.showProfile(p))
		}
		return err
	})
	return &out, err
}

// AddRoleToInstanceProfile gives a profile its one role.
func (s *Service) AddRoleToInstanceProfile(ctx context.Context, in *api.AddRoleToInstanceProfileInput) (*api.AddRoleToInstanceProfileOutput, error) {
	return &api.AddRoleToInstanceProfileOutput{}, s.update(ctx, func(t *tx) error {
		p, err := t.profile(in.InstanceProfileName)
		if err != nil {
			return err
		}
		r, err := t.ownRole(in.RoleName)
		if err != nil {
			return err
		}
		if p.RoleID != "" {
			return exceeded("InstanceSessionsPerInstanceProfile", 1)
		}
		p.RoleID = r.ID
		put(t, &profiles, p)
		return nil
	})
}

// RemoveRoleFromInstanceProfile takes the role away again.
func (s *Service) RemoveRoleFromInstanceProfile(ctx context.Context, in *api.RemoveRoleFromInstanceProfileInput) (*api.RemoveRoleFromInstanceProfileOutput, error) {
	return &api.RemoveRoleFromInstanceProfileOutput{}, s.update(ctx, func(t *tx) error {
		p, err := t.profile(in.InstanceProfileName)
		if err != nil {
			return err
		}
		r, err := t.ownRole(in.RoleName)
		if err != nil {
			return err
		}
		if p.RoleID != r.ID {
			return api.ErrNoSuchEntityException("Role %s not found in Instance Profile %s.", in.RoleName, in.InstanceProfileName)
		}
		p.RoleID = ""
		put(t, &profiles, p)
		return nil
	})
}

// DeleteInstanceProfile removes a profile without role.
func (s *Service) DeleteInstanceProfile(ctx context.Context, in *api.DeleteInstanceProfileInput) (*api.DeleteInstanceProfileOutput, error) {
	return &api.DeleteInstanceProfileOutput{}, s.update(ctx, func(t *tx) error {
		p, err := t.profile(in.InstanceProfileName)
		if err != nil {
			return err
		}
		if p.RoleID != "" {
			return conflict("must remove roles from instance profile first.")
		}
		remove(t, &profiles, p)
		return nil
	})
}

// ListInstanceProfiles lists profiles by name.
func (s *Service) ListInstanceProfiles(ctx context.Context, in *api.ListInstanceProfilesInput) (*api.ListInstanceProfilesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.InstanceProfile]
	err = s.view(ctx, func(t *tx) error {
		out = walk(named(t, &profiles), p, func(p *profile) (api.InstanceProfile, bool) {
			shown := t.showProfile(p)
			shown.Tags = nil // AWS: "ListInstanceProfiles" leaves these out
			return shown, below(p.Path, in.PathPrefix)
		})
		return nil
	})
	return &api.ListInstanceProfilesOutput{InstanceProfiles: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// ListInstanceProfilesForRole lists the profiles that have a role.
func (s *Service) ListInstanceProfilesForRole(ctx context.Context, in *api.ListInstanceProfilesForRoleInput) (*api.ListInstanceProfilesForRoleOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.InstanceProfile]
	err = s.view(ctx, func(t *tx) error {
		r, err := t.role(in.RoleName)
		if err != nil {
			return err
		}
		var all []api.InstanceProfile
		for _, p := range t.profilesOf(r.ID) {
			all = append(all, t.showProfile(p))
		}
		out, err = slice(all, p)
		return err
	})
	return &api.ListInstanceProfilesForRoleOutput{InstanceProfiles: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// TagInstanceProfile adds tags to a profile.
func (s *Service) TagInstanceProfile(ctx context.Context, in *api.TagInstanceProfileInput) (*api.TagInstanceProfileOutput, error) {
	return &api.TagInstanceProfileOutput{}, s.update(ctx, func(t *tx) error {
		p, err := t.profile(in.InstanceProfileName)
		if err != nil {
			return err
		}
		if err := retag(&p.entity, in.Tags); err != nil {
			return err
		}
		put(t, &profiles, p)
		return nil
	})
}

// UntagInstanceProfile removes tags from a profile.
func (s *Service) UntagInstanceProfile(ctx context.Context, in *api.UntagInstanceProfileInput) (*api.UntagInstanceProfileOutput, error) {
	return &api.UntagInstanceProfileOutput{}, s.update(ctx, func(t *tx) error {
		p, err := t.profile(in.InstanceProfileName)
		if err != nil {
			return err
		}
		untag(&p.entity, in.TagKeys)
		put(t, &profiles, p)
		return nil
	})
}

// ListInstanceProfileTags lists a profile's tags.
func (s *Service) ListInstanceProfileTags(ctx context.Context, in *api.ListInstanceProfileTagsInput) (*api.ListInstanceProfileTagsOutput, error) {
	var out part[api.Tag]
	err := s.view(ctx, func(t *tx) error {
		p, err := t.profile(in.InstanceProfileName)
		if err == nil {
			out, err = listTags(&p.entity, in.Marker, in.MaxItems)
		}
		return err
	})
	return &api.ListInstanceProfileTagsOutput{Tags: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

func (t *tx) profile(name string) (*profile, error) {
	if p, ok := find(t, &profiles, name); ok {
		return p, nil
	}
	return nil, api.ErrNoSuchEntityException("Instance Profile %s cannot be found.", name)
}

// profilesOf are the profiles that have a role.
func (t *tx) profilesOf(roleID string) (out []*profile) {
	for _, p := range profiles.ScanBy(t.Tx, kv.Prefix(profiles.IndexPrefix(&profilesByRole, t.Scope, kv.String(roleID)))) {
		out = append(out, p)
	}
	return out
}

func (t *tx) showProfile(p *profile) api.InstanceProfile {
	out := api.InstanceProfile{
		Path: p.Path, InstanceProfileName: p.Name, InstanceProfileId: p.ID, Arn: t.arn("instance-profile" + p.full()),
		CreateDate: p.Created, Tags: showTags(p.Tags), Roles: []api.Role{},
	}
	if r, ok := get(t, &roles, p.RoleID); ok && p.RoleID != "" {
		out.Roles = append(out.Roles, t.showRole(r))
	}
	return out
}
