package cloud

import (
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/assume"
	"github.com/brume-cloud/brume/front/authorizer"
	"github.com/brume-cloud/brume/front/jwt"
	"github.com/brume-cloud/brume/front/pace"
	"github.com/brume-cloud/brume/service/apigateway"
	"github.com/brume-cloud/brume/service/apigatewayv2"
)

// apis is what both generations of API Gateway share.
type apis struct {
	tokens    *jwt.Verifier
	decisions *authorizer.Cache
	roles     *assume.Roles
	pace      *pace.Buckets
}

// sharedByAPIs makes what they share, for the first that asks: the second generation's
// service too, which has the custom domains of both.
func (s *System) sharedByAPIs(via aws.Invoker) *apis {
	if s.apis == nil {
		a := &apis{jwt.New(s.issuerKeys, s.outside.HTTP()), new(authorizer.Cache), assume.NewRoles(via, apigateway.Principal), new(pace.Buckets)}
		s.webAPIs = apigatewayv2.New(apigatewayv2.Deps{
			Store: s.store, Random: random{}, Via: via, Log: s.log, Endpoint: s.endpoint, Clock: s.clock, Logs: s.logs, Pace: a.pace,
			Tokens: a.tokens, Decisions: a.decisions, Upstream: s.outside, Roles: a.roles, Door: via.(*within),
			Sockets: s.sockets, Render: render, Meter: s.meter, REST: apigateway.Stages{},
		})
		s.apis = a
	}
	return s.apis
}

func openAPIGateway(s *System, via aws.Invoker) any {
	a := s.sharedByAPIs(via)
	return apigateway.New(apigateway.Deps{
		Store: s.store, Random: random{}, Via: via, Pace: a.pace, Door: via.(*within), HTTP: s.outside,
		Tokens: a.tokens, Decisions: a.decisions, Endpoint: s.endpoint, Roles: a.roles, Logs: s.logs, Domains: s.webAPIs,
	})
}

func openAPIGatewayV2(s *System, via aws.Invoker) any {
	s.sharedByAPIs(via)
	return s.webAPIs
}
