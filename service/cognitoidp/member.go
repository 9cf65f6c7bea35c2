package cognitoidp

import (
	"context"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// AdminAddUserToGroup puts a user into a group. One who is in it stays.
func (s *Service) AdminAddUserToGroup(ctx context.Context, in *cognitoidp.AdminAddUserToGroupInput) (*cognitoidp.AdminAddUserToGroupOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		if _, err := u.pool.group(tx, in.GroupName); err != nil {
			return err
		}
		if !memberships.Has(tx, u.pool.membershipKey(u.Sub, in.GroupName)) && count(tx, kv.Prefix(u.memberships()), maxMemberships) == maxMemberships {
			return cognitoidp.ErrLimitExceededException("A user can be in at most %d groups.", maxMemberships)
		}
		members.Put(tx, u.pool.memberKey(in.GroupName, u.Sub), &struct{}{})
		memberships.Put(tx, u.pool.membershipKey(u.Sub, in.GroupName), &struct{}{})
		return nil
	})
	return &cognitoidp.AdminAddUserToGroupOutput{}, err
}

// AdminRemoveUserFromGroup takes a user out of a group. One who is not in it is no error.
func (s *Service) AdminRemoveUserFromGroup(ctx context.Context, in *cognitoidp.AdminRemoveUserFromGroupInput) (*cognitoidp.AdminRemoveUserFromGroupOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		if _, err := u.pool.group(tx, in.GroupName); err != nil {
			return err
		}
		members.Delete(tx, u.pool.memberKey(in.GroupName, u.Sub))
		memberships.Delete(tx, u.pool.membershipKey(u.Sub, in.GroupName))
		return nil
	})
	return &cognitoidp.AdminRemoveUserFromGroupOutput{}, err
}

// AdminListGroupsForUser lists the groups that a user is in, by name.
func (s *Service) AdminListGroupsForUser(ctx context.Context, in *cognitoidp.AdminListGroupsForUserInput) (*cognitoidp.AdminListGroupsForUserOutput, error) {
	pg, err := newPage(deref(in.Limit), in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(cognitoidp.AdminListGroupsForUserOutput)
	err = s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		*out = cognitoidp.AdminListGroupsForUserOutput{Groups: []cognitoidp.GroupType{}}
		u, err := p.mustUser(tx, in.Username)
		if err != nil {
			return err
		}
		for key := range memberships.Scan(tx, pg.of(kv.Prefix(u.memberships()))) {
			if len(out.Groups) == pg.size {
				out.NextToken = pg.token(key)
				return nil
			}
			g, err := p.group(tx, groupOf(key))
			if err != nil {
				return err
			}
			out.Groups = append(out.Groups, *g.describe(p))
		}
		return nil
	})
	return out, err
}

// ListUsersInGroup lists the users of a group.
func (s *Service) ListUsersInGroup(ctx context.Context, in *cognitoidp.ListUsersInGroupInput) (*cognitoidp.ListUsersInGroupOutput, error) {
	pg, err := newPage(deref(in.Limit), in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(cognitoidp.ListUsersInGroupOutput)
	err = s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		*out = cognitoidp.ListUsersInGroupOutput{Users: []cognitoidp.UserType{}}
		if _, err := p.group(tx, in.GroupName); err != nil {
			return err
		}
		for key := range members.Scan(tx, pg.of(kv.Prefix(p.members(in.GroupName)))) {
			if len(out.Users) == pg.size {
				out.NextToken = pg.token(key)
				return nil
			}
			if u, ok := p.bySub(tx, memberOf(key)); ok {
				out.Users = append(out.Users, *u.describe(nil))
			}
		}
		return nil
	})
	return out, err
}
