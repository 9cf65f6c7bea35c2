package cognitoidp

import (
	"net/http"
	"testing"

	"github.com/brume-cloud/brume/front/wire"
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
