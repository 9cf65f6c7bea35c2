// Package cors answers browsers by the CORS settings that functions' URLs and HTTP
// APIs have in common.
package cors

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Rules are CORS settings. A * matches all.
type Rules struct {
	Origins, Methods, Headers, Exposed []string
	MaxAge                             int32 // seconds; 0 says nothing
	Trusted                            bool  // credentials may come along
}

// Share writes what lets the page that the request is from read the answer, and
// reports whether it may. AWS: "Configure CORS for HTTP APIs in API Gateway": these
// headers come before what the backend says.
func (c *Rules) Share(h http.Header, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || !matches(c.Origins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if slices.Contains(c.Origins, "*") && !c.Trusted {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	h.Set("Vary", "Origin")
	if c.Trusted {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(c.Exposed) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(c.Exposed, ","))
	}
	return true
}

// Preflight answers a browser that asks, with a status.
func (c *Rules) Preflight(w http.ResponseWriter, r *http.Request, status int) {
	h := w.Header()
	if c.Share(h, r) && matches(c.Methods, r.Header.Get("Access-Control-Request-Method")) {
		h.Set("Access-Control-Allow-Methods", strings.Join(c.Methods, ","))
		if len(c.Headers) > 0 {
			h.Set("Access-Control-Allow-Headers", strings.Join(c.Headers, ","))
		}
		if c.MaxAge > 0 {
			h.Set("Access-Control-Max-Age", strconv.Itoa(int(c.MaxAge)))
		}
	}
	if status != http.StatusNoContent {
		h.Set("Content-Length", "0")
	}
	w.WriteHeader(status)
}

func matches(allowed []string, asked string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		return a == "*" || strings.EqualFold(a, asked) || strings.HasPrefix(a, "http") && strings.HasSuffix(a, "://*") && strings.HasPrefix(asked, a[:len(a)-1])
	})
}
