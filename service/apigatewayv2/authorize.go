package apigatewayv2

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/jwt"
	"github.com/brume-cloud/brume/front/proxyevent"
)

// authorize lets the route's authorizer decide. Signatures have been checked before.
func (s *Service) authorize(ctx context.Context, call *aws.Call, v *visit) error {
	switch v.plan.route.AuthorizationType {
	case apigatewayv2.AuthorizationTypeJWT:
		return s.authorizeToken(ctx, call, v)
	case apigatewayv2.AuthorizationTypeCUSTOM:
		return s.authorizeFunction(ctx, call, v)
	}
	return nil
}

// authorizeToken checks the token that the request comes with.
// AWS: "Control access to HTTP APIs with JWT authorizers".
func (s *Service) authorizeToken(ctx context.Context, call *aws.Call, v *visit) error {
	z := v.plan.authorizer
	text := v.value(call, strings.TrimPrefix(z.IdentitySource[0], "$"))
	if scheme, rest, ok := strings.Cut(text, " "); ok && strings.EqualFold(scheme, "Bearer") {
		text = strings.TrimSpace(rest)
	}
	if text == "" {
		return challenge(http.StatusUnauthorized, "Unauthorized", "Bearer")
	}
	token, err := s.Tokens.Verify(ctx, text, jwt.Want{Issuer: deref(z.JwtConfiguration.Issuer), Audience: z.JwtConfiguration.Audience, Now: call.Start})
	if description, ok := jwt.IsWrong(err); ok {
		return challenge(http.StatusUnauthorized, "Unauthorized", `Bearer scope="" error="invalid_token" error_description="`+strings.ReplaceAll(description, `"`, `'`)+`"`)
	}
	if err != nil {
		s.Log.Warn("an issuer of tokens does not give its keys", "api", v.api, "authorizer", z.Name, "error", err)
		return challenge(http.StatusUnauthorized, "Unauthorized", `Bearer scope="" error="invalid_token" error_description="OIDC discovery endpoint communication error"`)
	}
	wanted := v.plan.route.AuthorizationScopes
	scopes := token.Scopes()
	if len(wanted) > 0 && !slices.ContainsFunc(scopes, func(have string) bool { return slices.Contains(wanted, have) }) {
		return challenge(http.StatusForbidden, "Forbidden", `Bearer scope="`+strings.Join(wanted, " ")+`" error="insufficient_scope" error_description="Token does not include a scope required for the route"`)
	}
	v.token = &proxyevent.JWT{Claims: token.Strings(), Scopes: wanted}
	return nil
}
