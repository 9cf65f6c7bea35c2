package jwt_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/brume-cloud/brume/front/jwt"
)

// issuer signs tokens, and gives its keys under two names.
type issuer struct {
	t    *testing.T
	key  *rsa.PrivateKey
	kid  string
	asks int
}

const (
	name  = "http://localhost:4566/pool"
	alias = "https://cognito-idp.us-east-1.amazonaws.com/pool"
)

var now = time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)

func made(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{t: t, key: key, kid: "one"}
}

func (i *issuer) keys(context.Context, string) ([]byte, error) {
	i.asks++
	return json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &i.key.PublicKey, KeyID: i.kid, Algorithm: "RS256", Use: "sig"}}})
}

func (i *issuer) local(ctx context.Context, issuer string) ([]byte, bool, error) {
	if issuer != name && issuer != alias {
		return nil, false, nil
	}
	b, err := i.keys(ctx, issuer)
	return b, true, err
}

func (i *issuer) token(claims map[string]any) string {
	i.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: i.key, KeyID: i.kid}}, nil)
	if err != nil {
		i.t.Fatal(err)
	}
	b, _ := json.Marshal(claims)
	signed, err := signer.Sign(b)
	if err != nil {
		i.t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		i.t.Fatal(err)
	}
	return text
}

func TestATokenIsHeldAgainstWhatIsWanted(t *testing.T) {
	i := made(t)
	v := jwt.New(i.local, http.DefaultClient)
	want := jwt.Want{Issuer: alias, Audience: []string{"web", "app"}, Now: now}
	good := func(change ...any) map[string]any {
		c := map[string]any{"iss": alias, "aud": "app", "exp": now.Unix() + 60, "iat": now.Unix()}
		for n := 0; n < len(change); n += 2 {
			c[change[n].(string)] = change[n+1]
		}
		return c
	}
	without := func(claim string, change ...any) map[string]any {
		c := good(change...)
		delete(c, claim)
		return c
	}
	for _, c := range []struct {
		what, wrong string
		claims      map[string]any
	}{
		{"good", "", good()},
		{"the issuer's other name", "", good("iss", name)},
		{"one of several audiences", "", good("aud", []string{"x", "web"})},
		{"a client instead of an audience", "", without("aud", "client_id", "web")},
		{"a client beside a wrong audience", "audience", good("aud", "x", "client_id", "web")},
		{"no audience", "audience", without("aud")},
		{"another issuer", "issuer", good("iss", "https://elsewhere")},
		{"over", "expired", good("exp", now.Unix())},
		{"without an end", "expired", without("exp")},
		{"to be used later", "not valid yet", good("nbf", now.Unix()+5)},
		{"of the future", "future", good("iat", now.Unix()+60)},
	} {
		_, err := v.Verify(t.Context(), i.token(c.claims), want)
		description, _ := jwt.IsWrong(err)
		if (err == nil) != (c.wrong == "") || !strings.Contains(description, c.wrong) {
			t.Errorf("a token that is %s: %v", c.what, err)
		}
	}
}

func TestAForgedTokenIsRefused(t *testing.T) {
	i, other := made(t), made(t)
	v := jwt.New(i.local, http.DefaultClient)
	claims := map[string]any{"iss": name, "exp": now.Unix() + 60}
	good := i.token(claims)
	parts := strings.Split(good, ".")
	for what, token := range map[string]string{
		"another's key":     other.token(claims),
		"changed":           parts[0] + "." + parts[1] + "AA." + parts[2],
		"without signature": parts[0] + "." + parts[1] + ".",
		"of no algorithm":   "eyJhbGciOiJub25lIiwia2lkIjoib25lIn0." + parts[1] + ".",
		"no token":          "x",
		"very long":         strings.Repeat("x", 1<<20),
	} {
		for range 2 { // the second time, what is remembered must not help
			if _, err := v.Verify(t.Context(), token, jwt.Want{Issuer: name, Now: now}); err == nil {
				t.Errorf("a token that is %s was taken", what)
			} else if _, ok := jwt.IsWrong(err); !ok {
				t.Errorf("a token that is %s: %v", what, err)
			}
		}
	}
	if _, err := v.Verify(t.Context(), good, jwt.Want{Issuer: name, Now: now}); err != nil {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), good, jwt.Want{Issuer: name, Now: now.Add(time.Hour)}); err == nil {
		t.Error("a token that is over was taken because it was right before")
	}
}

func TestKeysAreKeptUntilAnUnknownOneComes(t *testing.T) {
	i := made(t)
	v := jwt.New(i.local, http.DefaultClient)
	claims := map[string]any{"iss": name, "exp": now.Unix() + 60}
	verify := func() {
		t.Helper()
		if _, err := v.Verify(t.Context(), i.token(claims), jwt.Want{Issuer: name, Now: now}); err != nil {
			t.Fatal(err)
		}
	}
	verify()
	claims["jti"] = "other"
	verify()
	if i.asks != 1 {
		t.Errorf("two tokens asked for the keys %d times", i.asks)
	}
	i.key, i.kid = made(t).key, "two"
	verify()
	if i.asks != 2 {
		t.Errorf("after a change of keys they were asked for %d times", i.asks)
	}
}

func TestAnIssuerOutsideIsDiscovered(t *testing.T) {
	i := made(t)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"jwks_uri":%q}`, server.URL+"/keys")
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) {
		b, _ := i.keys(r.Context(), "")
		_, _ = w.Write(b)
	})
	v := jwt.New(i.local, server.Client())
	token := i.token(map[string]any{"iss": server.URL, "exp": now.Unix() + 60, "scope": "read write", "n": 1234567890, "g": []string{"a", "b"}, "t": true})
	got, err := v.Verify(t.Context(), token, jwt.Want{Issuer: server.URL, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintln(got.Scopes(), got.Strings()["n"], got.Strings()["g"], got.Strings()["t"]); s != "[read write] 1234567890 [a b] true\n" {
		t.Errorf("claims: %s", s)
	}
	server.Close()
	if _, err := v.Verify(t.Context(), token, jwt.Want{Issuer: server.URL + "/gone", Now: now}); err == nil {
		t.Error("an issuer that does not answer was believed")
	} else if _, ok := jwt.IsWrong(err); ok {
		t.Error("an issuer that does not answer is no fault of the token")
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9.e30.AA")
	f.Add("..")
	v := jwt.New(func(context.Context, string) ([]byte, bool, error) { return []byte(`{"keys":[]}`), true, nil }, http.DefaultClient)
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := v.Verify(t.Context(), token, jwt.Want{Issuer: name, Now: now}); err == nil {
			t.Errorf("%q was taken without any key", token)
		}
	})
}
