package iam

import (
	"context"

	api "github.com/brume-cloud/brume/api/iam"
)

// ListEntitiesForPolicy lists who has a managed policy: groups, users and roles.
func (s *Service) ListEntitiesForPolicy(ctx context.Context, in *api.ListEntitiesForPolicyInput) (*api.ListEntitiesForPolicyOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out api.ListEntitiesForPolicyOutput
	err = s.view(ctx, func(t *tx) error {
		m, err := t.policy(in.PolicyArn)
		if err != nil {
			return err
		}
		page, err := slice(t.entitiesFor(m, in), p)
		for _, e := range page.items {
			switch e.ID[:4] {
			case prefixGroup:
				out.PolicyGroups = append(out.PolicyGroups, api.PolicyGroup{GroupName: &e.Name, GroupId: &e.ID})
			case prefixUser:
				out.PolicyUsers = append(out.PolicyUsers, api.PolicyUser{UserName: &e.Name, UserId: &e.ID})
			case prefixRole:
				out.PolicyRoles = append(out.PolicyRoles, api.PolicyRole{RoleName: &e.Name, RoleId: &e.ID})
			}
		}
		out.IsTruncated, out.Marker = page.more, page.marker
		return err
	})
	return &out, err
}

// entitiesFor are those who have a policy, as the request asks for them.
func (t *tx) entitiesFor(m *managedPolicy, in *api.ListEntitiesForPolicyInput) (out []*entity) {
	kinds := []string{grantManaged, grantBoundary}
	switch in.PolicyUsageFilter {
	case api.PolicyUsageTypePermissionsPolicy:
		kinds = kinds[:1]
	case api.PolicyUsageTypePermissionsBoundary:
		kinds = kinds[1:]
	}
	for _, kind := range kinds {
		for id := range t.holdersOf(kind, m.ref()) {
			e, ok := t.entity(id)
			if ok && wanted(id, in.EntityFilter) && below(e.Path, in.PathPrefix) {
				out = append(out, e)
			}
		}
	}
	return out
}

// wanted reports whether an entity is of the kind that a filter names.
func wanted(id string, filter api.EntityType) bool {
	switch filter {
	case api.EntityTypeUser:
		return id[:4] == prefixUser
	case api.EntityTypeGroup:
		return id[:4] == prefixGroup
	case api.EntityTypeRole:
		return id[:4] == prefixRole
	case api.EntityTypeLocalManagedPolicy, api.EntityTypeAWSManagedPolicy:
		return false
	}
	return true
}

// entity finds a user, group or role by unique id.
func (t *tx) entity(id string) (*entity, bool) {
	switch id[:4] {
	case prefixUser:
		if u, ok := get(t, &users, id); ok {
			return &u.entity, true
		}
	case prefixGroup:
		if g, ok := get(t, &groups, id); ok {
			return &g.entity, true
		}
	case prefixRole:
		if r, ok := get(t, &roles, id); ok {
			return &r.entity, true
		}
	}
	return nil, false
}
