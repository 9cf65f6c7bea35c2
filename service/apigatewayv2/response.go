package apigatewayv2

import (
	"context"
	"regexp"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// webSocketOnly refuses what HTTP APIs do not have.
func webSocketOnly(d *apigatewayv2.Api, what string) error {
	if d.ProtocolType != apigatewayv2.ProtocolTypeWEBSOCKET {
		return bad("%s are only supported for WebSocket APIs", what)
	}
	return nil
}

// CreateRouteResponse makes a route of a WebSocket API answer.
func (s *Service) CreateRouteResponse(ctx context.Context, in *apigatewayv2.CreateRouteResponseInput) (*apigatewayv2.CreateRouteResponseOutput, error) {
	r := new(apigatewayv2.RouteResponse)
	carry(r, in)
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, d *apigatewayv2.Api) error {
		if err := webSocketOnly(d, "Route responses"); err != nil {
			return err
		}
		if _, err := routes.find(tx, a.Scope, a.ID, in.RouteId); err != nil {
			return err
		}
		// AWS: "Set up route responses for WebSocket APIs": $default is the only one.
		if r.RouteResponseKey != defaultRoute {
			return bad("Invalid route response key specified: %s. Only $default is supported", r.RouteResponseKey)
		}
		for _, other := range routeResponses.all(tx, a.Scope, a.ID, in.RouteId) {
			if other.RouteResponseKey == r.RouteResponseKey {
				return conflict("Route response with key %s already exists for this route", r.RouteResponseKey)
			}
		}
		r.RouteResponseId = new(s.id(shortID))
		routeResponses.put(tx, r, a.Scope, a.ID, in.RouteId, *r.RouteResponseId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateRouteResponseOutput](r), nil
}

// GetRouteResponse returns a route's response.
func (s *Service) GetRouteResponse(ctx context.Context, in *apigatewayv2.GetRouteResponseInput) (*apigatewayv2.GetRouteResponseOutput, error) {
	return getPart[apigatewayv2.GetRouteResponseOutput](ctx, s, routeResponses, in.ApiId, in.RouteId, in.RouteResponseId)
}

// GetRouteResponses lists the responses of a route.
func (s *Service) GetRouteResponses(ctx context.Context, in *apigatewayv2.GetRouteResponsesInput) (*apigatewayv2.GetRouteResponsesOutput, error) {
	items, next, err := listParts(ctx, s, routeResponses, listing{[]string{in.ApiId, in.RouteId}, in.MaxResults, in.NextToken})
	return &apigatewayv2.GetRouteResponsesOutput{Items: items, NextToken: next}, err
}

// UpdateRouteResponse changes what a request sets of a route's response.
func (s *Service) UpdateRouteResponse(ctx context.Context, in *apigatewayv2.UpdateRouteResponseInput) (*apigatewayv2.UpdateRouteResponseOutput, error) {
	out := new(apigatewayv2.UpdateRouteResponseOutput)
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, _ *apigatewayv2.Api) error {
		r, err := routeResponses.find(tx, a.Scope, a.ID, in.RouteId, in.RouteResponseId)
		if err != nil {
			return err
		}
		if k := in.RouteResponseKey; k != nil && *k != defaultRoute {
			return bad("Invalid route response key specified: %s. Only $default is supported", *k)
		}
		carry(r, in)
		routeResponses.put(tx, r, a.Scope, a.ID, in.RouteId, in.RouteResponseId)
		carry(out, r)
		return nil
	})
	return out, err
}

// DeleteRouteResponse makes a route answer no longer.
func (s *Service) DeleteRouteResponse(ctx context.Context, in *apigatewayv2.DeleteRouteResponseInput) (*apigatewayv2.DeleteRouteResponseOutput, error) {
	return &apigatewayv2.DeleteRouteResponseOutput{}, deletePart(ctx, s, routeResponses, in.ApiId, in.RouteId, in.RouteResponseId)
}

// integrationResponseKey is $default, or what an integration answered, between slashes.
var integrationResponseKey = regexp.MustCompile(`^(\$default|/.+/)$`)

// CreateIntegrationResponse says what is made of an integration's answers.
func (s *Service) CreateIntegrationResponse(ctx context.Context, in *apigatewayv2.CreateIntegrationResponseInput) (*apigatewayv2.CreateIntegrationResponseOutput, error) {
	r := new(apigatewayv2.IntegrationResponse)
	carry(r, in)
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, d *apigatewayv2.Api) error {
		if err := webSocketOnly(d, "Integration responses"); err != nil {
			return err
		}
		i, err := integrations.find(tx, a.Scope, a.ID, in.IntegrationId)
		if err != nil {
			return err
		}
		if i.IntegrationType == apigatewayv2.IntegrationTypeAWSPROXY || i.IntegrationType == apigatewayv2.IntegrationTypeHTTPPROXY {
			return bad("Integration responses are not supported for proxy integrations")
		}
		r.IntegrationResponseId = new(s.id(shortID))
		return a.putIntegrationResponse(tx, in.IntegrationId, r)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateIntegrationResponseOutput](r), nil
}

func (a address) putIntegrationResponse(tx kv.Tx, integration string, r *apigatewayv2.IntegrationResponse) error {
	if !integrationResponseKey.MatchString(r.IntegrationResponseKey) {
		return bad("Invalid integration response key specified: %s. It must be $default or a regular expression between slashes, such as /400/", r.IntegrationResponseKey)
	}
	for _, other := range integrationResponses.all(tx, a.Scope, a.ID, integration) {
		if other.IntegrationResponseKey == r.IntegrationResponseKey && *other.IntegrationResponseId != *r.IntegrationResponseId {
			return conflict("Integration response with key %s already exists for this integration", r.IntegrationResponseKey)
		}
	}
	integrationResponses.put(tx, r, a.Scope, a.ID, integration, *r.IntegrationResponseId)
	return nil
}

// GetIntegrationResponse returns an integration's response.
func (s *Service) GetIntegrationResponse(ctx context.Context, in *apigatewayv2.GetIntegrationResponseInput) (*apigatewayv2.GetIntegrationResponseOutput, error) {
	return getPart[apigatewayv2.GetIntegrationResponseOutput](ctx, s, integrationResponses, in.ApiId, in.IntegrationId, in.IntegrationResponseId)
}

// GetIntegrationResponses lists the responses of an integration.
func (s *Service) GetIntegrationResponses(ctx context.Context, in *apigatewayv2.GetIntegrationResponsesInput) (*apigatewayv2.GetIntegrationResponsesOutput, error) {
	items, next, err := listParts(ctx, s, integrationResponses, listing{[]string{in.ApiId, in.IntegrationId}, in.MaxResults, in.NextToken})
	return &apigatewayv2.GetIntegrationResponsesOutput{Items: items, NextToken: next}, err
}

// UpdateIntegrationResponse changes what a request sets of an integration's response.
func (s *Service) UpdateIntegrationResponse(ctx context.Context, in *apigatewayv2.UpdateIntegrationResponseInput) (*apigatewayv2.UpdateIntegrationResponseOutput, error) {
	out := new(apigatewayv2.UpdateIntegrationResponseOutput)
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, _ *apigatewayv2.Api) error {
		r, err := integrationResponses.find(tx, a.Scope, a.ID, in.IntegrationId, in.IntegrationResponseId)
		if err != nil {
			return err
		}
		carry(r, in)
		carry(out, r)
		return a.putIntegrationResponse(tx, in.IntegrationId, r)
	})
	return out, err
}

// DeleteIntegrationResponse deletes an integration's response.
func (s *Service) DeleteIntegrationResponse(ctx context.Context, in *apigatewayv2.DeleteIntegrationResponseInput) (*apigatewayv2.DeleteIntegrationResponseOutput, error) {
	return &apigatewayv2.DeleteIntegrationResponseOutput{}, deletePart(ctx, s, integrationResponses, in.ApiId, in.IntegrationId, in.IntegrationResponseId)
}
