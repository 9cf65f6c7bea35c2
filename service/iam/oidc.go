package iam

import (
	"context"
	"net/url"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/state/kv"
)

const oidcResource = "oidc-provider/"

// CreateOpenIDConnectProvider makes a provider known.
func (s *Service) CreateOpenIDConnectProvider(ctx context.Context, in *api.CreateOpenIDConnectProviderInput) (*api.CreateOpenIDConnectProviderOutput, error) {
	p, err := newProvider(in)
	if err != nil {
		return nil, err
	}
	var out api.CreateOpenIDConnectProviderOutput
	err = s.update(ctx, func(t *tx) error {
		if oidcProviders.Has(t.Tx, t.oidcKey(p.URL)) {
			return api.ErrEntityAlreadyExistsException("Provider with url %s already exists.", in.Url)
		}
		if err := room(t, &oidcProviders, maxOIDCProviders, "OpenIdConnectProvidersPerAccount"); err != nil {
			return err
		}
		p.Created = t.Now()
		t.putOIDC(p)
		out.OpenIDConnectProviderArn, out.Tags = new(t.arn(oidcResource+p.URL)), showTags(p.Tags)
		return nil
	})
	return &out, err
}

// newProvider checks what a provider is made of.
// AWS: "CreateOpenIDConnectProvider". A plain http issuer is accepted for
// loopback addresses only, so that a provider on this machine can be tried.
func newProvider(in *api.CreateOpenIDConnectProviderInput) (*oidcProvider, error) {
	u, err := url.Parse(in.Url)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, invalid("Invalid Open ID Connect Provider URL")
	}
	if err := checkClientIDs(in.ClientIDList); err != nil {
		return nil, err
	}
	if err := checkThumbprints(in.ThumbprintList); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	bare := strings.TrimSuffix(u.Host+u.EscapedPath(), "/")
	return &oidcProvider{URL: bare, Scheme: u.Scheme, ClientIDs: in.ClientIDList, Thumbprints: in.ThumbprintList, Tags: tagsOf(in.Tags)}, nil
}

func loopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasPrefix(host, "127.") || host == "::1"
}

func checkClientIDs(ids []string) error {
	if len(ids) > maxClientIDs {
		return exceeded("ClientIdsPerOpenIdConnectProvider", maxClientIDs)
	}
	return nil
}

const thumbprintLength = 40

func checkThumbprints(prints []string) error {
	if len(prints) > maxThumbprints {
		return api.ErrInvalidInputException("Thumbprint list must contain fewer than %d entries.", maxThumbprints)
	}
	for _, p := range prints {
		if len(p) != thumbprintLength {
			return invalid("1 validation error detected: Value at 'thumbprintList' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to %d, Member must have length greater than or equal to %d]", thumbprintLength, thumbprintLength)
		}
	}
	return nil
}

// GetOpenIDConnectProvider describes a provider.
func (s *Service) GetOpenIDConnectProvider(ctx context.Context, in *api.GetOpenIDConnectProviderInput) (*api.GetOpenIDConnectProviderOutput, error) {
	var out api.GetOpenIDConnectProviderOutput
	err := s.view(ctx, func(t *tx) error {
		p, err := t.oidc(in.OpenIDConnectProviderArn)
		if err != nil {
			return err
		}
		out = api.GetOpenIDConnectProviderOutput{
			Url: &p.URL, ClientIDList: p.ClientIDs, ThumbprintList: p.Thumbprints, CreateDate: &p.Created, Tags: showTags(p.Tags),
		}
		return nil
	})
	return &out, err
}

// AddClientIDToOpenIDConnectProvider lets another audience in.
func (s *Service) AddClientIDToOpenIDConnectProvider(ctx context.Context, in *api.AddClientIDToOpenIDConnectProviderInput) (*api.AddClientIDToOpenIDConnectProviderOutput, error) {
	return &api.AddClientIDToOpenIDConnectProviderOutput{}, s.changeOIDC(ctx, in.OpenIDConnectProviderArn, func(p *oidcProvider) error {
		if !slices.Contains(p.ClientIDs, in.ClientID) {
			p.ClientIDs = append(p.ClientIDs, in.ClientID)
		}
		return checkClientIDs(p.ClientIDs)
	})
}

// RemoveClientIDFromOpenIDConnectProvider shuts an audience out.
func (s *Service) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, in *api.RemoveClientIDFromOpenIDConnectProviderInput) (*api.RemoveClientIDFromOpenIDConnectProviderOutput, error) {
	return &api.RemoveClientIDFromOpenIDConnectProviderOutput{}, s.changeOIDC(ctx, in.OpenIDConnectProviderArn, func(p *oidcProvider) error {
		p.ClientIDs = slices.DeleteFunc(p.ClientIDs, func(id string) bool { return id == in.ClientID })
		return nil
	})
}

// UpdateOpenIDConnectProviderThumbprint replaces the thumbprints.
func (s *Service) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, in *api.UpdateOpenIDConnectProviderThumbprintInput) (*api.UpdateOpenIDConnectProviderThumbprintOutput, error) {
	if err := checkThumbprints(in.ThumbprintList); err != nil {
		return nil, err
	}
	return &api.UpdateOpenIDConnectProviderThumbprintOutput{}, s.changeOIDC(ctx, in.OpenIDConnectProviderArn, func(p *oidcProvider) error {
		p.Thumbprints = in.ThumbprintList
		return nil
	})
}

// DeleteOpenIDConnectProvider forgets a provider. AWS: doing it twice is no error.
func (s *Service) DeleteOpenIDConnectProvider(ctx context.Context, in *api.DeleteOpenIDConnectProviderInput) (*api.DeleteOpenIDConnectProviderOutput, error) {
	return &api.DeleteOpenIDConnectProviderOutput{}, s.update(ctx, func(t *tx) error {
		if p, err := t.oidc(in.OpenIDConnectProviderArn); err == nil {
			oidcProviders.Delete(t.Tx, t.oidcKey(p.URL))
		}
		return nil
	})
}

// ListOpenIDConnectProviders lists the account's providers.
func (s *Service) ListOpenIDConnectProviders(ctx context.Context, _ *api.ListOpenIDConnectProvidersInput) (*api.ListOpenIDConnectProvidersOutput, error) {
	out := api.ListOpenIDConnectProvidersOutput{OpenIDConnectProviderList: []api.OpenIDConnectProviderListEntry{}}
	err := s.view(ctx, func(t *tx) error {
		for _, p := range oidcProviders.Scan(t.Tx, kv.Prefix(oidcProviders.Prefix(t.Scope))) {
			out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, api.OpenIDConnectProviderListEntry{Arn: new(t.arn(oidcResource + p.URL))})
		}
		return nil
	})
	return &out, err
}

// TagOpenIDConnectProvider adds tags to a provider.
func (s *Service) TagOpenIDConnectProvider(ctx context.Context, in *api.TagOpenIDConnectProviderInput) (*api.TagOpenIDConnectProviderOutput, error) {
	return &api.TagOpenIDConnectProviderOutput{}, s.changeOIDC(ctx, in.OpenIDConnectProviderArn, func(p *oidcProvider) error {
		e := entity{Tags: p.Tags}
		err := retag(&e, in.Tags)
		p.Tags = e.Tags
		return err
	})
}

// UntagOpenIDConnectProvider removes tags from a provider.
func (s *Service) UntagOpenIDConnectProvider(ctx context.Context, in *api.UntagOpenIDConnectProviderInput) (*api.UntagOpenIDConnectProviderOutput, error) {
	return &api.UntagOpenIDConnectProviderOutput{}, s.changeOIDC(ctx, in.OpenIDConnectProviderArn, func(p *oidcProvider) error {
		e := entity{Tags: p.Tags}
		untag(&e, in.TagKeys)
		p.Tags = e.Tags
		return nil
	})
}

// ListOpenIDConnectProviderTags lists a provider's tags.
func (s *Service) ListOpenIDConnectProviderTags(ctx context.Context, in *api.ListOpenIDConnectProviderTagsInput) (*api.ListOpenIDConnectProviderTagsOutput, error) {
	var out part[api.Tag]
	err := s.view(ctx, func(t *tx) error {
		p, err := t.oidc(in.OpenIDConnectProviderArn)
		if err == nil {
			out, err = listTags(&entity{Tags: p.Tags}, in.Marker, in.MaxItems)
		}
		return err
	})
	return &api.ListOpenIDConnectProviderTagsOutput{Tags: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// changeOIDC changes a provider.
func (s *Service) changeOIDC(ctx context.Context, arn string, change func(*oidcProvider) error) error {
	return s.update(ctx, func(t *tx) error {
		p, err := t.oidc(arn)
		if err != nil {
			return err
		}
		if err := change(p); err != nil {
			return err
		}
		t.putOIDC(p)
		return nil
	})
}

func (t *tx) oidcKey(bare string) kv.Key { return oidcProviders.Key(t.Scope, kv.String(bare)) }

func (t *tx) putOIDC(p *oidcProvider) { oidcProviders.Put(t.Tx, t.oidcKey(p.URL), p) }

func (t *tx) oidc(arn string) (*oidcProvider, error) {
	if bare, ok := strings.CutPrefix(arn, t.arn(oidcResource)); ok {
		if p, ok := oidcProviders.Get(t.Tx, t.oidcKey(bare)); ok {
			return p, nil
		}
	}
	return nil, api.ErrNoSuchEntityException("OpenIDConnect Provider not found for arn %s", arn)
}
