package iam

import (
	"context"

	api "github.com/brume-cloud/brume/api/iam"
)

// PutUserPermissionsBoundary sets the policy that bounds what a user may do.
func (s *Service) PutUserPermissionsBoundary(ctx context.Context, in *api.PutUserPermissionsBoundaryInput) (*api.PutUserPermissionsBoundaryOutput, error) {
	return &api.PutUserPermissionsBoundaryOutput{}, s.update(ctx, func(t *tx) error {
		u, err := t.user(in.UserName)
		if err != nil {
			return err
		}
		return t.bound(u.ID, in.PermissionsBoundary)
	})
}

// DeleteUserPermissionsBoundary lifts a user's boundary.
func (s *Service) DeleteUserPermissionsBoundary(ctx context.Context, in *api.DeleteUserPermissionsBoundaryInput) (*api.DeleteUserPermissionsBoundaryOutput, error) {
	return &api.DeleteUserPermissionsBoundaryOutput{}, s.update(ctx, func(t *tx) error {
		u, err := t.user(in.UserName)
		if err != nil {
			return err
		}
		return t.liftBoundary(u.ID, "user", u.Name)
	})
}

// PutRolePermissionsBoundary sets the policy that bounds what a role may do.
func (s *Service) PutRolePermissionsBoundary(ctx context.Context, in *api.PutRolePermissionsBoundaryInput) (*api.PutRolePermissionsBoundaryOutput, error) {
	return &api.PutRolePermissionsBoundaryOutput{}, s.update(ctx, func(t *tx) error {
		r, err := t.ownRole(in.RoleName)
		if err != nil {
			return err
		}
		return t.bound(r.ID, in.PermissionsBoundary)
	})
}

// DeleteRolePermissionsBoundary lifts a role's boundary.
func (s *Service) DeleteRolePermissionsBoundary(ctx context.Context, in *api.DeleteRolePermissionsBoundaryInput) (*api.DeleteRolePermissionsBoundaryOutput, error) {
	return &api.DeleteRolePermissionsBoundaryOutput{}, s.update(ctx, func(t *tx) error {
		r, err := t.ownRole(in.RoleName)
		if err != nil {
			return err
		}
		return t.liftBoundary(r.ID, "role", r.Name)
	})
}

// bound sets a principal's boundary.
func (t *tx) bound(id, arn string) error {
	m, ok := t.managed(arn)
	if !ok {
		return api.ErrNoSuchEntityException("Scope ARN: %s does not exist or is not attachable.", arn)
	}
	t.give(id, &grant{Kind: grantBoundary, Name: m.Name, Target: m.ref(), ARN: arn})
	return nil
}

func (t *tx) unbound(id string) bool { return t.take(id, grantBoundary, "") }

func (t *tx) liftBoundary(id, kind, name string) error {
	if !t.unbound(id) {
		return api.ErrNoSuchEntityException("The %s with name %s does not have a permissions boundary.", kind, name)
	}
	return nil
}

func (t *tx) showBoundary(id string) *api.AttachedPermissionsBoundary {
	g, ok := t.grant(id, grantBoundary, "")
	if !ok {
		return nil
	}
	return &api.AttachedPermissionsBoundary{
		PermissionsBoundaryType: api.PermissionsBoundaryAttachmentTypePermissionsBoundaryPolicy, PermissionsBoundaryArn: &g.ARN,
	}
}
