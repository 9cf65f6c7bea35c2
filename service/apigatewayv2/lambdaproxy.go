package apigatewayv2

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
)

// principal is who the service is to others.
const principal = "apigateway.amazonaws.com"

// callerRole stands for the credentials of who signed the request.
const callerRole = "arn:aws:iam::*:user/*"

// actor is who calls a backend for a request: the service itself for source, the
// role that the API gives it, or who signed the request.
func (s *Service) actor(ctx context.Context, v *visit, role, source string) (aws.Actor, error) {
	actor := aws.Actor{Account: v.at.Account, Region: v.at.Region, Trace: proxyevent.Trace(aws.CallFrom(ctx))}
	switch role {
	case "":
		actor.Caller, actor.Source = aws.Caller{Kind: aws.ServicePrincipal, Service: principal}, source
	case callerRole:
		actor.Caller = aws.CallFrom(ctx).Caller
	default:
		caller, err := s.Roles.Assume(ctx, role, v.at.executeARN(""))
		if err != nil {
			s.Log.Info("API Gateway cannot assume the role of an API", "api", v.api, "role", role, "error", err)
			return actor, failed()
		}
		actor.Caller = caller
	}
	return actor, nil
}

// proxyFunction gives the request to a Lambda function.
// AWS: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway".
func (s *Service) proxyFunction(ctx context.Context, call *aws.Call, v *visit) (*proxyevent.Answer, error) {
	i := v.plan.integration
	in := &lambda.InvokeInput{FunctionName: functionOf(v.staged(deref(i.IntegrationUri)))}
	read := proxyevent.ReadSecond
	r := v.mapped(call)
	body, text := r.Body, proxyevent.IsText(r.Header)
	if deref(i.PayloadFormatVersion) == "1.0" {
		read = proxyevent.ReadFirst
		e := v.first(call, r)
		e.Version = "1.0"
		e.SetBody(body, text)
		in.Payload = e.JSON()
	} else {
		e := v.second(call, r)
		e.SetBody(body, text)
		in.Payload = e.JSON()
	}
	actor, err := s.actor(ctx, v, deref(i.CredentialsArn), v.source())
	if err != nil {
		return nil, err
	}
	actor.Patience = v.plan.timeout
	out, err := s.functions.Invoke(aws.ActAs(ctx, actor), in)
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
