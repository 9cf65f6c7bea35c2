package apigateway

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// GetExport writes what a stage serves as an OpenAPI document.
// AWS: "Export a REST API from API Gateway".
func (s *Service) GetExport(ctx context.Context, in *api.GetExportInput) (*api.GetExportOutput, error) {
	if in.ExportType != "oas30" && in.ExportType != "swagger" {
		return nil, invalid("No API exporter for type '%s'", in.ExportType)
	}
	var doc *openAPI
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		st, err := a.stage(tx, in.StageName)
		if err != nil {
			return err
		}
		served, ok := a.deployed(tx, deref(st.DeploymentId))
		if !ok {
			return noDeployment()
		}
		documented := false
		e := &exporter{served: served, three: in.ExportType == "oas30", at: a, stage: in.StageName}
		for extension := range strings.SplitSeq(in.Parameters["extensions"], ",") {
			e.integrations = e.integrations || extension == "integrations" || extension == "apigateway"
			e.authorizers = e.authorizers || extension == "authorizers" || extension == "apigateway"
			e.all = e.all || extension == "apigateway"
			documented = documented || extension == "documentation"
		}
		if doc = e.document(); documented {
			doc.Documentation = a.exported(tx, st)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, err
	}
	kind, extension := jsonType, "json"
	if strings.Contains(deref(in.Accepts), "yaml") {
		kind, extension = "application/yaml", "yaml"
		var tree any
		if err := json.Unmarshal(text, &tree); err != nil {
			return nil, err
		}
		if text, err = yaml.Marshal(tree); err != nil {
			return nil, err
		}
	}
	return &api.GetExportOutput{Body: text, ContentType: &kind, ContentDisposition: new(`attachment; filename="` + in.ExportType + "_" + in.StageName + "." + extension + `"`)}, nil
}

// exporter makes a document of an API.
type exporter struct {
	*served
	at    address
	stage string
	three bool // OpenAPI 3.0

	integrations, authorizers, all bool // which extensions
}

func (e *exporter) document() *openAPI {
	v := &e.API
	doc := &openAPI{Info: openInfo{*v.Name, deref(v.Description), or(v.Version, v.CreatedDate.Format("2006-01-02T15:04:05Z"))}, Paths: map[string]openPath{}, Components: &openComponents{}}
	schemas, schemes := map[string]json.RawMessage{}, map[string]openScheme{}
	host := e.at.API + ".execute-api." + string(e.at.Region) + ".amazonaws.com"
	if e.three {
		doc.OpenAPI, doc.Components.Schemas, doc.Components.Schemes = "3.0.1", schemas, schemes
		doc.Servers = []openServer{{"https://" + host + "/{basePath}", map[string]openVariable{"basePath": {e.stage}}}}
	} else {
		doc.Swagger, doc.Host, doc.BasePath, doc.Schemes, doc.Definitions, doc.Schemes2, doc.Components = "2.0", host, "/"+e.stage, []string{"https"}, schemas, schemes, nil
	}
	for i := range e.Models {
		schemas[*e.Models[i].Name] = json.RawMessage(e.localRefs(deref(e.Models[i].Schema)))
	}
	for i := range e.Resources {
		if r := &e.Resources[i]; len(r.ResourceMethods) > 0 {
			var p openPath
			for name, operation := range p.operations() {
				if m, ok := r.ResourceMethods[name]; ok {
					*operation = e.operation(&m, schemes)
				}
			}
			doc.Paths[*r.Path] = p
		}
	}
	if e.all {
		e.extensions(doc)
	}
	return doc
}

// within is what references begin with.
func (e *exporter) within() string {
	if e.three {
		return "#/components/schemas/"
	}
	return "#/definitions/"
}

// localRefs is a schema whose references are within the document.
func (e *exporter) localRefs(schema string) string {
	if !json.Valid([]byte(schema)) {
		return "{}"
	}
	return strings.ReplaceAll(schema, modelURL+e.at.API+"/models/", e.within())
}

func (e *exporter) ref(model string) json.RawMessage {
	b, _ := json.Marshal(map[string]string{"$ref": e.within() + model}) // cannot fail: it is text
	return b
}

func (e *exporter) extensions(doc *openAPI) {
	v := &e.API
	if v.Policy != nil {
		doc.Policy = json.RawMessage(*v.Policy)
	}
	doc.BinaryTypes, doc.Compression = v.BinaryMediaTypes, v.MinimumCompressionSize
	if v.ApiKeySource != api.ApiKeySourceTypeHEADER {
		doc.KeySource = v.ApiKeySource
	}
	for _, r := range e.definition.Responses {
		if doc.Responses == nil {
			doc.Responses = map[string]openAnswer{}
		}
		a := openAnswer{Parameters: r.ResponseParameters, Templates: r.ResponseTemplates}
		if r.StatusCode != nil {
			a.Status = json.RawMessage(*r.StatusCode)
		}
		doc.Responses[string(r.ResponseType)] = a
	}
	for _, r := range e.definition.Validators {
		if doc.Validators == nil {
			doc.Validators = map[string]openValidator{}
		}
		doc.Validators[deref(r.Name)] = openValidator{deref(r.ValidateRequestBody), deref(r.ValidateRequestParameters)}
	}
}

// operation is a method as documents have it.
func (e *exporter) operation(m *api.Method, schemes map[string]openScheme) *openOperation {
	o := &openOperation{ID: deref(m.OperationName), Responses: map[string]openResponse{}}
	for name, required := range m.RequestParameters {
		where, parameter, _ := requestParameter(name)
		p := openParameter{Name: parameter, In: strings.Replace(strings.TrimPrefix(where, "multivalue"), "querystring", "query", 1), Required: required || where == "path"}
		if e.three {
			p.Schema = json.RawMessage(`{"type":"string"}`)
		} else {
			p.Type = "string"
		}
		o.Parameters = append(o.Parameters, p)
	}
	slices.SortFunc(o.Parameters, func(a, b openParameter) int { return strings.Compare(a.In+a.Name, b.In+b.Name) })
	for mediaType, model := range m.RequestModels {
		if e.three {
			if o.Body == nil {
				o.Body = &openBody{Content: map[string]openContent{}, Required: true}
			}
			o.Body.Content[mediaType] = openContent{e.ref(model)}
			continue
		}
		o.Consumes = append(o.Consumes, mediaType)
		o.Parameters = append(o.Parameters, openParameter{Name: model, In: "body", Required: true, Schema: e.ref(model)})
	}
	for status, r := range m.MethodResponses {
		o.Responses[status] = e.response(status, &r, o)
	}
	e.security(m, o, schemes)
	if e.all {
		for _, v := range e.definition.Validators {
			if *v.Id == deref(m.RequestValidatorId) {
				o.Validator = deref(v.Name)
			}
		}
	}
	if e.integrations && m.MethodIntegration != nil {
		o.Integration = exportedIntegration(m.MethodIntegration)
	}
	return o
}

func (e *exporter) response(status string, r *api.MethodResponse, o *openOperation) openResponse {
	out := openResponse{Description: status + " response"}
	for name := range r.ResponseParameters {
		if out.Headers == nil {
			out.Headers = map[string]openHeader{}
		}
		h := openHeader{Type: "string"}
		if e.three {
			h = openHeader{Schema: json.RawMessage(`{"type":"string"}`)}
		}
		out.Headers[strings.TrimPrefix(name, "method.response.header.")] = h
	}
	for mediaType, model := range r.ResponseModels {
		if e.three {
			if out.Content == nil {
				out.Content = map[string]openContent{}
			}
			out.Content[mediaType] = openContent{e.ref(model)}
			continue
		}
		out.Schema = e.ref(model)
		if !slices.Contains(o.Produces, mediaType) {
			o.Produces = append(o.Produces, mediaType)
		}
	}
	return out
}

// security says how a method is authorised, and adds the scheme for it.
func (e *exporter) security(m *api.Method, o *openOperation, schemes map[string]openScheme) {
	use := func(name string, scheme openScheme, scopes []string) {
		schemes[name] = scheme
		if scopes == nil {
			scopes = []string{}
		}
		o.Security = append(o.Security, map[string][]string{name: scopes})
	}
	if deref(m.ApiKeyRequired) {
		use("api_key", openScheme{Type: "apiKey", Name: "x-api-key", In: "header"}, nil)
	}
	switch *m.AuthorizationType {
	case authIAM:
		use("sigv4", openScheme{Type: "apiKey", Name: "Authorization", In: "header", AuthType: "awsSigv4"}, nil)
	case authCustom, authCognito:
		z := e.served.authorizers[deref(m.AuthorizerId)]
		if z == nil {
			return
		}
		name, _ := strings.CutPrefix(deref(z.IdentitySource), "method.request.header.")
		scheme := openScheme{Type: "apiKey", Name: name, In: "header", AuthType: deref(z.AuthType)}
		if e.authorizers {
			scheme.Authorizer = &openAuthorizer{
				Type: strings.ToLower(string(z.Type)), URI: z.AuthorizerUri, Credentials: z.AuthorizerCredentials, TTL: z.AuthorizerResultTtlInSeconds,
				Validation: z.IdentityValidationExpression, Source: z.IdentitySource, ProviderARNs: z.ProviderARNs,
			}
		}
		use(*z.Name, scheme, m.AuthorizationScopes)
	}
}

func exportedIntegration(v *api.Integration) *openIntegration {
	i := &openIntegration{
		Type: strings.ToLower(string(v.Type)), Method: v.HttpMethod, URI: v.Uri, Credentials: v.Credentials, Parameters: v.RequestParameters, Templates: v.RequestTemplates,
		Passthrough: strings.ToLower(deref(v.PassthroughBehavior)), Content: v.ContentHandling, Timeout: v.TimeoutInMillis, CacheKeys: v.CacheKeyParameters, Connection: v.ConnectionType,
		Responses: map[string]openAnswer{},
	}
	for status, r := range v.IntegrationResponses {
		i.Responses[or(r.SelectionPattern, "default")] = openAnswer{json.RawMessage(`"` + status + `"`), r.ResponseParameters, r.ResponseTemplates, r.ContentHandling}
	}
	return i
}
