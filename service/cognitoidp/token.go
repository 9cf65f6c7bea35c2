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
	keys       []signingKey
	id, access map[string]any // claims
	refresh    *string
	validity   time.Duration // of the access token
}

// granted ends a sign-in: it is kept for as long as it can be refreshed.
func (s *Service) granted(tx kv.Tx, c *client, u *user) step {
	for key, old := range logins.Scan(tx, kv.Prefix(u.logins())) {
		if tx.Now().After(old.Until.Add(mostTokenValidity)) {
			logins.Delete(tx, key)
		}
	}
	t, id := s.newTicket(u), aws.UUID(s.Random)
	l := &login{Client: c.ID, At: tx.Now(), Until: tx.Now().Add(c.refreshValidity()), Token: t.hash, Scope: scopeAdmin}
	logins.Put(tx, u.loginKey(id), l)
	g := s.grant(tx, c, u, origin{l, id})
	g.refresh = &t.text
	return step{grant: g}
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
	g := &grant{at: c.pool.at, keys: c.pool.Keys, validity: c.accessValidity(), id: claims("id", c.idValidity()), access: claims("access", c.accessValidity())}
	for name, value := range u.Attributes {
		switch {
		case !c.mayRead(name):
		case strings.HasSuffix(name, verifiedSuffix) && !isCustom(name):
			g.id[name] = value == "true"
		case name == "address":
			g.id[name] = map[string]string{"formatted": value}
		default:
			g.id[name] = value
		}
	}
	u.groupClaims(tx, g.id, g.access)
	g.id["aud"], g.id["cognito:username"] = c.ID, u.Name
	g.access["client_id"], g.access["username"], g.access["scope"] = c.ID, u.Name, l.Scope
	return g
}

// finish signs the tokens of a step that grants them.
func (s *Service) finish(ctx context.Context, st step) (*cognitoidp.AuthenticationResultType, error) {
	g := st.grant
	if g == nil {
		return nil, nil
	}
	issuer := s.issuer(ctx, g.at)
	g.id["iss"], g.access["iss"] = issuer, issuer
	id, err := g.keys[0].sign(g.id)
	if err != nil {
		return nil, err
	}
	access, err := g.keys[1].sign(g.access)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AuthenticationResultType{IdToken: &id, AccessToken: &access, RefreshToken: g.refresh, TokenType: new("Bearer"), ExpiresIn: new(int32(g.validity / time.Second))}, nil
}

// issuer is the URL of a pool, on the host that the caller used where that is AWS's.
func (s *Service) issuer(ctx context.Context, at address) string {
	if host := aws.CallFrom(ctx).Host; host == amazonHost(at.Region) {
		return "https://" + host + "/" + at.ID
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
