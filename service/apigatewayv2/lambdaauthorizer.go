package apigatewayv2

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/authorizer"
)

// authorizerTimeout is how long an authorizer may take. AWS: "Quotas for configuring
// and running an HTTP API": 10 seconds.
const authorizerTimeout = 10 * time.Second

// authorizeFunction asks a Lambda function, or remembers what it said.
// AWS: "Control access to HTTP APIs with AWS Lambda authorizers".
func (s *Service) authorizeFunction(ctx context.Context, call *aws.Call, v *visit) error {
	z := v.plan.authorizer
	sources := make([]string, len(z.IdentitySource))
	for i, source := range z.IdentitySource {
		if sources[i] = v.value(call, strings.TrimPrefix(source, "$")); sources[i] == "" {
			return refuse(http.StatusUnauthorized, "Unauthorized")
		}
	}
	ttl := time.Duration(deref(z.AuthorizerResultTtlInSeconds)) * time.Second
	key := authorizer.Key(v.remembered(z), sources)
	decision, ok := s.Decisions.Find(key, call.Start)
	if !ok {
		var err error
		if decision, err = s.ask(ctx, call, v, sources); err != nil {
			return err
		}
		s.Decisions.Keep(key, decision, call.Start, call.Start.Add(ttl))
	}
	if allowed, _ := decision.Allows(call, v.resource()); !allowed {
		return forbidden()
	}
	if v.said = decision.Context; v.said == nil {
		v.said = map[string]any{}
	}
	if decision.Principal != "" {
		v.principal = decision.Principal
	}
	return nil
}

// remembered names what an authorizer has decided for a stage: what is deployed
// anew, or reset, begins anew.
func (v *visit) remembered(z *apigatewayv2.Authorizer) string {
	return strings.Join([]string{v.api, v.stage, deref(z.AuthorizerId), deref(v.Stage.DeploymentId), v.Reset.String()}, "/")
}

// ask calls the function.
func (s *Service) ask(ctx context.Context, call *aws.Call, v *visit, sources []string) (*authorizer.Decision, error) {
	z := v.plan.authorizer
	f := functionCall{
		at: v.at, function: functionOf(v.staged(deref(z.AuthorizerUri))), role: deref(z.AuthorizerCredentialsArn),
		source: v.at.executeARN("/authorizers/" + deref(z.AuthorizerId)), timeout: authorizerTimeout,
	}
	if deref(z.AuthorizerPayloadFormatVersion) == "1.0" {
		e := v.first(call, v.incoming())
		e.Version, e.Type, e.MethodARN = "1.0", "REQUEST", v.resource()
		if len(sources) > 0 {
			joined := strings.Join(sources, ",")
			e.IdentitySource, e.AuthorizationToken = &joined, &joined
		}
		f.payload = e.JSON()
	} else {
		e := v.second(call, v.incoming())
		e.Type, e.RouteARN, e.IdentitySource = "REQUEST", v.resource(), sources
		f.payload = e.JSON()
	}
	out, err := s.invoke(ctx, f)
	if err != nil || out.FunctionError != nil {
		s.Log.Info("an authorizer failed", "api", v.api, "authorizer", z.Name, "error", err)
		return nil, failed()
	}
	read := authorizer.ReadPolicy
	if deref(z.EnableSimpleResponses) {
		read = authorizer.ReadSimple
	}
	decision, err := read(out.Payload)
	if err != nil {
		s.Log.Info("an authorizer's answer is malformed", "api", v.api, "authorizer", z.Name)
		return nil, failed()
	}
	return decision, nil
}
