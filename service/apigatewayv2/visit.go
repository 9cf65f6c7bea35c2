package apigatewayv2

import (
	"context"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/authorizer"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
)

// visit is a request to an HTTP API.
type visit struct {
	arrival
	*served // nil where the API has no such stage
	request *wire.Request
	plan    *plan
	params  map[string]string // of the path

	token     *proxyevent.JWT // what the caller's token says
	said      map[string]any  // what a Lambda authorizer found out; nil without
	principal string          // whom it named
	outcome   outcome         // for the access log
}

// visiting is the operation that such a request is. AWS: "Actions, resources, and
// condition keys for Amazon API Gateway": execute-api:Invoke.
const visiting = "Invoke"

// maxPayload is how many bytes a request may have. AWS: "Quotas for configuring and
// running an HTTP API": 10 MB.
const maxPayload = 10 << 20

// maxHead is how many bytes the request line and the values of headers may have.
// AWS: likewise.
const maxHead = 10240

func requestBytes(r *http.Request) int {
	return len(r.Method) + len(r.RequestURI) + len(r.Proto) + 2 + proxyevent.HeaderBytes(r)
}

// disguise makes of a request an operation of its own.
func (s *Service) disguise(req *wire.Request, v *visit) *wire.Guise {
	req.As = &wire.Guise{Codec: &codec{v}, BodyLimit: maxPayload, Anonymous: true, SigningName: executeAPI, Operation: s.visiting}
	return req.As
}

// visitHTTP finds the route of a request to an HTTP API, or answers the browser
// that asks whether a page may send it.
func (s *Service) visitHTTP(ctx context.Context, w http.ResponseWriter, v *visit) (http.ResponseWriter, error) {
	req, call := v.request, aws.CallFrom(ctx)
	as := s.disguise(req, v)
	if v.served == nil || v.Disabled && v.domain == nil {
		return nil, notFound()
	}
	if requestBytes(req.Request) > maxHead {
		return nil, refuse(http.StatusRequestHeaderFieldsTooLarge, "Request Header Fields Too Large")
	}
	call.Payer = v.at.Account
	if v.program.log != nil {
		call.Answered = func(c *aws.Call) { s.logVisit(c, v) }
	}
	if v.program.cors != nil {
		if isPreflight(req.Request) {
			v.program.cors.Preflight(w, req.Request, http.StatusNoContent)
			return nil, nil
		}
		v.program.cors.Share(w.Header(), req.Request)
	}
	if v.plan, v.params = v.program.router.find(req.Method, v.path); v.plan == nil || v.plan.integration == nil {
		return nil, notFound()
	}
	as.Anonymous = v.plan.route.AuthorizationType != apigatewayv2.AuthorizationTypeAWSIAM
	return w, nil
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// access is what a signed request needs. HTTP APIs have no policies of their own.
func (v *visit) access() []aws.Access {
	if v.plan.route.AuthorizationType != apigatewayv2.AuthorizationTypeAWSIAM {
		return nil
	}
	return []aws.Access{{Action: authorizer.Action, Resource: v.resource(), Owner: v.at.Account}}
}

// resource is the request as policies name it.
func (v *visit) resource() string {
	return v.at.executeARN("/" + v.stage + "/" + v.request.Method + v.path)
}

// source is the route as policies of functions name it.
func (v *visit) source() string {
	if v.plan.path == defaultRoute {
		return v.at.executeARN("/" + v.stage + "/" + defaultRoute)
	}
	return v.at.executeARN("/" + v.stage + "/" + v.request.Method + v.plan.path)
}

// receive takes the request to its backend.
func (s *Service) receive(ctx context.Context, v *visit) (*proxyevent.Answer, error) {
	call := aws.CallFrom(ctx)
	if !s.Pace.Spend(strings.Join([]string{"apigatewayv2", v.api, v.stage, v.plan.route.RouteKey}, "/"), v.plan.rate, v.plan.burst, call.Start) {
		return nil, refuse(http.StatusTooManyRequests, "Too Many Requests")
	}
	if err := s.authorize(ctx, call, v); err != nil {
		return nil, err
	}
	answer, err := s.integrate(ctx, call, v)
	if err != nil {
		return nil, err
	}
	v.outcome.status = answer.Status
	return v.mapAnswer(call, answer)
}

// integrate calls the backend.
func (s *Service) integrate(ctx context.Context, call *aws.Call, v *visit) (*proxyevent.Answer, error) {
	began := s.Clock.Wall()
	defer func() { v.outcome.latency = s.Clock.Wall().Sub(began) }()
	i := v.plan.integration
	switch {
	case i.IntegrationType == apigatewayv2.IntegrationTypeHTTPPROXY:
		return s.proxyHTTP(ctx, call, v)
	case i.IntegrationSubtype != nil:
		return s.act(ctx, call, v)
	}
	return s.proxyFunction(ctx, call, v)
}
