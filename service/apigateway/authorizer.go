package apigateway

import (
	"context"
	"regexp"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// defaultAuthorizerTTL is how long, in seconds, an authorizer's answer is kept.
const defaultAuthorizerTTL = 300

// CreateAuthorizer makes an authorizer.
func (s *Service) CreateAuthorizer(ctx context.Context, in *api.CreateAuthorizerInput) (*api.CreateAuthorizerOutput, error) {
	if in.JwtConfiguration != nil {
		return nil, unbuilt("jwtConfiguration")
	}
	z := &api.Authorizer{
		Id: new(s.id(partID)), Name: &in.Name, Type: in.Type, ProviderARNs: in.ProviderARNs, AuthType: in.AuthType, AuthorizerUri: in.AuthorizerUri,
		AuthorizerCredentials: in.AuthorizerCredentials, IdentitySource: in.IdentitySource,
		IdentityValidationExpression: in.IdentityValidationExpression, AuthorizerResultTtlInSeconds: in.AuthorizerResultTtlInSeconds,
	}
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if err := a.checkAuthorizer(tx, z); err != nil {
			return err
		}
		authorizers.put(tx, part(a, authorizers, *z.Id), z)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.CreateAuthorizerOutput)(z), nil
}

// checkAuthorizer fills in what an authorizer has by default, and checks it.
func (a address) checkAuthorizer(tx kv.Tx, z *api.Authorizer) error {
	if *z.Name == "" {
		return invalid("Authorizer name cannot be blank")
	}
	for _, other := range authorizers.all(tx, parts(a, authorizers)) {
		if *other.Name == *z.Name && *other.Id != *z.Id {
			return invalid("Authorizer name must be unique. Authorizer %s already exists in this RestApi.", *z.Name)
		}
	}
	if z.AuthType == nil {
		z.AuthType = new("custom")
		if z.Type == api.AuthorizerTypeCOGNITOUSERPOOLS {
			z.AuthType = new("cognito_user_pools")
		}
	}
	if z.AuthorizerResultTtlInSeconds == nil {
		z.AuthorizerResultTtlInSeconds = new(int32(defaultAuthorizerTTL))
	}
	if n := *z.AuthorizerResultTtlInSeconds; n < 0 || n > maxTTL {
		return invalid("Authorizer result TTL must be between 0 and 3600 seconds")
	}
	if _, err := regexp.Compile(deref(z.IdentityValidationExpression)); err != nil {
		return invalid("Invalid identity validation expression specified: %s", *z.IdentityValidationExpression)
	}
	return checkAuthorizerType(z)
}

func checkAuthorizerType(z *api.Authorizer) error {
	switch z.Type {
	case api.AuthorizerTypeTOKEN:
		if name, ok := strings.CutPrefix(deref(z.IdentitySource), "method.request.header."); !ok || name == "" {
			return invalid("Invalid Authorizer Identity Source specified: %s", deref(z.IdentitySource))
		}
	case api.AuthorizerTypeREQUEST:
		if deref(z.IdentitySource) == "" && *z.AuthorizerResultTtlInSeconds > 0 {
			return invalid("Identity source must be specified when caching is enabled")
		}
		for source := range strings.SplitSeq(deref(z.IdentitySource), ",") {
			if source = strings.TrimSpace(source); source != "" && !isIdentitySource(source) {
				return invalid("Invalid Authorizer Identity Source specified: %s", source)
			}
		}
	case api.AuthorizerTypeCOGNITOUSERPOOLS:
		if len(z.ProviderARNs) == 0 {
			return invalid("COGNITO_USER_POOLS authorizer must have at least one provider ARN")
		}
		for _, p := range z.ProviderARNs {
			if a, err := aws.ParseARN(p); err != nil || a.Service != "cognito-idp" {
				return invalid("Invalid Cognito Identity Provider ARN specified: %s", p)
			}
		}
		if z.IdentitySource == nil {
			z.IdentitySource = new("method.request.header.Authorization")
		}
		return nil
	default:
		return invalid("Invalid authorizer type specified: %s. Must be one of: [TOKEN, REQUEST, COGNITO_USER_POOLS]", z.Type)
	}
	if t, ok := readTarget(deref(z.AuthorizerUri)); !ok || t.function == "" {
		return invalid("Invalid Authorizer URI: %s. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.", deref(z.AuthorizerUri))
	}
	return nil
}

// isIdentitySource reports whether an expression may be part of an identity.
// AWS: "CreateAuthorizer", identitySource.
func isIdentitySource(e string) bool {
	for _, prefix := range []string{"method.request.header.", "method.request.querystring.", "context.", "stageVariables."} {
		if name, ok := strings.CutPrefix(e, prefix); ok && name != "" {
			return true
		}
	}
	return false
}

func (a address) authorizer(tx kv.Tx, id string) (*api.Authorizer, error) {
	z, ok := authorizers.get(tx, part(a, authorizers, id))
	if !ok {
		return nil, missing("Invalid Authorizer identifier specified")
	}
	return z, nil
}

// GetAuthorizer tells of an authorizer.
func (s *Service) GetAuthorizer(ctx context.Context, in *api.GetAuthorizerInput) (out *api.GetAuthorizerOutput, err error) {
	err = s.within(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		z, err := a.authorizer(tx, in.AuthorizerId)
		out = (*api.GetAuthorizerOutput)(z)
		return err
	})
	return out, err
}

// GetAuthorizers lists the authorizers of an API.
func (s *Service) GetAuthorizers(ctx context.Context, in *api.GetAuthorizersInput) (*api.GetAuthorizersOutput, error) {
	out := &api.GetAuthorizersOutput{}
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) (err error) {
		out.Items, out.Position, err = authorizers.page(tx, parts(a, authorizers), page{in.Position, in.Limit}, nil)
		return err
	})
	return out, err
}

var authorizerRules = []rule{
	{"replace", "/name"},
	{"replace", "/type"},
	{"replace", "/authType"},
	{"add remove replace", "/providerARNs"},
	{"replace", "/authorizerUri"},
	{"replace remove add", "/authorizerCredentials"},
	{"replace", "/identitySource"},
	{"replace remove add", "/identityValidationExpression"},
	{"replace", "/authorizerResultTtlInSeconds"},
}

// UpdateAuthorizer changes an authorizer.
func (s *Service) UpdateAuthorizer(ctx context.Context, in *api.UpdateAuthorizerInput) (out *api.UpdateAuthorizerOutput, err error) {
	err = s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		z, err := a.authorizer(tx, in.AuthorizerId)
		if err != nil {
			return err
		}
		if err := patch(z, authorizerRules, in.PatchOperations); err != nil {
			return err
		}
		if err := a.checkAuthorizer(tx, z); err != nil {
			return err
		}
		authorizers.put(tx, part(a, authorizers, in.AuthorizerId), z)
		out = (*api.UpdateAuthorizerOutput)(z)
		return nil
	})
	return out, err
}

// DeleteAuthorizer deletes an authorizer that no method uses.
func (s *Service) DeleteAuthorizer(ctx context.Context, in *api.DeleteAuthorizerInput) (*api.DeleteAuthorizerOutput, error) {
	err := s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if _, err := a.authorizer(tx, in.AuthorizerId); err != nil {
			return err
		}
		if where := a.uses(tx, func(m *api.Method) bool { return deref(m.AuthorizerId) == in.AuthorizerId }); where != "" {
			return conflict("Cannot delete authorizer '%s', is referenced in method: %s", in.AuthorizerId, where)
		}
		authorizers.rows.Delete(tx, part(a, authorizers, in.AuthorizerId))
		return nil
	})
	return &api.DeleteAuthorizerOutput{}, err
}
