package apigatewayv2

import (
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
)

// first is the request in version 1.0, without its body.
func (v *visit) first(call *aws.Call, r *outgoing) *proxyevent.First {
	e := proxyevent.NewFirst(call, r.Request)
	e.Resource, e.Path, e.PathParameters, e.StageVariables = v.plan.path, proxyevent.Decoded(r.path), v.variables(), v.Stage.StageVariables
	c := &e.Context
	c.ResourcePath, c.Path, c.AccountID, c.Stage, c.APIID, c.ResourceID = v.plan.path, e.Path, string(v.at.Account), v.stage, v.api, v.plan.route.RouteId
	c.DomainName, c.DomainPrefix = v.domainName(call)
	if call.Caller.Kind != aws.Anonymous {
		c.Identity.Sign(&call.Caller)
	}
	switch {
	case v.token != nil:
		c.Authorizer = map[string]any{"claims": v.token.Claims, "scopes": v.token.Scopes}
	case v.said != nil:
		c.Authorizer = map[string]any{}
		for name, value := range v.said {
			c.Authorizer[name] = value
		}
		if v.principal != "" {
			c.Authorizer["principalId"] = v.principal
		}
	}
	return e
}

// second is the request in version 2.0, without its body.
func (v *visit) second(call *aws.Call, r *outgoing) *proxyevent.Second {
	e := proxyevent.NewSecond(call, r.Request)
	e.RouteKey, e.RawPath, e.PathParameters, e.StageVariables = v.plan.route.RouteKey, r.path, v.variables(), v.Stage.StageVariables
	c := &e.Context
	c.AccountID, c.APIID, c.RouteKey, c.Stage, c.HTTP.Path = string(v.at.Account), v.api, e.RouteKey, v.stage, proxyevent.Decoded(r.path)
	c.DomainName, c.DomainPrefix = v.domainName(call)
	switch {
	case v.token != nil:
		c.Authorizer = &proxyevent.Authorizer{JWT: v.token}
	case v.said != nil:
		c.Authorizer = &proxyevent.Authorizer{Lambda: v.said}
	case call.Caller.Kind != aws.Anonymous:
		c.Authorizer = &proxyevent.Authorizer{IAM: proxyevent.Signer(&call.Caller)}
	}
	return e
}

// variables are the values of the path's variables; nil where it has none.
func (v *visit) variables() map[string]string {
	if len(v.params) == 0 {
		return nil
	}
	return v.params
}

// domainName is the name that the API was called by: that of its own host for
// what came by the path form.
func (v *visit) domainName(call *aws.Call) (name, prefix string) {
	name = proxyevent.Hostname(call.Host)
	if _, ok := apiHost(name); !ok && v.domain == nil {
		name = v.api + "." + executeAPI + "." + string(v.at.Region) + amazonHosts
	}
	prefix, _, _ = strings.Cut(name, ".")
	return name, prefix
}
