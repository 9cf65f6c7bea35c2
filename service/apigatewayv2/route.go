package apigatewayv2

import (
	"context"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// integrationTarget is what the target of a route begins with.
const integrationTarget = "integrations/"

// CreateRoute adds a route to an API.
func (s *Service) CreateRoute(ctx context.Context, in *apigatewayv2.CreateRouteInput) (*apigatewayv2.CreateRouteOutput, error) {
	var r *apigatewayv2.Route
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, d *apigatewayv2.Api) error {
		r = &apigatewayv2.Route{ApiKeyRequired: new(false), AuthorizationType: apigatewayv2.AuthorizationTypeNONE}
		carry(r, in)
		return s.addRoute(tx, a, d, r)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateRouteOutput](r), nil
}

// addRoute stores a new route.
func (s *Service) addRoute(tx kv.Tx, a address, d *apigatewayv2.Api, r *apigatewayv2.Route) error {
	if routes.count(tx, maxRoutes, a.Scope, a.ID) == maxRoutes {
		return tooMany("routes per API", maxRoutes)
	}
	r.RouteId = new(s.id(longID))
	if err := a.checkRoute(tx, d, r); err != nil {
		return err
	}
	routes.put(tx, r, a.Scope, a.ID, *r.RouteId)
	return nil
}

// checkRoute checks a route of the API against its other parts.
func (a address) checkRoute(tx kv.Tx, d *apigatewayv2.Api, r *apigatewayv2.Route) error {
	if err := checkRouteKey(d.ProtocolType, r.RouteKey); err != nil {
		return err
	}
	if err := a.clash(tx, r); err != nil {
		return err
	}
	if r.Target != nil && *r.Target != "" {
		id, ok := strings.CutPrefix(*r.Target, integrationTarget)
		if !ok {
			return bad("Invalid target specified: %s. It must have the form integrations/INTEGRATION_ID", *r.Target)
		}
		if _, err := integrations.find(tx, a.Scope, a.ID, id); err != nil {
			return err
		}
	}
	if err := checkRouteOf(d.ProtocolType, r); err != nil {
		return err
	}
	for _, name := range r.RequestModels {
		if !a.hasModel(tx, name) {
			return bad("Invalid model name specified: %s", name)
		}
	}
	return a.checkAuthorization(tx, d.ProtocolType, r)
}

// checkRouteOf checks what APIs of one protocol have and others do not.
func checkRouteOf(p apigatewayv2.ProtocolType, r *apigatewayv2.Route) error {
	if p == apigatewayv2.ProtocolTypeHTTP {
		switch {
		case deref(r.ApiKeyRequired):
			return bad("ApiKeyRequired is not currently supported for HTTP APIs")
		case r.ModelSelectionExpression != nil || len(r.RequestModels) > 0 || r.RouteResponseSelectionExpression != nil:
			return bad("Models and route responses are only supported for WebSocket APIs")
		case len(r.RequestParameters) > 0:
			return bad("RequestParameters are only supported for WebSocket APIs")
		}
		return nil
	}
	if deref(r.ApiKeyRequired) {
		return unbuilt("API keys")
	}
	if e := deref(r.RouteResponseSelectionExpression); e != "" && e != defaultRoute {
		return bad("Invalid route response selection expression specified: %s. Only $default is supported", e)
	}
	return nil
}

// checkAuthorization checks who may use a route. AWS: CreateRoute, authorizationType.
func (a address) checkAuthorization(tx kv.Tx, p apigatewayv2.ProtocolType, r *apigatewayv2.Route) error {
	z, _ := authorizers.get(tx, a.Scope, a.ID, deref(r.AuthorizerId))
	isJWT := z != nil && z.AuthorizerType == apigatewayv2.AuthorizerTypeJWT
	if len(r.AuthorizationScopes) > 0 && r.AuthorizationType != apigatewayv2.AuthorizationTypeJWT {
		return bad("Authorization scopes are only supported with the JWT authorization type")
	}
	if len(r.AuthorizationScopes) > maxScopes {
		return bad("A route can have at most %d authorization scopes", maxScopes)
	}
	switch r.AuthorizationType {
	case apigatewayv2.AuthorizationTypeJWT:
		if p != apigatewayv2.ProtocolTypeHTTP || !isJWT {
			return bad("Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer.")
		}
	case apigatewayv2.AuthorizationTypeCUSTOM:
		if z == nil || isJWT {
			return bad("Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.")
		}
	default:
		r.AuthorizerId = nil
	}
	if p == apigatewayv2.ProtocolTypeWEBSOCKET && r.RouteKey != connectRoute && r.AuthorizationType != apigatewayv2.AuthorizationTypeNONE {
		return bad("Currently, authorization is only supported for the $connect route")
	}
	return nil
}

// GetRoute returns a route.
func (s *Service) GetRoute(ctx context.Context, in *apigatewayv2.GetRouteInput) (*apigatewayv2.GetRouteOutput, error) {
	return getPart[apigatewayv2.GetRouteOutput](ctx, s, routes, in.ApiId, in.RouteId)
}

// GetRoutes lists the routes of an API.
func (s *Service) GetRoutes(ctx context.Context, in *apigatewayv2.GetRoutesInput) (*apigatewayv2.GetRoutesOutput, error) {
	items, next, err := listParts(ctx, s, routes, listing{[]string{in.ApiId}, in.MaxResults, in.NextToken})
	return &apigatewayv2.GetRoutesOutput{Items: items, NextToken: next}, err
}

// UpdateRoute changes what a request sets of a route.
func (s *Service) UpdateRoute(ctx context.Context, in *apigatewayv2.UpdateRouteInput) (*apigatewayv2.UpdateRouteOutput, error) {
	var r *apigatewayv2.Route
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, d *apigatewayv2.Api) (err error) {
		if r, err = routes.find(tx, a.Scope, a.ID, in.RouteId); err != nil {
			return err
		}
		carry(r, in)
		if in.AuthorizationType != "" && in.AuthorizationType != apigatewayv2.AuthorizationTypeJWT && in.AuthorizationScopes == nil {
			r.AuthorizationScopes = nil
		}
		if err := a.checkRoute(tx, d, r); err != nil {
			return err
		}
		routes.put(tx, r, a.Scope, a.ID, in.RouteId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateRouteOutput](r), nil
}

// DeleteRoute deletes a route, and its responses.
func (s *Service) DeleteRoute(ctx context.Context, in *apigatewayv2.DeleteRouteInput) (*apigatewayv2.DeleteRouteOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, _ *apigatewayv2.Api) error {
		r, err := routes.find(tx, a.Scope, a.ID, in.RouteId)
		if err != nil {
			return err
		}
		routeResponses.drop(tx, a.Scope, a.ID, in.RouteId)
		routes.delete(tx, a.Scope, a.ID, in.RouteId)
		return a.unset(tx, r.RouteKey)
	})
	return &apigatewayv2.DeleteRouteOutput{}, err
}

// unset removes the settings that stages have for a route.
func (a address) unset(tx kv.Tx, routeKey string) error {
	for _, st := range slices.Collect(documents(stages.all(tx, a.Scope, a.ID))) {
		if _, ok := st.RouteSettings[routeKey]; ok {
			delete(st.RouteSettings, routeKey)
			stages.put(tx, st, a.Scope, a.ID, st.StageName)
		}
	}
	return nil
}

// DeleteRouteRequestParameter makes a route of a WebSocket API require a parameter no longer.
func (s *Service) DeleteRouteRequestParameter(ctx context.Context, in *apigatewayv2.DeleteRouteRequestParameterInput) (*apigatewayv2.DeleteRouteRequestParameterOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, _ *apigatewayv2.Api) error {
		r, err := routes.find(tx, a.Scope, a.ID, in.RouteId)
		if err != nil {
			return err
		}
		if _, ok := r.RequestParameters[in.RequestParameterKey]; !ok {
			return noThing("RequestParameter", in.RequestParameterKey)
		}
		delete(r.RequestParameters, in.RequestParameterKey)
		routes.put(tx, r, a.Scope, a.ID, in.RouteId)
		return nil
	})
	return &apigatewayv2.DeleteRouteRequestParameterOutput{}, err
}
