package apigatewayv2

import (
	"context"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// ImportApi makes an HTTP API of an OpenAPI document.
func (s *Service) ImportApi(ctx context.Context, in *apigatewayv2.ImportApiInput) (*apigatewayv2.ImportApiOutput, error) {
	doc, err := parseOpenAPI(in.Body)
	if err != nil {
		return nil, err
	}
	var d *apigatewayv2.Api
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		d = &apigatewayv2.Api{
			ApiKeySelectionExpression: new(keyHeader), DisableExecuteApiEndpoint: new(false), IpAddressType: apigatewayv2.IpAddressTypeIpv4,
			ProtocolType: apigatewayv2.ProtocolTypeHTTP,
		}
		doc.describe(d)
		if err := checkAPI(d); err != nil {
			return err
		}
		if err := checkTags(d.Tags); err != nil {
			return err
		}
		a, err := s.newAPI(tx, scopeOf(ctx), d)
		if err != nil {
			return err
		}
		return (&filling{s: s, tx: tx, a: a, d: d, doc: doc}).fill(importing{deref(in.Basepath), deref(in.FailOnWarnings)})
	})
	if err != nil {
		return nil, err
	}
	s.locate(aws.CallFrom(ctx), d)
	return answer[apigatewayv2.ImportApiOutput](d), nil
}

// ReimportApi replaces what an API is by what an OpenAPI document says. Its id, its
// stages and its deployments stay.
func (s *Service) ReimportApi(ctx context.Context, in *apigatewayv2.ReimportApiInput) (*apigatewayv2.ReimportApiOutput, error) {
	doc, err := parseOpenAPI(in.Body)
	if err != nil {
		return nil, err
	}
	var d *apigatewayv2.Api
	a := here(ctx, in.ApiId)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) (err error) {
		if d, err = a.find(tx); err != nil {
			return err
		}
		if d.ProtocolType != apigatewayv2.ProtocolTypeHTTP {
			return bad("Import is only supported for HTTP APIs")
		}
		d.Description, d.Version, d.CorsConfiguration = nil, nil, nil
		doc.describe(d)
		if err := checkAPI(d); err != nil {
			return err
		}
		routes.drop(tx, a.Scope, a.ID)
		integrations.drop(tx, a.Scope, a.ID)
		authorizers.drop(tx, a.Scope, a.ID)
		return (&filling{s: s, tx: tx, a: a, d: d, doc: doc}).fill(importing{deref(in.Basepath), deref(in.FailOnWarnings)})
	})
	if err != nil {
		return nil, err
	}
	s.locate(aws.CallFrom(ctx), d)
	return answer[apigatewayv2.ReimportApiOutput](d), nil
}

// describe says of an API what a document says of all of it.
func (doc *openAPI) describe(d *apigatewayv2.Api) {
	d.Name, d.Description, d.Version = doc.Info.Title, aws.Optional(doc.Info.Description), aws.Optional(doc.Info.Version)
	d.CorsConfiguration = doc.CORS.cors()
	for _, t := range doc.Tags {
		if t.Value == nil {
			continue
		}
		if d.Tags == nil {
			d.Tags = map[string]string{}
		}
		d.Tags[t.Name] = *t.Value
	}
}

// importing is how a document is to be read.
type importing struct {
	basePath       string // ignore, prepend or split
	failOnWarnings bool
}

// fill adds to an API the parts that a document describes, and stores it.
func (f *filling) fill(how importing) error {
	prefix := ""
	switch base := f.doc.basePath(); how.basePath {
	case "", "ignore":
	case "prepend":
		prefix = base
	case "split": // AWS: "Set the OpenAPI basePath property": the first part is dropped
		if _, rest, ok := strings.Cut(strings.TrimPrefix(base, "/"), "/"); ok {
			prefix = "/" + rest
		}
	default:
		return bad("Invalid basepath specified: %s. Valid values are ignore, prepend and split", how.basePath)
	}
	f.shared = map[string]string{}
	if err := f.authorizers(); err != nil {
		return err
	}
	for _, path := range sorted(f.doc.Paths) {
		for _, method := range sorted(f.doc.Paths[path]) {
			op := f.doc.Paths[path][method]
			key := defaultRoute
			if strings.TrimPrefix(path, "/") != defaultRoute && !op.Default {
				key = strings.ToUpper(method)
				if method == anyOperation {
					key = anyMethod
				}
				key += " " + prefix + path
			}
			if err := f.route(key, &op); err != nil {
				return err
			}
		}
	}
	f.d.Warnings = f.warnings
	if how.failOnWarnings && len(f.warnings) > 0 {
		return bad("Warnings found during import:\n\t%s", strings.Join(f.warnings, "\n\t"))
	}
	return f.s.keep(f.tx, f.a, f.d)
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// filling is the state of an import.
type filling struct {
	s        *Service
	tx       kv.Tx
	a        address
	d        *apigatewayv2.Api
	doc      *openAPI
	byScheme map[string]*apigatewayv2.Authorizer
	shared   map[string]string // ids of the integrations that operations refer to
	warnings []string
}

// authorizers adds those of the document's security schemes.
func (f *filling) authorizers() error {
	f.byScheme = map[string]*apigatewayv2.Authorizer{}
	for _, name := range sorted(f.doc.Components.Schemes) {
		o := f.doc.Components.Schemes[name].Authorizer
		if o == nil {
			continue
		}
		z := &apigatewayv2.Authorizer{
			Name: name, AuthorizerType: apigatewayv2.AuthorizerType(strings.ToUpper(o.Type)), IdentitySource: o.IdentitySource,
			AuthorizerUri: aws.Optional(o.URI), AuthorizerCredentialsArn: aws.Optional(o.Credentials),
			AuthorizerPayloadFormatVersion: aws.Optional(o.PayloadVersion), AuthorizerResultTtlInSeconds: o.TTL,
		}
		if o.SimpleResponses {
			z.EnableSimpleResponses = new(true)
		}
		if o.JWT != nil {
			z.JwtConfiguration = &apigatewayv2.JWTConfiguration{Issuer: &o.JWT.Issuer, Audience: o.JWT.Audience}
		}
		if err := f.s.addAuthorizer(f.tx, f.a, f.d, z); err != nil {
			return err
		}
		f.byScheme[name] = z
	}
	return nil
}

// route adds the route of an operation.
func (f *filling) route(key string, op *operation) error {
	r := &apigatewayv2.Route{
		ApiKeyRequired: new(false), AuthorizationType: apigatewayv2.AuthorizationTypeNONE, RouteKey: key, OperationName: aws.Optional(op.OperationID),
	}
	if op.Integration == nil {
		f.warnings = append(f.warnings, "No integration was found for route "+key)
	} else if err := f.target(r, op.Integration); err != nil {
		return err
	}
	if op.Auth != nil && op.Auth.Type == string(apigatewayv2.AuthorizationTypeAWSIAM) {
		r.AuthorizationType = apigatewayv2.AuthorizationTypeAWSIAM
	}
	for _, security := range op.Security {
		for _, name := range sorted(security) {
			z := f.byScheme[name]
			switch scheme := f.doc.Components.Schemes[name]; {
			case scheme.AuthType == "awsSigv4":
				r.AuthorizationType = apigatewayv2.AuthorizationTypeAWSIAM
			case z == nil:
				f.warnings = append(f.warnings, "Unable to find an authorizer for the security scheme "+name+" of route "+key)
			case z.AuthorizerType == apigatewayv2.AuthorizerTypeJWT:
				r.AuthorizationType, r.AuthorizerId, r.AuthorizationScopes = apigatewayv2.AuthorizationTypeJWT, z.AuthorizerId, security[name]
			default:
				r.AuthorizationType, r.AuthorizerId = apigatewayv2.AuthorizationTypeCUSTOM, z.AuthorizerId
			}
		}
	}
	return f.s.addRoute(f.tx, f.a, f.d, r)
}

// target makes a route lead to an integration of the document.
func (f *filling) target(r *apigatewayv2.Route, o *openIntegration) error {
	name, referred := strings.CutPrefix(o.Ref, "#/components/x-amazon-apigateway-integrations/")
	if id, ok := f.shared[name]; referred && ok {
		r.Target = new(integrationTarget + id)
		return nil
	}
	if o.Ref != "" {
		found, ok := f.doc.Components.Integrations[name]
		if !referred || !ok {
			return bad("Invalid OpenAPI input: unable to find the integration %s", o.Ref)
		}
		o = &found
	}
	i := &apigatewayv2.Integration{
		IntegrationType: apigatewayv2.IntegrationType(strings.ToUpper(o.Type)), IntegrationSubtype: aws.Optional(o.Subtype), IntegrationMethod: aws.Optional(o.Method),
		IntegrationUri: aws.Optional(o.URI), ConnectionId: aws.Optional(o.Connection), ConnectionType: apigatewayv2.ConnectionType(o.ConnectionType),
		CredentialsArn: aws.Optional(o.Credentials), PayloadFormatVersion: aws.Optional(o.PayloadVersion), TimeoutInMillis: o.Timeout,
		RequestParameters: o.Request, ResponseParameters: o.Response,
	}
	if i.ConnectionType == "" {
		i.ConnectionType = apigatewayv2.ConnectionTypeINTERNET
	}
	if o.TLS != nil {
		i.TlsConfig = &apigatewayv2.TlsConfig{ServerNameToVerify: aws.Optional(o.TLS.ServerName)}
	}
	if err := f.s.addIntegration(f.tx, f.a, f.d, i); err != nil {
		return err
	}
	if referred {
		f.shared[name] = *i.IntegrationId
	}
	r.Target = new(integrationTarget + *i.IntegrationId)
	return nil
}
