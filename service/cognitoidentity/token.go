package cognitoidentity

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// provider is what this service is to roles that trust it, and in the logins of apps
// whose developers sign users in.
const provider = "cognito-identity.amazonaws.com"

// Issuer is who issues the tokens of identities, in every region.
const Issuer = "https://" + provider

// said is what a token of an identity says.
type said struct {
	jwt.Claims
	Methods []string `json:"amr"`
	Tags    *tags    `json:"https://aws.amazon.com/tags,omitempty"`
}

// tags are those of the session that the token will be taken for.
type tags struct {
	Principal map[string]string `json:"principal_tags"`
}

const keyBits = 2048

// key returns the key of all tokens, which is made when it is first asked for.
func (s *Service) key(ctx context.Context, r aws.Region) (id string, key *rsa.PrivateKey, err error) {
	var row *signing
	read := func(tx kv.Tx) error {
		row, _ = keys.Get(tx, signingKey(r))
		return nil
	}
	if err := kv.View(ctx, s.Store, read); err != nil {
		return "", nil, err
	}
	if row == nil {
		if key, err = rsa.GenerateKey(aws.Reader(s.Random), keyBits); err != nil {
			return "", nil, err
		}
		fresh := &signing{aws.UUID(s.Random), x509.MarshalPKCS1PrivateKey(key)}
		err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
			_ = read(tx)
			if row == nil { // nobody was faster
				row = fresh
				keys.Put(tx, signingKey(r), row)
			}
			return nil
		})
		if err != nil {
			return "", nil, err
		}
	}
	if key, err = x509.ParsePKCS1PrivateKey(row.Private); err != nil {
		err = fmt.Errorf("cognitoidentity: the stored key: %w", err)
	}
	return row.ID, key, err
}

// Keys returns the public key of all tokens, as a JSON Web Key Set.
func (s *Service) Keys(ctx context.Context) ([]byte, error) {
	id, key, err := s.key(ctx, aws.CallFrom(ctx).Region)
	if err != nil {
		return nil, err
	}
	return json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: id, Algorithm: string(jose.RS512), Use: "sig"}}})
}

// mint makes a token.
func (s *Service) mint(ctx context.Context, b *bearer, good time.Duration) (string, error) {
	id, key, err := s.key(ctx, b.pool.at.Region)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS512, Key: jose.JSONWebKey{Key: key, KeyID: id}}, (&jose.SignerOptions{}).WithType("JWS"))
	if err != nil {
		return "", err
	}
	now := aws.CallFrom(ctx).Start
	claims := said{Methods: b.methods, Claims: jwt.Claims{
		Issuer: Issuer, Subject: b.id, Audience: jwt.Audience{b.pool.at.ID}, IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(good)),
	}}
	if len(b.tags) > 0 {
		claims.Tags = &tags{b.tags}
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// own reads a token of this service, which an app has from its developer's server.
func (s *Service) own(ctx context.Context, p *pool, token string) (*said, error) {
	_, key, err := s.key(ctx, p.at.Region)
	if err != nil {
		return nil, err
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS512})
	if err != nil {
		return nil, refused("Invalid login token. Not a valid OpenId Connect identity token.")
	}
	var t said
	if parsed.Claims(&key.PublicKey, &t) != nil || !t.Audience.Contains(p.at.ID) {
		return nil, refused("Invalid login token. Can't decode token.")
	}
	return &t, timely(ctx, t.Expiry)
}

// timely refuses a token whose time is over, by the virtual clock.
func timely(ctx context.Context, end *jwt.NumericDate) error {
	now := aws.CallFrom(ctx).Start
	switch {
	case end == nil:
		return refused("Invalid login token. Missing a required claim: exp")
	case !now.Before(end.Time()):
		return refused("Invalid login token. Token expired: %d >= %d", now.Unix(), end.Time().Unix())
	}
	return nil
}

// GetOpenIdToken gives an identity its token, for a role of the app's choice.
// AWS: "Identity pools authentication flow", basic (classic).
func (s *Service) GetOpenIdToken(ctx context.Context, in *cognitoidentity.GetOpenIdTokenInput) (*cognitoidentity.GetOpenIdTokenOutput, error) {
	b, err := s.bearing(ctx, in.IdentityId, in.Logins)
	if err != nil {
		return nil, err
	}
	if !deref(b.pool.settings.AllowClassicFlow) {
		return nil, invalid("Basic (classic) flow is not enabled, please use enhanced flow.")
	}
	token, err := s.mint(ctx, b, tokenTime)
	return &cognitoidentity.GetOpenIdTokenOutput{IdentityId: &b.id, Token: &token}, err
}
