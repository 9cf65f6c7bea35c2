package cognitoidp

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/state/kv"
)

// What every pool serves below its issuer.
const (
	keysPath          = "/.well-known/jwks.json"
	configurationPath = "/.well-known/openid-configuration"
)

// wellKnown reads /POOL/.well-known/… of a path. No bucket has such a name: ids of
// pools have an underscore.
func wellKnown(path string) (pool, document string, ok bool) {
	for _, document := range []string{keysPath, configurationPath} {
		if pool, ok := strings.CutSuffix(path, document); ok {
			pool = strings.TrimPrefix(pool, "/")
			return pool, document, strings.Contains(pool, "_") && !strings.Contains(pool, "/")
		}
	}
	return "", "", false
}

// Site claims the domains of pools, and what pools serve below their issuers.
func (s *Service) Site(_ context.Context, req *wire.Request) bool {
	if _, _, ok := domainHost(req.Host); ok {
		return true
	}
	_, _, ok := wellKnown(req.Path)
	return ok && isEndpoint(req.Host)
}

// isEndpoint tells the API's own hosts from those of what people put on the
// network, such as a bucket with a key of that path.
func isEndpoint(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	_, err := netip.ParseAddr(host)
	return err == nil || !strings.Contains(host, ".") || strings.HasPrefix(host, "cognito-idp.")
}

// Front answers what Site claims.
func (s *Service) Front(ctx context.Context, w http.ResponseWriter, req *wire.Request) (http.ResponseWriter, error) {
	if _, _, ok := domainHost(req.Host); ok {
		if letRead(w, req) {
			return nil, nil
		}
		return w, s.frontDomain(ctx, req)
	}
	id, document, ok := wellKnown(req.Path)
	if !ok {
		return w, nil
	}
	p, err := s.anywhere(ctx, id)
	if err != nil {
		return nil, err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	var body any = map[string]string{"message": "User pool " + id + " does not exist."}
	switch {
	case p == nil:
		w.WriteHeader(http.StatusNotFound)
	case document == keysPath:
		if body, err = p.keySet(); err != nil {
			return nil, err
		}
	default:
		body = configuration(s.issuer(ctx, p.at), s.domainURL(ctx, p))
	}
	return nil, json.NewEncoder(w).Encode(body)
}

// anywhere finds a pool by its id alone; nil where there is none.
func (s *Service) anywhere(ctx context.Context, id string) (p *pool, err error) {
	region, _, _ := strings.Cut(id, "_")
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		p = nil
		if at, ok := placed(tx, aws.Region(region), id); ok && at.ID == id {
			p, _ = at.find(tx)
		}
		return nil
	})
	return p, err
}

// configuration is the pool's metadata by OpenID Connect Discovery 1.0. domain is
// empty for a pool that has none.
func configuration(issuer, domain string) any {
	c := map[string]any{
		"issuer": issuer, "jwks_uri": issuer + keysPath, "id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported": []string{"code", "token"}, "scopes_supported": []string{"openid", "email", "phone", "profile"},
		"subject_types_supported": []string{"public"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	}
	if domain != "" {
		for name, path := range map[string]string{
			"authorization_endpoint": "/oauth2/authorize", "token_endpoint": "/oauth2/token", "userinfo_endpoint": "/oauth2/userInfo",
			"revocation_endpoint": "/oauth2/revoke", "end_session_endpoint": "/logout",
		} {
			c[name] = domain + path
		}
	}
	return c
}

// jwk is a public key as RFC 7517 writes it.
type jwk struct {
	Alg string `json:"alg"`
	E   string `json:"e"`
	Kid string `json:"kid"`
	Kty string `json:"kty"`
	N   string `json:"n"`
	Use string `json:"use"`
}

// keySet is the public keys of the pool.
func (p *pool) keySet() (any, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	for _, k := range p.Keys {
		key, err := x509.ParsePKCS1PrivateKey(k.Private)
		if err != nil {
			return nil, fmt.Errorf("cognitoidp: a stored key: %w", err)
		}
		text := base64.RawURLEncoding.EncodeToString
		set.Keys = append(set.Keys, jwk{"RS256", text(big.NewInt(int64(key.E)).Bytes()), k.ID, "RSA", text(key.N.Bytes()), "sig"})
	}
	return set, nil
}

// Keys returns the public keys of the pool that an issuer is, as a JSON Web Key
// Set. ok is false where the issuer is none of this cloud's pools.
func (s *Service) Keys(ctx context.Context, issuer string) (jwks []byte, ok bool, err error) {
	host, id, _ := cutLast(issuer, "/")
	p, err := s.anywhere(ctx, id)
	if err != nil || p == nil {
		return nil, false, err
	}
	if r := p.at.Region; host != s.Endpoint(r) && host != "https://"+amazonHost(r) {
		return nil, false, nil
	}
	set, err := p.keySet()
	if err != nil {
		return nil, false, err
	}
	jwks, err = json.Marshal(set)
	return jwks, err == nil, err
}

// amazonHost is where AWS serves the API in a region.
func amazonHost(r aws.Region) string { return "cognito-idp." + string(r) + ".amazonaws.com" }

// SignedIn reports whether a sign-in of a user of the pool that an issuer is still
// holds: it was neither signed out nor revoked, and the user is enabled. origin is the
// claim origin_jti of its tokens.
func (s *Service) SignedIn(ctx context.Context, issuer, sub, origin string) (held bool, err error) {
	_, id, _ := cutLast(issuer, "/")
	region, _, _ := strings.Cut(id, "_")
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		held = false
		at, ok := placed(tx, aws.Region(region), id)
		if !ok {
			return nil
		}
		p, err := at.find(tx)
		if err != nil {
			return nil // the pool is gone, and with it all sign-ins
		}
		u, ok := p.bySub(tx, sub)
		held = ok && !u.Disabled && logins.Has(tx, u.loginKey(origin))
		return nil
	})
	return held, err
}
