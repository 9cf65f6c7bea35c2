package apigateway

import (
	"context"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateRequestValidator makes a validator of requests.
func (s *Service) CreateRequestValidator(ctx context.Context, in *api.CreateRequestValidatorInput) (*api.CreateRequestValidatorOutput, error) {
	v := &api.RequestValidator{
		Id: new(s.id(partID)), Name: in.Name, ValidateRequestBody: new(deref(in.ValidateRequestBody)), ValidateRequestParameters: new(deref(in.ValidateRequestParameters)),
	}
	err := s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if a.check(tx) != nil {
			return invalid("Invalid REST API identifier specified")
		}
		if deref(v.Name) == "" {
			return invalid("Request Validator name cannot be blank")
		}
		validators.put(tx, part(a, validators, *v.Id), v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.CreateRequestValidatorOutput)(v), nil
}

func (a address) validator(tx kv.Tx, id string) (*api.RequestValidator, error) {
	v, ok := validators.get(tx, part(a, validators, id))
	if !ok {
		return nil, missing("Invalid Request Validator identifier specified")
	}
	return v, nil
}

// GetRequestValidator tells of a validator.
func (s *Service) GetRequestValidator(ctx context.Context, in *api.GetRequestValidatorInput) (out *api.GetRequestValidatorOutput, err error) {
	err = s.within(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		v, err := a.validator(tx, in.RequestValidatorId)
		out = (*api.GetRequestValidatorOutput)(v)
		return err
	})
	return out, err
}

// GetRequestValidators lists the validators of an API.
func (s *Service) GetRequestValidators(ctx context.Context, in *api.GetRequestValidatorsInput) (*api.GetRequestValidatorsOutput, error) {
	out := &api.GetRequestValidatorsOutput{}
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) (err error) {
		out.Items, out.Position, err = validators.page(tx, parts(a, validators), page{in.Position, in.Limit}, nil)
		return err
	})
	return out, err
}

var validatorRules = []rule{
	{"replace", "/name"},
	{"replace", "/validateRequestParameters"},
	{"replace", "/validateRequestBody"},
}

// UpdateRequestValidator changes a validator.
func (s *Service) UpdateRequestValidator(ctx context.Context, in *api.UpdateRequestValidatorInput) (out *api.UpdateRequestValidatorOutput, err error) {
	err = s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		v, err := a.validator(tx, in.RequestValidatorId)
		if err != nil {
			return err
		}
		if err := patch(v, validatorRules, in.PatchOperations); err != nil {
			return err
		}
		if deref(v.Name) == "" {
			return invalid("Request Validator name cannot be blank")
		}
		validators.put(tx, part(a, validators, in.RequestValidatorId), v)
		out = (*api.UpdateRequestValidatorOutput)(v)
		return nil
	})
	return out, err
}

// DeleteRequestValidator deletes a validator that no method uses.
func (s *Service) DeleteRequestValidator(ctx context.Context, in *api.DeleteRequestValidatorInput) (*api.DeleteRequestValidatorOutput, error) {
	err := s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if _, err := a.validator(tx, in.RequestValidatorId); err != nil {
			return err
		}
		if where := a.uses(tx, func(m *api.Method) bool { return deref(m.RequestValidatorId) == in.RequestValidatorId }); where != "" {
			return conflict("Cannot delete validator '%s', is referenced in method request: %s", in.RequestValidatorId, where)
		}
		validators.rows.Delete(tx, part(a, validators, in.RequestValidatorId))
		return nil
	})
	return &api.DeleteRequestValidatorOutput{}, err
}
