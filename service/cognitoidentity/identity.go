package cognitoidentity

import (
	"context"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// bearer is an identity that has shown that it is the one.
type bearer struct {
	*identity
	proofs  []proof
	methods []string
	tags    map[string]string // of its sessions
}

// GetId finds the identity of logins, or makes one. Without logins there is a new one
// for each call.
func (s *Service) GetId(ctx context.Context, in *cognitoidentity.GetIdInput) (*cognitoidentity.GetIdOutput, error) {
	var p *pool
	err := kv.View(ctx, s.Store, func(tx kv.Tx) (err error) {
		p, err = anyPool(ctx, tx, in.IdentityPoolId)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(in.Logins) == 0 && !p.settings.AllowUnauthenticatedIdentities {
		return nil, noGuests()
	}
	proofs, err := s.verify(ctx, p, in.Logins)
	if err != nil {
		return nil, err
	}
	out := new(cognitoidentity.GetIdOutput)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		p, err := p.at.find(tx)
		if err != nil {
			return err
		}
		i, err := p.known(tx, logins(proofs))
		if err != nil {
			return err
		}
		if i == nil {
			i = s.newIdentity(tx, p)
		}
		i.add(tx, logins(proofs))
		out.IdentityId = &i.id
		return nil
	})
	return out, err
}

func noGuests() error {
	return refused("Unauthenticated access is not supported for this identity pool.")
}

func logins(proofs []proof) (all []login) {
	for i := range proofs {
		all = append(all, proofs[i].login)
	}
	return all
}

// newIdentity makes an identity that nobody has.
func (s *Service) newIdentity(tx kv.Tx, p *pool) *identity {
	i := &identity{pool: p, id: string(p.at.Region) + ":" + aws.UUID(s.Random), Created: tx.Now()}
	i.put(tx)
	return i
}

// known is the identity that one of the logins is of; nil for none.
func (p *pool) known(tx kv.Tx, all []login) (found *identity, err error) {
	for _, l := range all {
		row, ok := links.Get(tx, p.linkKey(l))
		if !ok {
			continue
		}
		i, err := p.identity(tx, row.Identity)
		switch {
		case err != nil:
		case found != nil && found.id != i.id:
			return nil, cognitoidentity.ErrResourceConflictException("Logins are linked to different identities.")
		default:
			found = i
		}
	}
	return found, nil
}

// add lets the identity be known by logins.
func (i *identity) add(tx kv.Tx, all []login) {
	before := len(i.Logins)
	for _, l := range all {
		if !slices.Contains(i.Logins, l) {
			i.Logins = append(i.Logins, l)
			links.Put(tx, i.pool.linkKey(l), &link{i.id})
		}
	}
	if len(i.Logins) > before {
		i.put(tx)
	}
}

// bearing checks that logins are those of an identity. One that had none gets them; if
// they are another's, it is that one who is meant.
func (s *Service) bearing(ctx context.Context, id string, given map[string]string) (*bearer, error) {
	var i *identity
	err := kv.View(ctx, s.Store, func(tx kv.Tx) (err error) {
		i, err = anyIdentity(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	if token, ok := given[provider]; ok {
		return s.byDeveloper(ctx, i, token)
	}
	switch {
	case len(given) == 0 && len(i.Logins) > 0:
		return nil, refused("Access to Identity '%s' is forbidden.", id)
	case len(given) == 0 && !i.pool.settings.AllowUnauthenticatedIdentities:
		return nil, noGuests()
	}
	proofs, err := s.verify(ctx, i.pool, given)
	if err != nil || len(proofs) == 0 {
		return &bearer{identity: i, methods: methods(nil)}, err
	}
	b := &bearer{proofs: proofs, methods: methods(proofs)}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if b.identity, err = anyIdentity(ctx, tx, id); err != nil {
			return err
		}
		all := logins(proofs)
		other, err := b.pool.known(tx, all)
		switch {
		case err != nil:
			return err
		case other != nil && other.id != id && len(b.Logins) > 0:
			return cognitoidentity.ErrResourceConflictException("Logins are linked to another identity.")
		case other != nil:
			b.identity = other
		case len(b.Logins) > 0:
			return refused("Logins don't match. Please include at least one valid login for this identity or identity pool.")
		}
		b.add(tx, all)
		return nil
	})
	if err != nil {
		return nil, err
	}
	b.tags = b.pool.tags(proofs)
	return b, nil
}

// describe is the identity as its owner sees it.
func (i *identity) describe() *cognitoidentity.IdentityDescription {
	d := &cognitoidentity.IdentityDescription{IdentityId: &i.id, Logins: []string{}, CreationDate: &i.Created, LastModifiedDate: &i.Modified}
	for _, l := range i.Logins {
		d.Logins = append(d.Logins, l.Provider)
	}
	return d
}

// DescribeIdentity tells of an identity.
func (s *Service) DescribeIdentity(ctx context.Context, in *cognitoidentity.DescribeIdentityInput) (*cognitoidentity.DescribeIdentityOutput, error) {
	out := new(cognitoidentity.DescribeIdentityOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		i, err := ownIdentity(ctx, tx, in.IdentityId)
		if err == nil {
			*out = cognitoidentity.DescribeIdentityOutput(*i.describe())
		}
		return err
	})
	return out, err
}

// ListIdentities lists a pool's identities in the order of their ids. None is ever disabled.
func (s *Service) ListIdentities(ctx context.Context, in *cognitoidentity.ListIdentitiesInput) (*cognitoidentity.ListIdentitiesOutput, error) {
	out := new(cognitoidentity.ListIdentitiesOutput)
	err := s.view(ctx, in.IdentityPoolId, func(tx kv.Tx, p *pool) error {
		*out = cognitoidentity.ListIdentitiesOutput{IdentityPoolId: &p.at.ID, Identities: []cognitoidentity.IdentityDescription{}}
		r, err := page(kv.Prefix(p.identities()), in.NextToken)
		if err != nil {
			return err
		}
		for key, i := range identities.Scan(tx, r) {
			if len(out.Identities) == pageSize(in.MaxResults) {
				out.NextToken = next(key)
				return nil
			}
			i.id = identityOf(key)
			out.Identities = append(out.Identities, *i.describe())
		}
		return nil
	})
	return out, err
}

// DeleteIdentities deletes identities. Those that are not there are no error.
func (s *Service) DeleteIdentities(ctx context.Context, in *cognitoidentity.DeleteIdentitiesInput) (*cognitoidentity.DeleteIdentitiesOutput, error) {
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		for _, id := range in.IdentityIdsToDelete {
			if i, err := ownIdentity(ctx, tx, id); err == nil {
				i.drop(tx)
			}
		}
		return nil
	})
	return &cognitoidentity.DeleteIdentitiesOutput{UnprocessedIdentityIds: []cognitoidentity.UnprocessedIdentityId{}}, err
}

// UnlinkIdentity takes logins from an identity, which must be shown by one of them.
func (s *Service) UnlinkIdentity(ctx context.Context, in *cognitoidentity.UnlinkIdentityInput) (*cognitoidentity.UnlinkIdentityOutput, error) {
	if len(in.Logins) == 0 {
		return nil, invalid("Logins must be given.")
	}
	b, err := s.bearing(ctx, in.IdentityId, in.Logins)
	if err != nil {
		return nil, err
	}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		i, err := anyIdentity(ctx, tx, b.id)
		if err == nil {
			i.remove(tx, func(l login) bool { return slices.Contains(in.LoginsToRemove, l.Provider) })
		}
		return err
	})
	return &cognitoidentity.UnlinkIdentityOutput{}, err
}

// remove lets the identity be known by some logins no more.
func (i *identity) remove(tx kv.Tx, which func(login) bool) {
	i.Logins = slices.DeleteFunc(i.Logins, func(l login) bool {
		if which(l) {
			links.Delete(tx, i.pool.linkKey(l))
			return true
		}
		return false
	})
	i.put(tx)
}
