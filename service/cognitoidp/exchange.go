package cognitoidp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// oauthError is an error code of RFC 6749, 5.2.
type oauthError string

// Error implements error.
func (e oauthError) Error() string { return string(e) }

const (
	invalidRequest = oauthError("invalid_request")
	invalidClient  = oauthError("invalid_client")
	invalidGrant   = oauthError("invalid_grant")
	unauthorized   = oauthError("unauthorized_client")
)

// answerTo is the answer to an error, where a client can be told.
func answerTo(err error) (*reply, error) {
	var told oauthError
	if errors.As(err, &told) {
		return refused(string(told)), nil
	}
	return nil, err
}

// identified is the client that sends a form, which proves itself by its secret
// in the header or in the body.
// AWS: "Token endpoint".
func (v *visit) identified(tx kv.Tx, p *pool) (*client, error) {
	id, secret := v.form.Get("client_id"), v.form.Get("client_secret")
	if name, password, ok := v.request.BasicAuth(); ok {
		if id != "" && id != name {
			return nil, invalidRequest
		}
		id, secret = unescaped(name), unescaped(password)
	}
	if id == "" {
		return nil, invalidRequest
	}
	c, err := p.client(tx, id)
	if err != nil || !hmac.Equal([]byte(c.Secret), []byte(secret)) {
		return nil, invalidClient
	}
	return c, nil
}

// unescaped reads the form in which RFC 6749, 2.3.1, has the parts of basic authentication.
func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// tokens gives tokens for a code, for a refresh token, or to a client itself.
func (s *Service) tokens(ctx context.Context, v *visit) (*reply, error) {
	var st step
	err := s.on(ctx, v, func(tx kv.Tx, p *pool) error {
		grantType := v.form.Get("grant_type")
		if grantType == "" {
			return invalidRequest
		}
		c, err := v.identified(tx, p)
		if err != nil {
			return err
		}
		switch grantType {
		case "authorization_code":
			st.grant, err = s.byCode(tx, c, v)
		case "refresh_token":
			st.grant, err = s.continued(tx, c, v)
		case "client_credentials":
			st.grant, err = s.ownGrant(tx, c, v)
		default:
			err = oauthError("unsupported_grant_type")
		}
		return err
	})
	if err != nil {
		return answerTo(err)
	}
	tokens, err := s.finish(ctx, st)
	if err != nil {
		return nil, err
	}
	return inJSON(http.StatusOK, &tokenAnswer{
		ID: deref(tokens.IdToken), Access: deref(tokens.AccessToken), Refresh: deref(tokens.RefreshToken),
		Type: *tokens.TokenType, Seconds: *tokens.ExpiresIn,
	}), nil
}

// tokenAnswer is that of RFC 6749, 5.1.
type tokenAnswer struct {
	ID      string `json:"id_token,omitempty"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token,omitempty"`
	Type    string `json:"token_type"`
	Seconds int32  `json:"expires_in"`
}

func seconds(r *cognitoidp.AuthenticationResultType) string { return strconv.Itoa(int(*r.ExpiresIn)) }

// byCode changes an authorization code into tokens. It is used up in any case.
func (s *Service) byCode(tx kv.Tx, c *client, v *visit) (*grant, error) {
	f := v.form
	if !slices.Contains(c.settings.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeCode) {
		return nil, unauthorized
	}
	if f.Get("code") == "" || f.Get("redirect_uri") == "" {
		return nil, invalidRequest
	}
	t, ok := parseTicket(f.Get("code"))
	if !ok || t.pool != c.pool.at.ID {
		return nil, invalidGrant
	}
	u, ok := c.pool.bySub(tx, t.sub)
	if !ok || u.Disabled {
		return nil, invalidGrant
	}
	p, ok := permits.Get(tx, u.permitKey(t))
	if !ok {
		return nil, invalidGrant
	}
	permits.Delete(tx, u.permitKey(t))
	if p.Client != c.ID || p.Redirect != f.Get("redirect_uri") || !tx.Now().Before(p.Until) || !p.verified(f.Get("code_verifier")) {
		return nil, kept{invalidGrant}
	}
	return s.granted(tx, c, u, login{At: p.At, Scope: p.Scope, Hosted: true, nonce: p.Nonce}), nil
}

// verified checks the proof key of RFC 7636, by S256.
func (p *permit) verified(verifier string) bool {
	if p.Challenge == "" {
		return true
	}
	sum := sha256.Sum256([]byte(verifier))
	return hmac.Equal([]byte(p.Challenge), []byte(base64.RawURLEncoding.EncodeToString(sum[:])))
}

// continued gives other tokens for a refresh token.
func (s *Service) continued(tx kv.Tx, c *client, v *visit) (*grant, error) {
	token := v.form.Get("refresh_token")
	if token == "" {
		return nil, invalidRequest
	}
	r, ok := c.renewal(tx, token)
	if !ok || r.good(tx) != nil {
		return nil, invalidGrant
	}
	return s.renewed(tx, c, r), nil
}

// ownGrant gives a client a token of its own, for the scopes of resource servers.
// AWS: "Token endpoint", client credentials.
func (s *Service) ownGrant(tx kv.Tx, c *client, v *visit) (*grant, error) {
	if !slices.Contains(c.settings.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeClientCredentials) || !*c.settings.AllowedOAuthFlowsUserPoolClient {
		return nil, unauthorized
	}
	scope, ok := c.narrow(tx, v.form.Get("scope"))
	if !ok {
		return nil, oauthError("invalid_scope")
	}
	now, good := tx.Now(), c.accessValidity()
	return &grant{at: c.pool.at, keys: c.pool.Keys, validity: good, hosted: true, access: map[string]any{
		"sub": c.ID, "token_use": "access", "scope": scope, "auth_time": now.Unix(), "iat": now.Unix(), "exp": now.Add(good).Truncate(time.Second).Unix(),
		"version": hostedVersion, "jti": aws.UUID(s.Random), "client_id": c.ID,
	}}, nil
}
