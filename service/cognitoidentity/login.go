package cognitoidentity

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/brume-cloud/brume/api/cognitoidentity"
)

// proof is a login that was checked.
type proof struct {
	login
	client string         // of the user pool
	claims map[string]any // of the token
}

// verify checks the tokens of logins, in the order of their providers.
func (s *Service) verify(ctx context.Context, p *pool, logins map[string]string) (all []proof, err error) {
	for _, name := range slices.Sorted(maps.Keys(logins)) {
		var clients []cognitoidentity.CognitoIdentityProvider
		for _, u := range p.settings.CognitoIdentityProviders {
			if *u.ProviderName == name {
				clients = append(clients, u)
			}
		}
		if len(clients) == 0 {
			return nil, unsupported()
		}
		v, err := s.verifyUser(ctx, name, logins[name], clients)
		if err != nil {
			return nil, err
		}
		all = append(all, *v)
	}
	return all, nil
}

func unsupported() error {
	return refused("Token is not from a supported provider of this identity pool.")
}

// idToken is what an ID token of a user pool says.
type idToken struct {
	jwt.Claims
	Use    string `json:"token_use"`
	Origin string `json:"origin_jti"`
}

// verifyUser checks an ID token of a user pool, which one of the clients must have got.
func (s *Service) verifyUser(ctx context.Context, name, raw string, clients []cognitoidentity.CognitoIdentityProvider) (*proof, error) {
	parsed, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	var t idToken
	if err != nil || parsed.UnsafeClaimsWithoutVerification(&t) != nil {
		return nil, refused("Invalid login token. Not a valid OpenId Connect identity token.")
	}
	// The issuer may be this cloud's own address: what it shares with the provider's
	// name is the pool's id.
	if pool := t.Issuer[strings.LastIndexByte(t.Issuer, '/')+1:]; pool == "" || !strings.HasSuffix(name, "/"+pool) {
		return nil, refused("Invalid login token. Issuer doesn't match providerName")
	}
	set, ok, err := s.Pools.Keys(ctx, t.Issuer)
	if err != nil {
		return nil, err
	}
	var public jose.JSONWebKeySet
	claims := map[string]any{}
	if !ok || json.Unmarshal(set, &public) != nil || parsed.Claims(&public, &t, &claims) != nil {
		return nil, refused("Invalid login token. Token signature invalid.")
	}
	i := slices.IndexFunc(clients, func(c cognitoidentity.CognitoIdentityProvider) bool { return t.Audience.Contains(*c.ClientId) })
	switch {
	case t.Use != "id" || i < 0:
		return nil, refused("Invalid login token. Incorrect token audience.")
	case t.Subject == "":
		return nil, refused("Invalid login token. Missing a required claim: sub")
	}
	if err := timely(ctx, t.Expiry); err != nil {
		return nil, err
	}
	if deref(clients[i].ServerSideTokenCheck) {
		good, err := s.Pools.SignedIn(ctx, t.Issuer, t.Subject, t.Origin)
		if err != nil {
			return nil, err
		}
		if !good {
			return nil, refused("Invalid login token. Token is revoked.")
		}
	}
	return &proof{login{name, t.Subject}, *clients[i].ClientId, claims}, nil
}

// methods are what the token of an identity says of how it has signed in.
func methods(all []proof) []string {
	if len(all) == 0 {
		return []string{unauthenticated}
	}
	out := []string{authenticated}
	for i := range all {
		out = append(out, all[i].Provider, all[i].Provider+":CognitoSignIn:"+all[i].User)
	}
	return out
}

// The two kinds of identities, as roles and tokens name them.
const (
	authenticated   = "authenticated"
	unauthenticated = "unauthenticated"
)
