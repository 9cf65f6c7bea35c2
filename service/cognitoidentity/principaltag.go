package cognitoidentity

import (
	"context"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/state/kv"
)

// tagging is what was set for a provider.
func (p *pool) tagging(provider string) *tagging {
	i := slices.IndexFunc(p.Tagging, func(t tagging) bool { return t.Provider == provider })
	if i < 0 {
		return &tagging{Provider: provider}
	}
	return &p.Tagging[i]
}

// claims are the claims that become tags.
// AWS: "Using attributes for access control", default mappings.
func (t *tagging) claims() map[string]string {
	if t.Default {
		return map[string]string{"client": "aud", "username": "sub"}
	}
	return t.Tags
}

// tags are the session tags that the claims of proofs make.
func (p *pool) tags(proofs []proof) map[string]string {
	tags := map[string]string{}
	for i := range proofs {
		for tag, claim := range p.tagging(proofs[i].Provider).claims() {
			if values := texts(proofs[i].claims[claim]); len(values) > 0 {
				tags[tag] = values[0]
			}
		}
	}
	return tags
}

// SetPrincipalTagAttributeMap says which claims of a provider's become session tags.
func (s *Service) SetPrincipalTagAttributeMap(ctx context.Context, in *cognitoidentity.SetPrincipalTagAttributeMapInput) (*cognitoidentity.SetPrincipalTagAttributeMapOutput, error) {
	t := tagging{in.IdentityProviderName, deref(in.UseDefaults), in.PrincipalTags}
	err := s.change(ctx, here(ctx, in.IdentityPoolId), func(p *pool) error {
		p.Tagging = slices.DeleteFunc(p.Tagging, func(old tagging) bool { return old.Provider == t.Provider })
		p.Tagging = append(p.Tagging, t)
		return nil
	})
	return &cognitoidentity.SetPrincipalTagAttributeMapOutput{
		IdentityPoolId: &in.IdentityPoolId, IdentityProviderName: &in.IdentityProviderName, UseDefaults: &t.Default, PrincipalTags: t.claims(),
	}, err
}

// GetPrincipalTagAttributeMap tells which claims of a provider's become session tags.
func (s *Service) GetPrincipalTagAttributeMap(ctx context.Context, in *cognitoidentity.GetPrincipalTagAttributeMapInput) (*cognitoidentity.GetPrincipalTagAttributeMapOutput, error) {
	out := new(cognitoidentity.GetPrincipalTagAttributeMapOutput)
	err := s.view(ctx, in.IdentityPoolId, func(_ kv.Tx, p *pool) error {
		t := p.tagging(in.IdentityProviderName)
		*out = cognitoidentity.GetPrincipalTagAttributeMapOutput{
			IdentityPoolId: &p.at.ID, IdentityProviderName: &t.Provider, UseDefaults: &t.Default, PrincipalTags: t.claims(),
		}
		return nil
	})
	return out, err
}
