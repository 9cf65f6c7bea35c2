package cognitoidp

import (
	"context"
	"net/url"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// ownProvider is the pool's own directory among providers.
const ownProvider = "COGNITO"

// Names in a provider's details.
// AWS: CreateIdentityProvider, "ProviderDetails".
const (
	detailClient    = "client_id"
	detailSecret    = "client_secret"
	detailScopes    = "authorize_scopes"
	detailIssuer    = "oidc_issuer"
	detailAuthorize = "authorize_url"
	detailToken     = "token_url"
	detailUser      = "attributes_url"
	detailKeys      = "jwks_uri"
	detailMethod    = "attributes_request_method"
)

// googleIssuer is Google, which is an OpenID Connect provider like others.
const googleIssuer = "https://accounts.google.com"

func (f *federation) describe(p *pool) *cognitoidp.IdentityProviderType {
	return &cognitoidp.IdentityProviderType{
		UserPoolId: &p.at.ID, ProviderName: &f.Name, ProviderType: cognitoidp.IdentityProviderTypeType(f.Type), ProviderDetails: f.Details,
		AttributeMapping: f.Mapping, IdpIdentifiers: f.Identifiers, CreationDate: &f.Created, LastModifiedDate: &f.Modified,
	}
}

// check refuses a provider that users could not sign in with.
func (f *federation) check(p *pool) error {
	required := []string{detailClient, detailSecret, detailScopes}
	if f.Type == string(cognitoidp.IdentityProviderTypeTypeOIDC) {
		required = append(required, detailIssuer, detailMethod)
		if u, err := url.Parse(f.Details[detailIssuer]); err != nil || u.Host == "" {
			return invalid("oidc_issuer must be a URL.")
		}
	}
	for _, name := range required {
		if f.Details[name] == "" {
			return invalid("%s is required in ProviderDetails.", name)
		}
	}
	for name := range f.Mapping {
		if name != "username" && find(p.settings.SchemaAttributes, name) == nil {
			return invalid("Invalid attribute mapping: %s is no attribute of the user pool.", name)
		}
	}
	return nil
}

func (p *pool) federation(tx kv.Tx, name string) (*federation, error) {
	f, ok := federations.Get(tx, p.federationKey(name))
	if !ok {
		return nil, cognitoidp.ErrResourceNotFoundException("Identity provider %s does not exist.", name)
	}
	return f, nil
}

// CreateIdentityProvider lets users of another provider sign in.
func (s *Service) CreateIdentityProvider(ctx context.Context, in *cognitoidp.CreateIdentityProviderInput) (*cognitoidp.CreateIdentityProviderOutput, error) {
	switch in.ProviderType {
	case cognitoidp.IdentityProviderTypeTypeOIDC, cognitoidp.IdentityProviderTypeTypeGoogle:
	default:
		return nil, unbuilt("identity providers of the type " + string(in.ProviderType))
	}
	out := new(cognitoidp.CreateIdentityProviderOutput)
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		if federations.Has(tx, p.federationKey(in.ProviderName)) || in.ProviderName == ownProvider {
			return cognitoidp.ErrDuplicateProviderException("A provider with the name %s already exists in the user pool.", in.ProviderName)
		}
		f := &federation{
			Name: in.ProviderName, Type: string(in.ProviderType), Details: in.ProviderDetails, Mapping: in.AttributeMapping, Identifiers: in.IdpIdentifiers,
			Created: tx.Now(), Modified: tx.Now(),
		}
		if len(f.Mapping) == 0 {
			f.Mapping = map[string]string{"username": "sub"}
		}
		if err := f.check(p); err != nil {
			return err
		}
		federations.Put(tx, p.federationKey(f.Name), f)
		out.IdentityProvider = f.describe(p)
		return nil
	})
	return out, err
}

// DescribeIdentityProvider returns a provider.
func (s *Service) DescribeIdentityProvider(ctx context.Context, in *cognitoidp.DescribeIdentityProviderInput) (*cognitoidp.DescribeIdentityProviderOutput, error) {
	out := new(cognitoidp.DescribeIdentityProviderOutput)
	err := s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		f, err := p.federation(tx, in.ProviderName)
		if err == nil {
			out.IdentityProvider = f.describe(p)
		}
		return err
	})
	return out, err
}

// GetIdentityProviderByIdentifier returns the provider that has a second name.
func (s *Service) GetIdentityProviderByIdentifier(ctx context.Context, in *cognitoidp.GetIdentityProviderByIdentifierInput) (*cognitoidp.GetIdentityProviderByIdentifierOutput, error) {
	out := new(cognitoidp.GetIdentityProviderByIdentifierOutput)
	err := s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		f, ok := p.identified(tx, in.IdpIdentifier)
		if !ok {
			return cognitoidp.ErrResourceNotFoundException("Identity provider with the identifier %s does not exist.", in.IdpIdentifier)
		}
		out.IdentityProvider = f.describe(p)
		return nil
	})
	return out, err
}

// identified finds the provider that has a second name.
func (p *pool) identified(tx kv.Tx, identifier string) (*federation, bool) {
	for _, f := range federations.Scan(tx, kv.Prefix(p.federations())) {
		if slices.Contains(f.Identifiers, identifier) {
			return f, true
		}
	}
	return nil, false
}

// UpdateIdentityProvider changes what is given of a provider.
func (s *Service) UpdateIdentityProvider(ctx context.Context, in *cognitoidp.UpdateIdentityProviderInput) (*cognitoidp.UpdateIdentityProviderOutput, error) {
	out := new(cognitoidp.UpdateIdentityProviderOutput)
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		f, err := p.federation(tx, in.ProviderName)
		if err != nil {
			return err
		}
		if in.ProviderDetails != nil {
			f.Details = in.ProviderDetails
		}
		if in.AttributeMapping != nil {
			f.Mapping = in.AttributeMapping
		}
		if in.IdpIdentifiers != nil {
			f.Identifiers = in.IdpIdentifiers
		}
		if err := f.check(p); err != nil {
			return err
		}
		f.Modified = tx.Now()
		federations.Put(tx, p.federationKey(f.Name), f)
		out.IdentityProvider = f.describe(p)
		return nil
	})
	return out, err
}

// ListIdentityProviders lists providers by name.
func (s *Service) ListIdentityProviders(ctx context.Context, in *cognitoidp.ListIdentityProvidersInput) (*cognitoidp.ListIdentityProvidersOutput, error) {
	pg, err := newPage(deref(in.MaxResults), in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(cognitoidp.ListIdentityProvidersOutput)
	err = s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		*out = cognitoidp.ListIdentityProvidersOutput{Providers: []cognitoidp.ProviderDescription{}}
		for key, f := range federations.Scan(tx, pg.of(kv.Prefix(p.federations()))) {
			if len(out.Providers) == pg.size {
				out.NextToken = pg.token(key)
				return nil
			}
			out.Providers = append(out.Providers, cognitoidp.ProviderDescription{
				ProviderName: &f.Name, ProviderType: cognitoidp.IdentityProviderTypeType(f.Type), CreationDate: &f.Created, LastModifiedDate: &f.Modified,
			})
		}
		return nil
	})
	return out, err
}

// DeleteIdentityProvider deletes a provider. Its users stay, and cannot sign in.
func (s *Service) DeleteIdentityProvider(ctx context.Context, in *cognitoidp.DeleteIdentityProviderInput) (*cognitoidp.DeleteIdentityProviderOutput, error) {
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		_, err := p.federation(tx, in.ProviderName)
		if err == nil {
			federations.Delete(tx, p.federationKey(in.ProviderName))
		}
		return err
	})
	return &cognitoidp.DeleteIdentityProviderOutput{}, err
}

// checkProviders checks that the pool has the client's providers.
func (c *client) checkProviders(tx kv.Tx) error {
	for _, name := range c.settings.SupportedIdentityProviders {
		if name != ownProvider && !federations.Has(tx, c.pool.federationKey(name)) {
			return invalid("The provider %s does not exist for User Pool %s", name, c.pool.at.ID)
		}
	}
	return nil
}
