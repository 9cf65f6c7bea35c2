package apigatewayv2

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/brume-cloud/brume/api/apigatewayv2"
)

// openAPI is what an OpenAPI 3.0 document says of an HTTP API.
// AWS: "Working with API Gateway extensions to OpenAPI".
type openAPI struct {
	OpenAPI    string                          `json:"openapi"`
	Info       openInfo                        `json:"info"`
	Servers    []openServer                    `json:"servers,omitempty"`
	Tags       []openTag                       `json:"tags,omitempty"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components openComponents                  `json:"components,omitzero"`
	CORS       *openCORS                       `json:"x-amazon-apigateway-cors,omitempty"`
	Version    string                          `json:"x-amazon-apigateway-importexport-version,omitempty"`
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

type openTag struct {
	Name  string  `json:"name"`
	Value *string `json:"x-amazon-apigateway-tag-value,omitempty"`
}

type openComponents struct {
	Schemes      map[string]openScheme      `json:"securitySchemes,omitempty"`
	Integrations map[string]openIntegration `json:"x-amazon-apigateway-integrations,omitempty"`
}

// operation is what one method of a path does. Of what documents say to people,
// nothing is kept but the name.
type operation struct {
	OperationID string                `json:"operationId,omitempty"`
	Parameters  []openParameter       `json:"parameters,omitempty"`
	Responses   map[string]openAnswer `json:"responses,omitempty"`
	Security    []map[string][]string `json:"security,omitempty"`
	Default     bool                  `json:"isDefaultRoute,omitempty"`
	Integration *openIntegration      `json:"x-amazon-apigateway-integration,omitempty"`
	Auth        *openAuth             `json:"x-amazon-apigateway-auth,omitempty"`
}

type openParameter struct {
	Name     string            `json:"name"`
	In       string            `json:"in"`
	Required bool              `json:"required"`
	Schema   map[string]string `json:"schema"`
}

type openAnswer struct {
	Description string `json:"description"`
}

type openAuth struct {
	Type string `json:"type"`
}

type openScheme struct {
	Type       string          `json:"type"`
	Name       string          `json:"name,omitempty"`
	In         string          `json:"in,omitempty"`
	Flows      map[string]any  `json:"flows,omitempty"`
	AuthType   string          `json:"x-amazon-apigateway-authtype,omitempty"`
	Authorizer *openAuthorizer `json:"x-amazon-apigateway-authorizer,omitempty"`
}

type openAuthorizer struct {
	Type            string   `json:"type"`
	JWT             *openJWT `json:"jwtConfiguration,omitempty"`
	IdentitySource  texts    `json:"identitySource,omitempty"`
	URI             string   `json:"authorizerUri,omitempty"`
	Credentials     string   `json:"authorizerCredentials,omitempty"`
	PayloadVersion  string   `json:"authorizerPayloadFormatVersion,omitempty"`
	TTL             *int32   `json:"authorizerResultTtlInSeconds,omitempty"`
	SimpleResponses bool     `json:"enableSimpleResponses,omitempty"`
}

type openJWT struct {
	Issuer   string   `json:"issuer"`
	Audience []string `json:"audience"`
}

type openIntegration struct {
	Ref            string                       `json:"$ref,omitempty"`
	Type           string                       `json:"type,omitempty"`
	Subtype        string                       `json:"integrationSubtype,omitempty"`
	Method         string                       `json:"httpMethod,omitempty"`
	URI            string                       `json:"uri,omitempty"`
	Connection     string                       `json:"connectionId,omitempty"`
	ConnectionType string                       `json:"connectionType,omitempty"`
	Credentials    string                       `json:"credentials,omitempty"`
	PayloadVersion string                       `json:"payloadFormatVersion,omitempty"`
	Timeout        *int32                       `json:"timeoutInMillis,omitempty"`
	Request        map[string]string            `json:"requestParameters,omitempty"`
	Response       map[string]map[string]string `json:"responseParameters,omitempty"`
	TLS            *openTLS                     `json:"tlsConfig,omitempty"`
}

type openTLS struct {
	ServerName string `json:"serverNameToVerify,omitempty"`
}

type openCORS struct {
	AllowOrigins     texts  `json:"allowOrigins,omitempty"`
	AllowMethods     texts  `json:"allowMethods,omitempty"`
	AllowHeaders     texts  `json:"allowHeaders,omitempty"`
	ExposeHeaders    texts  `json:"exposeHeaders,omitempty"`
	MaxAge           *int32 `json:"maxAge,omitempty"`
	AllowCredentials *bool  `json:"allowCredentials,omitempty"`
}

// texts is a list, or a text with commas.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if err := json.Unmarshal(b, &one); err != nil {
		return json.Unmarshal(b, (*[]string)(t))
	}
	for part := range strings.SplitSeq(one, ",") {
		*t = append(*t, strings.TrimSpace(part))
	}
	return nil
}

// The methods of a path that are none of HTTP's.
const (
	anyOperation  = "x-amazon-apigateway-any-method"
	exportVersion = "1.0"
)

// parseOpenAPI reads a document in JSON or YAML.
func parseOpenAPI(body string) (*openAPI, error) {
	var raw any
	if err := yaml.Unmarshal([]byte(body), &raw); err != nil {
		return nil, bad("Unable to parse API definition because of a malformed document: %v", err)
	}
	doc, ok := raw.(map[string]any)
	if v := fmt.Sprint(doc["openapi"]); !ok || !strings.HasPrefix(v, "3.0") {
		return nil, bad("Invalid OpenAPI input. Only OpenAPI 3.0 definitions are supported for HTTP APIs.")
	}
	doc["openapi"] = fmt.Sprint(doc["openapi"])
	if info, ok := doc["info"].(map[string]any); ok && info["version"] != nil {
		info["version"] = fmt.Sprint(info["version"]) // YAML takes 1.0 for a number
	}
	paths, _ := doc["paths"].(map[string]any)
	for _, p := range paths {
		onlyOperations(p)
	}
	plain, err := json.Marshal(doc)
	if err != nil {
		return nil, bad("Unable to parse API definition because of a malformed document: %v", err)
	}
	d := new(openAPI)
	if err := json.Unmarshal(plain, d); err != nil {
		return nil, bad("Invalid OpenAPI input: %v", err)
	}
	if d.Info.Title == "" {
		return nil, bad("Invalid OpenAPI input: the title of the API is missing")
	}
	return d, nil
}

// onlyOperations drops what a path has beside operations, and what operations
// have that is written in many forms and is for people.
func onlyOperations(path any) {
	methods, _ := path.(map[string]any)
	for name, o := range methods {
		op, ok := o.(map[string]any)
		if !ok || name != anyOperation && !isMethod(name) {
			delete(methods, name)
			continue
		}
		delete(op, "parameters")
		delete(op, "responses")
		delete(op, "tags")
	}
}

func isMethod(name string) bool {
	switch strings.ToUpper(name) {
	case "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT":
		return true
	}
	return false
}

// basePath is the path that the document's server has.
func (d *openAPI) basePath() string {
	if len(d.Servers) == 0 {
		return ""
	}
	address := d.Servers[0].URL
	for name, v := range d.Servers[0].Variables {
		address = strings.ReplaceAll(address, "{"+name+"}", strings.TrimPrefix(v.Default, "/"))
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

// cors is the settings of an API.
func (c *openCORS) cors() *apigatewayv2.Cors {
	if c == nil {
		return nil
	}
	return &apigatewayv2.Cors{
		AllowOrigins: c.AllowOrigins, AllowMethods: c.AllowMethods, AllowHeaders: c.AllowHeaders, ExposeHeaders: c.ExposeHeaders,
		MaxAge: c.MaxAge, AllowCredentials: c.AllowCredentials,
	}
}
