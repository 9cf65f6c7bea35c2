package cognitoidentity

import (
	"context"
	"encoding/base64"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateIdentityPool makes a pool.
func (s *Service) CreateIdentityPool(ctx context.Context, in *cognitoidentity.CreateIdentityPoolInput) (*cognitoidentity.CreateIdentityPoolOutput, error) {
	sc := scopeOf(ctx)
	settings := &cognitoidentity.DescribeIdentityPoolOutput{
		IdentityPoolId: string(sc.Region) + ":" + aws.UUID(s.Random), IdentityPoolName: in.IdentityPoolName,
		AllowUnauthenticatedIdentities: in.AllowUnauthenticatedIdentities, AllowClassicFlow: in.AllowClassicFlow,
		SupportedLoginProviders: in.SupportedLoginProviders, DeveloperProviderName: in.DeveloperProviderName, OpenIdConnectProviderARNs: in.OpenIdConnectProviderARNs,
		CognitoIdentityProviders: in.CognitoIdentityProviders, SamlProviderARNs: in.SamlProviderARNs, IdentityPoolTags: in.IdentityPoolTags,
	}
	if err := check(settings); err != nil {
		return nil, err
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if n := count(tx, kv.Prefix(pools.Prefix(sc)), maxPools); n == maxPools {
			return cognitoidentity.ErrLimitExceededException("The maximum number of identity pools, %d, has been reached.", maxPools)
		}
		p := &pool{at: address{sc, settings.IdentityPoolId}, settings: settings, Created: tx.Now()}
		p.put(tx)
		return nil
	})
	return (*cognitoidentity.CreateIdentityPoolOutput)(settings), err
}

// count counts the rows of r, up to most.
func count(tx kv.Tx, r kv.Range, most int) (n int) {
	for range tx.Scan(r) {
		if n++; n == most {
			break
		}
	}
	return n
}

// check refuses settings that make no sense, or that a pool could not act by.
func check(p *cognitoidentity.DescribeIdentityPoolOutput) error {
	switch {
	case len(p.SupportedLoginProviders) > 0:
		return unbuilt("social login providers")
	case len(p.OpenIdConnectProviderARNs) > 0:
		return unbuilt("OpenID Connect providers")
	case len(p.SamlProviderARNs) > 0:
		return unbuilt("SAML providers")
	case len(p.CognitoIdentityProviders) > maxProviders:
		return cognitoidentity.ErrLimitExceededException("The maximum number of Cognito user pool providers, %d, has been exceeded.", maxProviders)
	}
	seen := map[[2]string]bool{}
	for _, u := range p.CognitoIdentityProviders {
		key := [2]string{deref(u.ProviderName), deref(u.ClientId)}
		if key[0] == "" || key[1] == "" {
			return invalid("ProviderName and ClientId are required in CognitoIdentityProviders.")
		}
		if seen[key] {
			return invalid("The provider %s with the client %s is given more than once.", key[0], key[1])
		}
		seen[key] = true
	}
	return checkTags(p.IdentityPoolTags)
}

// DescribeIdentityPool returns a pool's settings.
func (s *Service) DescribeIdentityPool(ctx context.Context, in *cognitoidentity.DescribeIdentityPoolInput) (out *cognitoidentity.DescribeIdentityPoolOutput, err error) {
	err = s.view(ctx, in.IdentityPoolId, func(_ kv.Tx, p *pool) error {
		out = p.settings
		return nil
	})
	return out, err
}

// UpdateIdentityPool replaces a pool's settings. Tags that are left out stay.
func (s *Service) UpdateIdentityPool(ctx context.Context, in *cognitoidentity.UpdateIdentityPoolInput) (out *cognitoidentity.UpdateIdentityPoolOutput, err error) {
	settings := cognitoidentity.DescribeIdentityPoolOutput(*in)
	if err := check(&settings); err != nil {
		return nil, err
	}
	err = s.change(ctx, here(ctx, in.IdentityPoolId), func(p *pool) error {
		own := settings
		if own.IdentityPoolTags == nil {
			own.IdentityPoolTags = p.settings.IdentityPoolTags
		}
		if name := p.settings.DeveloperProviderName; name != nil && deref(own.DeveloperProviderName) != *name {
			return invalid("DeveloperProviderName cannot be changed once it is set.") // AWS: CreateIdentityPool
		}
		p.settings = &own
		out = (*cognitoidentity.UpdateIdentityPoolOutput)(&own)
		return nil
	})
	return out, err
}

// DeleteIdentityPool deletes a pool and its identities. Credentials stay good for their time.
func (s *Service) DeleteIdentityPool(ctx context.Context, in *cognitoidentity.DeleteIdentityPoolInput) (*cognitoidentity.DeleteIdentityPoolOutput, error) {
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		p, err := here(ctx, in.IdentityPoolId).find(tx)
		if err == nil {
			p.drop(tx)
		}
		return err
	})
	return &cognitoidentity.DeleteIdentityPoolOutput{}, err
}

// ListIdentityPools lists pools in the order of their ids.
func (s *Service) ListIdentityPools(ctx context.Context, in *cognitoidentity.ListIdentityPoolsInput) (*cognitoidentity.ListIdentityPoolsOutput, error) {
	out := new(cognitoidentity.ListIdentityPoolsOutput)
	r, err := page(kv.Prefix(pools.Prefix(scopeOf(ctx))), in.NextToken)
	if err != nil {
		return nil, err
	}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = cognitoidentity.ListIdentityPoolsOutput{IdentityPools: []cognitoidentity.IdentityPoolShortDescription{}}
		for key, row := range pools.Scan(tx, r) {
			if len(out.IdentityPools) == pageSize(in.MaxResults) {
				out.NextToken = next(key)
				return nil
			}
			p := decode[cognitoidentity.DescribeIdentityPoolOutput](row.Settings)
			out.IdentityPools = append(out.IdentityPools, cognitoidentity.IdentityPoolShortDescription{IdentityPoolId: &p.IdentityPoolId, IdentityPoolName: &p.IdentityPoolName})
		}
		return nil
	})
	return out, err
}

func pageSize(n int32) int {
	if n <= 0 {
		return maxPage
	}
	return min(int(n), maxPage)
}

// page is the part of r that a token of next says to go on at.
func page(r kv.Range, token *string) (kv.Range, error) {
	if deref(token) == "" {
		return r, nil
	}
	start, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil || !r.Contains(start) {
		return r, invalid("Invalid pagination token.")
	}
	r.From = start
	return r, nil
}

func next(key kv.Key) *string { return new(base64.RawURLEncoding.EncodeToString(key)) }
