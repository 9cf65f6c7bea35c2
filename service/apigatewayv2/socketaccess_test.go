package apigatewayv2_test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	gw "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/gobwas/ws"

	functions "github.com/brume-cloud/brume/cloudtest/function"
)

// function makes a function that always does the same, and an integration with it.
func (c *chat) function(name, always string) string {
	c.Helper()
	arn := functions.Function{Name: name, Caller: "apigateway.amazonaws.com", Always: always}.Create(c.T, c.cloud)
	return *ok[*gw.CreateIntegrationOutput](c.T)(c.api.CreateIntegration(c.Context(), &gw.CreateIntegrationInput{
		ApiId: c.id, IntegrationType: types.IntegrationTypeAwsProxy,
		IntegrationUri: new("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations"),
	})).IntegrationId
}

func TestFunctionsAnswerMessages(t *testing.T) {
	c := newChat(t)
	c.lead("$connect", c.function("connect", `{"Answer":{"statusCode":200,"headers":{"Sec-WebSocket-Protocol":"second"}}}`), false)
	c.lead("ask", c.function("ask", `{"Answer":{"statusCode":200,"body":"well"}}`), true)
	c.lead("fail", c.function("fail", `{"Fail":"oh"}`), true)
	c.lead("nothing", c.function("nothing", `{"Answer":null}`), false)
	c.deploy()
	d := ws.Dialer{NetDial: c.toCloud, Protocols: []string{"first", "second"}, Timeout: 20 * time.Second}
	conn, _, hs, err := d.Dial(t.Context(), "ws://"+c.host()+"/prod")
	if err != nil || hs.Protocol != "second" {
		t.Fatalf("protocol %q, %v", hs.Protocol, err)
	}
	defer conn.Close()
	for action, want := range map[string]string{"ask": "well", "fail": `{"message": "Internal server error"`, "nothing": `{"message": "Internal server error"`} {
		c.say(conn, `{"action":"`+action+`"}`)
		if got := c.told(conn); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", action, got, want)
		}
	}
}

func TestErrorsOfFunctionsChooseTheResponse(t *testing.T) {
	c := newChat(t)
	arn := functions.Function{Name: "f", Caller: "apigateway.amazonaws.com"}.Create(t, c.cloud)
	i := ok[*gw.CreateIntegrationOutput](t)(c.api.CreateIntegration(t.Context(), &gw.CreateIntegrationInput{ApiId: c.id, IntegrationType: types.IntegrationTypeAws, IntegrationUri: &arn})).IntegrationId
	ok[*gw.CreateIntegrationResponseOutput](t)(c.api.CreateIntegrationResponse(t.Context(), &gw.CreateIntegrationResponseInput{
		ApiId: c.id, IntegrationId: i, IntegrationResponseKey: new("/no .*/"), ResponseTemplates: map[string]string{"$default": `sorry: $input.path('$.errorMessage')`},
	}))
	c.lead("$default", *i, true)
	c.deploy()
	conn := c.connect()
	for text, want := range map[string]string{
		`{"Answer":{"a":1}}`: `{"a":1}`, `{"Fail":"no bread"}`: "sorry: no bread", `{"Fail":"oh"}`: `{"message": "Internal server error"`,
	} {
		c.say(conn, text)
		if got := c.told(conn); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestAuthorizerDecidesAboutConnections(t *testing.T) {
	c := newChat(t)
	policy := func(effect string) string {
		return `{"Answer":{"principalId":"ada","context":{"team":"blue"},"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/prod/$connect"}]}}}`
	}
	authorizer := func(name, always string) *string {
		arn := functions.Function{Name: name, Caller: "apigateway.amazonaws.com", Always: always}.Create(t, c.cloud)
		return ok[*gw.CreateAuthorizerOutput](t)(c.api.CreateAuthorizer(t.Context(), &gw.CreateAuthorizerInput{
			ApiId: c.id, Name: &name, AuthorizerType: types.AuthorizerTypeRequest, IdentitySource: []string{"route.request.querystring.key"},
			AuthorizerUri: new("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations"),
		})).AuthorizerId
	}
	i := ok[*gw.CreateIntegrationOutput](t)(c.api.CreateIntegration(t.Context(), &gw.CreateIntegrationInput{
		ApiId: c.id, IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: new("POST"), IntegrationUri: &c.backend.URL,
		RequestParameters: map[string]string{"integration.request.header.Route": "context.authorizer.team"},
	})).IntegrationId
	c.lead("$connect", *i, false, func(in *gw.CreateRouteInput) {
		in.AuthorizationType, in.AuthorizerId = types.AuthorizationTypeCustom, authorizer("allows", policy("Allow"))
	})
	c.lead("$default", *i, false)
	c.deploy()
	conn, err := c.dial("ws://"+c.host()+"/prod?key=k", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.hear()
	c.say(conn, "x")
	if h := c.hear(); h.route != "blue" {
		t.Errorf("the message knows %q of the authorizer", h.route)
	}
	refused := func(url string, status ws.StatusError) {
		t.Helper()
		var got ws.StatusError
		if _, err := c.dial(url, nil); !errors.As(err, &got) || got != status {
			t.Errorf("%v, want %d", err, status)
		}
	}
	refused("ws://"+c.host()+"/prod", 401)
	route := ok[*gw.GetRoutesOutput](t)(c.api.GetRoutes(t.Context(), &gw.GetRoutesInput{ApiId: c.id})).Items
	for name, k := range map[string]struct {
		always string
		status ws.StatusError
	}{
		"denies":  {policy("Deny"), 403},
		"nobody":  {`{"Fail":"Unauthorized"}`, 401},
		"broken":  {`{"Fail":"oh"}`, 500},
		"garbage": {`{"Answer":{}}`, 500},
	} {
		id := authorizer(name, k.always)
		for _, r := range route {
			if *r.RouteKey == "$connect" {
				ok[*gw.UpdateRouteOutput](t)(c.api.UpdateRoute(t.Context(), &gw.UpdateRouteInput{ApiId: c.id, RouteId: r.RouteId, AuthorizerId: id}))
			}
		}
		refused("ws://"+c.host()+"/prod?key=k", k.status)
	}
}

func TestPoliciesHoldForConnections(t *testing.T) {
	c := newChat(t)
	c.route("$default", false)
	c.deploy()
	conn := c.connect()
	c.say(conn, "x")
	id := c.hear().connection
	users := iam.NewFromConfig(c.cloud.Config())
	ok[*iam.CreateUserOutput](t)(users.CreateUser(t.Context(), &iam.CreateUserInput{UserName: new("ann")}))
	key := ok[*iam.CreateAccessKeyOutput](t)(users.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: new("ann")})).AccessKey
	ann := func() error {
		m := apigatewaymanagementapi.NewFromConfig(c.cloud.As(*key.AccessKeyId, *key.SecretAccessKey, ""), func(o *apigatewaymanagementapi.Options) {
			o.BaseEndpoint, o.HTTPClient = new("http://"+c.host()+"/prod"), &http.Client{Transport: &http.Transport{DialContext: c.toCloud}}
		})
		_, err := m.PostToConnection(t.Context(), &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id, Data: []byte("x")})
		return err
	}
	wants(t, ann(), "ForbiddenException", "") // its model has no message
	_, err := users.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: new("ann"), PolicyName: new("p"), PolicyDocument: new(
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"execute-api:ManageConnections","Resource":"arn:aws:execute-api:us-east-1:000000000000:` + *c.id + `/prod/POST/@connections/*"}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := ann(); err != nil {
		t.Errorf("allowed: %v", err)
	}
	_, err = gw.NewFromConfig(c.cloud.As(*key.AccessKeyId, *key.SecretAccessKey, "")).GetRoutes(t.Context(), &gw.GetRoutesInput{ApiId: c.id})
	wants(t, err, "AccessDeniedException", "apigateway:GET on resource: arn:aws:apigateway:us-east-1::/apis/"+*c.id+"/routes")
}

func TestConnectionsGoByTLSAndByCustomDomains(t *testing.T) {
	c := newChat(t)
	c.route("$default", false)
	c.deploy()
	d := newDomain(t, c.api, "chat.example.com").DomainName
	ok[*gw.CreateApiMappingOutput](t)(c.api.CreateApiMapping(t.Context(), &gw.CreateApiMappingInput{DomainName: d, ApiId: c.id, Stage: new("prod"), ApiMappingKey: new("v1/talk")}))
	for _, url := range []string{"wss://" + c.host() + "/prod", "ws://chat.example.com/v1/talk", "wss://" + *c.id + ".execute-api.us-east-1.amazonaws.com/prod"} {
		dialer := ws.Dialer{NetDial: c.toCloud, Timeout: 20 * time.Second, TLSConfig: &tls.Config{InsecureSkipVerify: true}}
		conn, _, _, err := dialer.Dial(t.Context(), url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		c.say(conn, "x")
		if h := c.hear(); h.body != "x" {
			t.Errorf("%s: %+v", url, h)
		}
		conn.Close()
	}
	if _, err := c.dial("ws://chat.example.com/v2", nil); err == nil {
		t.Error("a path that is not mapped leads to the API")
	}
}

func TestRoutesAreThrottled(t *testing.T) {
	c := newChat(t)
	c.route("$default", false)
	ok[*gw.CreateStageOutput](t)(c.api.CreateStage(t.Context(), &gw.CreateStageInput{
		ApiId: c.id, StageName: new("prod"), AutoDeploy: new(true), DefaultRouteSettings: &types.RouteSettings{ThrottlingBurstLimit: new(int32(1)), ThrottlingRateLimit: new(0.001)},
	}))
	conn := c.connect()
	c.say(conn, "1")
	c.hear()
	c.say(conn, "2")
	var said struct{ Message string }
	if got := c.told(conn); json.Unmarshal([]byte(got), &said) != nil || said.Message != "Too Many Requests" {
		t.Error(got)
	}
}

func TestExchangesAreLogged(t *testing.T) {
	c := newChat(t)
	c.route("$connect", false)
	c.route("send", false)
	logs := cloudwatchlogs.NewFromConfig(c.cloud.Config())
	ok[*cloudwatchlogs.CreateLogGroupOutput](t)(logs.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: new("chat")}))
	ok[*gw.CreateStageOutput](t)(c.api.CreateStage(t.Context(), &gw.CreateStageInput{ApiId: c.id, StageName: new("prod"), AutoDeploy: new(true), AccessLogSettings: &types.AccessLogSettings{
		DestinationArn: new("arn:aws:logs:us-east-1:000000000000:log-group:chat"), Format: new("$context.requestId $context.eventType $context.routeKey $context.status $context.integration.status $context.connectedAt"),
	}}))
	conn := c.connect()
	c.hear()
	for _, action := range []string{"send", "other", "send"} { // what comes after a message tells that it is done with
		c.say(conn, `{"action":"`+action+`"}`)
	}
	c.told(conn)
	c.hear()
	c.hear()
	want := []string{"CONNECT $connect 200 200", "MESSAGE send 200 200", "MESSAGE - 403 -"}
	var got []string
	for _, e := range ok[*cloudwatchlogs.FilterLogEventsOutput](t)(logs.FilterLogEvents(t.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: new("chat")})).Events {
		f := strings.Fields(*e.Message)
		got = append(got, strings.Join(f[1:5], " "))
		if len(f[5]) != 13 { // milliseconds
			t.Errorf("connected at %s", f[5])
		}
	}
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("%q, want %q first", got, want)
	}
}
