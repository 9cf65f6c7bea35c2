package apigateway

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/service/apigateway/vtl"
)

// contextNames are the variables of $context that templates may walk.
// AWS: "Variables for data transformations for API Gateway", context variables.
var contextNames = []string{
	"accountId", "apiId", "customDomain.basePathMatched", "deploymentId", "domainName", "domainPrefix", "extendedRequestId", "httpMethod", "identity.accessKey", "identity.accountId", "identity.apiKey",
	"identity.apiKeyId", "identity.caller", "identity.sourceIp", "identity.user", "identity.userAgent", "identity.userArn", "isCanaryRequest", "path", "protocol",
	"requestId", "requestTime", "requestTimeEpoch", "resourceId", "resourcePath", "stage", "status", "xrayTraceId",
	"error.message", "error.messageString", "error.responseType", "error.validationErrorString",
}

// context is a variable of $context as text; empty where it has no value.
func (v *visit) context(name string) string {
	if rest, ok := strings.CutPrefix(name, "authorizer."); ok {
		return v.authorizerContext(rest)
	}
	if rest, ok := strings.CutPrefix(name, "identity."); ok {
		return v.identity(rest)
	}
	if rest, ok := strings.CutPrefix(name, "error."); ok {
		return v.errorContext(rest)
	}
	switch name {
	case "accountId":
		return string(v.Account)
	case "apiId":
		return v.API
	case "deploymentId":
		return v.deployment
	case "domainName":
		return proxyevent.Hostname(v.call.Host)
	case "domainPrefix":
		prefix, _, _ := strings.Cut(proxyevent.Hostname(v.call.Host), ".")
		return prefix
	case "extendedRequestId":
		return proxyevent.ExtendedID(v.call)
	case "httpMethod":
		return v.request.Method
	case "isCanaryRequest":
		return strconv.FormatBool(v.canary)
	case "path":
		return v.fullPath()
	case "protocol":
		return v.request.Proto
	case "requestId":
		return v.call.RequestID
	case "requestTime":
		return proxyevent.Written(v.call.Start)
	case "requestTimeEpoch":
		return strconv.FormatInt(v.call.Start.UnixMilli(), 10)
	case "stage":
		return v.stageName
	case "xrayTraceId":
		return proxyevent.Trace(v.call)
	}
	return v.outcome(name)
}

// outcome is the part of $context that is known once the request was routed or
// answered.
func (v *visit) outcome(name string) string {
	switch {
	case name == "resourceId" && v.method != nil:
		return *v.method.resource.Id
	case name == "resourcePath" && v.method != nil:
		return *v.method.resource.Path
	case name == "status" && v.call.Status > 0:
		return strconv.Itoa(v.call.Status)
	case name == "responseLength":
		return strconv.FormatInt(v.call.BytesOut, 10)
	case name == "responseLatency":
		return strconv.FormatInt(v.call.Took.Milliseconds(), 10)
	case (name == "integrationStatus" || name == "integration.status" || name == "integration.integrationStatus") && v.backend > 0:
		return strconv.Itoa(v.backend)
	case name == "customDomain.basePathMatched":
		return deref(v.basePath)
	}
	return ""
}

// fullPath is the path with the stage, or as it was below a custom domain.
func (v *visit) fullPath() string {
	if v.basePath != nil {
		return v.request.Path
	}
	return "/" + v.stageName + v.path
}

func (v *visit) identity(name string) string {
	c := &v.call.Caller
	signed := c.Kind != aws.Anonymous
	switch {
	case name == "sourceIp":
		return v.call.SourceIP
	case name == "userAgent":
		return v.call.UserAgent
	case name == "apiKey" && v.key != nil:
		return deref(v.key.Value)
	case name == "apiKeyId" && v.key != nil:
		return deref(v.key.Id)
	case name == "accountId" && signed:
		return string(c.Account)
	case name == "accessKey" && signed:
		return c.AccessKeyID
	case (name == "caller" || name == "user") && signed:
		return c.UserID
	case name == "userArn" && signed:
		return c.ARN
	}
	return ""
}

func (v *visit) authorizerContext(name string) string {
	if claim, ok := strings.CutPrefix(name, "claims."); ok {
		return v.claims[claim]
	}
	if v.decision == nil {
		return ""
	}
	if name == "principalId" {
		return v.decision.Principal
	}
	return textOf(v.decision.Context[name])
}

// textOf is a value of an authorizer's context as text.
func textOf(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	}
	return fmt.Sprint(value)
}

func (v *visit) errorContext(name string) string {
	if v.failed == nil {
		return ""
	}
	switch name {
	case "message":
		return v.failed.message
	case "messageString":
		if v.failed.silent {
			return "null"
		}
		b, _ := json.Marshal(v.failed.message) // cannot fail: it is text
		return string(b)
	case "responseType":
		return string(v.failed.kind)
	case "validationErrorString":
		return v.failed.detail
	}
	return ""
}

// contextMap is $context for templates.
func (v *visit) contextMap() *vtl.Map {
	root := &vtl.Map{}
	for _, name := range contextNames {
		value := v.context(name)
		if value == "" {
			continue
		}
		into, last := root, name
		if group, member, ok := strings.Cut(name, "."); ok {
			into, last = child(root, group), member
		}
		into.Put(last, value)
	}
	switch {
	case v.decision != nil:
		z := child(root, "authorizer")
		z.Put("principalId", v.decision.Principal)
		for name, value := range v.decision.Context {
			z.Put(name, textOf(value))
		}
	case v.claims != nil:
		child(root, "authorizer").Put("claims", vtl.StringMap(v.claims))
	}
	return root
}

// child is the map in a map that has a name. It is made where there is none.
func child(m *vtl.Map, name string) *vtl.Map {
	if c, ok := m.Get(name).(*vtl.Map); ok {
		return c
	}
	c := &vtl.Map{}
	m.Put(name, c)
	return c
}

// headers are the values of a header of the request.
func (v *visit) headers(name string) []string {
	if strings.EqualFold(name, "Host") {
		return []string{v.request.Host}
	}
	return v.request.Header.Values(name)
}

// parameter is the values of a parameter of the request.
func (v *visit) parameter(at slot) (values []string) {
	switch strings.TrimPrefix(at.where, "multivalue") {
	case "header":
		return v.headers(at.name)
	case "path":
		for _, p := range v.parameters {
			if p.name == at.name {
				values = append(values, p.value)
			}
		}
	case "querystring":
		for _, p := range v.request.Params {
			if p.Name == at.name {
				values = append(values, p.Value)
			}
		}
	}
	return values
}
