package apigatewayv2

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// ExportApi writes an HTTP API as an OpenAPI document: as a stage serves it, or
// as it is.
func (s *Service) ExportApi(ctx context.Context, in *apigatewayv2.ExportApiInput) (*apigatewayv2.ExportApiOutput, error) {
	switch {
	case in.Specification != "OAS30":
		return nil, bad("Invalid specification specified: %s. Only OAS30 is supported", in.Specification)
	case in.OutputType != "JSON" && in.OutputType != "YAML":
		return nil, bad("Invalid output type specified: %s. Valid values are JSON and YAML", in.OutputType)
	case in.ExportVersion != nil && *in.ExportVersion != exportVersion:
		return nil, bad("Invalid export version specified: %s. Only 1.0 is supported", *in.ExportVersion)
	}
	var doc *openAPI
	err := s.view(ctx, in.ApiId, func(tx kv.Tx, a address) error {
		d, err := a.find(tx)
		if err != nil {
			return err
		}
		if d.ProtocolType != apigatewayv2.ProtocolTypeHTTP {
			return bad("Export is only supported for HTTP APIs")
		}
		was := a.take(tx, d)
		if in.StageName != nil {
			st, ok := serves(tx, a.ID, *in.StageName)
			if !ok {
				return noThing(stages.what, "")
			}
			was = st.snapshot
		}
		doc = was.document(d, tx.Now())
		doc.Servers = []openServer{{URL: s.endpoint(aws.CallFrom(ctx), a, d.ProtocolType)}}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if in.IncludeExtensions != nil && !*in.IncludeExtensions {
		doc.plain()
	}
	body, err := doc.write(in.OutputType == "YAML")
	return &apigatewayv2.ExportApiOutput{Body: body}, err
}

// write is the document as text.
func (doc *openAPI) write(asYAML bool) ([]byte, error) {
	body, err := json.MarshalIndent(doc, "", "  ")
	if err != nil || !asYAML {
		return body, err
	}
	var plain any
	if err := json.Unmarshal(body, &plain); err != nil {
		return nil, err
	}
	return yaml.Marshal(plain)
}

// plain drops what only API Gateway understands.
func (doc *openAPI) plain() {
	doc.CORS, doc.Version = nil, ""
	for name, scheme := range doc.Components.Schemes {
		scheme.Authorizer, scheme.AuthType = nil, ""
		doc.Components.Schemes[name] = scheme
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.Integration, op.Auth = nil, nil; method == anyOperation {
				delete(methods, method)
				continue
			}
			methods[method] = op
		}
		if len(methods) == 0 {
			delete(doc.Paths, path)
		}
	}
}

// document is the snapshot of an API as an OpenAPI document.
func (was *snapshot) document(d *apigatewayv2.Api, now time.Time) *openAPI {
	doc := &openAPI{OpenAPI: "3.0.1", Paths: map[string]map[string]operation{}, Version: exportVersion}
	doc.Info = openInfo{Title: d.Name, Description: deref(d.Description), Version: deref(d.Version)}
	if doc.Info.Version == "" {
		doc.Info.Version = now.UTC().Format("2006-01-02 15:04:05UTC")
	}
	for _, k := range sorted(d.Tags) {
		doc.Tags = append(doc.Tags, openTag{k, new(d.Tags[k])})
	}
	if c := was.CORS; c != nil {
		doc.CORS = &openCORS{c.AllowOrigins, c.AllowMethods, c.AllowHeaders, c.ExposeHeaders, c.MaxAge, c.AllowCredentials}
	}
	for _, r := range was.Routes {
		path, method := "/"+defaultRoute, anyOperation
		if r.RouteKey != defaultRoute {
			method, path, _ = strings.Cut(r.RouteKey, " ")
			if method = strings.ToLower(method); method == strings.ToLower(anyMethod) {
				method = anyOperation
			}
		}
		if doc.Paths[path] == nil {
			doc.Paths[path] = map[string]operation{}
		}
		doc.Paths[path][method] = was.operation(doc, &r)
	}
	return doc
}

// operation is a route as the document has it. Its authorizer is added to the schemes.
func (was *snapshot) operation(doc *openAPI, r *apigatewayv2.Route) operation {
	op := operation{
		OperationID: deref(r.OperationName), Default: r.RouteKey == defaultRoute,
		Responses: map[string]openAnswer{"default": {"Default response for " + r.RouteKey}},
	}
	if k, ok := parseRouteKey(r.RouteKey); ok {
		for _, part := range k.parts {
			name, _ := greedy(part)
			if one, ok := variable(part); ok {
				name = one
			}
			if strings.HasPrefix(part, "{") {
				op.Parameters = append(op.Parameters, openParameter{name, "path", true, map[string]string{"type": "string"}})
			}
		}
	}
	if i := was.Integrations[strings.TrimPrefix(deref(r.Target), integrationTarget)]; i != nil {
		op.Integration = openIntegrationOf(i)
	}
	if r.AuthorizationType == apigatewayv2.AuthorizationTypeAWSIAM {
		op.Auth = &openAuth{string(r.AuthorizationType)}
	}
	if z := was.Authorizers[deref(r.AuthorizerId)]; z != nil {
		if doc.Components.Schemes == nil {
			doc.Components.Schemes = map[string]openScheme{}
		}
		doc.Components.Schemes[z.Name] = openSchemeOf(z)
		scopes := r.AuthorizationScopes
		if scopes == nil {
			scopes = []string{}
		}
		op.Security = []map[string][]string{{z.Name: scopes}}
	}
	return op
}

func openIntegrationOf(i *apigatewayv2.Integration) *openIntegration {
	o := &openIntegration{
		Type: string(i.IntegrationType), Subtype: deref(i.IntegrationSubtype), Method: deref(i.IntegrationMethod), URI: deref(i.IntegrationUri),
		Connection: deref(i.ConnectionId), ConnectionType: string(i.ConnectionType), Credentials: deref(i.CredentialsArn),
		PayloadVersion: deref(i.PayloadFormatVersion), Timeout: i.TimeoutInMillis, Request: i.RequestParameters, Response: i.ResponseParameters,
	}
	if i.TlsConfig != nil {
		o.TLS = &openTLS{deref(i.TlsConfig.ServerNameToVerify)}
	}
	return o
}

func openSchemeOf(z *apigatewayv2.Authorizer) openScheme {
	o := &openAuthorizer{
		Type: strings.ToLower(string(z.AuthorizerType)), IdentitySource: z.IdentitySource, URI: deref(z.AuthorizerUri), Credentials: deref(z.AuthorizerCredentialsArn),
		PayloadVersion: deref(z.AuthorizerPayloadFormatVersion), TTL: z.AuthorizerResultTtlInSeconds, SimpleResponses: deref(z.EnableSimpleResponses),
	}
	if j := z.JwtConfiguration; j != nil {
		o.JWT = &openJWT{deref(j.Issuer), j.Audience}
		return openScheme{Type: "oauth2", Flows: map[string]any{}, Authorizer: o}
	}
	return openScheme{Type: "apiKey", Name: "Unused", In: "header", AuthType: "custom", Authorizer: o}
}
