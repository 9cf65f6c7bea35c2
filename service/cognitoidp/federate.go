package cognitoidp

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// idpPath is where providers send browsers back to.
const idpPath = "/oauth2/idpresponse"

// journeyCookie holds the state of a browser that is at another provider.
const journeyCookie = "idp"

// away is the provider that a request for authorization is meant for; nil for the
// pool's own pages.
func (a *asking) away(tx kv.Tx) (*federation, error) {
	name := a.query.Get("identity_provider")
	supported := a.settings.SupportedIdentityProviders
	if identifier := a.query.Get("idp_identifier"); identifier != "" && name == "" {
		f, ok := a.pool.identified(tx, identifier)
		if !ok {
			return nil, invalidRequest
		}
		name = f.Name
	}
	if name == "" && len(supported) == 1 {
		name = supported[0]
	}
	switch {
	case name == "" || name == ownProvider:
		return nil, nil
	case !slices.Contains(supported, name):
		return nil, invalidRequest
	}
	return a.pool.federation(tx, name)
}

// depart sends a browser to a provider, and remembers what for.
func (s *Service) depart(ctx context.Context, v *visit, f *federation) (*reply, error) {
	at, err := s.discover(ctx, f)
	if err != nil {
		return nil, err
	}
	state, nonce := aws.Text(s.Random, aws.AlphaNumeric, stateLength), aws.Text(s.Random, aws.AlphaNumeric, stateLength)
	back := ""
	err = s.on(ctx, v, func(tx kv.Tx, p *pool) error {
		for key, old := range journeys.Scan(tx, kv.Prefix(p.journeys())) {
			if !tx.Now().Before(old.Until) {
				journeys.Delete(tx, key)
			}
		}
		journeys.Put(tx, p.journeyKey(state), &journey{Query: v.query.Encode(), Provider: f.Name, Nonce: nonce, Until: tx.Now().Add(permitValidity)})
		back = s.domainURL(ctx, p) + idpPath
		return nil
	})
	if err != nil {
		return nil, err
	}
	q := url.Values{
		"client_id": {f.Details[detailClient]}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {f.Details[detailScopes]}, "state": {state}, "nonce": {nonce},
	}
	r := sentTo(at.Authorize + "?" + q.Encode())
	v.setCookie(r, &http.Cookie{Name: journeyCookie, Value: state})
	return r, nil
}

// arrive takes a browser that comes back from a provider.
func (s *Service) arrive(ctx context.Context, v *visit) (*reply, error) {
	var f *federation
	var j *journey
	back := ""
	state, code := v.query.Get("state"), v.query.Get("code")
	if !hmac.Equal([]byte(v.cookie(journeyCookie)), []byte(state)) { // another browser's
		return wrong("invalid_request", ""), nil
	}
	err := s.on(ctx, v, func(tx kv.Tx, p *pool) (err error) {
		var ok bool
		if j, ok = journeys.Get(tx, p.journeyKey(state)); !ok || !tx.Now().Before(j.Until) {
			j = nil
			return nil
		}
		journeys.Delete(tx, p.journeyKey(state))
		back = s.domainURL(ctx, p) + idpPath
		f, err = p.federation(tx, j.Provider)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case j == nil:
		return wrong("invalid_request", ""), nil
	}
	if v.query, err = url.ParseQuery(j.Query); err != nil {
		return nil, err
	}
	claims, err := s.redeem(ctx, f, redemption{code: code, back: back, nonce: j.Nonce})
	if err != nil {
		return s.bounced(ctx, v, err)
	}
	u, err := s.welcome(ctx, v, f, claims)
	if err != nil {
		return s.bounced(ctx, v, err)
	}
	return s.entered(ctx, v, u)
}

// bounced tells the client that a provider's user does not come in.
func (s *Service) bounced(ctx context.Context, v *visit, why error) (r *reply, err error) {
	text := "The identity provider has not vouched for the user."
	if told, ok := why.(*aws.Error); ok { //nolint:errorlint // ours are never wrapped
		text = told.Message
	}
	err = s.on(ctx, v, func(tx kv.Tx, p *pool) error {
		var a *asking
		if a, r = ask(tx, p, v.query); r == nil {
			r = a.back(url.Values{"error": {"invalid_request"}, "error_description": {text}})
		}
		return nil
	})
	return r, err
}

// metadata is where a provider is.
type metadata struct {
	Issuer    string `json:"issuer"`
	Authorize string `json:"authorization_endpoint"`
	Token     string `json:"token_endpoint"`
	User      string `json:"userinfo_endpoint"`
	Keys      string `json:"jwks_uri"`
}

// discover finds where a provider is: in its details, and where they do not say, by
// OpenID Connect Discovery.
func (s *Service) discover(ctx context.Context, f *federation) (*metadata, error) {
	m := &metadata{Issuer: f.issuer(), Authorize: f.Details[detailAuthorize], Token: f.Details[detailToken], User: f.Details[detailUser], Keys: f.Details[detailKeys]}
	if m.Authorize != "" && m.Token != "" && m.Keys != "" {
		return m, nil
	}
	var found metadata
	if err := s.fetch(ctx, m.Issuer+configurationPath, nil, &found); err != nil {
		return nil, invalid("The identity provider %s cannot be discovered.", f.Name)
	}
	return &found, nil
}

func (f *federation) issuer() string {
	if issuer := f.Details[detailIssuer]; issuer != "" {
		return strings.TrimSuffix(issuer, "/")
	}
	return googleIssuer
}

// redemption is a provider's code, and what it was got for.
type redemption struct{ code, back, nonce string }

// redeem changes a provider's code into what it says of its user.
func (s *Service) redeem(ctx context.Context, f *federation, r redemption) (map[string]any, error) {
	at, err := s.discover(ctx, f)
	if err != nil {
		return nil, err
	}
	var got struct {
		ID     string `json:"id_token"`
		Access string `json:"access_token"`
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {r.code}, "redirect_uri": {r.back},
		"client_id": {f.Details[detailClient]}, "client_secret": {f.Details[detailSecret]}, // AWS: client_secret_post alone
	}
	if err := s.fetch(ctx, at.Token, strings.NewReader(form.Encode()), &got); err != nil {
		return nil, err
	}
	var keys jose.JSONWebKeySet
	if err := s.fetch(ctx, at.Keys, nil, &keys); err != nil {
		return nil, err
	}
	token, err := jwt.ParseSigned(got.ID, []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512})
	if err != nil {
		return nil, err
	}
	var proven jwt.Claims
	claims := map[string]any{}
	if err := token.Claims(&keys, &proven, &claims); err != nil {
		return nil, err
	}
	expected := jwt.Expected{Issuer: at.Issuer, AnyAudience: jwt.Audience{f.Details[detailClient]}, Time: aws.CallFrom(ctx).Start}
	if err := proven.Validate(expected); err != nil {
		return nil, err
	}
	if claims["nonce"] != r.nonce || proven.Subject == "" {
		return nil, fmt.Errorf("cognitoidp: the ID token of %s is for another request", f.Name)
	}
	return claims, nil
}

// maxAnswer is the most that is read of a provider, in bytes.
const maxAnswer = 1 << 20

// fetch reads JSON from a provider. What is sent is a form.
func (s *Service) fetch(ctx context.Context, address string, form io.Reader, into any) error {
	method := http.MethodGet
	if form != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, address, form)
	if err != nil {
		return err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := s.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("cognitoidp: %s answers %d", address, res.StatusCode)
	}
	return json.Unmarshal(body, into)
}
