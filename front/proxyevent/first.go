package proxyevent

import (
	"encoding/json"
	"net/http"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
)

// First is a payload of version 1.0. What is not there is null.
// AWS: "Input format of a Lambda function for proxy integration", and "Create AWS
// Lambda proxy integrations for HTTP APIs in API Gateway".
type First struct {
	Version            string              `json:"version,omitempty"`            // 1.0, of HTTP APIs alone
	Type               string              `json:"type,omitempty"`               // REQUEST, to an authorizer
	MethodARN          string              `json:"methodArn,omitempty"`          // to an authorizer
	IdentitySource     *string             `json:"identitySource,omitempty"`     // to an authorizer of an HTTP API
	AuthorizationToken *string             `json:"authorizationToken,omitempty"` // likewise
	Resource           string              `json:"resource"`
	Path               string              `json:"path"`
	Method             string              `json:"httpMethod"`
	Headers            map[string]string   `json:"headers"`
	MultiHeaders       map[string][]string `json:"multiValueHeaders"`
	Query              map[string]string   `json:"queryStringParameters"`
	MultiQuery         map[string][]string `json:"multiValueQueryStringParameters"`
	PathParameters     map[string]string   `json:"pathParameters"`
	StageVariables     map[string]string   `json:"stageVariables"`
	Context            FirstContext        `json:"requestContext"`
	Body               *string             `json:"body"`
	IsBase64Encoded    bool                `json:"isBase64Encoded"`
}

// FirstContext tells what came, when and from whom.
type FirstContext struct {
	ResourceID   *string        `json:"resourceId"`
	ResourcePath string         `json:"resourcePath"`
	Method       string         `json:"httpMethod"`
	ExtendedID   string         `json:"extendedRequestId"`
	Time         string         `json:"requestTime"`
	Path         string         `json:"path"`
	AccountID    string         `json:"accountId"`
	Protocol     string         `json:"protocol"`
	Stage        string         `json:"stage"`
	DomainPrefix string         `json:"domainPrefix"`
	Epoch        int64          `json:"requestTimeEpoch"` // milliseconds
	RequestID    string         `json:"requestId"`
	Identity     Identity       `json:"identity"`
	DomainName   string         `json:"domainName"`
	DeploymentID string         `json:"deploymentId,omitempty"`
	APIID        string         `json:"apiId"`
	Authorizer   map[string]any `json:"authorizer,omitempty"` // what an authorizer found out
}

// Identity is who sent the request.
type Identity struct {
	APIKey           *string `json:"apiKey,omitempty"`
	APIKeyID         *string `json:"apiKeyId,omitempty"`
	CognitoPool      *string `json:"cognitoIdentityPoolId"`
	Account          *string `json:"accountId"`
	CognitoIdentity  *string `json:"cognitoIdentityId"`
	Caller           *string `json:"caller"`
	SourceIP         string  `json:"sourceIp"`
	Organization     *string `json:"principalOrgId"`
	AccessKey        *string `json:"accessKey"`
	CognitoAuthType  *string `json:"cognitoAuthenticationType"`
	CognitoAuthority *string `json:"cognitoAuthenticationProvider"`
	UserARN          *string `json:"userArn"`
	UserAgent        string  `json:"userAgent"`
	User             *string `json:"user"`
}

// NewFirst makes the payload of a request that nobody has authorised. Its path is
// decoded.
func NewFirst(call *aws.Call, r *wire.Request) *First {
	host, path := Hostname(call.Host), Decoded(r.Path)
	e := &First{
		Path: path, Method: r.Method, Headers: map[string]string{}, MultiHeaders: map[string][]string{}, Query: lasts(r.Params), MultiQuery: every(r.Params),
		Context: FirstContext{
			Method: r.Method, ExtendedID: ExtendedID(call), Time: Written(call.Start), Path: path, AccountID: "anonymous", Protocol: r.Proto,
			DomainPrefix: prefixOf(host), Epoch: call.Start.UnixMilli(), RequestID: call.RequestID, DomainName: host,
			Identity: Identity{SourceIP: call.SourceIP, UserAgent: call.UserAgent},
		},
	}
	for name, values := range r.Header {
		e.Headers[name], e.MultiHeaders[name] = values[len(values)-1], values
	}
	for name, value := range Forwarded(call) {
		e.Headers[name], e.MultiHeaders[name] = value, []string{value}
	}
	return e
}

// ExtendedID is the other id of a request, in the form of AWS's.
func ExtendedID(call *aws.Call) string {
	id := call.RequestID
	return id[:min(15, len(id))] + "="
}

// Sign names the caller of a call who has proven it.
func (i *Identity) Sign(c *aws.Caller) {
	account := string(c.Account)
	i.AccessKey, i.Account, i.Caller, i.UserARN, i.User = &c.AccessKeyID, &account, &c.UserID, &c.ARN, &c.UserID
}

// SetBody gives the payload the request's body.
func (e *First) SetBody(b []byte, text bool) { e.Body, e.IsBase64Encoded = Body(b, text) }

// JSON is the payload as the function gets it.
func (e *First) JSON() []byte {
	b, _ := json.Marshal(e) // cannot fail: authorizers' contexts are text and numbers
	return b
}

// lasts are parameters by name, the last of each; nil where there are none.
func lasts(params []wire.Param) map[string]string {
	if len(params) == 0 {
		return nil
	}
	all := make(map[string]string, len(params))
	for _, p := range params {
		all[p.Name] = p.Value
	}
	return all
}

func every(params []wire.Param) map[string][]string {
	if len(params) == 0 {
		return nil
	}
	all := make(http.Header, len(params))
	for _, p := range params {
		all[p.Name] = append(all[p.Name], p.Value)
	}
	return all
}
