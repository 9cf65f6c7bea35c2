package cognitoidp

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// grant is the tokens that a user is to have. They are signed outside of the
// transaction that grants them.
type grant struct {
	at         address
	user       *user                             // nil for a client's own
	why        string                            // as functions are told
	device     *cognitoidp.NewDeviceMetadataType // that the user may confirm
	hosted     bool
	keys       []signingKey
	id, access map[string]any // claims; no ID token for nil
	refresh    *string
	validity   time.Duration // of the access token
}

// granted ends a sign-in: l is kept for as long as it can be refreshed.
func (s *Service) granted(tx kv.Tx, c *client, u *user, l login) *grant {
	for key, old := range logins.Scan(tx, kv.Prefix(u.logins())) {
		if tx.Now().After(old.Until.Add(mostTokenValidity)) {
			logins.Delete(tx, key)
		}
	}
	t, id := s.newTicket(u), aws.UUID(s.Random)
	l.Client, l.Until, l.Token = c.ID, tx.Now().Add(c.refreshValidity()), t.hash
	logins.Put(tx, u.loginKey(id), &l)
	g := s.grant(tx, c, u, origin{&l, id})
	g.refresh, g.why = &t.text, tokensByPage
	return g
}

// origin is the sign-in that tokens come from.
type origin struct {
	*login
	id string // origin_jti
}

// grant makes the claims.
// AWS: "Understanding user pool JSON web tokens".
func (s *Service) grant(tx kv.Tx, c *client, u *user, l origin) *grant {
	now, event := tx.Now(), aws.UUID(s.Random)
	claims := func(use string, good time.Duration) map[string]any {
		return map[string]any{
			"sub": u.Sub, "token_use": use, "event_id": event, "auth_time": l.At.Unix(), "origin_jti": l.id, "iat": now.Unix(), "exp": now.Add(good).Unix(), "jti": aws.UUID(s.Random),
		}
	}
	if u.caller.client == "" {
		u.caller.client = c.ID
	}
	g := &grant{at: c.pool.at, user: u, why: tokensByRefresh, keys: c.pool.Keys, validity: c.accessValidity(), id: claims("id", c.idValidity()), access: claims("access", c.accessValidity())}
	for name, value := range u.Attributes {
		switch {
		case !c.mayRead(name) || l.Hosted && !shows(l.Scope, name):
		case strings.HasSuffix(name, verifiedSuffix) && !isCustom(name):
			g.id[name] = value == "true"
		case name == identitiesAttribute:
			g.id[name] = u.providers()
		case name == "address":
			g.id[name] = map[string]string{"formatted": value}
		default:
			g.id[name] = value
		}
	}
	u.groupClaims(tx, g.id, g.access)
	g.id["aud"], g.id["cognito:username"] = c.ID, u.Name
	g.access["client_id"], g.access["username"], g.access["scope"] = c.ID, u.Name, l.Scope
	if l.Device != "" {
		g.access["device_key"] = l.Device
	}
	if l.nonce != "" {
		g.id["nonce"] = l.nonce
	}
	if g.hosted = l.Hosted; g.hosted {
		g.access["version"] = hostedVersion
		if !slices.Contains(strings.Fields(l.Scope), "openid") {
			g.id = nil
		}
	}
	return g
}

// hostedVersion is the claim version of access tokens that came by OAuth.
const hostedVersion = 2

// shows reports whether a scope tells an attribute.
// AWS: "Scopes, M2M, and resource servers": openid alone tells all of them.
func shows(scope, attribute string) bool {
	scopes := strings.Fields(scope)
	has := func(name string) bool { return slices.Contains(scopes, name) }
	switch {
	case !has("openid"):
		return false
	case has("profile") || !has("email") && !has("phone"):
		return true
	}
	name := strings.TrimSuffix(attribute, verifiedSuffix)
	return has("email") && name == email || has("phone") && name == phone
}

// finish signs the tokens of a step that grants them.
func (s *Service) finish(ctx context.Context, st step) (*cognitoidp.AuthenticationResultType, error) {
	g := st.grant
	if g == nil {
		return nil, nil
	}
	if g.user != nil {
		if err := s.shape(ctx, g); err != nil {
			return nil, err
		}
	}
	issuer := s.issuer(ctx, g.at)
	g.access["iss"] = issuer
	access, err := g.keys[1].sign(g.access)
	if err != nil {
		return nil, err
	}
	out := &cognitoidp.AuthenticationResultType{NewDeviceMetadata: g.device, AccessToken: &access, RefreshToken: g.refresh, TokenType: new("Bearer"), ExpiresIn: new(int32(g.validity / time.Second))}
	if g.id == nil {
		return out, nil
	}
	g.id["iss"] = issuer
	if g.hosted { // OpenID Connect Core, 3.1.3.6
		sum := sha256.Sum256([]byte(access))
		g.id["at_hash"] = base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	}
	id, err := g.keys[0].sign(g.id)
	out.IdToken = &id
	return out, err
}

// issuer is the URL of a pool, on the host that the caller used where that is AWS's.
func (s *Service) issuer(ctx context.Context, at address) string {
	if host := aws.CallFrom(ctx).Host; host == amazonHost(at.Region) || strings.HasSuffix(host, amazonDomain) {
		return "https://" + amazonHost(at.Region) + "/" + at.ID
	}
	return s.Endpoint(at.Region) + "/" + at.ID
}

// sign makes a JSON web token, by RS256.
func (k *signingKey) sign(claims map[string]any) (string, error) {
	key, err := x509.ParsePKCS1PrivateKey(k.Private)
	if err != nil {
		return "", fmt.Errorf("cognitoidp: a stored key: %w", err)
	}
	head, err := json.Marshal(map[string]string{"kid": k.ID, "alg": "RS256"})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), err
}
