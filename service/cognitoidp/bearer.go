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

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// bearer is what an access token says of who sends it.
type bearer struct {
	Issuer  string `json:"iss"`
	Sub     string `json:"sub"`
	Client  string `json:"client_id"`
	Use     string `json:"token_use"`
	Scope   string `json:"scope"`
	Expires int64  `json:"exp"`
	Origin  string `json:"origin_jti"`
}

// parseToken reads a token whose signature is yet to be checked.
func parseToken(token string) (b bearer, kid string, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return b, "", invalidAccess()
	}
	var head struct{ Kid, Alg string }
	for i, into := range []any{&head, &b} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(text, into) != nil {
			return b, "", invalidAccess()
		}
	}
	if head.Alg != "RS256" {
		return b, "", invalidAccess()
	}
	return b, head.Kid, nil
}

func invalidAccess() error { return cognitoidp.ErrNotAuthorizedException("Invalid Access Token") }

// signed reports whether the pool has signed a token with the key of that id.
func (p *pool) signed(token, kid string) (bool, error) {
	text, signature, _ := cutLast(token, ".")
	sum := sha256.Sum256([]byte(text))
	b, err := base64.RawURLEncoding.DecodeString(signature)
	i := slices.IndexFunc(p.Keys, func(k signingKey) bool { return k.ID == kid })
	if err != nil || i < 0 {
		return false, nil
	}
	key, err := x509.ParsePKCS1PrivateKey(p.Keys[i].Private)
	if err != nil {
		return false, fmt.Errorf("cognitoidp: a stored key: %w", err)
	}
	return rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], b) == nil, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// signedIn runs fn for the user whose access token is sent, in a transaction.
func (s *Service) signedIn(ctx context.Context, token string, fn func(tx kv.Tx, c *client, u *user) error) error {
	b, kid, err := parseToken(token)
	if err != nil {
		return err
	}
	var known *user
	err = s.settle(ctx, func(tx kv.Tx) error {
		call := aws.CallFrom(ctx)
		_, id, _ := cutLast(b.Issuer, "/")
		at, ok := placed(tx, call.Region, id)
		if !ok || at.ID != id {
			return invalidAccess()
		}
		p, err := at.find(tx)
		if err != nil {
			return invalidAccess()
		}
		own, err := p.signed(token, kid)
		if err != nil {
			return err
		}
		if !own || b.Use != "access" {
			return invalidAccess()
		}
		call.Payer = at.Account
		c, u, err := p.bearing(tx, b)
		if err != nil {
			return err
		}
		if !slices.Contains(strings.Fields(b.Scope), scopeAdmin) {
			return cognitoidp.ErrNotAuthorizedException("Access Token does not have required scopes")
		}
		u.caller.client, known = c.ID, u
		return fn(tx, c, u)
	})
	if err != nil {
		return err
	}
	return s.deliver(ctx, known)
}

// bearing checks that a token of the pool's is still good.
func (p *pool) bearing(tx kv.Tx, b bearer) (*client, *user, error) {
	u, found := p.bySub(tx, b.Sub)
	c, err := p.client(tx, b.Client)
	switch {
	case tx.Now().Unix() >= b.Expires:
		return nil, nil, cognitoidp.ErrNotAuthorizedException("Access Token has expired")
	case !found:
		return nil, nil, cognitoidp.ErrUserNotFoundException("User does not exist.")
	case u.Disabled:
		return nil, nil, disabled()
	case err != nil || !logins.Has(tx, u.loginKey(b.Origin)):
		return nil, nil, cognitoidp.ErrNotAuthorizedException("Access Token has been revoked")
	}
	return c, u, nil
}
