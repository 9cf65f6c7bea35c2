package apigateway

import (
	"context"
	"regexp"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

func noIntegrationResponse() error {
	return missing("Invalid Integration Response identifier specified")
}

// PutIntegrationResponse says which response of a method an integration's answer
// becomes.
func (s *Service) PutIntegrationResponse(ctx context.Context, in *api.PutIntegrationResponseInput) (*api.PutIntegrationResponseOutput, error) {
	v := api.IntegrationResponse{
		StatusCode: &in.StatusCode, SelectionPattern: in.SelectionPattern, ResponseParameters: in.ResponseParameters,
		ResponseTemplates: in.ResponseTemplates, ContentHandling: in.ContentHandling,
	}
	err := s.changeMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(_ kv.Tx, _ address, m *api.Method) error {
		if m.MethodIntegration == nil {
			return noIntegration()
		}
		if m.MethodIntegration.IntegrationResponses == nil {
			m.MethodIntegration.IntegrationResponses = map[string]api.IntegrationResponse{}
		}
		m.MethodIntegration.IntegrationResponses[in.StatusCode] = v
		return checkIntegrationResponse(m, &v)
	})
	if err != nil {
		return nil, err
	}
	return (*api.PutIntegrationResponseOutput)(&v), nil
}

func checkIntegrationResponse(m *api.Method, v *api.IntegrationResponse) error {
	if err := checkStatus(*v.StatusCode); err != nil {
		return err
	}
	declared, ok := m.MethodResponses[*v.StatusCode]
	if !ok {
		return noMethodResponse()
	}
	if _, err := regexp.Compile(deref(v.SelectionPattern)); err != nil {
		return invalid("Invalid selection pattern specified: %s", *v.SelectionPattern)
	}
	for to, from := range v.ResponseParameters {
		if _, ok := declared.ResponseParameters[to]; !ok {
			return invalid("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: %s]", to)
		}
		if !validResponseSource(from) {
			return invalid("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", from)
		}
	}
	switch v.ContentHandling {
	case "", api.ContentHandlingStrategyCONVERTTOBINARY, api.ContentHandlingStrategyCONVERTTOTEXT:
		return nil
	}
	return invalid("Invalid content handling specified: %s. Must be one of: [CONVERT_TO_BINARY, CONVERT_TO_TEXT]", v.ContentHandling)
}

// validResponseSource reports whether a header of a response may be mapped from an
// expression. AWS: "Parameter mapping source values".
func validResponseSource(e string) bool {
	return isLiteral(e) || strings.HasPrefix(e, "integration.response.") || strings.HasPrefix(e, "context.") || strings.HasPrefix(e, "stageVariables.")
}

// isLiteral reports whether a mapping expression is a text in quotes.
func isLiteral(e string) bool {
	return len(e) >= 2 && e[0] == '\'' && e[len(e)-1] == '\''
}

// GetIntegrationResponse tells of a response.
func (s *Service) GetIntegrationResponse(ctx context.Context, in *api.GetIntegrationResponseInput) (out *api.GetIntegrationResponseOutput, err error) {
	err = s.viewMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(m *api.Method) error {
		if m.MethodIntegration == nil {
			return noIntegration()
		}
		v, ok := m.MethodIntegration.IntegrationResponses[in.StatusCode]
		if !ok {
			return noIntegrationResponse()
		}
		out = (*api.GetIntegrationResponseOutput)(&v)
		return nil
	})
	return out, err
}

var integrationResponseRules = []rule{
	{"replace add remove", "/selectionPattern"},
	{"add remove replace", "/responseParameters/*"},
	{"add remove replace", "/responseTemplates/*"},
	{"replace remove", "/contentHandling"},
}

// UpdateIntegrationResponse changes a response.
func (s *Service) UpdateIntegrationResponse(ctx context.Context, in *api.UpdateIntegrationResponseInput) (out *api.UpdateIntegrationResponseOutput, err error) {
	err = s.changeMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(_ kv.Tx, _ address, m *api.Method) error {
		if m.MethodIntegration == nil {
			return noIntegration()
		}
		v, ok := m.MethodIntegration.IntegrationResponses[in.StatusCode]
		if !ok {
			return noIntegrationResponse()
		}
		if err := patch(&v, integrationResponseRules, in.PatchOperations); err != nil {
			return err
		}
		m.MethodIntegration.IntegrationResponses[in.StatusCode] = v
		out = (*api.UpdateIntegrationResponseOutput)(&v)
		return checkIntegrationResponse(m, &v)
	})
	return out, err
}

// DeleteIntegrationResponse deletes a response.
func (s *Service) DeleteIntegrationResponse(ctx context.Context, in *api.DeleteIntegrationResponseInput) (*api.DeleteIntegrationResponseOutput, error) {
	err := s.changeMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(_ kv.Tx, _ address, m *api.Method) error {
		if m.MethodIntegration == nil {
			return noIntegration()
		}
		if _, ok := m.MethodIntegration.IntegrationResponses[in.StatusCode]; !ok {
			return noIntegrationResponse()
		}
		delete(m.MethodIntegration.IntegrationResponses, in.StatusCode)
		return nil
	})
	return &api.DeleteIntegrationResponseOutput{}, err
}
