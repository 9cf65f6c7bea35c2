package apigateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"

	api "github.com/brume-cloud/brume/api/apigateway"
)

// openAPI is what a document says of an API, in OpenAPI 2.0 or 3.0.
// AWS: "OpenAPI extensions for API Gateway".
type openAPI struct {
	Swagger     string                     `json:"swagger,omitempty"`
	OpenAPI     string                     `json:"openapi,omitempty"`
	Info        openInfo                   `json:"info"`
	Host        string                     `json:"host,omitempty"`     // 2.0, as are the next three
	BasePath    string                     `json:"basePath,omitempty"` //
	Schemes     []string                   `json:"schemes,omitempty"`
	Consumes    []string                   `json:"consumes,omitempty"`
	Servers     []openServer               `json:"servers,omitempty"` // 3.0
	Paths       map[string]openPath        `json:"paths"`
	Security    []map[string][]string      `json:"security,omitempty"`
	Definitions map[string]json.RawMessage `json:"definitions,omitempty"`         // 2.0, as are the next two
	Parameters  map[string]openParameter   `json:"parameters,omitempty"`          //
	Answers     map[string]openResponse    `json:"responses,omitempty"`           //
	Schemes2    map[string]openScheme      `json:"securityDefinitions,omitempty"` // 2.0
	Components  *openComponents            `json:"components,omitempty"`          // 3.0

	Policy      json.RawMessage          `json:"x-amazon-apigateway-policy,omitempty"`
	BinaryTypes []string                 `json:"x-amazon-apigateway-binary-media-types,omitempty"`
	Compression *int32                   `json:"x-amazon-apigateway-minimum-compression-size,omitempty"`
	KeySource   api.ApiKeySourceType     `json:"x-amazon-apigateway-api-key-source,omitempty"`
	Endpoint    *openEndpoint            `json:"x-amazon-apigateway-endpoint-configuration,omitempty"`
	Validators  map[string]openValidator `json:"x-amazon-apigateway-request-validators,omitempty"`
	Validator   string                   `json:"x-amazon-apigateway-request-validator,omitempty"`
	Responses   map[string]openAnswer    `json:"x-amazon-apigateway-gateway-responses,omitempty"`

	Documentation *openDocumentation `json:"x-amazon-apigateway-documentation,omitempty"`
}

type openDocumentation struct {
	Version string                  `json:"version,omitempty"`
	Parts   []openDocumentationPart `json:"documentationParts"`
}

type openDocumentationPart struct {
	Location   openLocation    `json:"location"`
	Properties json.RawMessage `json:"properties"`
}

type openLocation struct {
	Type   api.DocumentationPartType `json:"type"`
	Path   *string                   `json:"path,omitempty"`
	Method *string                   `json:"method,omitempty"`
	Status *string                   `json:"statusCode,omitempty"`
	Name   *string                   `json:"name,omitempty"`
}

type openInfo struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Version     string `json:"version,omitempty"`
}

type openServer struct {
	URL       string                  `json:"url"`
	Variables map[string]openVariable `json:"variables,omitempty"`
}

type openVariable struct {
	Default string `json:"default"`
}

type openComponents struct {
	Schemas       map[string]json.RawMessage `json:"schemas,omitempty"`
	Schemes       map[string]openScheme      `json:"securitySchemes,omitempty"`
	Parameters    map[string]openParameter   `json:"parameters,omitempty"`
	RequestBodies map[string]openBody        `json:"requestBodies,omitempty"`
	Responses     map[string]openResponse    `json:"responses,omitempty"`
}

type openEndpoint struct {
	Disabled *bool              `json:"disableExecuteApiEndpoint,omitempty"`
	VPC      []string           `json:"vpcEndpointIds,omitempty"`
	Types    []api.EndpointType `json:"types,omitempty"`
}

type openValidator struct {
	Body       bool `json:"validateRequestBody"`
	Parameters bool `json:"validateRequestParameters"`
}

// openPath is a path: what it answers by method, and what all of them share.
type openPath struct {
	Get        *openOperation  `json:"get,omitempty"`
	Put        *openOperation  `json:"put,omitempty"`
	Post       *openOperation  `json:"post,omitempty"`
	Delete     *openOperation  `json:"delete,omitempty"`
	Options    *openOperation  `json:"options,omitempty"`
	Head       *openOperation  `json:"head,omitempty"`
	Patch      *openOperation  `json:"patch,omitempty"`
	Any        *openOperation  `json:"x-amazon-apigateway-any-method,omitempty"`
	Parameters []openParameter `json:"parameters,omitempty"`
}

// operations are those of a path by the names of their methods.
func (p *openPath) operations() map[string]**openOperation {
	return map[string]**openOperation{
		"GET": &p.Get, "PUT": &p.Put, "POST": &p.Post, "DELETE": &p.Delete, "OPTIONS": &p.Options, "HEAD": &p.Head, "PATCH": &p.Patch, anyMethod: &p.Any,
	}
}

type openOperation struct {
	ID          string                  `json:"operationId,omitempty"`
	Consumes    []string                `json:"consumes,omitempty"` // 2.0
	Produces    []string                `json:"produces,omitempty"` // 2.0
	Parameters  []openParameter         `json:"parameters,omitempty"`
	Body        *openBody               `json:"requestBody,omitempty"` // 3.0
	Responses   map[string]openResponse `json:"responses,omitempty"`
	Security    []map[string][]string   `json:"security,omitempty"`
	Auth        *openAuth               `json:"x-amazon-apigateway-auth,omitempty"`
	Validator   string                  `json:"x-amazon-apigateway-request-validator,omitempty"`
	Integration *openIntegration        `json:"x-amazon-apigateway-integration,omitempty"`
}

type openParameter struct {
	Ref      string          `json:"$ref,omitempty"`
	Name     string          `json:"name,omitempty"`
	In       string          `json:"in,omitempty"`
	Required bool            `json:"required,omitempty"`
	Type     string          `json:"type,omitempty"`   // 2.0
	Schema   json.RawMessage `json:"schema,omitempty"` // 2.0: of a body; 3.0
}

type openBody struct {
	Ref      string                 `json:"$ref,omitempty"`
	Content  map[string]openContent `json:"content,omitempty"`
	Required bool                   `json:"required,omitempty"`
}

type openContent struct {
	Schema json.RawMessage `json:"schema,omitempty"`
}

type openResponse struct {
	Ref         string                 `json:"$ref,omitempty"`
	Description string                 `json:"description"`
	Headers     map[string]openHeader  `json:"headers,omitempty"`
	Schema      json.RawMessage        `json:"schema,omitempty"`  // 2.0
	Content     map[string]openContent `json:"content,omitempty"` // 3.0
}

type openHeader struct {
	Type   string          `json:"type,omitempty"`   // 2.0
	Schema json.RawMessage `json:"schema,omitempty"` // 3.0
}

type openAuth struct {
	Type string `json:"type"`
}

type openScheme struct {
	Type       string          `json:"type"`
	Name       string          `json:"name,omitempty"`
	In         string          `json:"in,omitempty"`
	AuthType   string          `json:"x-amazon-apigateway-authtype,omitempty"`
	Authorizer *openAuthorizer `json:"x-amazon-apigateway-authorizer,omitempty"`
}

type openAuthorizer struct {
	Type         string   `json:"type"`
	URI          *string  `json:"authorizerUri,omitempty"`
	Credentials  *string  `json:"authorizerCredentials,omitempty"`
	TTL          *int32   `json:"authorizerResultTtlInSeconds,omitempty"`
	Validation   *string  `json:"identityValidationExpression,omitempty"`
	Source       *string  `json:"identitySource,omitempty"`
	ProviderARNs []string `json:"providerARNs,omitempty"`
}

type openIntegration struct {
	Type        string                      `json:"type"`
	Method      *string                     `json:"httpMethod,omitempty"`
	URI         *string                     `json:"uri,omitempty"`
	Credentials *string                     `json:"credentials,omitempty"`
	Parameters  map[string]string           `json:"requestParameters,omitempty"`
	Templates   map[string]string           `json:"requestTemplates,omitempty"`
	Passthrough string                      `json:"passthroughBehavior,omitempty"`
	Content     api.ContentHandlingStrategy `json:"contentHandling,omitempty"`
	Timeout     *int32                      `json:"timeoutInMillis,omitempty"` // milliseconds
	Namespace   *string                     `json:"cacheNamespace,omitempty"`
	CacheKeys   []string                    `json:"cacheKeyParameters,omitempty"`
	Connection  api.ConnectionType          `json:"connectionType,omitempty"`
	Link        *string                     `json:"connectionId,omitempty"`
	TLS         *openTLS                    `json:"tlsConfig,omitempty"`
	Responses   map[string]openAnswer       `json:"responses,omitempty"` // by the pattern that they are for, or default
}

type openTLS struct {
	Insecure bool `json:"insecureSkipVerification"`
}

// openAnswer is what an integration's answer becomes, or a gateway response.
type openAnswer struct {
	Status     json.RawMessage             `json:"statusCode,omitempty"` // text or a number
	Parameters map[string]string           `json:"responseParameters,omitempty"`
	Templates  map[string]string           `json:"responseTemplates,omitempty"`
	Content    api.ContentHandlingStrategy `json:"contentHandling,omitempty"`
}

// status is the status code; nil where none is said.
func (a *openAnswer) status() *string {
	if text := strings.Trim(string(a.Status), `"`); text != "" && text != "null" {
		return &text
	}
	return nil
}

// readOpenAPI reads a document in JSON or YAML.
func readOpenAPI(body []byte) (*openAPI, error) {
	doc := &openAPI{}
	text := bytes.TrimSpace(body)
	if len(text) > 0 && text[0] != '{' {
		var tree any
		if err := yaml.Unmarshal(text, &tree); err != nil {
			return nil, invalid("Invalid OpenAPI input.")
		}
		var err error
		if text, err = json.Marshal(plain(tree)); err != nil {
			return nil, invalid("Invalid OpenAPI input.")
		}
	}
	if err := json.Unmarshal(text, doc); err != nil {
		return nil, invalid("Invalid OpenAPI input. %s", err)
	}
	if doc.Swagger == "" && !strings.HasPrefix(doc.OpenAPI, "3.") {
		return nil, invalid("Invalid OpenAPI input.")
	}
	if doc.Components == nil {
		doc.Components = &openComponents{Parameters: doc.Parameters, Responses: doc.Answers}
	}
	return doc, nil
}

// plain makes a tree of YAML one of JSON: all keys are text, such as those of
// responses, which people write as numbers.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = plain(item)
		}
	case map[any]any:
		all := map[string]any{}
		for key, item := range v {
			all[fmt.Sprint(key)] = plain(item)
		}
		return all
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return v
}

// base is the path that all paths of the document are below; empty for the root.
// AWS: "Set the OpenAPI basePath property".
func (d *openAPI) base() string {
	path := d.BasePath
	if len(d.Servers) > 0 {
		s := d.Servers[0]
		if v, ok := s.Variables["basePath"]; ok {
			path = v.Default
		} else if u, err := url.Parse(s.URL); err == nil {
			path = u.Path
		}
	}
	if path = strings.Trim(path, "/"); path == "" {
		return ""
	}
	return "/" + path
}

// schemes are the security schemes of either version.
func (d *openAPI) schemes() map[string]openScheme {
	if d.Swagger != "" {
		return d.Schemes2
	}
	return d.Components.Schemes
}

// schemas are the models of either version.
func (d *openAPI) schemas() map[string]json.RawMessage {
	if d.Swagger != "" {
		return d.Definitions
	}
	return d.Components.Schemas
}
