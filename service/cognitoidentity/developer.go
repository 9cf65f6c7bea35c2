package cognitoidentity

import (
	"context"
	"slices"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/state/kv"
)

// byDeveloper is the bearer of a token that its developer's server has got for it.
func (s *Service) byDeveloper(ctx context.Context, i *identity, token string) (*bearer, error) {
	t, err := s.own(ctx, i.pool, token)
	if err != nil {
		return nil, err
	}
	if t.Subject != i.id {
		return nil, refused("Invalid login token. The token is of another identity.")
	}
	b := &bearer{identity: i, methods: t.Methods}
	if t.Tags != nil {
		b.tags = t.Tags.Principal
	}
	return b, nil
}

// GetOpenIdTokenForDeveloperIdentity gives a developer's server the token of a user whom
// it has signed in.
// AWS: "Developer-authenticated identities".
func (s *Service) GetOpenIdTokenForDeveloperIdentity(ctx context.Context, in *cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput) (*cognitoidentity.GetOpenIdTokenForDeveloperIdentityOutput, error) {
	good := developerTokenTime
	if in.TokenDuration != nil {
		good = min(time.Duration(*in.TokenDuration)*time.Second, maxTokenTime)
	}
	var p *pool
	err := s.view(ctx, in.IdentityPoolId, func(_ kv.Tx, found *pool) error {
		p = found
		return nil
	})
	if err != nil {
		return nil, err
	}
	name := deref(p.settings.DeveloperProviderName)
	user, ok := in.Logins[name]
	if name == "" || !ok {
		return nil, invalid("Please provide a valid developer provider")
	}
	others := map[string]string{}
	for provider, token := range in.Logins {
		if provider != name {
			others[provider] = token
		}
	}
	proofs, err := s.verify(ctx, p, others)
	if err != nil {
		return nil, err
	}
	b := &bearer{proofs: proofs, tags: in.PrincipalTags}
	all := append([]login{{name, user}}, logins(proofs)...)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		p, err := p.at.find(tx)
		if err != nil {
			return err
		}
		b.identity, err = s.developed(tx, p, all, deref(in.IdentityId))
		return err
	})
	if err != nil {
		return nil, err
	}
	b.methods = []string{authenticated, name, name + ":" + p.at.ID + ":" + user}
	if len(proofs) > 0 {
		b.methods = append(b.methods, methods(proofs)[1:]...)
	}
	token, err := s.mint(ctx, b, good)
	return &cognitoidentity.GetOpenIdTokenForDeveloperIdentityOutput{IdentityId: &b.id, Token: &token}, err
}

// developed is the identity of logins, which are linked to the one that is asked for.
func (s *Service) developed(tx kv.Tx, p *pool, all []login, id string) (*identity, error) {
	i, err := p.known(tx, all)
	switch {
	case err != nil:
		return nil, err
	case i != nil && id != "" && i.id != id:
		return nil, cognitoidentity.ErrDeveloperUserAlreadyRegisteredException("The developer user identifier is already registered with another identity.")
	case i == nil && id != "":
		if i, err = p.identity(tx, id); err != nil {
			return nil, err
		}
	case i == nil:
		i = s.newIdentity(tx, p)
	}
	i.add(tx, all)
	return i, nil
}

// LookupDeveloperIdentity finds an identity by a developer's user, or its users by the identity.
func (s *Service) LookupDeveloperIdentity(ctx context.Context, in *cognitoidentity.LookupDeveloperIdentityInput) (*cognitoidentity.LookupDeveloperIdentityOutput, error) {
	if in.IdentityId == nil && in.DeveloperUserIdentifier == nil {
		return nil, invalid("Either IdentityId or DeveloperUserIdentifier must be given.")
	}
	out := new(cognitoidentity.LookupDeveloperIdentityOutput)
	err := s.view(ctx, in.IdentityPoolId, func(tx kv.Tx, p *pool) error {
		name := deref(p.settings.DeveloperProviderName)
		id := deref(in.IdentityId)
		if user := in.DeveloperUserIdentifier; user != nil {
			row, ok := links.Get(tx, p.linkKey(login{name, *user}))
			switch {
			case !ok:
				return cognitoidentity.ErrResourceNotFoundException("Developer user identifier '%s' not found.", *user)
			case id != "" && id != row.Identity:
				return cognitoidentity.ErrResourceConflictException("The developer user identifier is of another identity.")
			}
			id = row.Identity
		}
		i, err := p.identity(tx, id)
		if err != nil {
			return err
		}
		*out = cognitoidentity.LookupDeveloperIdentityOutput{IdentityId: &i.id, DeveloperUserIdentifierList: i.usersOf(name)}
		return nil
	})
	return out, err
}

// usersOf are the identity's users at a provider.
func (i *identity) usersOf(provider string) []string {
	users := []string{}
	for _, l := range i.Logins {
		if l.Provider == provider {
			users = append(users, l.User)
		}
	}
	return users
}

// MergeDeveloperIdentities gives all logins of one developer's user to another, and deletes
// the first one's identity.
func (s *Service) MergeDeveloperIdentities(ctx context.Context, in *cognitoidentity.MergeDeveloperIdentitiesInput) (*cognitoidentity.MergeDeveloperIdentitiesOutput, error) {
	out := new(cognitoidentity.MergeDeveloperIdentitiesOutput)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		p, err := here(ctx, in.IdentityPoolId).find(tx)
		if err != nil {
			return err
		}
		var both [2]*identity
		for n, user := range []string{in.SourceUserIdentifier, in.DestinationUserIdentifier} {
			if both[n], err = p.known(tx, []login{{in.DeveloperProviderName, user}}); err != nil {
				return err
			}
			if both[n] == nil {
				return cognitoidentity.ErrResourceNotFoundException("Developer user identifier '%s' not found.", user)
			}
		}
		from, to := both[0], both[1]
		if from.id != to.id {
			all := slices.Clone(from.Logins)
			from.drop(tx)
			to.add(tx, all)
		}
		out.IdentityId = &to.id
		return nil
	})
	return out, err
}

// UnlinkDeveloperIdentity takes a developer's user from an identity.
func (s *Service) UnlinkDeveloperIdentity(ctx context.Context, in *cognitoidentity.UnlinkDeveloperIdentityInput) (*cognitoidentity.UnlinkDeveloperIdentityOutput, error) {
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		p, err := here(ctx, in.IdentityPoolId).find(tx)
		if err != nil {
			return err
		}
		i, err := p.identity(tx, in.IdentityId)
		if err != nil {
			return err
		}
		gone := login{in.DeveloperProviderName, in.DeveloperUserIdentifier}
		if !slices.Contains(i.Logins, gone) {
			return cognitoidentity.ErrResourceNotFoundException("Developer user identifier '%s' not found.", in.DeveloperUserIdentifier)
		}
		i.remove(tx, func(l login) bool { return l == gone })
		return nil
	})
	return &cognitoidentity.UnlinkDeveloperIdentityOutput{}, err
}
