package apigatewayv2

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

const maxCORSAge = 86400 // seconds. AWS: "Configure CORS for HTTP APIs": -1 to a day

// checkCORS checks CORS settings; nil is none.
func checkCORS(c *apigatewayv2.Cors) error {
	if c == nil {
		return nil
	}
	if age := deref(c.MaxAge); age < -1 || age > maxCORSAge {
		return bad("Invalid value for maxAge: %d. It must be between -1 and %d", age, maxCORSAge)
	}
	for _, o := range c.AllowOrigins {
		u, err := url.Parse(strings.ReplaceAll(o, "*", "any"))
		if o != "*" && (err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" && u.Path != "/") {
			return bad("Invalid format for origin %s. The origin must begin with a scheme, such as https://, and have no path", o)
		}
	}
	if deref(c.AllowCredentials) {
		for _, l := range [][]string{c.AllowOrigins, c.AllowMethods, c.AllowHeaders} {
			if slices.Contains(l, "*") {
				return bad("allowCredentials can't be true if allowOrigins, allowMethods or allowHeaders contain '*'")
			}
		}
	}
	return nil
}

// DeleteCorsConfiguration makes an API answer preflight requests no longer.
func (s *Service) DeleteCorsConfiguration(ctx context.Context, in *apigatewayv2.DeleteCorsConfigurationInput) (*apigatewayv2.DeleteCorsConfigurationOutput, error) {
	a := here(ctx, in.ApiId)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		d, err := a.find(tx)
		if err != nil {
			return err
		}
		d.CorsConfiguration = nil
		return s.keep(tx, a, d)
	})
	return &apigatewayv2.DeleteCorsConfigurationOutput{}, err
}
