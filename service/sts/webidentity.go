package sts

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	api "github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
)

// claims are what a token says.
type claims struct {
	jwt.Claims
	AuthorizedParty string     `json:"azp"`
	Methods         []string   `json:"amr"`
	SourceIdentity  string     `json:"https://aws.amazon.com/source_identity"`
	Session         *tokenTags `json:"https://aws.amazon.com/tags"`
}

// tokenTags are the session tags that a provider asserts.
// AWS: "Pass session tags in AWS STS", AssumeRoleWithWebIdentity.
type tokenTags struct {
	Principal  map[string]json.RawMessage `json:"principal_tags"`
	Transitive []string                   `json:"transitive_tag_keys"`
}

// AssumeRoleWithWebIdentity gives a session of a role to whom an OpenID Connect
// provider, which the role's account trusts, vouches for.
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, in *api.AssumeRoleWithWebIdentityInput) (*api.AssumeRoleWithWebIdentityOutput, error) {
	if in.ProviderId != nil {
		return nil, invalid("ProviderId is for OAuth 2.0 access tokens, which are not supported. Pass an OpenID Connect ID token without ProviderId.")
	}
	a := &assumption{
		action: "sts:AssumeRoleWithWebIdentity", caller: aws.Caller{Kind: aws.Anonymous}, name: in.RoleSessionName,
		limits: limits{policy: in.Policy, arns: in.PolicyArns}, keys: policy.Map{},
	}
	var err error
	if a.role, err = s.roleFor(ctx, a, in.RoleArn); err != nil {
		return nil, err
	}
	token, provider, err := s.verify(ctx, a.role.Account, in.WebIdentityToken)
	if err != nil {
		return nil, err
	}
	a.vouched(token, provider)
	credentials, user, packed, err := s.assume(ctx, a, in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	out := &api.AssumeRoleWithWebIdentityOutput{
		Credentials: credentials, AssumedRoleUser: user, PackedPolicySize: packed, SubjectFromWebIdentityToken: &token.Subject,
		Provider: &provider.ARN, Audience: new(token.audience()),
	}
	if a.source != "" {
		out.SourceIdentity = &a.source
	}
	return out, nil
}

// audience is who the token is for. AWS: "Available keys for AWS OIDC
// federation": the authorized party, where there is one, comes first.
func (c *claims) audience() string {
	if c.AuthorizedParty != "" {
		return c.AuthorizedParty
	}
	if len(c.Audience) > 0 {
		return c.Audience[0]
	}
	return ""
}

// vouched takes over what the token says.
func (a *assumption) vouched(token *claims, provider *Provider) {
	host := strings.TrimPrefix(strings.TrimPrefix(provider.Issuer, "https://"), "http://")
	session := &aws.Session{Federated: provider.ARN, Claims: map[string]string{
		host + ":sub": token.Subject, host + ":aud": token.audience(),
	}}
	if token.AuthorizedParty != "" && len(token.Audience) > 0 {
		session.Claims[host+":oaud"] = token.Audience[0]
	}
	if len(token.Methods) > 0 {
		a.keys[strings.ToLower(host)+":amr"] = policy.Many(token.Methods)
	}
	a.caller.Session = session
	a.source = token.SourceIdentity
	if token.Session == nil {
		return
	}
	a.tags = map[string]string{}
	for key, raw := range token.Session.Principal {
		var one string
		var many []string
		switch {
		case json.Unmarshal(raw, &one) == nil:
			a.tags[key] = one
		case json.Unmarshal(raw, &many) == nil && len(many) > 0:
			a.tags[key] = many[0]
		}
	}
	a.trans = token.Session.Transitive
}

// verify checks a token: who issued it, the signature, for whom and until when.
func (s *Service) verify(ctx context.Context, account aws.Account, raw string) (*claims, *Provider, error) {
	algorithms := []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}
	token, err := jwt.ParseSigned(raw, algorithms)
	var said claims
	if err != nil || token.UnsafeClaimsWithoutVerification(&said) != nil {
		return nil, nil, api.ErrInvalidIdentityTokenException("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	provider, ok, err := s.provider(ctx, account, &said)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		return nil, nil, api.ErrInvalidIdentityTokenException("No OpenIDConnect provider found in your account for %s", said.Issuer)
	}
	keys, err := s.keys(ctx, provider.Issuer)
	if err != nil {
		return nil, nil, api.ErrInvalidIdentityTokenException("Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements")
	}
	var proven claims
	if token.Claims(keys, &proven) != nil {
		return nil, nil, api.ErrInvalidIdentityTokenException("The signature of the ID Token could not be verified with the keys of your identity provider.")
	}
	return &proven, &provider, proven.check(&provider, aws.CallFrom(ctx).Start)
}

// identityPools is the provider that every account has: Cognito's identity pools. Roles
// name it as their principal, and say by conditions which pool they mean.
const identityPools = "cognito-identity.amazonaws.com"

// provider finds the provider that has issued a token, in the account of the role.
func (s *Service) provider(ctx context.Context, account aws.Account, said *claims) (Provider, bool, error) {
	if said.Issuer == "https://"+identityPools {
		return Provider{ARN: identityPools, Issuer: said.Issuer, ClientIDs: said.Audience}, true, nil
	}
	return s.Directory.Provider(ctx, account, said.Issuer)
}

// check refuses a token for others, or for another time. Its times are compared
// with the virtual clock, so a session cannot be begun with a token that, in
// the cloud's time, is long over.
func (c *claims) check(p *Provider, now time.Time) error {
	if c.Subject == "" || c.Expiry == nil || c.IssuedAt == nil {
		return api.ErrInvalidIdentityTokenException("Missing a required claim: sub, exp or iat")
	}
	for _, aud := range append([]string{c.audience()}, c.Audience...) {
		if slices.Contains(p.ClientIDs, aud) {
			return c.timely(now)
		}
	}
	return api.ErrInvalidIdentityTokenException("Incorrect token audience")
}

// leeway is how far a provider's clock may be off.
const leeway = 5 * time.Minute

func (c *claims) timely(now time.Time) error {
	switch {
	case !now.Before(c.Expiry.Time()):
		return api.ErrExpiredTokenException("Token expired: current date/time %d must be before the expiration date/time%d", now.Unix(), c.Expiry.Time().Unix())
	case c.IssuedAt.Time().After(now.Add(leeway)):
		return api.ErrInvalidIdentityTokenException("Token is from the future")
	case now.Sub(c.IssuedAt.Time()) > maxTokenAge:
		return api.ErrInvalidIdentityTokenException("Token must be issued within the last 24 hours")
	}
	return nil
}

// keys fetches what a provider signs with, unless it is of this cloud. Nothing is kept:
// providers are near, or answer from a cache.
func (s *Service) keys(ctx context.Context, issuer string) (*jose.JSONWebKeySet, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	jwks, _, err := s.Issuers.Fetch(ctx, issuer)
	if err != nil {
		return nil, err
	}
	var keys jose.JSONWebKeySet
	return &keys, json.Unmarshal(jwks, &keys)
}
