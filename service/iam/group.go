package iam

import (
	"context"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
)

// CreateGroup makes a group without members.
func (s *Service) CreateGroup(ctx context.Context, in *api.CreateGroupInput) (*api.CreateGroupOutput, error) {
	var out api.CreateGroupOutput
	err := s.update(ctx, func(t *tx) error {
		if t.groupTaken(in.GroupName) {
			return groupExists(in.GroupName)
		}
		if err := room(t, &groups, maxGroups, "GroupsPerAccount"); err != nil {
			return err
		}
		g := &group{entity: t.newEntity(prefixGroup, in.GroupName, in.Path, nil)}
		put(t, &groups, g)
		out.Group = new(t.showGroup(g))
		return nil
	})
	return &out, err
}

// GetGroup describes a group and lists its members.
func (s *Service) GetGroup(ctx context.Context, in *api.GetGroupInput) (*api.GetGroupOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out api.GetGroupOutput
	err = s.view(ctx, func(t *tx) error {
		g, err := t.group(in.GroupName)
		if err != nil {
			return err
		}
		out.Group = new(t.showGroup(g))
		var members []api.User
		for id := range t.holdersOf(grantGroup, g.ID) {
			if u, ok := get(t, &users, id); ok {
				shown := t.showUser(u)
				shown.Tags, shown.PermissionsBoundary = nil, nil
				members = append(members, shown)
			}
		}
		page, err := slice(members, p)
		out.Users, out.IsTruncated, out.Marker = page.items, page.more, page.marker
		return err
	})
	return &out, err
}

// UpdateGroup renames or moves a group.
func (s *Service) UpdateGroup(ctx context.Context, in *api.UpdateGroupInput) (*api.UpdateGroupOutput, error) {
	err := s.update(ctx, func(t *tx) error {
		g, err := t.group(in.GroupName)
		if err != nil {
			return err
		}
		if !g.rename(in.NewGroupName, in.NewPath, t.groupTaken) {
			return groupExists(*in.NewGroupName)
		}
		put(t, &groups, g)
		return nil
	})
	return &api.UpdateGroupOutput{}, err
}

// DeleteGroup removes a group without members and policies.
func (s *Service) DeleteGroup(ctx context.Context, in *api.DeleteGroupInput) (*api.DeleteGroupOutput, error) {
	err := s.update(ctx, func(t *tx) error {
		g, err := t.group(in.GroupName)
		if err != nil {
			return err
		}
		for range t.holdersOf(grantGroup, g.ID) {
			return conflict("must remove users from group first.")
		}
		switch {
		case t.holds(g.ID, grantManaged):
			return conflict("must detach all policies first.")
		case t.holds(g.ID, grantInline):
			return conflict("must delete policies first.")
		}
		remove(t, &groups, g)
		return nil
	})
	return &api.DeleteGroupOutput{}, err
}

// ListGroups lists groups by name.
func (s *Service) ListGroups(ctx context.Context, in *api.ListGroupsInput) (*api.ListGroupsOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.Group]
	err = s.view(ctx, func(t *tx) error {
		out = walk(named(t, &groups), p, func(g *group) (api.Group, bool) {
			return t.showGroup(g), below(g.Path, in.PathPrefix)
		})
		return nil
	})
	return &api.ListGroupsOutput{Groups: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// AddUserToGroup makes a user a member. Doing it twice is no error.
func (s *Service) AddUserToGroup(ctx context.Context, in *api.AddUserToGroupInput) (*api.AddUserToGroupOutput, error) {
	err := s.update(ctx, func(t *tx) error {
		u, g, err := t.member(in.UserName, in.GroupName)
		if err != nil {
			return err
		}
		m := &grant{Kind: grantGroup, Target: g.ID}
		if _, ok := t.grant(u.ID, m.Kind, m.slot()); ok {
			return nil
		}
		if t.countGrants(u.ID, grantGroup) >= maxGroupsPerUser {
			return exceeded("GroupsPerUser", maxGroupsPerUser)
		}
		t.give(u.ID, m)
		return nil
	})
	return &api.AddUserToGroupOutput{}, err
}

// RemoveUserFromGroup ends a membership.
func (s *Service) RemoveUserFromGroup(ctx context.Context, in *api.RemoveUserFromGroupInput) (*api.RemoveUserFromGroupOutput, error) {
	err := s.update(ctx, func(t *tx) error {
		u, g, err := t.member(in.UserName, in.GroupName)
		if err != nil {
			return err
		}
		if !t.take(u.ID, grantGroup, g.ID) {
			return api.ErrNoSuchEntityException("User %s not in group %s", in.UserName, in.GroupName)
		}
		return nil
	})
	return &api.RemoveUserFromGroupOutput{}, err
}

func (t *tx) member(userName, groupName string) (*user, *group, error) {
	g, err := t.group(groupName)
	if err != nil {
		return nil, nil, err
	}
	u, err := t.user(userName)
	return u, g, err
}

// ListGroupsForUser lists the groups that a user is a member of.
func (s *Service) ListGroupsForUser(ctx context.Context, in *api.ListGroupsForUserInput) (*api.ListGroupsForUserOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.Group]
	err = s.view(ctx, func(t *tx) error {
		u, err := t.user(in.UserName)
		if err != nil {
			return err
		}
		var all []api.Group
		for _, g := range t.groupsOf(u.ID) {
			all = append(all, t.showGroup(g))
		}
		out, err = slice(all, p)
		return err
	})
	return &api.ListGroupsForUserOutput{Groups: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// groupsOf are the groups of a user.
func (t *tx) groupsOf(userID string) (out []*group) {
	for _, m := range t.grantsOf(userID, grantGroup) {
		if g, ok := get(t, &groups, m.Target); ok {
			out = append(out, g)
		}
	}
	return out
}

func (t *tx) group(name string) (*group, error) {
	if g, ok := find(t, &groups, name); ok {
		return g, nil
	}
	return nil, api.ErrNoSuchEntityException("The group with name %s cannot be found.", name)
}

func (t *tx) groupTaken(name string) bool {
	_, ok := find(t, &groups, name)
	return ok
}

func groupExists(name string) *aws.Error {
	return api.ErrEntityAlreadyExistsException("Group with name %s already exists.", name)
}

func (t *tx) showGroup(g *group) api.Group {
	return api.Group{Path: g.Path, GroupName: g.Name, GroupId: g.ID, Arn: t.arn("group" + g.full()), CreateDate: g.Created}
}
