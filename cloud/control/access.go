package control

import (
	"crypto/subtle"
	"mime"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/origin"
)

// guard lets only those through to h who may control the cloud.
//
// A cloud with a token believes whoever has it. One without is open to every
// program on the machine, and to no web page: a browser on this machine runs
// the scripts of strangers, who must not be able to reset a developer's cloud.
// So a request from a page is refused, by what browsers say of it and by what
// pages cannot say: a page of another origin cannot send JSON without asking,
// and one whose own name was made to point here (DNS rebinding) shows that name
// in Host.
func guard(h http.Handler, token string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var refusal *aws.Error
		if token != "" {
			refusal = checkToken(r, token)
		} else {
			refusal = checkPage(r)
		}
		if refusal == nil {
			refusal = checkContent(r)
		}
		if refusal != nil {
			fail(w, refusal)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func checkToken(r *http.Request, token string) *aws.Error {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if ok && subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1 {
		return nil
	}
	return aws.Errorf(http.StatusUnauthorized, "Unauthorized", "this cloud is strict: send its control token as Authorization: Bearer TOKEN (it was printed at the start, and secrets.json in the data directory has it)")
}

// ours lets in this cloud's own pages alone.
var ours = origin.Rule{Host: origin.IsLoopback}

func checkPage(r *http.Request) *aws.Error {
	switch ours.Check(r) {
	case origin.WrongHost:
		return aws.Errorf(http.StatusForbidden, "Forbidden", "the control API answers at localhost only, not at %q", r.Host)
	case origin.WrongPage:
		return aws.Errorf(http.StatusForbidden, "Forbidden", "a page of another site may not control this cloud: use the command line, or a program")
	}
	return nil
}

// checkContent holds requests that change something to JSON.
func checkContent(r *http.Request) *aws.Error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return aws.Errorf(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "send Content-Type: application/json, also without a body")
	}
	return nil
}
