package apigatewayv2

import (
	"context"
	"net/url"
	"regexp"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

const maxTTL = 3600 // seconds that an authorizer's answer is kept

// CreateAuthorizer adds to an API what says who may use its routes.
func (s *Service) CreateAuthorizer(ctx context.Context, in *apigatewayv2.CreateAuthorizerInput) (*apigatewayv2.CreateAuthorizerOutput, error) {
	z := new(apigatewayv2.Authorizer)
	carry(z, in)
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, d *apigatewayv2.Api) error { return s.addAuthorizer(tx, a, d, z) })
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateAuthorizerOutput](z), nil
}

// addAuthorizer stores a new authorizer.
func (s *Service) addAuthorizer(tx kv.Tx, a address, d *apigatewayv2.Api, z *apigatewayv2.Authorizer) error {
	if authorizers.count(tx, maxAuthorizers, a.Scope, a.ID) == maxAuthorizers {
		return tooMany("authorizers per API", maxAuthorizers)
	}
	if err := checkAuthorizer(d.ProtocolType, z); err != nil {
		return err
	}
	z.AuthorizerId = new(s.id(shortID))
	authorizers.put(tx, z, a.Scope, a.ID, *z.AuthorizerId)
	return nil
}

// checkAuthorizer checks an authorizer of an API of a protocol.
func checkAuthorizer(p apigatewayv2.ProtocolType, z *apigatewayv2.Authorizer) error {
	if z.Name == "" || len(z.Name) > maxName {
		return bad("Invalid authorizer name specified: it must have between 1 and %d characters", maxName)
	}
	for _, source := range z.IdentitySource {
		if !identitySources[p].MatchString(source) {
			return bad("Invalid identity source specified: %s", source)
		}
	}
	if z.IdentityValidationExpression != nil {
		return bad("IdentityValidationExpression is not supported for this authorizer type")
	}
	switch z.AuthorizerType {
	case apigatewayv2.AuthorizerTypeJWT:
		if p != apigatewayv2.ProtocolTypeHTTP {
			return bad("JWT authorizers are only supported for HTTP APIs")
		}
		return checkJWT(z)
	case apigatewayv2.AuthorizerTypeREQUEST:
		if functionOf(deref(z.AuthorizerUri)) == "" {
			return bad("Invalid Authorizer URI: %s. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.", deref(z.AuthorizerUri))
		}
		if z.JwtConfiguration != nil {
			return bad("JwtConfiguration is only supported for JWT authorizers")
		}
		if p == apigatewayv2.ProtocolTypeWEBSOCKET {
			if z.AuthorizerPayloadFormatVersion != nil || deref(z.EnableSimpleResponses) || deref(z.AuthorizerResultTtlInSeconds) != 0 {
				return bad("Payload format versions, simple responses and caching of authorizers are only supported for HTTP APIs")
			}
			return nil
		}
		return checkRequest(z)
	}
	return bad("Invalid authorizer type specified")
}

// identitySources are the forms of where an authorizer looks for who calls.
var identitySources = map[apigatewayv2.ProtocolType]*regexp.Regexp{
	apigatewayv2.ProtocolTypeHTTP:      regexp.MustCompile(`^\$?(request\.(header|querystring)\.[^\s.]+|context\.[\w.-]+|stageVariables\.\w+)$`),
	apigatewayv2.ProtocolTypeWEBSOCKET: regexp.MustCompile(`^(route\.request\.(header|querystring)\.[^\s.]+|context\.[\w.-]+|stageVariables\.\w+)$`),
}

func checkJWT(z *apigatewayv2.Authorizer) error {
	switch j := z.JwtConfiguration; {
	case j == nil || deref(j.Issuer) == "":
		return bad("JwtConfiguration with an issuer must be specified for JWT authorizers")
	case len(j.Audience) == 0:
		return bad("JwtConfiguration must have an audience for JWT authorizers")
	case len(j.Audience) > maxAudience:
		return bad("JwtConfiguration can have at most %d audiences", maxAudience)
	case len(z.IdentitySource) != 1:
		return bad("JWT authorizers must have exactly one identity source, such as $request.header.Authorization")
	case z.AuthorizerUri != nil || z.AuthorizerCredentialsArn != nil || z.AuthorizerPayloadFormatVersion != nil || z.EnableSimpleResponses != nil:
		return bad("Settings of Lambda functions are only supported for REQUEST authorizers")
	}
	if u, err := url.Parse(*z.JwtConfiguration.Issuer); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return bad("Invalid issuer: %s. Issuer must be a valid URL", *z.JwtConfiguration.Issuer)
	}
	return nil
}

func checkRequest(z *apigatewayv2.Authorizer) error {
	ttl := deref(z.AuthorizerResultTtlInSeconds)
	switch v := deref(z.AuthorizerPayloadFormatVersion); {
	case v == "":
		return bad("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer")
	case v != "1.0" && v != "2.0":
		return bad("Invalid AuthorizerPayloadFormatVersion specified: %s. Valid values are 1.0 and 2.0", v)
	case v == "1.0" && deref(z.EnableSimpleResponses):
		return bad("EnableSimpleResponses is only supported for AuthorizerPayloadFormatVersion 2.0")
	case ttl < 0 || ttl > maxTTL:
		return bad("Authorizer result TTL should be between 0 and %d seconds", maxTTL)
	case ttl > 0 && len(z.IdentitySource) == 0:
		return bad("At least one identity source is required when caching of the authorizer's results is enabled")
	}
	if z.EnableSimpleResponses == nil {
		z.EnableSimpleResponses = new(false)
	}
	z.AuthorizerResultTtlInSeconds = &ttl
	return nil
}

// GetAuthorizer returns an authorizer.
func (s *Service) GetAuthorizer(ctx context.Context, in *apigatewayv2.GetAuthorizerInput) (*apigatewayv2.GetAuthorizerOutput, error) {
	return getPart[apigatewayv2.GetAuthorizerOutput](ctx, s, authorizers, in.ApiId, in.AuthorizerId)
}

// GetAuthorizers lists the authorizers of an API.
func (s *Service) GetAuthorizers(ctx context.Context, in *apigatewayv2.GetAuthorizersInput) (*apigatewayv2.GetAuthorizersOutput, error) {
	items, next, err := listParts(ctx, s, authorizers, listing{[]string{in.ApiId}, in.MaxResults, in.NextToken})
	return &apigatewayv2.GetAuthorizersOutput{Items: items, NextToken: next}, err
}

// UpdateAuthorizer changes what a request sets of an authorizer.
func (s *Service) UpdateAuthorizer(ctx context.Context, in *apigatewayv2.UpdateAuthorizerInput) (*apigatewayv2.UpdateAuthorizerOutput, error) {
	var z *apigatewayv2.Authorizer
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, d *apigatewayv2.Api) (err error) {
		if z, err = authorizers.find(tx, a.Scope, a.ID, in.AuthorizerId); err != nil {
			return err
		}
		jwt := z.JwtConfiguration
		carry(z, in)
		if given := in.JwtConfiguration; jwt != nil && given != nil {
			carry(jwt, given)
			z.JwtConfiguration = jwt
		}
		if err := checkAuthorizer(d.ProtocolType, z); err != nil {
			return err
		}
		authorizers.put(tx, z, a.Scope, a.ID, in.AuthorizerId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateAuthorizerOutput](z), nil
}

// DeleteAuthorizer deletes an authorizer that no route asks.
func (s *Service) DeleteAuthorizer(ctx context.Context, in *apigatewayv2.DeleteAuthorizerInput) (*apigatewayv2.DeleteAuthorizerOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, _ *apigatewayv2.Api) error {
		if _, err := authorizers.find(tx, a.Scope, a.ID, in.AuthorizerId); err != nil {
			return err
		}
		for _, r := range routes.all(tx, a.Scope, a.ID) {
			if deref(r.AuthorizerId) == in.AuthorizerId {
				return conflict("Cannot delete authorizer '%s', is referenced by route: %s", in.AuthorizerId, r.RouteKey)
			}
		}
		authorizers.delete(tx, a.Scope, a.ID, in.AuthorizerId)
		return nil
	})
	return &apigatewayv2.DeleteAuthorizerOutput{}, err
}

// ResetAuthorizersCache makes a stage ask its authorizers again.
func (s *Service) ResetAuthorizersCache(ctx context.Context, in *apigatewayv2.ResetAuthorizersCacheInput) (*apigatewayv2.ResetAuthorizersCacheOutput, error) {
	a := here(ctx, in.ApiId)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		d, err := a.find(tx)
		if err != nil {
			return err
		}
		st, err := a.stage(tx, in.StageName)
		if err != nil {
			return err
		}
		resets.Put(tx, a.resetKey(st.StageName), &reset{tx.Now()})
		a.refresh(tx, d, st)
		return nil
	})
	return &apigatewayv2.ResetAuthorizersCacheOutput{}, err
}
