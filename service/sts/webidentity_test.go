package sts_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// provider is an OpenID Connect provider on this machine.
type provider struct {
	*httptest.Server
	key *ecdsa.PrivateKey
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, 0, err)
	p := &provider{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]string{"issuer": p.URL, "jwks_uri": p.URL + "/keys"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "1", Algorithm: "ES256"}}})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// token signs claims, with the provider's key unless another is given.
func (p *provider) token(t *testing.T, claims any, key *ecdsa.PrivateKey) *string {
	t.Helper()
	if key == nil {
		key = p.key
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	check(t, 0, err)
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	return new(check(t, text, err))
}

func TestWebIdentity(t *testing.T) {
	w := start(t)
	p := startProvider(t)
	host := strings.TrimPrefix(p.URL, "http://")
	arn := "arn:aws:iam::000000000000:oidc-provider/" + host
	w.role("app", trust(`{"Federated":"`+arn+`"}`, `["sts:AssumeRoleWithWebIdentity","sts:TagSession"]`, `,"Condition":{"StringEquals":{"`+host+`:aud":"me"},"StringLike":{"`+host+`:sub":"repo:x/*"}}`), allow(allQueue, "*"))
	anonymous := sts.NewFromConfig(w.cloud.Config(), func(o *sts.Options) { o.Credentials = aws.AnonymousCredentials{} })
	now := w.cloud.Clock().Now()
	claims := func(change func(map[string]any)) map[string]any {
		c := map[string]any{"iss": p.URL, "sub": "repo:x/y", "aud": "me", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
		if change != nil {
			change(c)
		}
		return c
	}
	try := func(token *string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
		return anonymous.AssumeRoleWithWebIdentity(w.ctx, &sts.AssumeRoleWithWebIdentityInput{RoleArn: new(roleARN), RoleSessionName: new("ci"), WebIdentityToken: token})
	}
	_, err := try(p.token(t, claims(nil), nil))
	wantError(t, err, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+p.URL)
	_, err = w.iam.CreateOpenIDConnectProvider(w.ctx, &iam.CreateOpenIDConnectProviderInput{Url: &p.URL, ClientIDList: []string{"me"}})
	check(t, 0, err)

	out, err := try(p.token(t, claims(func(c map[string]any) {
		c["https://aws.amazon.com/tags"] = map[string]any{"principal_tags": map[string][]string{"team": {"red"}}}
	}), nil))
	if check(t, out, err); *out.SubjectFromWebIdentityToken != "repo:x/y" || *out.Audience != "me" || *out.Provider != arn {
		t.Fatalf("%+v", out)
	}
	check(t, 0, w.queues(out.Credentials))

	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, 0, err)
	for _, test := range []struct {
		token      *string
		code, text string
	}{
		{new("nonsense"), "InvalidIdentityToken", "not a valid JWT"},
		{p.token(t, claims(nil), other), "InvalidIdentityToken", "signature"},
		{p.token(t, claims(func(c map[string]any) { c["aud"] = "you" }), nil), "InvalidIdentityToken", "Incorrect token audience"},
		{p.token(t, claims(func(c map[string]any) { c["exp"] = now.Add(-time.Minute).Unix() }), nil), "ExpiredTokenException", "Token expired"},
		{p.token(t, claims(func(c map[string]any) { c["sub"] = "repo:z/y" }), nil), "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
	} {
		_, err := try(test.token)
		wantError(t, err, test.code, test.text)
	}
	p.Close()
	_, err = try(p.token(t, claims(nil), nil))
	wantError(t, err, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider")
}
