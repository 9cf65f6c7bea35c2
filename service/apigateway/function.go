package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
)

// Principal is who API Gateway is to other services.
const Principal = "apigateway.amazonaws.com"

// source is the ARN that functions' policies name requests by. A variable of the
// path stands for all its values.
// AWS: "Lambda function permissions": aws:SourceArn of a request to an API.
func (v *visit) source() string {
	return "arn:aws:execute-api:" + string(v.Region) + ":" + string(v.Account) + ":" + v.API + "/" + v.stageName + "/" + v.request.Method + *v.method.resource.Path
}

// actor is who a request calls another service as: API Gateway itself, the caller,
// or, with credentials, a role.
// AWS: "PutIntegration", credentials.
func (s *Service) actor(ctx context.Context, v *visit, role string) (aws.Actor, error) {
	actor := aws.Actor{Account: v.Account, Region: v.Region, Source: v.source(), SourceAccount: v.Account, Trace: proxyevent.Trace(v.call)}
	switch {
	case role == "":
		actor.Caller = aws.Caller{Kind: aws.ServicePrincipal, Service: Principal}
	case isPassThrough(role):
		actor.Caller = v.call.Caller
	default:
		caller, err := s.Roles.Assume(ctx, role, actor.Source)
		if err != nil {
			return actor, internal("Execution failed due to configuration error: API Gateway does not have permission to assume the provided role " + role)
		}
		actor.Caller = caller
	}
	return actor, nil
}

// invoke calls a function, by its ARN or by its name alone.
func (s *Service) invoke(ctx context.Context, actor aws.Actor, function string, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
	in.FunctionName = function
	if a, err := aws.ParseARN(function); err == nil {
		actor.Account, actor.Region = a.Account, a.Region
	}
	return lambda.NewClient(s.Via).Invoke(aws.ActAs(ctx, actor), in)
}

// invokeTarget calls the function of the method's integration. A call that does not happen
// is a failure.
func (s *Service) invokeTarget(ctx context.Context, v *visit, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
	function := v.method.target.function
	if strings.Contains(function, "$") {
		t, _ := readTarget(v.withVariables(deref(v.method.Uri)))
		function = t.function
	}
	actor, err := s.actor(ctx, v, v.withVariables(deref(v.method.Credentials)))
	if err != nil {
		return nil, err
	}
	actor.Patience = v.method.timeout
	v.note("Sending request to https://lambda.%s.amazonaws.com/2015-03-31/functions/%s/invocations", v.Region, function)
	v.trace("Endpoint request body after transformations: %s", in.Payload)
	out, err := s.invoke(ctx, actor, function, in)
	switch {
	case err == nil:
		v.trace("Endpoint response body before transformations: %s", out.Payload)
		return out, nil
	case errors.Is(err, aws.ErrPatience):
		return nil, timedOut()
	}
	var e *aws.Error
	if errors.As(err, &e) && e.Status < http.StatusInternalServerError {
		return nil, internal("Execution failed due to configuration error: " + e.Message)
	}
	return nil, internal("Execution failed: " + err.Error())
}

func timedOut() *failure {
	return fails(api.GatewayResponseTypeINTEGRATIONTIMEOUT, "InternalServerErrorException", "Endpoint request timed out")
}

// event is the request as functions get it.
func (v *visit) event() *proxyevent.First {
	e := proxyevent.NewFirst(v.call, v.request)
	m := v.method
	e.Resource, e.Path = *m.resource.Path, v.path
	if v.basePath != nil { // AWS: functions see the base path, too
		e.Path = v.fullPath()
	}
	e.StageVariables = v.variables
	if len(v.parameters) > 0 {
		e.PathParameters = map[string]string{}
		for _, p := range v.parameters {
			e.PathParameters[p.name] = p.raw
		}
	}
	c := &e.Context
	c.ResourceID, c.ResourcePath, c.Path, c.AccountID = m.resource.Id, *m.resource.Path, v.fullPath(), string(v.Account)
	c.Stage, c.APIID, c.DeploymentID = v.stageName, v.API, v.deployment
	if v.call.Caller.Kind != aws.Anonymous {
		c.Identity.Sign(&v.call.Caller)
	}
	if v.key != nil {
		c.Identity.APIKey, c.Identity.APIKeyID = v.key.Value, v.key.Id
	}
	switch {
	case v.decision != nil:
		c.Authorizer = map[string]any{"principalId": v.decision.Principal, "integrationLatency": 0}
		maps.Copy(c.Authorizer, v.decision.Context)
	case v.claims != nil:
		c.Authorizer = map[string]any{"claims": v.claims}
	}
	return e
}

// proxyFunction gives a function the request, and its answer to the caller.
func (s *Service) proxyFunction(ctx context.Context, v *visit) (*reply, error) {
	if *v.method.Integration.HttpMethod != http.MethodPost {
		return nil, internal("Execution failed due to configuration error: Lambda functions are invoked by POST")
	}
	e := v.event()
	e.SetBody(v.request.Body, !v.served.isBinary(mediaTypeOf(v.request.Header.Get("Content-Type"))))
	out, err := s.invokeTarget(ctx, v, &lambda.InvokeInput{Payload: e.JSON()})
	if err != nil {
		return nil, err
	}
	v.backend = http.StatusOK
	if out.FunctionError != nil {
		return nil, badGateway("Execution failed due to an error in the Lambda function: " + string(out.Payload))
	}
	var said proxyevent.Said
	if json.Unmarshal(out.Payload, &said) != nil {
		return nil, badGateway("Execution failed due to configuration error: Malformed Lambda proxy response")
	}
	said.Cookies = nil
	said.IsBase64 = said.IsBase64 && v.wantsBinary()
	answer, err := said.Answer()
	if err != nil {
		return nil, badGateway("Execution failed due to configuration error: Malformed Lambda proxy response")
	}
	v.backend = answer.Status
	for name := range answer.Header {
		remap(answer.Header, name)
	}
	answer.Header["X-Amzn-Trace-Id"] = []string{proxyevent.Trace(v.call)}
	return &reply{status: answer.Status, header: answer.Header, body: answer.Body}, nil
}

// remap renames or drops the headers that an integration cannot set.
// AWS: "Important notes for API Gateway", for REST APIs.
func remap(h http.Header, name string) {
	canonical := http.CanonicalHeaderKey(name)
	switch canonical {
	case "Authorization", "Date", "Server", "Www-Authenticate", "Host", "Content-Md5":
		h["X-Amzn-Remapped-"+canonical] = h[name]
		delete(h, name)
	default:
		if proxyevent.IsFraming(canonical) {
			delete(h, name)
		}
	}
}

// callFunction calls a function with what the request was made into.
func (s *Service) callFunction(ctx context.Context, v *visit, b *backendRequest) (*reply, error) {
	in := &lambda.InvokeInput{Payload: b.body}
	if len(in.Payload) == 0 {
		in.Payload = []byte("{}")
	}
	if kind := b.header.Get("X-Amz-Invocation-Type"); kind != "" {
		in.InvocationType = lambda.InvocationType(strings.Trim(kind, "'"))
	}
	out, err := s.invokeTarget(ctx, v, in)
	if err != nil {
		return nil, err
	}
	r := &reply{status: int(or(out.StatusCode, http.StatusOK)), header: http.Header{"Content-Type": {jsonType}}, body: out.Payload}
	var said struct {
		Message *string `json:"errorMessage"`
	}
	if json.Unmarshal(out.Payload, &said) == nil && said.Message != nil {
		r.failed, r.fault = true, *said.Message
	}
	return r, nil
}

// isPassThrough reports whether credentials are the caller's own.
func isPassThrough(role string) bool { return strings.HasPrefix(role, "arn:aws:iam::*:user/") }
