package apigatewayv2

import (
	"context"
	"regexp"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

const maxSchema = 32768 // characters

var modelName = regexp.MustCompile(`^[a-zA-Z0-9]{1,128}$`)

// CreateModel adds to a WebSocket API a schema of messages.
func (s *Service) CreateModel(ctx context.Context, in *apigatewayv2.CreateModelInput) (*apigatewayv2.CreateModelOutput, error) {
	m := &apigatewayv2.Model_{ContentType: new("application/json")}
	carry(m, in)
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, d *apigatewayv2.Api) error {
		if err := webSocketOnly(d, "Models"); err != nil {
			return err
		}
		m.ModelId = new(s.id(shortID))
		return a.putModel(tx, m)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateModelOutput](m), nil
}

// putModel checks and stores a model.
func (a address) putModel(tx kv.Tx, m *apigatewayv2.Model_) error {
	if !modelName.MatchString(m.Name) {
		return bad("Model name must be alphanumeric: %s", m.Name)
	}
	if _, err := compileSchema(deref(m.Schema)); err != nil || len(*m.Schema) > maxSchema {
		return bad("Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]")
	}
	for _, other := range models.all(tx, a.Scope, a.ID) {
		if other.Name == m.Name && *other.ModelId != *m.ModelId {
			return conflict("Model name already exists for this API")
		}
	}
	models.put(tx, m, a.Scope, a.ID, *m.ModelId)
	return nil
}

// hasModel reports whether the API has a model of a name.
func (a address) hasModel(tx kv.Tx, name string) bool {
	for _, m := range models.all(tx, a.Scope, a.ID) {
		if m.Name == name {
			return true
		}
	}
	return false
}

// GetModel returns a model.
func (s *Service) GetModel(ctx context.Context, in *apigatewayv2.GetModelInput) (*apigatewayv2.GetModelOutput, error) {
	return getPart[apigatewayv2.GetModelOutput](ctx, s, models, in.ApiId, in.ModelId)
}

// GetModels lists the models of an API.
func (s *Service) GetModels(ctx context.Context, in *apigatewayv2.GetModelsInput) (*apigatewayv2.GetModelsOutput, error) {
	items, next, err := listParts(ctx, s, models, listing{[]string{in.ApiId}, in.MaxResults, in.NextToken})
	return &apigatewayv2.GetModelsOutput{Items: items, NextToken: next}, err
}

// UpdateModel changes what a request sets of a model.
func (s *Service) UpdateModel(ctx context.Context, in *apigatewayv2.UpdateModelInput) (*apigatewayv2.UpdateModelOutput, error) {
	out := new(apigatewayv2.UpdateModelOutput)
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, _ *apigatewayv2.Api) error {
		m, err := models.find(tx, a.Scope, a.ID, in.ModelId)
		if err != nil {
			return err
		}
		carry(m, in)
		carry(out, m)
		return a.putModel(tx, m)
	})
	return out, err
}

// DeleteModel deletes a model that no route holds messages against.
func (s *Service) DeleteModel(ctx context.Context, in *apigatewayv2.DeleteModelInput) (*apigatewayv2.DeleteModelOutput, error) {
	err := s.change(ctx, in.ApiId, func(tx kv.Tx, a address, _ *apigatewayv2.Api) error {
		m, err := models.find(tx, a.Scope, a.ID, in.ModelId)
		if err != nil {
			return err
		}
		for _, r := range routes.all(tx, a.Scope, a.ID) {
			for _, name := range r.RequestModels {
				if name == m.Name {
					return conflict("Cannot delete model '%s', is referenced in route: %s", m.Name, r.RouteKey)
				}
			}
		}
		models.delete(tx, a.Scope, a.ID, in.ModelId)
		return nil
	})
	return &apigatewayv2.DeleteModelOutput{}, err
}
