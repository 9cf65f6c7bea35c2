package lambda

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
)

// share takes CORS settings over.
func (u *functionURL) share(c *lambda.Cors) {
	if c == nil {
		return
	}
	u.Shared = true
	u.Origins, u.Methods, u.Allowed, u.Exposed = c.AllowOrigins, c.AllowMethods, c.AllowHeaders, c.ExposeHeaders
	u.MaxAge, u.Trusted = deref(c.MaxAge), deref(c.AllowCredentials)
}

// cors are the settings as they were given; nil without.
func (u *functionURL) cors() *lambda.Cors {
	if !u.Shared {
		return nil
	}
	c := &lambda.Cors{AllowOrigins: u.Origins, AllowMethods: u.Methods, AllowHeaders: u.Allowed, ExposeHeaders: u.Exposed}
	if u.MaxAge > 0 {
		c.MaxAge = &u.MaxAge
	}
	if u.Trusted {
		c.AllowCredentials = &u.Trusted
	}
	return c
}

// letRead writes what lets the page that a request is from read the answer.
// AWS: "Cross-origin resource sharing (CORS)", Lambda function URLs: these come
// before what the function says.
func (u *functionURL) letRead(h http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	if !u.Shared || origin == "" || !matches(u.Origins, origin) {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if slices.Contains(u.Origins, "*") && !u.Trusted {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	h.Set("Vary", "Origin")
	if u.Trusted {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(u.Exposed) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(u.Exposed, ","))
	}
}

// preflight answers a browser that asks. The function does not hear of it.
func (u *functionURL) preflight(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	u.letRead(h, r)
	if h.Get("Access-Control-Allow-Origin") != "" && matches(u.Methods, r.Header.Get("Access-Control-Request-Method")) {
		h.Set("Access-Control-Allow-Methods", strings.Join(u.Methods, ","))
		if len(u.Allowed) > 0 {
			h.Set("Access-Control-Allow-Headers", strings.Join(u.Allowed, ","))
		}
		if u.MaxAge > 0 {
			h.Set("Access-Control-Max-Age", strconv.Itoa(int(u.MaxAge)))
		}
	}
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

func matches(allowed []string, asked string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool { return a == "*" || strings.EqualFold(a, asked) })
}
