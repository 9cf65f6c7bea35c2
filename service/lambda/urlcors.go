package lambda

import (
	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/front/cors"
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

// rules are the settings by which browsers are answered.
func (u *functionURL) rules() *cors.Rules {
	return &cors.Rules{Origins: u.Origins, Methods: u.Methods, Headers: u.Allowed, Exposed: u.Exposed, MaxAge: u.MaxAge, Trusted: u.Trusted}
}
