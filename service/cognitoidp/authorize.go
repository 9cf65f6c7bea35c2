package cognitoidp

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// asking is a request for authorization that may be granted.
type asking struct {
	*client
	query    url.Values
	redirect string
	scope    string
}

// ask reads the parameters of the authorize endpoint, which the login page has as
// well. What is wrong with the client or the address is told to the user, and the
// rest to the client.
// AWS: "Authorize endpoint".
func ask(tx kv.Tx, p *pool, q url.Values) (*asking, *reply) {
	id := q.Get("client_id")
	if id == "" || q.Get("response_type") == "" {
		return nil, wrong("invalid_request", id)
	}
	c, err := p.client(tx, id)
	if err != nil {
		return nil, wrong("invalid_client", id)
	}
	a := &asking{client: c, query: q, redirect: q.Get("redirect_uri")}
	if a.redirect == "" {
		a.redirect = deref(c.settings.DefaultRedirectURI)
	}
	if !slices.Contains(c.settings.CallbackURLs, a.redirect) {
		return nil, wrong("redirect_mismatch", id)
	}
	if code := a.check(tx); code != "" {
		return nil, a.back(url.Values{"error": {code}})
	}
	return a, nil
}

// wrong shows a user what cannot be told to a client.
func wrong(code, client string) *reply {
	return sentTo("/error?" + url.Values{"error": {code}, "client_id": {client}}.Encode())
}

// check is the error of RFC 6749, 4.1.2.1, or empty.
func (a *asking) check(tx kv.Tx) string {
	s, q := a.settings, a.query
	flow := map[string]cognitoidp.OAuthFlowType{"code": cognitoidp.OAuthFlowTypeCode, "token": cognitoidp.OAuthFlowTypeImplicit}[q.Get("response_type")]
	challenge, method := q.Get("code_challenge"), q.Get("code_challenge_method")
	switch {
	case flow == "":
		return "unsupported_response_type"
	case !*s.AllowedOAuthFlowsUserPoolClient || !slices.Contains(s.AllowedOAuthFlows, flow):
		return "unauthorized_client"
	case (challenge == "") != (method == ""), method != "" && method != "S256": // AWS: no other method
		return "invalid_request"
	}
	var known bool
	a.scope, known = a.narrow(tx, q.Get("scope"))
	if !known {
		return "invalid_scope"
	}
	return ""
}

// narrow is the scope that a client gets when it asks for one: each is one of its own
// that there still is. Who asks for none gets all.
func (c *client) narrow(tx kv.Tx, scope string) (string, bool) {
	asked := strings.Fields(scope)
	if len(asked) == 0 {
		for _, name := range c.settings.AllowedOAuthScopes {
			if c.pool.hasScope(tx, name) {
				asked = append(asked, name)
			}
		}
	}
	for _, name := range asked {
		if !slices.Contains(c.settings.AllowedOAuthScopes, name) || !c.pool.hasScope(tx, name) {
			return "", false
		}
	}
	return strings.Join(asked, " "), len(asked) > 0
}

// back sends the browser back to the client. What answers a request for tokens is in
// the fragment, which no server sees.
func (a *asking) back(values url.Values) *reply {
	if state := a.query.Get("state"); state != "" {
		values.Set("state", state)
	}
	u, err := url.Parse(a.redirect)
	if err != nil {
		return wrong("redirect_mismatch", a.ID)
	}
	if a.query.Get("response_type") == "token" {
		return sentTo(u.String() + "#" + values.Encode())
	}
	q := u.Query()
	for name := range values {
		q.Set(name, values.Get(name))
	}
	u.RawQuery = q.Encode()
	return sentTo(u.String())
}

// authorize lets a browser back to the client at once where its user has signed in
// within the hour, and shows the page of signing in otherwise.
func (s *Service) authorize(ctx context.Context, v *visit) (r *reply, err error) {
	var a *asking
	var u *user
	var since *stay
	var f *federation
	err = s.on(ctx, v, func(tx kv.Tx, p *pool) (err error) {
		if a, r = ask(tx, p, v.query); r == nil {
			u, since = v.staying(tx, p)
			f, err = a.away(tx)
		}
		return err
	})
	if _, told := err.(oauthError); told { //nolint:errorlint // ours are never wrapped
		return a.back(url.Values{"error": {err.Error()}}), nil
	}
	prompt := strings.Fields(v.query.Get("prompt"))
	switch {
	case err != nil || r != nil:
		return r, err
	case slices.Contains(prompt, "none") && u == nil:
		return a.back(url.Values{"error": {"login_required"}}), nil
	case f != nil && (u == nil || slices.Contains(prompt, "login")):
		return s.depart(ctx, v, f)
	case u == nil || slices.Contains(prompt, "login"):
		return sentTo("/login?" + v.query.Encode()), nil
	}
	return s.authorized(ctx, v, u, since)
}

// authorized answers the request of a user who has signed in at that time.
func (s *Service) authorized(ctx context.Context, v *visit, passed *user, since *stay) (r *reply, err error) {
	var a *asking
	var g *grant
	err = s.on(ctx, v, func(tx kv.Tx, p *pool) error {
		g = nil
		if a, r = ask(tx, p, v.query); r != nil {
			return nil
		}
		u, ok := p.bySub(tx, passed.Sub)
		if !ok || u.Disabled {
			return disabled()
		}
		if v.query.Get("response_type") == "token" {
			g = s.granted(tx, a.client, u, login{At: since.At, Scope: a.scope, Hosted: true, nonce: v.query.Get("nonce")})
			return nil
		}
		r = a.back(url.Values{"code": {s.newPermit(tx, a, u, since)}})
		return nil
	})
	if err != nil || g == nil {
		return r, err
	}
	tokens, err := s.finish(ctx, step{grant: g})
	if err != nil {
		return nil, err
	}
	values := url.Values{"access_token": {*tokens.AccessToken}, "token_type": {*tokens.TokenType}, "expires_in": {seconds(tokens)}}
	if tokens.IdToken != nil {
		values.Set("id_token", *tokens.IdToken)
	}
	return a.back(values), nil
}

// newPermit makes an authorization code. What has expired of the same user's goes.
func (s *Service) newPermit(tx kv.Tx, a *asking, u *user, since *stay) string {
	for key, old := range permits.Scan(tx, kv.Prefix(u.permits())) {
		if !tx.Now().Before(old.Until) {
			permits.Delete(tx, key)
		}
	}
	t, q := s.newTicket(u), a.query
	permits.Put(tx, u.permitKey(t), &permit{
		Client: a.ID, Redirect: a.redirect, Scope: a.scope, Nonce: q.Get("nonce"), Challenge: q.Get("code_challenge"),
		At: since.At, Until: tx.Now().Add(permitValidity),
	})
	return t.text
}
