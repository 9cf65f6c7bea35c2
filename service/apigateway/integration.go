package apigateway

import (
	"context"
	"net/url"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// What happens to a body of a type that no template is for.
const (
	whenNoMatch     = "WHEN_NO_MATCH"     // it is passed on
	whenNoTemplates = "WHEN_NO_TEMPLATES" // it is passed on if there are no templates at all
	never           = "NEVER"             // it is refused
)

// PutIntegration says what a method is answered by.
func (s *Service) PutIntegration(ctx context.Context, in *api.PutIntegrationInput) (*api.PutIntegrationOutput, error) {
	v := &api.Integration{
		Type: in.Type, HttpMethod: in.IntegrationHttpMethod, Uri: in.Uri, ConnectionType: in.ConnectionType, ConnectionId: in.ConnectionId, Credentials: in.Credentials,
		RequestParameters: in.RequestParameters, RequestTemplates: in.RequestTemplates, PassthroughBehavior: in.PassthroughBehavior,
		ContentHandling: in.ContentHandling, TimeoutInMillis: in.TimeoutInMillis, CacheNamespace: in.CacheNamespace, CacheKeyParameters: in.CacheKeyParameters,
		TlsConfig: in.TlsConfig, ResponseTransferMode: in.ResponseTransferMode, IntegrationTarget: in.IntegrationTarget,
	}
	if v.CacheNamespace == nil {
		v.CacheNamespace = &in.ResourceId
	}
	if v.CacheKeyParameters == nil {
		v.CacheKeyParameters = []string{}
	}
	err := s.changeMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(_ kv.Tx, _ address, m *api.Method) error {
		m.MethodIntegration = v
		return checkIntegration(m)
	})
	if err != nil {
		return nil, err
	}
	return (*api.PutIntegrationOutput)(v), nil
}

// checkIntegration fills in what a method's integration has by default, and
// checks it.
func checkIntegration(m *api.Method) error {
	v := m.MethodIntegration
	if deref(v.PassthroughBehavior) == "" {
		v.PassthroughBehavior = new(whenNoMatch)
	}
	if v.TimeoutInMillis == nil {
		v.TimeoutInMillis = new(int32(defaultTimeout.Milliseconds()))
	}
	if v.ConnectionType == "" && (v.Type == api.IntegrationTypeHTTP || v.Type == api.IntegrationTypeHTTPPROXY) {
		v.ConnectionType = api.ConnectionTypeINTERNET
	}
	switch d := time.Duration(*v.TimeoutInMillis) * time.Millisecond; {
	case v.ConnectionType == api.ConnectionTypeVPCLINK:
		return unbuilt("connectionType VPC_LINK")
	case v.TlsConfig != nil && deref(v.TlsConfig.InsecureSkipVerification):
		return unbuilt("tlsConfig.insecureSkipVerification")
	case v.ResponseTransferMode == api.ResponseTransferModeSTREAM:
		return unbuilt("responseTransferMode STREAM")
	case d < minTimeout || d > maxTimeout:
		return invalid("Timeout should be between 50 ms and 29000 ms")
	}
	switch *v.PassthroughBehavior {
	case whenNoMatch, whenNoTemplates, never:
	default:
		return invalid("Invalid passthrough behavior specified: %s. Must be one of: [WHEN_NO_MATCH, WHEN_NO_TEMPLATES, NEVER]", *v.PassthroughBehavior)
	}
	switch v.ContentHandling {
	case "", api.ContentHandlingStrategyCONVERTTOBINARY, api.ContentHandlingStrategyCONVERTTOTEXT:
	default:
		return invalid("Invalid content handling specified: %s. Must be one of: [CONVERT_TO_BINARY, CONVERT_TO_TEXT]", v.ContentHandling)
	}
	if err := checkIntegrationMappings(m); err != nil {
		return err
	}
	return checkIntegrationURI(v)
}

// checkIntegrationURI checks where an integration goes.
func checkIntegrationURI(v *api.Integration) error {
	switch v.Type {
	case api.IntegrationTypeMOCK:
		return nil
	case api.IntegrationTypeHTTP, api.IntegrationTypeHTTPPROXY:
		if deref(v.HttpMethod) == "" {
			return invalid("Enumeration value for HttpMethod must be non-empty")
		}
		uri := strings.ReplaceAll(strings.ReplaceAll(deref(v.Uri), "${", ""), "}", "")
		if u, err := url.Parse(strings.ReplaceAll(uri, "{", "")); strings.HasPrefix(deref(v.Uri), "http") && (err != nil || u.Host == "") ||
			!strings.HasPrefix(deref(v.Uri), "http://") && !strings.HasPrefix(deref(v.Uri), "https://") && !strings.HasPrefix(deref(v.Uri), "${stageVariables.") {
			return invalid("Invalid HTTP endpoint specified for URI")
		}
		return nil
	case api.IntegrationTypeAWS, api.IntegrationTypeAWSPROXY:
		if deref(v.HttpMethod) == "" {
			return invalid("Enumeration value for HttpMethod must be non-empty")
		}
		t, ok := readTarget(deref(v.Uri))
		if !ok {
			return invalid("Invalid ARN specified in the request")
		}
		if v.Type == api.IntegrationTypeAWSPROXY && t.service != "lambda" {
			return invalid("Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.")
		}
		if t.service == "lambda" && t.function == "" {
			return invalid("Invalid Lambda function specified for integration.")
		}
		if role := deref(v.Credentials); role != "" && !strings.Contains(role, "${") {
			if a, err := aws.ParseARN(role); err != nil || a.Service != "iam" {
				return invalid("Invalid ARN specified in the request")
			}
		}
		return nil
	}
	return invalid("Enumeration value for Type must be one of: [HTTP, AWS, MOCK, HTTP_PROXY, AWS_PROXY]")
}

func noIntegration() error { return missing("Invalid Integration identifier specified") }

// GetIntegration tells of an integration.
func (s *Service) GetIntegration(ctx context.Context, in *api.GetIntegrationInput) (out *api.GetIntegrationOutput, err error) {
	err = s.viewMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(m *api.Method) error {
		if m.MethodIntegration == nil {
			return noIntegration()
		}
		out = (*api.GetIntegrationOutput)(m.MethodIntegration)
		return nil
	})
	return out, err
}

var integrationRules = []rule{
	{"replace", "/type"},
	{"replace", "/httpMethod"},
	{"replace", "/uri"},
	{"replace", "/connectionType"},
	{"replace", "/connectionId"},
	{"replace remove add", "/credentials"},
	{"add remove replace", "/requestParameters/*"},
	{"add remove replace", "/requestTemplates/*"},
	{"replace", "/passthroughBehavior"},
	{"replace remove", "/contentHandling"},
	{"replace", "/timeoutInMillis"},
	{"replace", "/responseTransferMode"},
	{"replace", "/integrationTarget"},
	{"replace", "/cacheNamespace"},
	{"add remove replace", "/cacheKeyParameters"},
	{"add remove replace", "/cacheKeyParameters/*"},
	{"replace", "/tlsConfig/insecureSkipVerification"},
}

// UpdateIntegration changes an integration.
func (s *Service) UpdateIntegration(ctx context.Context, in *api.UpdateIntegrationInput) (out *api.UpdateIntegrationOutput, err error) {
	err = s.changeMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(_ kv.Tx, _ address, m *api.Method) error {
		if m.MethodIntegration == nil {
			return noIntegration()
		}
		if err := patch(m.MethodIntegration, integrationRules, in.PatchOperations); err != nil {
			return err
		}
		out = (*api.UpdateIntegrationOutput)(m.MethodIntegration)
		return checkIntegration(m)
	})
	return out, err
}

// DeleteIntegration takes the integration from a method.
func (s *Service) DeleteIntegration(ctx context.Context, in *api.DeleteIntegrationInput) (*api.DeleteIntegrationOutput, error) {
	err := s.changeMethod(ctx, spot{in.RestApiId, in.ResourceId, in.HttpMethod}, func(_ kv.Tx, _ address, m *api.Method) error {
		if m.MethodIntegration == nil {
			return noIntegration()
		}
		m.MethodIntegration = nil
		return nil
	})
	return &api.DeleteIntegrationOutput{}, err
}
