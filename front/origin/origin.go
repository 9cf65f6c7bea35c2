// Package origin tells the requests of programs from those that a web page made
// a browser send.
//
// A browser on a developer's machine runs the scripts of strangers and reaches
// the ports of the machine. What it sends on behalf of a page shows it: by the
// headers Origin, Referer and Sec-Fetch-Site, which no page can forge, and, when
// the page's own name was made to point here (DNS rebinding), by that name in
// Host. Programs send none of the former and the name that they were given.
package origin

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Rule says by which names a server may be called, and by whose pages besides
// its own. Hosts come with or without a port.
type Rule struct {
	Host func(host string) bool // nil: by every name
	Page func(host string) bool // nil: by no other pages
}

// Breach is what is wrong with a request.
type Breach string

// The breaches.
const (
	None      Breach = ""
	WrongHost Breach = "host" // the server is called by a name that is not its own
	WrongPage Breach = "page" // a page of another site sent the request
)

// Check judges a request.
func (u Rule) Check(r *http.Request) Breach {
	switch {
	case u.Host != nil && !u.Host(r.Host):
		return WrongHost
	case u.from(r):
		return None
	}
	return WrongPage
}

// from reports whether the request is a program's, or from a page that may.
func (u Rule) from(r *http.Request) bool {
	if all := r.Header.Values("Origin"); len(all) > 0 {
		return len(all) == 1 && u.page(r, all[0])
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin": // a program, the address bar, our own page
		return true
	}
	return u.page(r, r.Header.Get("Referer")) // an image, a link or the like
}

// page reports whether the page at address is the server's own or one that may.
// Sandboxed pages and files are at "null", which is nobody's.
func (u Rule) page(r *http.Request, address string) bool {
	a, err := url.Parse(address)
	if err != nil || a.Scheme != "http" && a.Scheme != "https" || a.Host == "" {
		return false
	}
	return strings.EqualFold(a.Host, r.Host) || u.Page != nil && u.Page(a.Host)
}

// IsLoopback reports whether a host, with or without a port, is this machine.
func IsLoopback(host string) bool {
	name := nameOf(host)
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	ip := net.ParseIP(name)
	return ip != nil && ip.IsLoopback()
}

// IsFixed reports whether a host is one that nobody can make point elsewhere:
// this machine, an address, one of AWS's names, or a name below .internal, which
// is reserved for private networks (containers call their machine so).
func IsFixed(host string) bool {
	name := nameOf(host)
	if IsLoopback(host) || net.ParseIP(name) != nil {
		return true
	}
	for _, suffix := range fixed {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// AWS: "AWS service endpoints", AWS General Reference; the partitions' DNS
// suffixes, and those of CloudFront and Lambda function URLs.
var fixed = []string{
	".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws", ".cloudfront.net", ".api.amazonwebservices.com.cn",
	".amazonaws.eu", ".c2s.ic.gov", ".sc2s.sgov.gov", ".internal",
}

// nameOf is a host without port, brackets, a final dot and capitals.
func nameOf(host string) string {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}
