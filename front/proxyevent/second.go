package proxyevent

import (
	"encoding/json"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
)

// Second is a payload of version 2.0.
// AWS: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway".
type Second struct {
	Version         string            `json:"version"`
	Type            string            `json:"type,omitempty"`           // REQUEST, to an authorizer
	RouteARN        string            `json:"routeArn,omitempty"`       // to an authorizer
	IdentitySource  []string          `json:"identitySource,omitempty"` // to an authorizer
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQuery        string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies,omitempty"`
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryStringParameters,omitempty"`
	Context         SecondContext     `json:"requestContext"`
	Body            *string           `json:"body,omitempty"`
	PathParameters  map[string]string `json:"pathParameters,omitempty"`
	IsBase64Encoded *bool             `json:"isBase64Encoded,omitempty"` // nil to an authorizer
	StageVariables  map[string]string `json:"stageVariables,omitempty"`
}

// SecondContext tells what came, when and from whom.
type SecondContext struct {
	AccountID    string      `json:"accountId"`
	APIID        string      `json:"apiId"`
	Authorizer   *Authorizer `json:"authorizer,omitempty"`
	DomainName   string      `json:"domainName"`
	DomainPrefix string      `json:"domainPrefix"`
	HTTP         HTTP        `json:"http"`
	RequestID    string      `json:"requestId"`
	RouteKey     string      `json:"routeKey"`
	Stage        string      `json:"stage"`
	Time         string      `json:"time"`
	Epoch        int64       `json:"timeEpoch"` // milliseconds
}

// HTTP is the request's first line, and who sent it.
type HTTP struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// Authorizer is what an authorizer found out: one of its members.
type Authorizer struct {
	IAM    *IAM            `json:"iam,omitempty"`
	JWT    *JWT            `json:"jwt,omitempty"`
	Lambda json.RawMessage `json:"lambda,omitempty"` // the context that the function gave; null without
}

// IAM is who signed the request.
type IAM struct {
	AccessKey string `json:"accessKey"`
	Account   string `json:"accountId"`
	Caller    string `json:"callerId"`
	Cognito   *struct {
		AMR          []string `json:"amr"`
		IdentityID   string   `json:"identityId"`
		IdentityPool string   `json:"identityPoolId"`
	} `json:"cognitoIdentity"`
	Organization *string `json:"principalOrgId"`
	ARN          string  `json:"userArn"`
	User         string  `json:"userId"`
}

// JWT is what a token says.
type JWT struct {
	Claims map[string]string `json:"claims"`
	Scopes []string          `json:"scopes"` // that the route asks for; null without
}

// Signer is how payloads name the caller of a call.
func Signer(c *aws.Caller) *IAM {
	return &IAM{AccessKey: c.AccessKeyID, Account: string(c.Account), Caller: c.UserID, ARN: c.ARN, User: c.UserID}
}

// NewSecond makes the payload of a request that nobody has authorised, whose path
// is as it came and whose route is $default. An account that is not set there is
// "anonymous".
func NewSecond(call *aws.Call, r *wire.Request) *Second {
	host := HostOf(call)
	return &Second{
		Version: "2.0", RouteKey: "$default", RawPath: r.Path, RawQuery: r.URL.RawQuery, Cookies: cookies(r),
		Headers: headers(call, r.Header, strings.ToLower), Query: joined(r.Params),
		Context: SecondContext{
			AccountID: "anonymous", DomainName: host, DomainPrefix: prefixOf(host), RequestID: call.RequestID, RouteKey: "$default", Stage: "$default",
			Time: written(call.Start), Epoch: call.Start.UnixMilli(),
			HTTP: HTTP{Method: r.Method, Path: Decoded(r.Path), Protocol: r.Proto, SourceIP: call.SourceIP, UserAgent: call.UserAgent},
		},
	}
}

// SetBody gives the payload the request's body.
func (e *Second) SetBody(b []byte, text bool) {
	inBase64 := false
	e.Body, inBase64 = Body(b, text)
	e.IsBase64Encoded = &inBase64
}

func cookies(r *wire.Request) (all []string) {
	for _, line := range r.Header["Cookie"] {
		for cookie := range strings.SplitSeq(line, ";") {
			all = append(all, strings.TrimSpace(cookie))
		}
	}
	return all
}

// JSON is the payload as the function gets it.
func (e *Second) JSON() []byte {
	b, _ := json.Marshal(e) // cannot fail: it has nothing but text
	return b
}
