// Package jwt verifies JSON Web Tokens by the public keys of who issued them: the
// user pools of this cloud, and OpenID providers outside of it.
package jwt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/brume-cloud/brume/state/memo"
)

// maxToken bounds what is looked at, bytes: headers are shorter anyway.
const maxToken = 16 << 10

// algorithms are those that API Gateway takes.
// AWS: "Control access to HTTP APIs with JWT authorizers": only RSA.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512}

// Local returns the key set of an issuer that is of this cloud; ok is false for others.
type Local func(ctx context.Context, issuer string) (jwks []byte, ok bool, err error)

// Verifier verifies tokens. It may be used from many goroutines. Keys are kept for
// a while, and so are tokens whose signatures were right.
type Verifier struct {
	keys   keys
	tokens *memo.Cache[*proven]
}

// New makes a verifier. It asks issuers that are not local through client.
func New(local Local, client *http.Client) *Verifier {
	return &Verifier{keys{Issuers: Issuers{local, client}, all: map[string]*keySet{}}, memo.New[*proven]()}
}

// Token is a token that was found to be right.
type Token struct{ Claims map[string]any } // numbers are json.Number

// proven is a token whose signature is right by a set of keys.
type proven struct {
	Token
	by *keySet
}

// Want is what a token has to be.
type Want struct {
	Issuer   string
	Audience []string // one of them; none asks for nothing
	Now      time.Time
}

// Error says what is wrong with a token, in the words of RFC 6750's error_description.
type Error struct{ Description string }

// Error implements error.
func (e *Error) Error() string { return "jwt: " + e.Description }

func wrong(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// Verify checks a token in its compact form. Its error is an *Error unless the issuer
// could not be asked, which it waits for as long as ctx and Patience allow.
// AWS: "Control access to HTTP APIs with JWT authorizers", Authorizing API requests.
func (v *Verifier) Verify(ctx context.Context, text string, want Want) (*Token, error) {
	if len(text) > maxToken {
		return nil, wrong("the token is too long")
	}
	p, err := v.prove(ctx, text, want)
	if err != nil {
		return nil, err
	}
	return &p.Token, v.check(ctx, &p.Token, want)
}

// prove checks the signature.
func (v *Verifier) prove(ctx context.Context, text string, want Want) (*proven, error) {
	set, err := v.keys.of(ctx, want.Issuer, want.Now)
	if err != nil {
		return nil, err
	}
	if p, ok := v.tokens.Find(text); ok && p.by == set {
		return p, nil
	}
	signed, err := jose.ParseSignedCompact(text, algorithms)
	if err != nil {
		return nil, wrong("the token is malformed")
	}
	kid := signed.Signatures[0].Header.KeyID
	key := set.Key(kid)
	if len(key) == 0 {
		if set, err = v.keys.again(ctx, want.Issuer, want.Now); err != nil {
			return nil, err
		}
		if key = set.Key(kid); len(key) == 0 {
			return nil, wrong("signing key %q not found", kid)
		}
	}
	payload, err := signed.Verify(key[0].Key)
	if err != nil {
		return nil, wrong("the token has an invalid signature")
	}
	p := &proven{by: set}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	if d.Decode(&p.Claims) != nil {
		return nil, wrong("the token is malformed")
	}
	v.tokens.Keep(text, p)
	return p, nil
}

// check holds the claims against what is wanted.
func (v *Verifier) check(ctx context.Context, t *Token, want Want) error {
	if iss := t.Text("iss"); iss != want.Issuer && !v.keys.same(ctx, iss, want) {
		return wrong("the token has an invalid issuer")
	}
	audience := t.texts("aud")
	if audience == nil {
		audience = t.texts("client_id")
	}
	if len(want.Audience) > 0 && !slices.ContainsFunc(audience, func(a string) bool { return slices.Contains(want.Audience, a) }) {
		return wrong("the token does not have a valid audience")
	}
	expires, ok := t.time("exp")
	if !ok || !want.Now.Before(expires) {
		return wrong("the token has expired")
	}
	if from, ok := t.time("nbf"); ok && want.Now.Before(from) {
		return wrong("the token is not valid yet")
	}
	if issued, ok := t.time("iat"); ok && want.Now.Add(skew).Before(issued) {
		return wrong("the token was issued in the future")
	}
	return nil
}

// skew is how far clocks may differ: iat has whole seconds.
const skew = time.Second

// Text returns a claim that is text; "" where it is none.
func (t *Token) Text(claim string) string {
	s, _ := t.Claims[claim].(string)
	return s
}

// texts returns a claim that is text or a list of it.
func (t *Token) texts(claim string) (all []string) {
	switch c := t.Claims[claim].(type) {
	case string:
		return []string{c}
	case []any:
		for _, e := range c {
			if s, ok := e.(string); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

// Scopes are what the token is good for.
func (t *Token) Scopes() []string {
	if s, ok := t.Claims["scope"].(string); ok {
		return strings.Fields(s)
	}
	return t.texts("scp")
}

// time returns a claim that is a number of seconds.
func (t *Token) time(claim string) (time.Time, bool) {
	n, ok := t.Claims[claim].(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := n.Float64()
	return time.Unix(int64(seconds), 0), err == nil
}

// Strings are the claims as functions get them: text; lists in brackets, with
// spaces between.
func (t *Token) Strings() map[string]string {
	all := make(map[string]string, len(t.Claims))
	for name, value := range t.Claims {
		all[name] = plain(value)
	}
	return all
}

func plain(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = plain(e)
		}
		return "[" + strings.Join(parts, " ") + "]"
	}
	b, _ := json.Marshal(value) // cannot fail: it came out of JSON
	return string(b)
}

// IsWrong reports whether an error of Verify is the token's fault, and what is wrong.
func IsWrong(err error) (description string, ok bool) {
	var e *Error
	if errors.As(err, &e) {
		return e.Description, true
	}
	return "", false
}
