package apigateway

import (
	"context"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

func checkStatus(code string) error {
	if n, err := strconv.Atoi(code); err != nil || n < 100 || n > 599 {
		return invalid("Invalid response status code specified")
	}
	return nil
}

func noMethodResponse() error { return missing("Invalid Response status code specified") }

// PutMethodResponse adds a response that a method may give.
func (s *Service) PutMethodResponse(ctx context.Context, in *api.PutMethodResponseInput) (*api.PutMethodResponseOutput, error) {
	v := api.MethodResponse{StatusCode: &in.StatusCode, ResponseParameters: in.ResponseParameters, ResponseModels: in.ResponseModels}
	err := s.changeMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(tx kv.Tx, a address, m *api.Method) error {
		if err := checkStatus(in.StatusCode); err != nil {
			return err
		}
		if _, ok := m.MethodResponses[in.StatusCode]; ok {
			return conflict("Response already exists for this resource")
		}
		if m.MethodResponses == nil {
			m.MethodResponses = map[string]api.MethodResponse{}
		}
		m.MethodResponses[in.StatusCode] = v
		return a.checkMethodResponse(tx, &v)
	})
	if err != nil {
		return nil, err
	}
	return (*api.PutMethodResponseOutput)(&v), nil
}

func (a address) checkMethodResponse(tx kv.Tx, v *api.MethodResponse) error {
	for name := range v.ResponseParameters {
		if header, ok := strings.CutPrefix(name, "method.response.header."); !ok || header == "" {
			return invalid("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: %s]", name)
		}
	}
	return a.checkModels(tx, v.ResponseModels)
}

// GetMethodResponse tells of a response.
func (s *Service) GetMethodResponse(ctx context.Context, in *api.GetMethodResponseInput) (out *api.GetMethodResponseOutput, err error) {
	err = s.viewMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(m *api.Method) error {
		v, ok := m.MethodResponses[in.StatusCode]
		if !ok {
			return noMethodResponse()
		}
		out = (*api.GetMethodResponseOutput)(&v)
		return nil
	})
	return out, err
}

var methodResponseRules = []rule{
	{"add remove replace", "/responseParameters/*"},
	{"add remove replace", "/responseModels/*"},
}

// UpdateMethodResponse changes a response.
func (s *Service) UpdateMethodResponse(ctx context.Context, in *api.UpdateMethodResponseInput) (out *api.UpdateMethodResponseOutput, err error) {
	err = s.changeMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(tx kv.Tx, a address, m *api.Method) error {
		v, ok := m.MethodResponses[in.StatusCode]
		if !ok {
			return noMethodResponse()
		}
		if err := patch(&v, methodResponseRules, in.PatchOperations); err != nil {
			return err
		}
		m.MethodResponses[in.StatusCode] = v
		out = (*api.UpdateMethodResponseOutput)(&v)
		return a.checkMethodResponse(tx, &v)
	})
	return out, err
}

// DeleteMethodResponse deletes a response.
func (s *Service) DeleteMethodResponse(ctx context.Context, in *api.DeleteMethodResponseInput) (*api.DeleteMethodResponseOutput, error) {
	err := s.changeMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(_ kv.Tx, _ address, m *api.Method) error {
		if _, ok := m.MethodResponses[in.StatusCode]; !ok {
			return noMethodResponse()
		}
		delete(m.MethodResponses, in.StatusCode)
		return nil
	})
	return &api.DeleteMethodResponseOutput{}, err
}
