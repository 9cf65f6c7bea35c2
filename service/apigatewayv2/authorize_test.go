package apigatewayv2_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	gw "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	idptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	functions "github.com/brume-cloud/brume/cloudtest/function"
)

// signedIn makes a user pool with a user, and returns the pool, its client and the user's tokens.
func signedIn(s *site) (pool, client string, tokens *idptypes.AuthenticationResultType) {
	s.Helper()
	c, ctx := idp.NewFromConfig(s.cloud.Config()), s.Context()
	p := ok[*idp.CreateUserPoolOutput](s.T)(c.CreateUserPool(ctx, &idp.CreateUserPoolInput{PoolName: new("people")}))
	app := ok[*idp.CreateUserPoolClientOutput](s.T)(c.CreateUserPoolClient(ctx, &idp.CreateUserPoolClientInput{
		UserPoolId: p.UserPool.Id, ClientName: new("web"), ExplicitAuthFlows: []idptypes.ExplicitAuthFlowsType{idptypes.ExplicitAuthFlowsTypeAllowUserPasswordAuth, idptypes.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
	}))
	ok[*idp.AdminCreateUserOutput](s.T)(c.AdminCreateUser(ctx, &idp.AdminCreateUserInput{UserPoolId: p.UserPool.Id, Username: new("ada"), MessageAction: idptypes.MessageActionTypeSuppress}))
	ok[*idp.AdminSetUserPasswordOutput](s.T)(c.AdminSetUserPassword(ctx, &idp.AdminSetUserPasswordInput{UserPoolId: p.UserPool.Id, Username: new("ada"), Password: new("Good-1234"), Permanent: true}))
	in := ok[*idp.InitiateAuthOutput](s.T)(c.InitiateAuth(ctx, &idp.InitiateAuthInput{
		ClientId: app.UserPoolClient.ClientId, AuthFlow: idptypes.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": "Good-1234"},
	}))
	return *p.UserPool.Id, *app.UserPoolClient.ClientId, in.AuthenticationResult
}

func (s *site) authorizer(change func(*gw.CreateAuthorizerInput)) string {
	s.Helper()
	in := &gw.CreateAuthorizerInput{ApiId: &s.id, Name: new("who"), AuthorizerType: types.AuthorizerTypeRequest, IdentitySource: []string{"$request.header.Authorization"}}
	change(in)
	return *ok[*gw.CreateAuthorizerOutput](s.T)(s.CreateAuthorizer(s.Context(), in)).AuthorizerId
}

// by makes a route ask an authorizer.
func by(kind types.AuthorizationType, authorizer string, scopes ...string) func(*gw.CreateRouteInput) {
	return func(in *gw.CreateRouteInput) {
		in.AuthorizationType, in.AuthorizationScopes = kind, scopes
		if authorizer != "" {
			in.AuthorizerId = &authorizer
		}
	}
}

func TestTokensOfAUserPoolOpenARoute(t *testing.T) {
	s := published(t)
	pool, client, tokens := signedIn(s)
	// As it would be set up on AWS; the tokens name this cloud's own address.
	id := s.authorizer(func(in *gw.CreateAuthorizerInput) {
		in.AuthorizerType = types.AuthorizerTypeJwt
		in.JwtConfiguration = &types.JWTConfiguration{Issuer: new("https://cognito-idp.us-east-1.amazonaws.com/" + pool), Audience: []string{client}}
	})
	s.route("GET /me", s.toFunction("2.0", ""), by(types.AuthorizationTypeJwt, id))
	s.route("GET /admin", s.toBackend(""), by(types.AuthorizationTypeJwt, id, "admin/all"))
	s.route("GET /self", s.toBackend(""), by(types.AuthorizationTypeJwt, id, "x/y", "aws.cognito.signin.user.admin"))
	bearer := func(token string) []string { return []string{"Authorization", "Bearer " + token} }
	const unauthorized = `401 {"message":"Unauthorized"}`
	if h := s.says("GET", "/me", unauthorized).Header; h.Get("Www-Authenticate") != "Bearer" {
		t.Errorf("%v", h)
	}
	if h := s.says("GET", "/me", unauthorized, bearer(*tokens.IdToken+"x")...).Header; !strings.Contains(h.Get("Www-Authenticate"), `error="invalid_token"`) {
		t.Errorf("%v", h)
	}
	s.says("GET", "/me", "200", "Authorization", *tokens.AccessToken)
	_, body := s.send("GET", s.url+"/me", "", bearer(*tokens.IdToken)...)
	if !strings.Contains(body, `"jwt":{"claims":{`) || !strings.Contains(body, `"cognito:username":"ada"`) || !strings.Contains(body, `"scopes":null`) {
		t.Errorf("the function got %s", body)
	}
	s.says("GET", "/admin", `403 {"message":"Forbidden"}`, bearer(*tokens.AccessToken)...)
	s.says("GET", "/self", "200", bearer(*tokens.AccessToken)...)
	s.cloud.Advance(61 * time.Minute)
	if h := s.says("GET", "/me", unauthorized, bearer(*tokens.IdToken)...).Header; !strings.Contains(h.Get("Www-Authenticate"), "the token has expired") {
		t.Errorf("%v", h)
	}
}

func TestFunctionsAuthorize(t *testing.T) {
	s := published(t)
	uri := func(name, always string) *string {
		arn := functions.Function{Name: name, Caller: "apigateway.amazonaws.com", Always: always}.Create(t, s.cloud)
		return new("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations")
	}
	simple := func(name, answer string) string {
		return s.authorizer(func(in *gw.CreateAuthorizerInput) {
			in.Name, in.AuthorizerUri, in.AuthorizerPayloadFormatVersion, in.EnableSimpleResponses = &name, uri(name, answer), new("2.0"), new(true)
		})
	}
	policy := func(name, effect string) string {
		return s.authorizer(func(in *gw.CreateAuthorizerInput) {
			in.Name, in.AuthorizerPayloadFormatVersion, in.AuthorizerResultTtlInSeconds = &name, new("1.0"), new(int32(60))
			in.AuthorizerUri = uri(name, `{"Print":"asked","Answer":{"principalId":"ada","context":{"n":7},"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"`+effect+`","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:000000000000:`+s.id+`/$default/GET/two"}]}}}`)
		})
	}
	echo := s.toFunction("2.0", "")
	s.route("GET /one", echo, by(types.AuthorizationTypeCustom, simple("yes", `{"Answer":{"isAuthorized":true,"context":{"who":{"name":"ada"}}}}`)))
	s.route("GET /no", echo, by(types.AuthorizationTypeCustom, simple("no", `{"Answer":{"isAuthorized":false}}`)))
	s.route("GET /fails", echo, by(types.AuthorizationTypeCustom, simple("fails", `{"Fail":"oh"}`)))
	allow := policy("allow", "Allow")
	s.route("GET /two", echo, by(types.AuthorizationTypeCustom, allow))
	s.route("GET /three", echo, by(types.AuthorizationTypeCustom, allow))
	s.route("GET /deny", echo, by(types.AuthorizationTypeCustom, policy("deny", "Deny")))
	token := []string{"Authorization", "x"}
	s.says("GET", "/one", `401 {"message":"Unauthorized"}`)
	for path, want := range map[string]string{"/no": `403 {"message":"Forbidden"}`, "/deny": `403`, "/three": `403`, "/fails": `500 {"message":"Internal Server Error"}`} {
		s.says("GET", path, want, token...)
	}
	if _, body := s.send("GET", s.url+"/one", "", token...); !strings.Contains(body, `"authorizer":{"lambda":{"who":{"name":"ada"}}}`) {
		t.Errorf("the function got %s", body)
	}
	asked := func() int {
		found := ok[*cloudwatchlogs.FilterLogEventsOutput](t)(cloudwatchlogs.NewFromConfig(s.cloud.Config()).FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{
			LogGroupName: new("/aws/lambda/allow"), FilterPattern: new("asked"),
		}))
		return len(found.Events)
	}
	s.says("GET", "/two", "200", token...)
	if n := asked(); n != 1 { // for /three, with the same token
		t.Errorf("the authorizer was asked %d times within its minute", n)
	}
	s.says("GET", "/two", "200", "Authorization", "y")
	s.cloud.Advance(time.Minute)
	s.says("GET", "/two", "200", token...)
	if n := asked(); n != 3 {
		t.Errorf("the authorizer was asked %d times by two callers and after a minute", n)
	}
	ok[*gw.ResetAuthorizersCacheOutput](t)(s.ResetAuthorizersCache(t.Context(), &gw.ResetAuthorizersCacheInput{ApiId: &s.id, StageName: new("$default")}))
	s.says("GET", "/two", "200", token...)
	if n := asked(); n != 4 {
		t.Errorf("the authorizer was asked %d times: a reset forgets what it said", n)
	}
}

func TestSignaturesAreHeldAgainstPolicies(t *testing.T) {
	s := published(t)
	s.route("GET /{p}", s.toFunction("2.0", ""), by(types.AuthorizationTypeAwsIam, ""))
	users, ctx := iam.NewFromConfig(s.cloud.Config()), t.Context()
	ok[*iam.CreateUserOutput](t)(users.CreateUser(ctx, &iam.CreateUserInput{UserName: new("bob")}))
	ok[*iam.PutUserPolicyOutput](t)(users.PutUserPolicy(ctx, &iam.PutUserPolicyInput{
		UserName: new("bob"), PolicyName: new("one"),
		PolicyDocument: new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:*:` + s.id + `/$default/GET/one"}}`),
	}))
	key := ok[*iam.CreateAccessKeyOutput](t)(users.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: new("bob")})).AccessKey
	signed := func(path string) string {
		r, _ := http.NewRequestWithContext(ctx, "GET", s.url+path, nil)
		err := v4.NewSigner().SignHTTP(ctx, aws.Credentials{AccessKeyID: *key.AccessKeyId, SecretAccessKey: *key.SecretAccessKey}, r,
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "execute-api", "us-east-1", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		res, body := s.send("GET", s.url+path, "", "Authorization", r.Header.Get("Authorization"), "X-Amz-Date", r.Header.Get("X-Amz-Date"))
		return fmt.Sprint(res.StatusCode, " ", body)
	}
	const forbidden = `403 {"message":"Forbidden"}`
	s.says("GET", "/one", forbidden)
	if got := signed("/two"); got != forbidden {
		t.Errorf("another path: %s", got)
	}
	if got := signed("/one"); !strings.Contains(got, `"userArn":"arn:aws:iam::000000000000:user/bob"`) {
		t.Errorf("the function got %s", got)
	}
}

func TestAccessLogsTellOfRequests(t *testing.T) {
	s := published(t)
	s.stage("dev", func(in *gw.CreateStageInput) {
		in.AccessLogSettings = &types.AccessLogSettings{
			DestinationArn: new("arn:aws:logs:us-east-1:000000000000:log-group:/access"),
			Format:         new("$context.requestId $context.httpMethod $context.path $context.routeKey $context.status $context.integration.status $context.error.message $context.authorizer.claims.sub"),
		}
	})
	s.route("GET /{p}", s.toBackend("/{p}"))
	res := s.says("GET", "/dev/x", "200")
	none := s.says("POST", "/dev/x", "404")
	found := ok[*cloudwatchlogs.FilterLogEventsOutput](t)(cloudwatchlogs.NewFromConfig(s.cloud.Config()).FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: new("/access")}))
	var lines []string
	for _, e := range found.Events {
		lines = append(lines, *e.Message)
	}
	want := res.Header.Get("Apigw-Requestid") + " GET /dev/x GET /{p} 200 200 - -\n" + none.Header.Get("Apigw-Requestid") + " POST /dev/x - 404 - Not Found -"
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
