package apigateway

import (
	"maps"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
)

// method makes a method of an operation.
func (im *importer) method(name, path string, o *openOperation, shared []openParameter) (*api.Method, error) {
	m := &api.Method{HttpMethod: &name, AuthorizationType: new(authNone), ApiKeyRequired: new(false), RequestValidatorId: im.validated(o)}
	if o.ID != "" {
		m.OperationName = &o.ID
	}
	im.secure(m, o)
	if err := im.parameters(m, o, slices.Concat(shared, o.Parameters)); err != nil {
		return nil, err
	}
	for status, said := range o.Responses {
		if err := im.response(m, status, said, o); err != nil {
			return nil, err
		}
	}
	if err := im.at.checkMethod(im.tx, m); err != nil {
		return nil, err
	}
	if o.Integration == nil {
		return m, nil
	}
	m.MethodIntegration = o.Integration.integration()
	if err := checkIntegration(m); err != nil {
		return nil, failedImport("Unable to put integration on '"+name+"' for resource at path '"+path+"'", err)
	}
	return m, im.answers(m, o.Integration.Responses)
}

// secure reads how an operation is authorised.
func (im *importer) secure(m *api.Method, o *openOperation) {
	security := o.Security
	if security == nil {
		security = im.Security
	}
	for _, all := range security {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			scheme := im.schemes()[name]
			switch {
			case scheme.AuthType == "awsSigv4":
				m.AuthorizationType = new(authIAM)
			case scheme.Authorizer != nil && strings.EqualFold(scheme.Authorizer.Type, authCognito):
				m.AuthorizationType, m.AuthorizerId, m.AuthorizationScopes = new(authCognito), new(im.authorizer[name]), all[name]
			case scheme.Authorizer != nil:
				m.AuthorizationType, m.AuthorizerId = new(authCustom), new(im.authorizer[name])
			case scheme.Type == "apiKey" && strings.EqualFold(scheme.Name, "x-api-key"):
				m.ApiKeyRequired = new(true)
			}
		}
	}
	if o.Auth != nil && o.Auth.Type != "" {
		m.AuthorizationType = new(strings.ToUpper(o.Auth.Type))
	}
}

// parameters reads the parameters and the body of an operation.
func (im *importer) parameters(m *api.Method, o *openOperation, all []openParameter) error {
	consumes := o.Consumes
	if len(consumes) == 0 {
		consumes = im.Consumes
	}
	if len(consumes) == 0 {
		consumes = []string{jsonType}
	}
	add := func(mediaType string, schema []byte) error {
		model, err := im.model(schema)
		if err == nil && model != "" {
			if m.RequestModels == nil {
				m.RequestModels = map[string]string{}
			}
			m.RequestModels[mediaType] = model
		}
		return err
	}
	for _, p := range all {
		if p.Ref != "" {
			p = im.Components.Parameters[p.Ref[strings.LastIndexByte(p.Ref, '/')+1:]]
		}
		where := map[string]string{"query": "querystring", "header": "header", "path": "path"}[p.In]
		switch {
		case p.In == "body":
			for _, mediaType := range consumes {
				if err := add(mediaType, p.Schema); err != nil {
					return err
				}
			}
		case where != "":
			if m.RequestParameters == nil {
				m.RequestParameters = map[string]bool{}
			}
			m.RequestParameters["method.request."+where+"."+p.Name] = p.Required
		}
	}
	if o.Body == nil {
		return nil
	}
	body := *o.Body
	if body.Ref != "" {
		body = im.Components.RequestBodies[body.Ref[strings.LastIndexByte(body.Ref, '/')+1:]]
	}
	for mediaType, content := range body.Content {
		if err := add(mediaType, content.Schema); err != nil {
			return err
		}
	}
	return nil
}

// response reads a response of an operation.
func (im *importer) response(m *api.Method, status string, said openResponse, o *openOperation) error {
	if said.Ref != "" {
		said = im.Components.Responses[said.Ref[strings.LastIndexByte(said.Ref, '/')+1:]]
	}
	if checkStatus(status) != nil {
		im.warnings = append(im.warnings, "Response '"+status+"' of an operation has no status code, and was ignored")
		return nil
	}
	r := api.MethodResponse{StatusCode: &status}
	for name := range said.Headers {
		if r.ResponseParameters == nil {
			r.ResponseParameters = map[string]bool{}
		}
		r.ResponseParameters["method.response.header."+name] = false
	}
	contents := maps.Clone(said.Content)
	if len(said.Schema) > 0 {
		contents = map[string]openContent{}
		for _, mediaType := range append(o.Produces, jsonType)[:max(1, len(o.Produces))] {
			contents[mediaType] = openContent{said.Schema}
		}
	}
	for mediaType, content := range contents {
		model, err := im.model(content.Schema)
		if err != nil {
			return err
		}
		if model != "" {
			if r.ResponseModels == nil {
				r.ResponseModels = map[string]string{}
			}
			r.ResponseModels[mediaType] = model
		}
	}
	if m.MethodResponses == nil {
		m.MethodResponses = map[string]api.MethodResponse{}
	}
	m.MethodResponses[status] = r
	return im.at.checkMethodResponse(im.tx, &r)
}

// integration is what the extension says.
func (i *openIntegration) integration() *api.Integration {
	v := &api.Integration{
		Type: api.IntegrationType(strings.ToUpper(i.Type)), HttpMethod: i.Method, Uri: i.URI, Credentials: i.Credentials, RequestParameters: i.Parameters, RequestTemplates: i.Templates,
		ContentHandling: i.Content, TimeoutInMillis: i.Timeout, CacheNamespace: i.Namespace, CacheKeyParameters: i.CacheKeys, ConnectionType: i.Connection, ConnectionId: i.Link,
	}
	if i.TLS != nil {
		v.TlsConfig = &api.TlsConfig{InsecureSkipVerification: &i.TLS.Insecure}
	}
	if i.Passthrough != "" {
		v.PassthroughBehavior = new(strings.ToUpper(i.Passthrough))
	}
	if v.CacheKeyParameters == nil {
		v.CacheKeyParameters = []string{}
	}
	return v
}

// answers reads the responses of an integration. Those of methods that they need and
// that the document does not have are made.
func (im *importer) answers(m *api.Method, all map[string]openAnswer) error {
	for _, pattern := range slices.Sorted(maps.Keys(all)) {
		said := all[pattern]
		status := or(said.status(), "200")
		r := api.IntegrationResponse{StatusCode: &status, ResponseParameters: said.Parameters, ResponseTemplates: said.Templates, ContentHandling: said.Content}
		if pattern != "default" {
			r.SelectionPattern = &pattern
		}
		declared, ok := m.MethodResponses[status]
		if !ok {
			declared = api.MethodResponse{StatusCode: &status}
		}
		for to := range r.ResponseParameters {
			if declared.ResponseParameters == nil {
				declared.ResponseParameters = map[string]bool{}
			}
			if _, ok := declared.ResponseParameters[to]; !ok {
				declared.ResponseParameters[to] = false
			}
		}
		if m.MethodResponses == nil {
			m.MethodResponses = map[string]api.MethodResponse{}
		}
		m.MethodResponses[status] = declared
		if m.MethodIntegration.IntegrationResponses == nil {
			m.MethodIntegration.IntegrationResponses = map[string]api.IntegrationResponse{}
		}
		m.MethodIntegration.IntegrationResponses[status] = r
		if err := checkIntegrationResponse(m, &r); err != nil {
			return err
		}
	}
	return nil
}
