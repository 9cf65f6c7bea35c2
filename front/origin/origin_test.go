package origin

import (
	"net/http"
	"strings"
	"testing"
)

func TestRule(t *testing.T) {
	own := Rule{Host: IsLoopback}
	neighbours := Rule{Host: IsFixed, Page: IsLoopback}
	for name, c := range map[string]struct {
		headers         string // "Name: value, Name: value"
		own, neighbours Breach
	}{
		"a program":                     {"Host: localhost:4566", None, None},
		"our own page":                  {"Host: localhost:4566, Origin: http://localhost:4566, Sec-Fetch-Site: same-origin", None, None},
		"typed into the address bar":    {"Host: localhost:4566, Sec-Fetch-Site: none", None, None},
		"a page on another port":        {"Host: localhost:4566, Origin: http://localhost:3000, Sec-Fetch-Site: same-site", WrongPage, None},
		"a page of this machine":        {"Host: localhost:4566, Origin: http://127.0.0.1:5173, Sec-Fetch-Site: cross-site", WrongPage, None},
		"a page with a name":            {"Host: localhost:4566, Origin: https://app.localhost, Sec-Fetch-Site: cross-site", WrongPage, None},
		"an image in a page of ours":    {"Host: localhost:4566, Referer: http://127.0.0.1:5173/a, Sec-Fetch-Site: cross-site", WrongPage, None},
		"a page of a stranger":          {"Host: localhost:4566, Origin: https://evil.example, Sec-Fetch-Site: cross-site", WrongPage, WrongPage},
		"in an old browser":             {"Host: localhost:4566, Origin: https://evil.example", WrongPage, WrongPage},
		"a name that looks like ours":   {"Host: localhost:4566, Origin: https://localhost.evil.example", WrongPage, WrongPage},
		"and with us as its user":       {"Host: localhost:4566, Origin: https://localhost:4566@evil.example", WrongPage, WrongPage},
		"a sandboxed page":              {"Host: localhost:4566, Origin: null", WrongPage, WrongPage},
		"two origins":                   {"Host: localhost:4566, Origin: http://localhost:4566, Origin: https://evil.example", WrongPage, WrongPage},
		"an empty origin":               {"Host: localhost:4566, Origin: ", WrongPage, WrongPage},
		"an extension":                  {"Host: localhost:4566, Origin: chrome-extension://localhost", WrongPage, WrongPage},
		"an image in a stranger's page": {"Host: localhost:4566, Sec-Fetch-Site: cross-site", WrongPage, WrongPage},
		"and its referrer":              {"Host: localhost:4566, Referer: https://evil.example/, Sec-Fetch-Site: cross-site", WrongPage, WrongPage},
		"a sister host":                 {"Host: localhost:4566, Sec-Fetch-Site: same-site", WrongPage, WrongPage},
		"a rebound name":                {"Host: evil.example:4566", WrongHost, WrongHost},
		"a rebound name, same origin":   {"Host: evil.example, Origin: http://evil.example, Sec-Fetch-Site: same-origin", WrongHost, WrongHost},
		"a name that ends like ours":    {"Host: evillocalhost", WrongHost, WrongHost},
		"a name that ends like AWS's":   {"Host: evilamazonaws.com", WrongHost, WrongHost},
		"a name that begins like AWS's": {"Host: sqs.us-east-1.amazonaws.com.evil.example", WrongHost, WrongHost},
		"no host":                       {"Host: ", WrongHost, WrongHost},
		"an address of this machine":    {"Host: 127.0.0.1:4566", None, None},
		"its IPv6 address":              {"Host: [::1]:4566", None, None},
		"its IPv6 address, port left":   {"Host: [::1]", None, None},
		"a name below localhost":        {"Host: bucket.S3.LocalHost.:4566", None, None},
		"an address of the network":     {"Host: 192.168.1.2:4566", WrongHost, None},
		"AWS's name":                    {"Host: sqs.eu-west-3.amazonaws.com", WrongHost, None},
		"AWS's name in China":           {"Host: sqs.cn-north-1.amazonaws.com.cn", WrongHost, None},
		"a container's machine":         {"Host: host.docker.internal:4566", WrongHost, None},
	} {
		r := &http.Request{Header: http.Header{}}
		for h := range strings.SplitSeq(c.headers, ", ") {
			k, v, _ := strings.Cut(h, ": ")
			if k == "Host" {
				r.Host = v
				continue
			}
			r.Header.Add(k, v)
		}
		if got := own.Check(r); got != c.own {
			t.Errorf("%s, own pages only: %q, want %q", name, got, c.own)
		}
		if got := neighbours.Check(r); got != c.neighbours {
			t.Errorf("%s, neighbours too: %q, want %q", name, got, c.neighbours)
		}
	}
}
