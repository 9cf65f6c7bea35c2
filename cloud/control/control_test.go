package control_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/brume-cloud/brume/cloud"
)

// open opens a cloud and returns a function that asks its control API. A
// header is written "Name: value".
func open(t *testing.T, o cloud.Options) (sys *cloud.System, ask func(method, path, body string, headers ...string) (int, string)) {
	t.Helper()
	o.Ephemeral, o.Log = true, slog.New(slog.NewTextHandler(io.Discard, nil))
	sys, err := cloud.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sys.Close(); err != nil {
			t.Error(err)
		}
	})
	return sys, func(method, path, body string, headers ...string) (int, string) {
		r := httptest.NewRequest(method, "http://localhost:4566/_brume/"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			if r.Header.Set(name, value); name == "Host" {
				r.Host = value
			}
		}
		w := httptest.NewRecorder()
		sys.Handler().ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
}

func TestCalls(t *testing.T) {
	_, ask := open(t, cloud.Options{})
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string // part of the answer
	}{
		{"GET", "health", "", 200, `"status": "ok"`},
		{"GET", "health", "", 200, `"sqs"`},
		{"GET", "clock", "", 200, `"offset": "0s"`},
		{"POST", "clock", `{"by": "90d"}`, 200, `"offset": "90d"`},
		{"POST", "clock", `{"by": "2w3d"}`, 200, `"offset": "107d"`},
		{"POST", "clock", `{"by": "-1h"}`, 400, "only goes forward"},
		{"POST", "clock", `{"to": "2001-01-01T00:00:00Z"}`, 400, "only goes forward"},
		{"POST", "clock", `{}`, 400, "say either how far"},
		{"POST", "clock", `{"by": "1h", "to": "2999-01-01T00:00:00Z"}`, 400, "say either how far"},
		{"POST", "clock", `{"by": "soon"}`, 400, "write it like 90d"},
		{"POST", "clock", `{"By": 1}`, 400, "not what this call takes"},
		{"POST", "clock", `{"far": "1h"}`, 400, "unknown field"},
		{"GET", "faults", "", 200, `"faults": []`},
		{"POST", "faults", `{"kind": "error", "service": "sqs", "for": "10m"}`, 200, `"code": "InternalFailure"`},
		{"POST", "faults", `{"kind": "latency", "latency": "2s"}`, 200, `"id": "2"`},
		{"POST", "faults", `{"kind": "slow"}`, 400, "want error, latency or throttle"},
		{"POST", "faults", `{"kind": "error", "rate": 2}`, 400, "rate is 2"},
		{"POST", "faults", `{"kind": "error", "for": "1h", "until": "2999-01-01T00:00:00Z"}`, 400, "either for or until"},
		{"GET", "faults", "", 200, `"latency": "2s"`},
		{"DELETE", "faults/1", "", 200, "{}"},
		{"DELETE", "faults/1", "", 404, "no fault rule"},
		{"DELETE", "faults/x", "", 404, "no fault rule"},
		{"DELETE", "faults", "", 200, "{}"},
		{"GET", "faults", "", 200, `"faults": []`},
		{"GET", "snapshots", "", 200, `"snapshots": []`},
		{"POST", "snapshots", `{"name": "one"}`, 200, `"saved"`},
		{"POST", "snapshots", `{"name": "one"}`, 409, "take another name"},
		{"POST", "snapshots", `{"name": "../one"}`, 400, "1 to 64 letters"},
		{"POST", "snapshots", "", 400, "1 to 64 letters"},
		{"GET", "snapshots/one", "", 200, `"name": "one"`},
		{"GET", "snapshots/two", "", 404, "list them"},
		{"POST", "reset", "", 200, "{}"},
		{"GET", "clock", "", 200, `"offset": "0s"`},
		{"POST", "snapshots/one/load", "", 200, `"offset": "107d"`},
		{"POST", "snapshots/two/load", "", 404, "list them"},
		{"GET", "clock", "", 200, `"offset": "107d"`},
		{"DELETE", "snapshots/one", "", 200, "{}"},
		{"DELETE", "snapshots/one", "", 404, "list them"},
		{"GET", "usage", "", 200, `"usage": []`},
		{"GET", "nothing", "", 404, "docs/control-api.md"},
		{"PUT", "clock", "", 404, "no PUT /_brume/clock"},
	} {
		status, got := ask(c.method, c.path, c.body)
		if status != c.status || !strings.Contains(got, c.want) || !json.Valid([]byte(got)) {
			t.Errorf("%s %s %s\ngot  %d %s\nwant %d … %s", c.method, c.path, c.body, status, got, c.status, c.want)
		}
	}
}

func TestNoPageMayControlAnOpenCloud(t *testing.T) {
	_, ask := open(t, cloud.Options{})
	for name, c := range map[string]struct {
		header string
		status int
	}{
		"a program":                   {"User-Agent: curl", 200},
		"the console":                 {"Origin: http://localhost:4566", 200},
		"typed into the browser":      {"Sec-Fetch-Site: none", 200},
		"a page of a stranger":        {"Origin: https://evil.example", 403},
		"a page without an origin":    {"Origin: null", 403},
		"a page on another port":      {"Origin: http://localhost:3000", 403},
		"an image in a page":          {"Sec-Fetch-Site: cross-site", 403},
		"a page of a sister host":     {"Sec-Fetch-Site: same-site", 403},
		"a name that was made to fit": {"Host: evil.example:4566", 403},
		"an address of this machine":  {"Host: 127.0.0.1:4566", 200},
		"its IPv6 address":            {"Host: [::1]:4566", 200},
		"a name below localhost":      {"Host: brume.localhost:4566", 200},
		"an address of the network":   {"Host: 192.168.1.2:4566", 403},
		"a form":                      {"Content-Type: application/x-www-form-urlencoded", 415},
		"a text form":                 {"Content-Type: text/plain", 415},
		"a form that looks like JSON": {"Content-Type: text/plain; application/json", 415},
	} {
		if status, got := ask("POST", "reset", "{}", c.header); status != c.status {
			t.Errorf("%s: %d %s", name, status, got)
		}
	}
	for _, header := range []string{"Origin: https://evil.example", "Host: evil.example"} {
		if status, _ := ask("GET", "usage", "", header); status != http.StatusForbidden {
			t.Errorf("%s may read: %d", header, status)
		}
	}
}

func TestStrictCloudWantsItsToken(t *testing.T) {
	sys, ask := open(t, cloud.Options{Strict: true})
	for name, c := range map[string]struct {
		header string
		status int
	}{
		"nothing":     {"User-Agent: curl", 401},
		"wrong":       {"Authorization: Bearer wrong", 401},
		"empty":       {"Authorization: Bearer ", 401},
		"not bearer":  {"Authorization: " + sys.Secrets().ControlToken, 401},
		"right":       {"Authorization: Bearer " + sys.Secrets().ControlToken, 200},
		"an AWS call": {"Authorization: AWS4-HMAC-SHA256 Credential=test", 401},
	} {
		for _, path := range []string{"health", "clock", "usage"} {
			if status, got := ask("GET", path, "", c.header); status != c.status {
				t.Errorf("%s %s: %d %s", name, path, status, got)
			}
		}
	}
}
