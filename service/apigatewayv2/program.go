package apigatewayv2

import (
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/front/accesslog"
	"github.com/brume-cloud/brume/front/cors"
)

// program is what traffic does with what a stage serves, worked out once.
type program struct {
	router router
	cors   *cors.Rules       // nil without
	log    *accesslog.Format // nil without
	group  string            // of the log
	models map[string]*jsonschema.Schema
}

// plan is what happens to the requests of a route.
type plan struct {
	route       *apigatewayv2.Route
	path        string // of its key: /pets/{id}; $default for that route
	integration *apigatewayv2.Integration
	authorizer  *apigatewayv2.Authorizer
	timeout     time.Duration
	rate, burst float64
}

// Throttling where a stage says nothing. AWS: "Throttle requests to your HTTP APIs":
// per account and region.
const (
	accountRate  = 10_000 // requests per second
	accountBurst = 5_000
)

// compile works a snapshot out.
func compile(s *snapshot) *program {
	p := &program{models: s.schemas()}
	if c := s.CORS; c != nil {
		p.cors = &cors.Rules{Origins: c.AllowOrigins, Methods: c.AllowMethods, Headers: c.AllowHeaders, Exposed: c.ExposeHeaders, MaxAge: deref(c.MaxAge), Trusted: deref(c.AllowCredentials)}
	}
	if l := s.Stage.AccessLogSettings; l != nil && deref(l.DestinationArn) != "" {
		_, group, _ := strings.Cut(*l.DestinationArn, ":log-group:")
		p.log, p.group = accesslog.Compile(deref(l.Format)), strings.TrimSuffix(group, ":*")
	}
	if s.Protocol != apigatewayv2.ProtocolTypeHTTP {
		return p
	}
	for i := range s.Routes {
		r := &s.Routes[i]
		key, ok := parseRouteKey(r.RouteKey)
		if !ok {
			continue
		}
		id, _ := strings.CutPrefix(deref(r.Target), integrationTarget)
		plan := &plan{route: r, path: r.RouteKey, integration: s.Integrations[id], authorizer: s.Authorizers[deref(r.AuthorizerId)]}
		if key.method != "" {
			_, plan.path, _ = strings.Cut(r.RouteKey, " ")
		}
		if plan.integration != nil {
			plan.timeout = time.Duration(deref(plan.integration.TimeoutInMillis)) * time.Millisecond
		}
		plan.rate, plan.burst = s.pace(r.RouteKey)
		p.router.add(key, plan)
	}
	return p
}

// pace is how fast requests of a route may come.
func (s *snapshot) pace(key string) (rate, burst float64) {
	rate, burst = accountRate, accountBurst
	all := []*apigatewayv2.RouteSettings{s.Stage.DefaultRouteSettings}
	if own, ok := s.Stage.RouteSettings[key]; ok {
		all = append(all, &own)
	}
	for _, settings := range all {
		if settings == nil {
			continue
		}
		if settings.ThrottlingRateLimit != nil {
			rate = *settings.ThrottlingRateLimit
		}
		if settings.ThrottlingBurstLimit != nil {
			burst = float64(*settings.ThrottlingBurstLimit)
		}
	}
	return rate, burst
}
