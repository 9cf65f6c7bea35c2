package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/authorizer"
	"github.com/brume-cloud/brume/front/jwt"
)

// authorizerOf is an authorizer that is ready.
type authorizerOf struct {
	*api.Authorizer
	sources    []expression
	validation *regexp.Regexp // nil takes all
	target     target
	ttl        time.Duration
}

func compileAuthorizer(z *api.Authorizer) *authorizerOf {
	c := &authorizerOf{Authorizer: z, ttl: time.Duration(deref(z.AuthorizerResultTtlInSeconds)) * time.Second}
	for source := range strings.SplitSeq(deref(z.IdentitySource), ",") {
		if source = strings.TrimSpace(source); source != "" {
			c.sources = append(c.sources, compileExpression(source))
		}
	}
	if e := deref(z.IdentityValidationExpression); e != "" {
		c.validation, _ = regexp.Compile("^(?:" + e + ")$") // was compiled when it was stored
	}
	c.target, _ = readTarget(deref(z.AuthorizerUri))
	return c
}

func unauthorized(message string) *failure {
	return fails(api.GatewayResponseTypeUNAUTHORIZED, "UnauthorizedException", message)
}

// authorize asks the method's authorizer. What IAM says was asked before.
// AWS: "How API Gateway resource policies affect authorization workflow": a Lambda
// authorizer and the API's policy have their say together, but for explicit denials,
// with which nobody is asked.
func (s *Service) authorize(ctx context.Context, v *visit) error {
	switch *v.method.AuthorizationType {
	case authCustom, authCognito:
	default:
		return nil
	}
	z := v.served.authorizers[deref(v.method.AuthorizerId)]
	if z == nil {
		return badAuthorizer("The authorizer is gone")
	}
	if z.Type == api.AuthorizerTypeCOGNITOUSERPOOLS {
		return s.authorizeToken(ctx, v, z)
	}
	open, denied := v.served.policy.decide(v)
	if denied {
		return deniedExpressly()
	}
	d, err := s.decide(ctx, v, z)
	if err != nil {
		return err
	}
	allowed, expressly := d.Allows(v.call, v.arn())
	switch {
	case expressly:
		return deniedExpressly()
	case !allowed && !open:
		return fails(api.GatewayResponseTypeACCESSDENIED, "AccessDeniedException", "User is not authorized to access this resource")
	}
	v.decision = d
	return nil
}

func deniedExpressly() *failure {
	return fails(api.GatewayResponseTypeACCESSDENIED, "AccessDeniedException", "User is not authorized to access this resource with an explicit deny")
}

// badAuthorizer is what a caller sees of an authorizer that does not work.
// AWS: the message is null.
func badAuthorizer(log string) *failure {
	return &failure{kind: api.GatewayResponseTypeAUTHORIZERCONFIGURATIONERROR, code: "AuthorizerConfigurationException", silent: true, log: log}
}

// decide is what a Lambda authorizer says of a request, now or a while ago.
// AWS: "Use API Gateway Lambda authorizers".
func (s *Service) decide(ctx context.Context, v *visit, z *authorizerOf) (*authorizer.Decision, error) {
	identity, err := v.identitySources(z)
	if err != nil {
		return nil, err
	}
	key := authorizer.Key(v.stageKey()+"/"+*z.Id, identity)
	if z.ttl > 0 && len(identity) > 0 {
		if d, ok := s.Decisions.Find(key, v.call.Start); ok {
			return d, nil
		}
	}
	d, _, err := s.ask(ctx, v, z, identity)
	if err == nil && z.ttl > 0 && len(identity) > 0 {
		s.Decisions.Keep(key, d, v.call.Start, v.call.Start.Add(z.ttl))
	}
	return d, err
}

// identitySources are what an authorizer goes by. All have to be there.
func (v *visit) identitySources(z *authorizerOf) (identity []string, err error) {
	for i := range z.sources {
		values, ok := z.sources[i].value(v, nil)
		if !ok || values[0] == "" {
			return nil, unauthorized("Unauthorized")
		}
		identity = append(identity, values...)
	}
	if z.Type == api.AuthorizerTypeTOKEN && z.validation != nil && !z.validation.MatchString(identity[0]) {
		return nil, unauthorized("Unauthorized")
	}
	return identity, nil
}

// stageKey names a stage over all accounts and regions.
func (v *visit) stageKey() string { return v.API + "/" + v.stageName }

// ask calls a Lambda authorizer's function.
func (s *Service) ask(ctx context.Context, v *visit, z *authorizerOf, identity []string) (d *authorizer.Decision, payload []byte, err error) {
	out, err := s.authorizerAnswer(ctx, v, z, identity)
	if err != nil {
		return nil, nil, err
	}
	if out.FunctionError != nil {
		var said struct {
			Message string `json:"errorMessage"`
		}
		if json.Unmarshal(out.Payload, &said) == nil && said.Message == "Unauthorized" {
			return nil, nil, unauthorized("Unauthorized")
		}
		f := badAuthorizer("The authorizer failed: " + said.Message)
		f.kind = api.GatewayResponseTypeAUTHORIZERFAILURE
		return nil, nil, f
	}
	d, err = authorizer.ReadPolicy(out.Payload)
	if err != nil {
		return nil, nil, badAuthorizer("The authorizer's answer is malformed")
	}
	for _, value := range d.Context {
		switch value.(type) {
		case map[string]any, []any: // AWS: "Output from an API Gateway Lambda authorizer": no objects and arrays
			return nil, nil, badAuthorizer("The authorizer's context has a value that is no text, number or boolean")
		}
	}
	return d, out.Payload, nil
}

// authorizerAnswer is what an authorizer's function answers.
func (s *Service) authorizerAnswer(ctx context.Context, v *visit, z *authorizerOf, identity []string) (*lambda.InvokeOutput, error) {
	var event []byte
	if z.Type == api.AuthorizerTypeTOKEN {
		event, _ = json.Marshal(map[string]string{"type": "TOKEN", "methodArn": v.arn(), "authorizationToken": identity[0]}) // cannot fail: it is text
	} else {
		e := v.event()
		e.Type, e.MethodARN = "REQUEST", v.arn()
		event = e.JSON()
	}
	role := v.withVariables(deref(z.AuthorizerCredentials))
	actor, err := s.actor(ctx, v, role)
	if err != nil {
		return nil, badAuthorizer(err.Error())
	}
	actor.Source = "arn:aws:execute-api:" + string(v.Region) + ":" + string(v.Account) + ":" + v.API + "/authorizers/" + *z.Id
	function := z.target.function
	if strings.Contains(function, "$") {
		t, _ := readTarget(v.withVariables(deref(z.AuthorizerUri)))
		function = t.function
	}
	actor.Patience = maxTimeout
	out, err := s.invoke(ctx, actor, function, &lambda.InvokeInput{Payload: event})
	if err != nil {
		return nil, badAuthorizer(err.Error())
	}
	return out, nil
}

// authorizeToken verifies a token of one of the user pools.
// AWS: "Integrate a REST API with an Amazon Cognito user pool": without scopes it is
// an identity token, with scopes an access token that has one of them.
func (s *Service) authorizeToken(ctx context.Context, v *visit, z *authorizerOf) error {
	var text string
	if values, ok := z.sources[0].value(v, nil); ok {
		text = strings.TrimPrefix(values[0], "Bearer ")
	}
	if text == "" {
		return unauthorized("Unauthorized")
	}
	t, err := s.verify(ctx, v, z, text)
	if err != nil {
		return err
	}
	scopes := v.method.AuthorizationScopes
	switch {
	case len(scopes) == 0 && t.Text("token_use") != "id":
		return unauthorized("Unauthorized")
	case len(scopes) > 0 && (t.Text("token_use") != "access" || !slices.ContainsFunc(t.Scopes(), func(s string) bool { return slices.Contains(scopes, s) })):
		return unauthorized("Unauthorized")
	case z.validation != nil && !z.validation.MatchString(t.Text("aud")):
		return unauthorized("Unauthorized")
	}
	v.claims = t.Strings()
	return nil
}

// verify finds the pool that a token is of.
func (s *Service) verify(ctx context.Context, v *visit, z *authorizerOf, text string) (*jwt.Token, error) {
	message := "Unauthorized"
	for _, provider := range z.ProviderARNs {
		a, err := aws.ParseARN(provider)
		if err != nil {
			continue
		}
		pool := strings.TrimPrefix(a.Resource, "userpool/")
		for _, issuer := range []string{s.Endpoint(a.Region) + "/" + pool, "https://cognito-idp." + string(a.Region) + ".amazonaws.com/" + pool} {
			t, err := s.Tokens.Verify(ctx, text, jwt.Want{Issuer: issuer, Now: v.call.Start})
			if err == nil {
				return t, nil
			}
			var wrong *jwt.Error
			if !errors.As(err, &wrong) {
				return nil, &failure{kind: api.GatewayResponseTypeAUTHORIZERFAILURE, code: "InternalServerErrorException", message: "Internal server error", log: err.Error()}
			}
			if strings.Contains(wrong.Description, "expired") {
				message = "The incoming token has expired"
			}
		}
	}
	return nil, unauthorized(message)
}
