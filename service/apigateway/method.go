package apigateway

import (
	"context"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// How methods may be authorised.
const (
	authNone    = "NONE"
	authIAM     = "AWS_IAM"
	authCustom  = "CUSTOM"
	authCognito = "COGNITO_USER_POOLS"
)

var methodNames = []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", anyMethod}

// anyMethod stands for all methods that have no integration of their own.
const anyMethod = "ANY"

// spot is a method of a resource within an API.
type spot struct{ api, resource, method string }

// view runs fn on a copy of the method at a spot.
func (s *Service) viewMethod(ctx context.Context, p spot, fn func(m *api.Method) error) error {
	return s.within(ctx, p.api, func(tx kv.Tx, a address) error {
		r, err := a.resource(tx, p.resource)
		if err != nil {
			return err
		}
		m, ok := r.ResourceMethods[p.method]
		if !ok {
			return missing("Invalid Method identifier specified")
		}
		return fn(&m)
	})
}

// changeMethod runs fn on the method at a spot, and stores it.
func (s *Service) changeMethod(ctx context.Context, p spot, fn func(tx kv.Tx, a address, m *api.Method) error) error {
	return s.change(ctx, p.api, func(tx kv.Tx, a address) error {
		r, err := a.resource(tx, p.resource)
		if err != nil {
			return err
		}
		m, ok := r.ResourceMethods[p.method]
		if !ok {
			return missing("Invalid Method identifier specified")
		}
		if err := fn(tx, a, &m); err != nil {
			return err
		}
		r.ResourceMethods[p.method] = m
		a.putResource(tx, r)
		return nil
	})
}

// PutMethod makes a method of a resource.
func (s *Service) PutMethod(ctx context.Context, in *api.PutMethodInput) (*api.PutMethodOutput, error) {
	m := &api.Method{
		HttpMethod: &in.HttpMethod, AuthorizationType: new(strings.ToUpper(in.AuthorizationType)), AuthorizerId: in.AuthorizerId, ApiKeyRequired: new(deref(in.ApiKeyRequired)),
		OperationName: in.OperationName, RequestParameters: in.RequestParameters, RequestModels: in.RequestModels,
		RequestValidatorId: in.RequestValidatorId, AuthorizationScopes: in.AuthorizationScopes,
	}
	err := s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		r, err := a.resource(tx, in.ResourceId)
		if err != nil {
			return err
		}
		if !slices.Contains(methodNames, in.HttpMethod) {
			return invalid("Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY")
		}
		if _, ok := r.ResourceMethods[in.HttpMethod]; ok {
			return conflict("Method already exists for this resource")
		}
		if err := a.checkMethod(tx, m); err != nil {
			return err
		}
		if r.ResourceMethods == nil {
			r.ResourceMethods = map[string]api.Method{}
		}
		r.ResourceMethods[in.HttpMethod] = *m
		a.putResource(tx, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.PutMethodOutput)(m), nil
}

// checkMethod checks that what a method refers to is there.
func (a address) checkMethod(tx kv.Tx, m *api.Method) error {
	names := map[string]bool{}
	for p := range m.RequestParameters {
		where, name, ok := requestParameter(p)
		if !ok {
			return invalid("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: %s]", p)
		}
		if names[name] {
			return invalid("Parameter names must be unique across querystring, header and path")
		}
		names[name] = where != ""
	}
	switch *m.AuthorizationType {
	case authNone, authIAM:
		m.AuthorizerId = nil
	case authCustom, authCognito:
		const text = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."
		z, ok := authorizers.get(tx, part(a, authorizers, deref(m.AuthorizerId)))
		if !ok || (z.Type == api.AuthorizerTypeCOGNITOUSERPOOLS) != (*m.AuthorizationType == authCognito) {
			return invalid(text)
		}
	default:
		return invalid("Invalid Authorization Type specified: %s. Must be one of: [NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS]", *m.AuthorizationType)
	}
	if len(m.AuthorizationScopes) > 0 && *m.AuthorizationType != authCognito {
		return invalid("Authorization scopes can only be used with COGNITO_USER_POOLS authorization type")
	}
	if deref(m.RequestValidatorId) == "" {
		m.RequestValidatorId = nil
	} else if !validators.rows.Has(tx, part(a, validators, *m.RequestValidatorId)) {
		return invalid("Invalid Request Validator identifier specified")
	}
	return a.checkModels(tx, m.RequestModels)
}

func (a address) checkModels(tx kv.Tx, names map[string]string) error {
	for _, name := range names {
		if !models.rows.Has(tx, part(a, models, name)) {
			return invalid("Invalid model identifier specified: %s", name)
		}
	}
	return nil
}

// requestParameter reads method.request.PLACE.NAME.
func requestParameter(expression string) (where, name string, ok bool) {
	rest, ok := strings.CutPrefix(expression, "method.request.")
	where, name, cut := strings.Cut(rest, ".")
	switch where {
	case "path", "querystring", "header", "multivaluequerystring", "multivalueheader":
		return where, name, ok && cut && name != ""
	}
	return "", "", false
}

// GetMethod tells of a method.
func (s *Service) GetMethod(ctx context.Context, in *api.GetMethodInput) (out *api.GetMethodOutput, err error) {
	err = s.viewMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(m *api.Method) error {
		out = (*api.GetMethodOutput)(m)
		return nil
	})
	return out, err
}

var methodRules = []rule{
	{"replace", "/authorizationType"},
	{"replace", "/authorizerId"},
	{"add remove replace", "/authorizationScopes"},
	{"replace", "/apiKeyRequired"},
	{"replace", "/operationName"},
	{"replace remove", "/requestValidatorId"},
	{"add remove replace", "/requestParameters/*"},
	{"add remove replace", "/requestModels/*"},
}

// UpdateMethod changes a method.
func (s *Service) UpdateMethod(ctx context.Context, in *api.UpdateMethodInput) (out *api.UpdateMethodOutput, err error) {
	err = s.changeMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(tx kv.Tx, a address, m *api.Method) error {
		for _, op := range in.PatchOperations {
			if err := checkMethodPatch(&op); err != nil {
				return err
			}
		}
		if err := patch(m, methodRules, in.PatchOperations); err != nil {
			return err
		}
		out = (*api.UpdateMethodOutput)(m)
		return a.checkMethod(tx, m)
	})
	return out, err
}

// checkMethodPatch refuses what cannot be patched. AWS: in words that are UpdateMethod's own.
func checkMethodPatch(op *api.PatchOperation) error {
	known := false
	for _, r := range methodRules {
		if matchesPath(r.path, deref(op.Path)) {
			if known = true; slices.Contains(strings.Fields(r.ops), string(op.Op)) {
				return nil
			}
		}
	}
	if known {
		return invalid("Invalid patch operation specified. Must be one of: [replace]")
	}
	return invalid("Invalid patch path %s", deref(op.Path))
}

// DeleteMethod deletes a method with its integration and its responses.
func (s *Service) DeleteMethod(ctx context.Context, in *api.DeleteMethodInput) (*api.DeleteMethodOutput, error) {
	err := s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		r, err := a.resource(tx, in.ResourceId)
		if err != nil {
			return err
		}
		if _, ok := r.ResourceMethods[in.HttpMethod]; !ok {
			return missing("Invalid Method identifier specified")
		}
		delete(r.ResourceMethods, in.HttpMethod)
		a.putResource(tx, r)
		return nil
	})
	return &api.DeleteMethodOutput{}, err
}
