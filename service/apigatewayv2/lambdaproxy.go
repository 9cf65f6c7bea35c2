package apigatewayv2

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
)

// principal is who the service is to others.
const principal = "apigateway.amazonaws.com"

// callerRole stands for the credentials of who signed the request.
const callerRole = "arn:aws:iam::*:user/*"

// errRole is of a role that an API gives and that API Gateway may not assume.
var errRole = errors.New("apigatewayv2: the role of the API cannot be assumed")

// actor is who calls a backend of the API: the service itself for source, the role
// that the API gives it, or who signed the request.
func (s *Service) actor(ctx context.Context, a address, role, source string) (aws.Actor, error) {
	call := aws.CallFrom(ctx)
	actor := aws.Actor{Account: a.Account, Region: a.Region, Trace: proxyevent.Trace(call)}
	switch role {
	case "":
		actor.Caller, actor.Source = aws.Caller{Kind: aws.ServicePrincipal, Service: principal}, source
	case callerRole:
		actor.Caller = call.Caller
	default:
		caller, err := s.Roles.Assume(ctx, role, a.executeARN(""))
		if err != nil {
			return actor, fmt.Errorf("%w: %w", errRole, err)
		}
		actor.Caller = caller
	}
	return actor, nil
}

// functionCall is a call of a function for an API.
type functionCall struct {
	at       address
	function string // its ARN
	role     string // that the API gives; empty for API Gateway itself
	source   string // what calls, as policies of functions name it
	payload  []byte
	timeout  time.Duration // wall time
}

// invoke calls a function. The function's own failure is in what it returns.
func (s *Service) invoke(ctx context.Context, f functionCall) (*lambda.InvokeOutput, error) {
	actor, err := s.actor(ctx, f.at, f.role, f.source)
	if err != nil {
		return nil, err
	}
	if a, err := aws.ParseARN(f.function); err == nil {
		actor.Account, actor.Region = a.Account, a.Region
	}
	actor.Patience = f.timeout
	return s.functions.Invoke(aws.ActAs(ctx, actor), &lambda.InvokeInput{FunctionName: f.function, Payload: f.payload})
}

// proxyFunction gives the request to a Lambda function.
// AWS: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway".
func (s *Service) proxyFunction(ctx context.Context, call *aws.Call, v *visit) (*proxyevent.Answer, error) {
	i := v.plan.integration
	f := functionCall{at: v.at, function: functionOf(v.staged(deref(i.IntegrationUri))), role: deref(i.CredentialsArn), source: v.source(), timeout: v.plan.timeout}
	read := proxyevent.ReadSecond
	r := v.mapped(call)
	body, text := r.Body, proxyevent.IsText(r.Header)
	if deref(i.PayloadFormatVersion) == "1.0" {
		read = proxyevent.ReadFirst
		e := v.first(call, r)
		e.Version = "1.0"
		e.SetBody(body, text)
		f.payload = e.JSON()
	} else {
		e := v.second(call, r)
		e.SetBody(body, text)
		f.payload = e.JSON()
	}
	out, err := s.invoke(ctx, f)
	if err != nil {
		return nil, s.failure(v, err)
	}
	v.outcome.backend = http.StatusOK
	if out.FunctionError != nil {
		v.outcome.message = "The response received from Lambda is invalid because the function failed"
		return nil, failed()
	}
	answer, err := read(out.Payload)
	if err != nil {
		v.outcome.message = "The response received from Lambda is malformed"
		return nil, failed()
	}
	return answer, nil
}

// failure is the answer where a backend could not be called.
func (s *Service) failure(v *visit, err error) error {
	var e *aws.Error
	switch {
	case errors.Is(err, errRole):
		s.Log.Info("API Gateway cannot assume the role of an API", "api", v.api, "error", err)
		return failed()
	case errors.Is(err, aws.ErrPatience):
		v.outcome.message = "Endpoint request timed out"
		return unavailable()
	case errors.As(err, &e):
		v.outcome.backend, v.outcome.message = e.Status, e.Message
		if e.Status == http.StatusTooManyRequests || strings.Contains(e.Code, "Throttl") {
			return unavailable()
		}
		s.Log.Info("an API's backend refuses the call", "api", v.api, "route", v.plan.route.RouteKey, "error", err)
		return failed()
	}
	return err
}
