package iam

import (
	"context"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateUser makes a user, who has neither credentials nor rights yet.
func (s *Service) CreateUser(ctx context.Context, in *api.CreateUserInput) (*api.CreateUserOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	var out api.CreateUserOutput
	err := s.update(ctx, func(t *tx) error {
		if t.userTaken(in.UserName) {
			return userExists(in.UserName)
		}
		if err := room(t, &users, maxUsers, "UsersPerAccount"); err != nil {
			return err
		}
		u := &user{entity: t.newEntity(prefixUser, in.UserName, in.Path, in.Tags)}
		if in.PermissionsBoundary != nil {
			if err := t.bound(u.ID, *in.PermissionsBoundary); err != nil {
				return err
			}
		}
		put(t, &users, u)
		out.User = new(t.showUser(u))
		return nil
	})
	return &out, err
}

// GetUser describes a user; without a name, the one who asks.
func (s *Service) GetUser(ctx context.Context, in *api.GetUserInput) (*api.GetUserOutput, error) {
	var out api.GetUserOutput
	call := aws.CallFrom(ctx)
	if in.UserName == nil && call.Caller.Kind == aws.Root {
		// AWS: root asks for itself: its id is the account's, and it has no name.
		out.User = &api.User{UserId: string(call.Account), Arn: call.Caller.ARN, Path: defaultPath}
		return &out, nil
	}
	err := s.view(ctx, func(t *tx) error {
		u, err := t.subject(call, in.UserName)
		if err == nil {
			out.User = new(t.showUser(u))
		}
		return err
	})
	return &out, err
}

// UpdateUser renames or moves a user.
func (s *Service) UpdateUser(ctx context.Context, in *api.UpdateUserInput) (*api.UpdateUserOutput, error) {
	err := s.update(ctx, func(t *tx) error {
		u, err := t.user(in.UserName)
		if err != nil {
			return err
		}
		if !u.rename(in.NewUserName, in.NewPath, t.userTaken) {
			return userExists(*in.NewUserName)
		}
		put(t, &users, u)
		return nil
	})
	return &api.UpdateUserOutput{}, err
}

// DeleteUser removes a user who has nothing left.
func (s *Service) DeleteUser(ctx context.Context, in *api.DeleteUserInput) (*api.DeleteUserOutput, error) {
	err := s.update(ctx, func(t *tx) error {
		u, err := t.user(in.UserName)
		if err != nil {
			return err
		}
		if err := t.userInUse(u); err != nil {
			return err
		}
		t.unbound(u.ID)
		remove(t, &users, u)
		return nil
	})
	return &api.DeleteUserOutput{}, err
}

// userInUse refuses while a user has something of which DeleteUser says that
// it must go first.
func (t *tx) userInUse(u *user) error {
	switch {
	case t.holds(u.ID, grantManaged):
		return conflict("must detach all policies first.")
	case t.holds(u.ID, grantInline):
		return conflict("must delete policies first.")
	case t.holds(u.ID, grantGroup):
		return conflict("must remove users from group first.")
	case len(t.keysOf(u.ID)) > 0:
		return conflict("must delete access keys first.")
	case u.Login != nil:
		return conflict("must delete login profile first.")
	case len(t.devicesOf(u.ID)) > 0:
		return conflict("must delete MFA device first.")
	case len(credentialsOf(t, &signingCerts, u.ID)) > 0:
		return conflict("must delete signing certificates first.")
	case len(credentialsOf(t, &sshKeys, u.ID)) > 0, len(credentialsOf(t, &serviceCreds, u.ID)) > 0:
		return conflict("must remove referenced objects first.")
	}
	return nil
}

// conflict is the refusal to delete something in use.
func conflict(what string) *aws.Error {
	return api.ErrDeleteConflictException("Cannot delete entity, %s", what)
}

// ListUsers lists users by name.
func (s *Service) ListUsers(ctx context.Context, in *api.ListUsersInput) (*api.ListUsersOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.User]
	err = s.view(ctx, func(t *tx) error {
		out = walk(named(t, &users), p, func(u *user) (api.User, bool) {
			shown := t.showUser(u)
			shown.Tags, shown.PermissionsBoundary = nil, nil // AWS: "ListUsers" leaves these out
			return shown, below(u.Path, in.PathPrefix)
		})
		return nil
	})
	return &api.ListUsersOutput{Users: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// TagUser adds tags to a user.
func (s *Service) TagUser(ctx context.Context, in *api.TagUserInput) (*api.TagUserOutput, error) {
	return &api.TagUserOutput{}, s.update(ctx, func(t *tx) error {
		u, err := t.user(in.UserName)
		if err != nil {
			return err
		}
		if err := retag(&u.entity, in.Tags); err != nil {
			return err
		}
		put(t, &users, u)
		return nil
	})
}

// UntagUser removes tags from a user.
func (s *Service) UntagUser(ctx context.Context, in *api.UntagUserInput) (*api.UntagUserOutput, error) {
	return &api.UntagUserOutput{}, s.update(ctx, func(t *tx) error {
		u, err := t.user(in.UserName)
		if err != nil {
			return err
		}
		untag(&u.entity, in.TagKeys)
		put(t, &users, u)
		return nil
	})
}

// ListUserTags lists a user's tags.
func (s *Service) ListUserTags(ctx context.Context, in *api.ListUserTagsInput) (*api.ListUserTagsOutput, error) {
	var out part[api.Tag]
	err := s.view(ctx, func(t *tx) error {
		u, err := t.user(in.UserName)
		if err == nil {
			out, err = listTags(&u.entity, in.Marker, in.MaxItems)
		}
		return err
	})
	return &api.ListUserTagsOutput{Tags: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// user finds a user by name.
func (t *tx) user(name string) (*user, error) {
	if u, ok := find(t, &users, name); ok {
		return u, nil
	}
	return nil, api.ErrNoSuchEntityException("The user with name %s cannot be found.", name)
}

// subject is the user that an operation is about: the named one, or the caller.
func (t *tx) subject(call *aws.Call, name *string) (*user, error) {
	if name != nil {
		return t.user(*name)
	}
	if call.Caller.Kind != aws.User {
		return nil, invalid("Must specify userName when calling with non-User credentials")
	}
	u, ok := get(t, &users, call.Caller.UserID)
	if !ok {
		return nil, api.ErrNoSuchEntityException("The user with id %s cannot be found.", call.Caller.UserID)
	}
	return u, nil
}

func (t *tx) userTaken(name string) bool {
	_, ok := find(t, &users, name)
	return ok
}

func userExists(name string) *aws.Error {
	return api.ErrEntityAlreadyExistsException("User with name %s already exists.", name)
}

func (t *tx) userARN(u *user) string { return t.arn("user" + u.full()) }

func (t *tx) showUser(u *user) api.User {
	out := api.User{
		Path: u.Path, UserName: u.Name, UserId: u.ID, Arn: t.userARN(u), CreateDate: u.Created,
		PermissionsBoundary: t.showBoundary(u.ID), Tags: showTags(u.Tags),
	}
	if !u.LastSeen.IsZero() {
		out.PasswordLastUsed = &u.LastSeen
	}
	return out
}

// holds reports whether a principal has grants of a kind.
func (t *tx) holds(id, kind string) bool {
	for range t.Scan(kv.Prefix(grants.Prefix(t.Scope, kv.String(id), kv.String(kind)))) {
		return true
	}
	return false
}
