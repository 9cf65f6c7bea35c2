package iam

import (
	"context"
	"encoding/xml"
	"slices"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

const (
	samlResource    = "saml-provider/"
	samlUUIDLength  = 16
	samlKeyIDLength = 22
	maxSAMLKeys     = 2 // AWS: "UpdateSAMLProvider", AddPrivateKey
	maxMetadata     = 10_000_000
	// samlLifetime is how long metadata without validUntil counts as valid.
	samlLifetime = 100 // years
)

// metadataValid checks a metadata document and tells until when it is valid.
func metadataValid(document string, now time.Time) (time.Time, error) {
	var m struct {
		XMLName    xml.Name
		EntityID   string `xml:"entityID,attr"`
		ValidUntil string `xml:"validUntil,attr"`
		IDP        *struct {
			Keys []struct{} `xml:"KeyDescriptor"`
		} `xml:"IDPSSODescriptor"`
	}
	if len(document) > maxMetadata || xml.Unmarshal([]byte(document), &m) != nil || m.XMLName.Local != "EntityDescriptor" || m.EntityID == "" || m.IDP == nil {
		return time.Time{}, api.ErrInvalidInputException("Could not parse metadata")
	}
	if m.ValidUntil == "" {
		return now.AddDate(samlLifetime, 0, 0), nil
	}
	until, err := time.Parse(time.RFC3339, m.ValidUntil)
	if err != nil {
		return time.Time{}, api.ErrInvalidInputException("Could not parse metadata")
	}
	return until.UTC(), nil
}

// CreateSAMLProvider makes a provider known by its metadata.
func (s *Service) CreateSAMLProvider(ctx context.Context, in *api.CreateSAMLProviderInput) (*api.CreateSAMLProviderOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	var out api.CreateSAMLProviderOutput
	err := s.update(ctx, func(t *tx) error {
		until, err := metadataValid(in.SAMLMetadataDocument, t.Now())
		if err != nil {
			return err
		}
		if samlProviders.Has(t.Tx, t.samlKey(in.Name)) {
			return api.ErrEntityAlreadyExistsException("SAMLProvider %s already exists.", in.Name)
		}
		if err := room(t, &samlProviders, maxSAMLProviders, "SAMLProvidersPerAccount"); err != nil {
			return err
		}
		p := &samlProvider{
			Name: in.Name, UUID: aws.Text(t.Random, aws.UpperBase32, samlUUIDLength), Metadata: in.SAMLMetadataDocument, Created: t.Now(),
			ValidUntil: until, Tags: tagsOf(in.Tags), Encryption: string(in.AssertionEncryptionMode),
		}
		if err := t.addSAMLKey(p, in.AddPrivateKey); err != nil {
			return err
		}
		t.putSAML(p)
		out.SAMLProviderArn, out.Tags = new(t.arn(samlResource+p.Name)), showTags(p.Tags)
		return nil
	})
	return &out, err
}

// addSAMLKey adds a private key, if there is one.
func (t *tx) addSAMLKey(p *samlProvider, key *string) error {
	if key == nil {
		return nil
	}
	if !strings.Contains(*key, "PRIVATE KEY-----") {
		return api.ErrInvalidInputException("Could not parse the private key.")
	}
	if len(p.Keys) >= maxSAMLKeys {
		return exceeded("PrivateKeysPerSAMLProvider", maxSAMLKeys)
	}
	p.Keys = append(p.Keys, samlKey{ID: aws.Text(t.Random, aws.UpperBase32, samlKeyIDLength), Added: t.Now(), PEM: *key})
	return nil
}

// GetSAMLProvider describes a provider.
func (s *Service) GetSAMLProvider(ctx context.Context, in *api.GetSAMLProviderInput) (*api.GetSAMLProviderOutput, error) {
	var out api.GetSAMLProviderOutput
	err := s.view(ctx, func(t *tx) error {
		p, err := t.saml(in.SAMLProviderArn)
		if err != nil {
			return err
		}
		out = api.GetSAMLProviderOutput{
			SAMLProviderUUID: &p.UUID, SAMLMetadataDocument: &p.Metadata, CreateDate: &p.Created, ValidUntil: &p.ValidUntil,
			Tags: showTags(p.Tags), AssertionEncryptionMode: api.AssertionEncryptionModeType(p.Encryption),
		}
		for _, k := range p.Keys {
			out.PrivateKeyList = append(out.PrivateKeyList, api.SAMLPrivateKey{KeyId: &k.ID, Timestamp: &k.Added})
		}
		return nil
	})
	return &out, err
}

// UpdateSAMLProvider replaces metadata, and adds or removes keys.
func (s *Service) UpdateSAMLProvider(ctx context.Context, in *api.UpdateSAMLProviderInput) (*api.UpdateSAMLProviderOutput, error) {
	return &api.UpdateSAMLProviderOutput{SAMLProviderArn: &in.SAMLProviderArn}, s.update(ctx, func(t *tx) error {
		p, err := t.saml(in.SAMLProviderArn)
		if err != nil {
			return err
		}
		if in.SAMLMetadataDocument != nil {
			if p.ValidUntil, err = metadataValid(*in.SAMLMetadataDocument, t.Now()); err != nil {
				return err
			}
			p.Metadata = *in.SAMLMetadataDocument
		}
		if in.AssertionEncryptionMode != "" {
			p.Encryption = string(in.AssertionEncryptionMode)
		}
		if in.RemovePrivateKey != nil {
			n := len(p.Keys)
			p.Keys = slices.DeleteFunc(p.Keys, func(k samlKey) bool { return k.ID == *in.RemovePrivateKey })
			if len(p.Keys) == n {
				return api.ErrNoSuchEntityException("The private key with id %s cannot be found.", *in.RemovePrivateKey)
			}
		}
		if err := t.addSAMLKey(p, in.AddPrivateKey); err != nil {
			return err
		}
		t.putSAML(p)
		return nil
	})
}

// DeleteSAMLProvider forgets a provider.
func (s *Service) DeleteSAMLProvider(ctx context.Context, in *api.DeleteSAMLProviderInput) (*api.DeleteSAMLProviderOutput, error) {
	return &api.DeleteSAMLProviderOutput{}, s.update(ctx, func(t *tx) error {
		p, err := t.saml(in.SAMLProviderArn)
		if err == nil {
			samlProviders.Delete(t.Tx, t.samlKey(p.Name))
		}
		return err
	})
}

// ListSAMLProviders lists the account's providers.
func (s *Service) ListSAMLProviders(ctx context.Context, _ *api.ListSAMLProvidersInput) (*api.ListSAMLProvidersOutput, error) {
	out := api.ListSAMLProvidersOutput{SAMLProviderList: []api.SAMLProviderListEntry{}}
	err := s.view(ctx, func(t *tx) error {
		for _, p := range samlProviders.Scan(t.Tx, kv.Prefix(samlProviders.Prefix(t.Scope))) {
			out.SAMLProviderList = append(out.SAMLProviderList, api.SAMLProviderListEntry{
				Arn: new(t.arn(samlResource + p.Name)), ValidUntil: &p.ValidUntil, CreateDate: &p.Created,
			})
		}
		return nil
	})
	return &out, err
}

// TagSAMLProvider adds tags to a provider.
func (s *Service) TagSAMLProvider(ctx context.Context, in *api.TagSAMLProviderInput) (*api.TagSAMLProviderOutput, error) {
	return &api.TagSAMLProviderOutput{}, s.update(ctx, func(t *tx) error {
		p, err := t.saml(in.SAMLProviderArn)
		if err != nil {
			return err
		}
		e := entity{Tags: p.Tags}
		if err := retag(&e, in.Tags); err != nil {
			return err
		}
		p.Tags = e.Tags
		t.putSAML(p)
		return nil
	})
}

// UntagSAMLProvider removes tags from a provider.
func (s *Service) UntagSAMLProvider(ctx context.Context, in *api.UntagSAMLProviderInput) (*api.UntagSAMLProviderOutput, error) {
	return &api.UntagSAMLProviderOutput{}, s.update(ctx, func(t *tx) error {
		p, err := t.saml(in.SAMLProviderArn)
		if err != nil {
			return err
		}
		e := entity{Tags: p.Tags}
		untag(&e, in.TagKeys)
		p.Tags = e.Tags
		t.putSAML(p)
		return nil
	})
}

// ListSAMLProviderTags lists a provider's tags.
func (s *Service) ListSAMLProviderTags(ctx context.Context, in *api.ListSAMLProviderTagsInput) (*api.ListSAMLProviderTagsOutput, error) {
	var out part[api.Tag]
	err := s.view(ctx, func(t *tx) error {
		p, err := t.saml(in.SAMLProviderArn)
		if err == nil {
			out, err = listTags(&entity{Tags: p.Tags}, in.Marker, in.MaxItems)
		}
		return err
	})
	return &api.ListSAMLProviderTagsOutput{Tags: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

func (t *tx) samlKey(name string) kv.Key { return samlProviders.Key(t.Scope, kv.String(name)) }

func (t *tx) putSAML(p *samlProvider) { samlProviders.Put(t.Tx, t.samlKey(p.Name), p) }

func (t *tx) saml(arn string) (*samlProvider, error) {
	if name, ok := strings.CutPrefix(arn, t.arn(samlResource)); ok {
		if p, ok := samlProviders.Get(t.Tx, t.samlKey(name)); ok {
			return p, nil
		}
	}
	return nil, api.ErrNoSuchEntityException("SAMLProvider %s does not exist.", arn)
}
