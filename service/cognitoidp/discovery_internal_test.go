package cognitoidp

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/state/kv/local"
)

// Key sets are served at the API's hosts: elsewhere such a path is somebody's own,
// such as that of an object in a bucket.
func TestKeySetsAreClaimedAtTheApisHostsAlone(t *testing.T) {
	const path = "/eu-west-3_aB3dE5fG7/.well-known/jwks.json"
	for _, c := range []struct {
		host, path string
		want       bool
	}{
		{"localhost:4566", path, true},
		{"127.0.0.1:4566", path, true},
		{"[::1]:4566", path, true},
		{"brume:4566", path, true},
		{"cognito-idp.eu-west-3.amazonaws.com", path, true},
		{"bucket.s3.localhost:4566", path, false},
		{"abc.lambda-url.eu-west-3.localhost:4566", path, false},
		{"localhost:4566", "/bucket/.well-known/jwks.json", false},
		{"localhost:4566", "/a_b/c/.well-known/jwks.json", false},
		{"localhost:4566", "/eu-west-3_aB3dE5fG7/.well-known/other", false},
	} {
		req := &wire.Request{Request: &http.Request{Host: c.host}, Path: c.path}
		if got := new(Service).Site(t.Context(), req); got != c.want {
			t.Errorf("%s%s: claimed %v", c.host, c.path, got)
		}
	}
}

type counting uint64

func (c *counting) Uint64() uint64 { *c += 0x9E3779B97F4A7C15; return uint64(*c) }

// A pool's issuer is this cloud's address, or AWS's when it was called by that;
// its keys are found by either, and by no other's.
func TestIssuersOfAPool(t *testing.T) {
	store := local.Memory(local.Options{Now: func() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }})
	t.Cleanup(func() { _ = store.Close() })
	s := New(Deps{Store: store, Random: new(counting), Endpoint: func(aws.Region) string { return "http://localhost:4566" }})
	call := &aws.Call{Account: "000000000000", Region: "eu-west-3", Host: "localhost:4566"}
	ctx := aws.WithCall(t.Context(), call)
	out, err := s.CreateUserPool(ctx, &cognitoidp.CreateUserPoolInput{PoolName: "people"})
	if err != nil {
		t.Fatal(err)
	}
	id := *out.UserPool.Id
	p, err := s.anywhere(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	here, amazon := "http://localhost:4566/"+id, "https://cognito-idp.eu-west-3.amazonaws.com/"+id
	if got := s.issuer(ctx, p.at); got != here {
		t.Errorf("issuer %s", got)
	}
	call.Host = "cognito-idp.eu-west-3.amazonaws.com"
	if got := s.issuer(ctx, p.at); got != amazon {
		t.Errorf("issuer by AWS's host %s", got)
	}
	for issuer, want := range map[string]bool{here: true, amazon: true, "https://example.com/" + id: false, here + "0": false, "": false} {
		if keys, ok, err := s.Keys(ctx, issuer); ok != want || err != nil || ok && !strings.Contains(string(keys), `"kty":"RSA"`) {
			t.Errorf("keys of %s: %s, %v, %v", issuer, keys, ok, err)
		}
	}
}
