package cognitoidp

import (
	"cmp"
	"context"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

func (g *group) describe(p *pool) *cognitoidp.GroupType {
	d := &cognitoidp.GroupType{GroupName: &g.Name, UserPoolId: &p.at.ID, Description: g.Description, RoleArn: g.Role, LastModifiedDate: &g.Modified, CreationDate: &g.Created}
	if g.Ranked {
		d.Precedence = &g.Precedence
	}
	return d
}

func (p *pool) group(tx kv.Tx, name string) (*group, error) {
	g, ok := groups.Get(tx, p.groupKey(name))
	if !ok {
		return nil, cognitoidp.ErrResourceNotFoundException("Group not found.")
	}
	return g, nil
}

// CreateGroup makes a group of users.
func (s *Service) CreateGroup(ctx context.Context, in *cognitoidp.CreateGroupInput) (*cognitoidp.CreateGroupOutput, error) {
	out := new(cognitoidp.CreateGroupOutput)
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		if groups.Has(tx, p.groupKey(in.GroupName)) {
			return cognitoidp.ErrGroupExistsException("A group with the name already exists.")
		}
		if count(tx, kv.Prefix(p.groups()), maxGroups) == maxGroups {
			return cognitoidp.ErrLimitExceededException("The maximum number of groups, %d, has been reached.", maxGroups)
		}
		g := &group{
			Name: in.GroupName, Description: in.Description, Role: in.RoleArn, Ranked: in.Precedence != nil, Precedence: deref(in.Precedence),
			Created: tx.Now(), Modified: tx.Now(),
		}
		groups.Put(tx, p.groupKey(g.Name), g)
		out.Group = g.describe(p)
		return nil
	})
	return out, err
}

// GetGroup returns a group.
func (s *Service) GetGroup(ctx context.Context, in *cognitoidp.GetGroupInput) (*cognitoidp.GetGroupOutput, error) {
	out := new(cognitoidp.GetGroupOutput)
	err := s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		g, err := p.group(tx, in.GroupName)
		if err == nil {
			out.Group = g.describe(p)
		}
		return err
	})
	return out, err
}

// UpdateGroup changes what is given of a group.
func (s *Service) UpdateGroup(ctx context.Context, in *cognitoidp.UpdateGroupInput) (*cognitoidp.UpdateGroupOutput, error) {
	out := new(cognitoidp.UpdateGroupOutput)
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		g, err := p.group(tx, in.GroupName)
		if err != nil {
			return err
		}
		g.Description, g.Role, g.Modified = cmp.Or(in.Description, g.Description), cmp.Or(in.RoleArn, g.Role), tx.Now()
		if in.Precedence != nil {
			g.Ranked, g.Precedence = true, *in.Precedence
		}
		groups.Put(tx, p.groupKey(g.Name), g)
		out.Group = g.describe(p)
		return nil
	})
	return out, err
}

// DeleteGroup deletes a group, but none of its users.
func (s *Service) DeleteGroup(ctx context.Context, in *cognitoidp.DeleteGroupInput) (*cognitoidp.DeleteGroupOutput, error) {
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		if _, err := p.group(tx, in.GroupName); err != nil {
			return err
		}
		for key := range members.Scan(tx, kv.Prefix(p.members(in.GroupName))) {
			memberships.Delete(tx, p.membershipKey(memberOf(key), in.GroupName))
			members.Delete(tx, key)
		}
		groups.Delete(tx, p.groupKey(in.GroupName))
		return nil
	})
	return &cognitoidp.DeleteGroupOutput{}, err
}

// ListGroups lists groups in the order of their names.
func (s *Service) ListGroups(ctx context.Context, in *cognitoidp.ListGroupsInput) (*cognitoidp.ListGroupsOutput, error) {
	pg, err := newPage(deref(in.Limit), in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(cognitoidp.ListGroupsOutput)
	err = s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		*out = cognitoidp.ListGroupsOutput{Groups: []cognitoidp.GroupType{}}
		for key, g := range groups.Scan(tx, pg.of(kv.Prefix(p.groups()))) {
			if len(out.Groups) == pg.size {
				out.NextToken = pg.token(key)
				return nil
			}
			out.Groups = append(out.Groups, *g.describe(p))
		}
		return nil
	})
	return out, err
}

// ranked is the user's groups, the one that comes first in front.
// AWS: "Adding groups to a user pool", "Assigning precedence values to groups".
func (u *user) ranked(tx kv.Tx) (all []*group) {
	for key := range memberships.Scan(tx, kv.Prefix(u.memberships())) {
		if g, ok := groups.Get(tx, u.pool.groupKey(groupOf(key))); ok {
			all = append(all, g)
		}
	}
	slices.SortStableFunc(all, func(a, b *group) int { return cmp.Compare(a.rank(), b.rank()) })
	return all
}

// rank orders groups: those without a precedence come last.
func (g *group) rank() int64 {
	if g.Ranked {
		return int64(g.Precedence)
	}
	return 1 << 32
}

// groupClaims are those of the user's groups. The preferred role is that of the
// first group; where several come first with different roles, there is none.
func (u *user) groupClaims(tx kv.Tx, id, access map[string]any) {
	all := u.ranked(tx)
	if len(all) == 0 {
		return
	}
	var names, roles []string
	var best []string
	for _, g := range all {
		names = append(names, g.Name)
		if role := deref(g.Role); role != "" {
			roles = append(roles, role)
			if g.rank() == all[0].rank() {
				best = append(best, role)
			}
		}
	}
	id[claimGroups], access[claimGroups] = names, names
	if len(roles) > 0 {
		id[claimRoles] = roles
	}
	slices.Sort(best)
	if best = slices.Compact(best); len(best) == 1 {
		id[claimPreferred] = best[0]
	}
}
