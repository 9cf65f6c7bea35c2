package cognitoidp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"
)

// firm is another OpenID Connect provider, on this machine, with one user.
type firm struct {
	*httptest.Server
	nonce  string
	claims map[string]any
	forms  []url.Values
}

func startFirm(t *testing.T) *firm {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := &firm{claims: map[string]any{"sub": "77", "mail": "ada@firm.example", "aud": "app"}}
	mux := http.NewServeMux()
	answer := func(path string, body func(r *http.Request) any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { _ = json.NewEncoder(w).Encode(body(r)) })
	}
	answer("/.well-known/openid-configuration", func(*http.Request) any {
		return map[string]string{"issuer": f.URL, "authorization_endpoint": f.URL + "/authorize", "token_endpoint": f.URL + "/token", "jwks_uri": f.URL + "/keys"}
	})
	answer("/keys", func(*http.Request) any {
		return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "1", Algorithm: "ES256"}}}
	})
	answer("/token", func(r *http.Request) any {
		_ = r.ParseForm()
		f.forms = append(f.forms, r.PostForm)
		signer, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
		all := map[string]any{"iss": f.URL, "nonce": f.nonce, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
		for name, value := range f.claims {
			all[name] = value
		}
		text, _ := jwt.Signed(signer).Claims(all).Serialize()
		return map[string]string{"id_token": text, "access_token": "x"}
	})
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

// joined is a shop whose users may come from the firm.
func joined(t *testing.T) (*club, *firm) {
	f := startFirm(t)
	c := shop(t)
	_, err := c.admin.UpdateUserPoolClient(t.Context(), &cognito.UpdateUserPoolClientInput{UserPoolId: c.pool.Id, ClientId: c.client.ClientId, SupportedIdentityProviders: []string{"Firm"}})
	wants(t, err, "InvalidParameterException", "The provider Firm does not exist")
	in := &cognito.CreateIdentityProviderInput{
		UserPoolId: c.pool.Id, ProviderName: new("Firm"), ProviderType: "OIDC", AttributeMapping: map[string]string{"email": "mail"},
		ProviderDetails: map[string]string{"client_id": "app", "client_secret": "s3cret", "authorize_scopes": "openid email", "oidc_issuer": f.URL, "attributes_request_method": "GET"},
	}
	ok[*cognito.CreateIdentityProviderOutput](t)(c.admin.CreateIdentityProvider(t.Context(), in))
	_, err = c.admin.CreateIdentityProvider(t.Context(), in)
	wants(t, err, "DuplicateProviderException", "already exists")
	ok[*cognito.UpdateUserPoolClientOutput](t)(c.admin.UpdateUserPoolClient(t.Context(), &cognito.UpdateUserPoolClientInput{
		UserPoolId: c.pool.Id, ClientId: c.client.ClientId, SupportedIdentityProviders: []string{"COGNITO", "Firm"}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows: []types.OAuthFlowType{"code"}, AllowedOAuthScopes: []string{"openid", "email"}, CallbackURLs: []string{callback},
	}))
	return c, f
}

// visit goes by way of the firm, and returns where the browser is then sent.
func (f *firm) visit(b *browser, address string) *url.URL {
	b.Helper()
	there := b.location(address)
	if !strings.HasPrefix(there.String(), f.URL+"/authorize?") || there.Query().Get("redirect_uri") != site+"/oauth2/idpresponse" {
		b.Fatalf("sent to %s", there)
	}
	f.nonce = there.Query().Get("nonce")
	return b.location("/oauth2/idpresponse?" + url.Values{"code": {"c0de"}, "state": {there.Query().Get("state")}}.Encode())
}

func TestUserOfAnotherProviderSignsIn(t *testing.T) {
	c, f := joined(t)
	ctx, config, _ := c.oauth("openid")
	b := c.browser()
	address := config.AuthCodeURL("s", oauth2.SetAuthURLParam("identity_provider", "Firm"))
	back := f.visit(b, address)
	if f.forms[0].Get("code") != "c0de" || f.forms[0].Get("client_secret") != "s3cret" || back.Query().Get("state") != "s" {
		t.Fatalf("form %v, sent to %s", f.forms, back)
	}
	tokens := ok[*oauth2.Token](t)(config.Exchange(ctx, back.Query().Get("code")))
	raw, _ := tokens.Extra("id_token").(string)
	id := claims(t, &raw)
	who, _ := id["identities"].([]any)
	if id["cognito:username"] != "Firm_77" || id["email"] != "ada@firm.example" || len(who) != 1 || fmt.Sprint(id["cognito:groups"]) != "["+*c.pool.Id+"_Firm]" {
		t.Errorf("claims: %v", id)
	}
	if u := c.get("Firm_77"); u.UserStatus != "EXTERNAL_PROVIDER" {
		t.Errorf("user: %+v", u)
	}
	if to := b.location(address); to.Query().Get("code") == "" { // the browser has a session
		t.Errorf("sent to %s", to)
	}
	f.claims["mail"] = "lovelace@firm.example"
	f.visit(c.browser(), address)
	if u := c.get("Firm_77"); value(u.UserAttributes, "email") != "lovelace@firm.example" {
		t.Errorf("user: %+v", u.UserAttributes)
	}
	_, page := c.browser().do("GET", "/login?"+url.Values{"client_id": {config.ClientID}, "response_type": {"code"}, "redirect_uri": {callback}}.Encode(), nil)
	if !strings.Contains(page, "Continue with Firm") {
		t.Errorf("page: %s", page)
	}
}

func TestStrangeTokensOfProvidersAreRefused(t *testing.T) {
	c, f := joined(t)
	_, config, _ := c.oauth("openid")
	address := config.AuthCodeURL("s", oauth2.SetAuthURLParam("identity_provider", "Firm"))
	for name, value := range map[string]any{"aud": "another", "nonce": "replayed", "iss": "https://evil.example.com", "exp": 1} {
		before := f.claims[name]
		f.claims[name] = value
		if to := f.visit(c.browser(), address); to.Query().Get("code") != "" || to.Query().Get("error") != "invalid_request" {
			t.Errorf("%s=%v: sent to %s", name, value, to)
		}
		if f.claims[name] = before; before == nil {
			delete(f.claims, name)
		}
	}
	there := c.browser().location(address)
	if to := c.browser().location("/oauth2/idpresponse?code=x&state=" + there.Query().Get("state")); to.Path != "/error" {
		t.Errorf("another browser is sent to %s", to)
	}
}

func TestUserIsLinkedToAnotherProvider(t *testing.T) {
	c, f := joined(t)
	ctx, config, _ := c.oauth("openid")
	address := config.AuthCodeURL("s", oauth2.SetAuthURLParam("identity_provider", "Firm"))
	source := &types.ProviderUserIdentifierType{ProviderName: new("Firm"), ProviderAttributeName: new("Cognito_Subject"), ProviderAttributeValue: new("77")}
	ok[*cognito.AdminLinkProviderForUserOutput](t)(c.admin.AdminLinkProviderForUser(t.Context(), &cognito.AdminLinkProviderForUserInput{
		UserPoolId: c.pool.Id, SourceUser: source, DestinationUser: &types.ProviderUserIdentifierType{ProviderName: new("Cognito"), ProviderAttributeValue: new("ada")},
	}))
	username := func() any {
		tokens := ok[*oauth2.Token](t)(config.Exchange(ctx, f.visit(c.browser(), address).Query().Get("code")))
		raw, _ := tokens.Extra("id_token").(string)
		return claims(t, &raw)["cognito:username"]
	}
	if name := username(); name != "ada" {
		t.Errorf("signed in as %s", name)
	}
	ok[*cognito.AdminDisableProviderForUserOutput](t)(c.admin.AdminDisableProviderForUser(t.Context(), &cognito.AdminDisableProviderForUserInput{UserPoolId: c.pool.Id, User: source}))
	if name := username(); name != "Firm_77" {
		t.Errorf("signed in as %s", name)
	}
}

func TestProvidersAreChangedListedAndDeleted(t *testing.T) {
	c, _ := joined(t)
	_, err := c.admin.CreateIdentityProvider(t.Context(), &cognito.CreateIdentityProviderInput{UserPoolId: c.pool.Id, ProviderName: new("Corp"), ProviderType: "SAML", ProviderDetails: map[string]string{"MetadataURL": "https://x"}})
	wants(t, err, "NotImplemented", "SAML")
	_, err = c.admin.CreateIdentityProvider(t.Context(), &cognito.CreateIdentityProviderInput{UserPoolId: c.pool.Id, ProviderName: new("Google"), ProviderType: "Google", ProviderDetails: map[string]string{"client_id": "x"}})
	wants(t, err, "InvalidParameterException", "client_secret")
	ok[*cognito.UpdateIdentityProviderOutput](t)(c.admin.UpdateIdentityProvider(t.Context(), &cognito.UpdateIdentityProviderInput{UserPoolId: c.pool.Id, ProviderName: new("Firm"), IdpIdentifiers: []string{"firm.example"}}))
	found := ok[*cognito.GetIdentityProviderByIdentifierOutput](t)(c.admin.GetIdentityProviderByIdentifier(t.Context(), &cognito.GetIdentityProviderByIdentifierInput{UserPoolId: c.pool.Id, IdpIdentifier: new("firm.example")}))
	described := ok[*cognito.DescribeIdentityProviderOutput](t)(c.admin.DescribeIdentityProvider(t.Context(), &cognito.DescribeIdentityProviderInput{UserPoolId: c.pool.Id, ProviderName: new("Firm")}))
	list := ok[*cognito.ListIdentityProvidersOutput](t)(c.admin.ListIdentityProviders(t.Context(), &cognito.ListIdentityProvidersInput{UserPoolId: c.pool.Id}))
	if *found.IdentityProvider.ProviderName != "Firm" || described.IdentityProvider.AttributeMapping["email"] != "mail" || len(list.Providers) != 1 {
		t.Errorf("found %+v, described %+v, listed %+v", found, described, list)
	}
	ok[*cognito.DeleteIdentityProviderOutput](t)(c.admin.DeleteIdentityProvider(t.Context(), &cognito.DeleteIdentityProviderInput{UserPoolId: c.pool.Id, ProviderName: new("Firm")}))
	_, err = c.admin.DescribeIdentityProvider(t.Context(), &cognito.DescribeIdentityProviderInput{UserPoolId: c.pool.Id, ProviderName: new("Firm")})
	wants(t, err, "ResourceNotFoundException", "")
}
