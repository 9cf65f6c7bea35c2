package apigatewayv2

import (
	"context"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateIntegration adds to an API what routes can lead to.
func (s *Service) CreateIntegration(ctx context.Context, in *apigatewayv2.CreateIntegrationInput) (*apigatewayv2.CreateIntegrationOutput, error) {
	var i *apigatewayv2.Integration
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, d *apigatewayv2.Api) error {
		i = &apigatewayv2.Integration{ConnectionType: apigatewayv2.ConnectionTypeINTERNET}
		carry(i, in)
		return s.addIntegration(tx, a, d, i)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateIntegrationOutput](i), nil
}

// addIntegration stores a new integration.
func (s *Service) addIntegration(tx kv.Tx, a address, d *apigatewayv2.Api, i *apigatewayv2.Integration) error {
	if integrations.count(tx, maxIntegrations, a.Scope, a.ID) == maxIntegrations {
		return tooMany("integrations per API", maxIntegrations)
	}
	if err := a.checkIntegration(tx, d, i); err != nil {
		return err
	}
	i.IntegrationId = new(s.id(longID))
	integrations.put(tx, i, a.Scope, a.ID, *i.IntegrationId)
	return nil
}

// GetIntegration returns an integration.
func (s *Service) GetIntegration(ctx context.Context, in *apigatewayv2.GetIntegrationInput) (*apigatewayv2.GetIntegrationOutput, error) {
	return getPart[apigatewayv2.GetIntegrationOutput](ctx, s, integrations, in.ApiId, in.IntegrationId)
}

// GetIntegrations lists the integrations of an API.
func (s *Service) GetIntegrations(ctx context.Context, in *apigatewayv2.GetIntegrationsInput) (*apigatewayv2.GetIntegrationsOutput, error) {
	items, next, err := listParts(ctx, s, integrations, listing{[]string{in.ApiId}, in.MaxResults, in.NextToken})
	return &apigatewayv2.GetIntegrationsOutput{Items: items, NextToken: next}, err
}

// UpdateIntegration changes what a request sets of an integration. Parameters that
// it gives without a value are removed.
// AWS: "Transforming API requests and responses": to remove a mapping, set it to ”.
func (s *Service) UpdateIntegration(ctx context.Context, in *apigatewayv2.UpdateIntegrationInput) (*apigatewayv2.UpdateIntegrationOutput, error) {
	var i *apigatewayv2.Integration
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, d *apigatewayv2.Api) (err error) {
		if i, err = integrations.find(tx, a.Scope, a.ID, in.IntegrationId); err != nil {
			return err
		}
		request, response := i.RequestParameters, i.ResponseParameters
		carry(i, in)
		if in.RequestParameters != nil {
			i.RequestParameters = merge(request, in.RequestParameters)
		}
		if in.ResponseParameters != nil {
			i.ResponseParameters = map[string]map[string]string{}
			for status, m := range response {
				if _, given := in.ResponseParameters[status]; !given {
					i.ResponseParameters[status] = m
				}
			}
			for status, m := range in.ResponseParameters {
				if merged := merge(response[status], m); len(merged) > 0 && len(m) > 0 {
					i.ResponseParameters[status] = merged
				}
			}
		}
		if err := a.checkIntegration(tx, d, i); err != nil {
			return err
		}
		integrations.put(tx, i, a.Scope, a.ID, in.IntegrationId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateIntegrationOutput](i), nil
}

// merge is what is left of old after the changes: an empty value takes a key away.
func merge(old, changes map[string]string) map[string]string {
	all := map[string]string{}
	for k, v := range old {
		all[k] = v
	}
	for k, v := range changes {
		if all[k] = v; v == "" {
			delete(all, k)
		}
	}
	return all
}

// DeleteIntegration deletes an integration that no route leads to, and its responses.
func (s *Service) DeleteIntegration(ctx context.Context, in *apigatewayv2.DeleteIntegrationInput) (*apigatewayv2.DeleteIntegrationOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, _ *apigatewayv2.Api) error {
		if _, err := integrations.find(tx, a.Scope, a.ID, in.IntegrationId); err != nil {
			return err
		}
		for _, r := range routes.all(tx, a.Scope, a.ID) {
			if deref(r.Target) == integrationTarget+in.IntegrationId {
				return conflict("Cannot delete Integration '%s' because it is referenced by Route '%s'.", in.IntegrationId, r.RouteKey)
			}
		}
		integrationResponses.drop(tx, a.Scope, a.ID, in.IntegrationId)
		integrations.delete(tx, a.Scope, a.ID, in.IntegrationId)
		return nil
	})
	return &apigatewayv2.DeleteIntegrationOutput{}, err
}
