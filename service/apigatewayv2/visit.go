package apigatewayv2

import (
	"context"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/kv"
)

// visit is a request to an HTTP API.
type visit struct {
	*served
	target
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

// Site claims the hosts of APIs, their paths below this cloud's own, and custom
// domains, but for what service/apigateway has claimed before.
func (s *Service) Site(ctx context.Context, req *wire.Request) bool {
	if _, ok := apiHost(req.Host); ok || strings.HasPrefix(req.Path, pathForm) {
		return true
	}
	_, _, ok := s.Mapped(ctx, proxyevent.Hostname(req.Host), req.Path)
	return ok
}

// Front takes requests to APIs out of the management API's.
func (s *Service) Front(ctx context.Context, w http.ResponseWriter, req *wire.Request) (http.ResponseWriter, error) {
	if !s.Site(ctx, req) {
		return w, nil
	}
	v := &visit{request: req}
	req.As = &wire.Guise{Codec: &codec{v}, BodyLimit: maxPayload, Anonymous: true, Signer: hostLabel, Operation: schema.Beside(schema.Dispatch{Name: visiting})}
	call := aws.CallFrom(ctx)
	if err := s.arrive(ctx, call, v); err != nil {
		return nil, err
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
	req.As.Anonymous = v.plan.route.AuthorizationType != apigatewayv2.AuthorizationTypeAWSIAM
	req.As.Operation = schema.Beside(schema.Dispatch{Name: visiting, Call: func(ctx context.Context, _, _ any) (any, error) { return s.receive(ctx, v) }})
	return w, nil
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// arrive finds what the request is for.
func (s *Service) arrive(ctx context.Context, call *aws.Call, v *visit) error {
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		p, ok := located(tx, proxyevent.Hostname(call.Host), v.request.Path)
		if !ok {
			return notFound()
		}
		st, ok := serves(tx, p.api, p.stage)
		if !ok || st.Disabled && p.domain == "" {
			return notFound()
		}
		v.target, v.served = p, st
		return nil
	})
}

// access is what a signed request needs. HTTP APIs have no policies of their own.
func (v *visit) access() []aws.Access {
	if v.plan.route.AuthorizationType != apigatewayv2.AuthorizationTypeAWSIAM {
		return nil
	}
	return []aws.Access{{Action: "execute-api:" + visiting, Resource: v.resource(), Owner: v.at.Account}}
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
	if !s.Pace.Spend(strings.Join([]string{"apigatewayv2", v.api, v.stage, v.plan.route.RouteKey}, "/"), v.plan.rate, v.plan.burst, 1, call.Start) {
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
