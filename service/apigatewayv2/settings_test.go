package apigatewayv2_test

import (
	"fmt"
	"testing"

	gw "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

func TestIntegrationsOfHTTPAPIsAreChecked(t *testing.T) {
	_, c := start(t)
	api := newAPI(t, c)
	good := func() *gw.CreateIntegrationInput {
		return &gw.CreateIntegrationInput{
			ApiId: api, IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: new("ANY"), IntegrationUri: new("https://example.com/{proxy}"), PayloadFormatVersion: new("1.0"),
			RequestParameters:  map[string]string{"overwrite:path": "/x/$request.path.proxy", "append:header.a": "$context.requestId", "remove:querystring.q": "''"},
			ResponseParameters: map[string]map[string]string{"403": {"overwrite:statuscode": "404", "append:header.x": "${response.header.y} of ${stageVariables.z}"}},
		}
	}
	ok[*gw.CreateIntegrationOutput](t)(c.CreateIntegration(t.Context(), good()))
	for name, change := range map[string]func(in *gw.CreateIntegrationInput){
		"may only be associated with proxy":            func(in *gw.CreateIntegrationInput) { in.IntegrationType = types.IntegrationTypeMock },
		"PayloadFormatVersion is a required parameter": func(in *gw.CreateIntegrationInput) { in.PayloadFormatVersion = nil },
		"support 1.0 only":                             func(in *gw.CreateIntegrationInput) { in.PayloadFormatVersion = new("2.0") },
		"Invalid HTTP endpoint":                        func(in *gw.CreateIntegrationInput) { in.IntegrationUri = new("example.com") },
		"greater than or equal to 50":                  func(in *gw.CreateIntegrationInput) { in.TimeoutInMillis = new(int32(49)) },
		"less than or equal to 30000":                  func(in *gw.CreateIntegrationInput) { in.TimeoutInMillis = new(int32(30001)) },
		"Operations on header Via": func(in *gw.CreateIntegrationInput) {
			in.RequestParameters = map[string]string{"append:header.Via": "x"}
		},
		"expression specified: prefix:header.x": func(in *gw.CreateIntegrationInput) { in.RequestParameters = map[string]string{"prefix:header.x": "x"} },
		"expression specified: $request.cookie": func(in *gw.CreateIntegrationInput) {
			in.RequestParameters = map[string]string{"append:header.x": "$request.cookie"}
		},
		"Invalid status code": func(in *gw.CreateIntegrationInput) {
			in.ResponseParameters = map[string]map[string]string{"99": {"overwrite:statuscode": "200"}}
		},
		"ConnectionId must be set":    func(in *gw.CreateIntegrationInput) { in.ConnectionType = types.ConnectionTypeVpcLink },
		"must be a valid Lambda":      func(in *gw.CreateIntegrationInput) { in.IntegrationType = types.IntegrationTypeAwsProxy },
		"IntegrationSubtype is only":  func(in *gw.CreateIntegrationInput) { in.IntegrationSubtype = new("SQS-SendMessage") },
		"Templates, passthrough":      func(in *gw.CreateIntegrationInput) { in.RequestTemplates = map[string]string{"a": "b"} },
		"parameters were missing for": service("SQS-SendMessage", map[string]string{"QueueUrl": "http://localhost/q"}),
		"Invalid IntegrationSubtype":  service("SQS-AddPermission", nil),
		"Invalid request parameter":   service("SQS-PurgeQueue", map[string]string{"QueueUrl": "http://localhost/q", "MessageBody": "b"}),
	} {
		in := good()
		change(in)
		_, err := c.CreateIntegration(t.Context(), in)
		wants(t, err, "BadRequestException", name)
	}
	in := good()
	service("SQS-SendMessage", map[string]string{"QueueUrl": "http://localhost/q", "MessageBody": "$request.body", "Region": "us-east-1"})(in)
	ok[*gw.CreateIntegrationOutput](t)(c.CreateIntegration(t.Context(), in))
}

// service makes an integration lead to an action of a service.
func service(subtype string, parameters map[string]string) func(*gw.CreateIntegrationInput) {
	return func(in *gw.CreateIntegrationInput) {
		in.IntegrationType, in.IntegrationSubtype, in.RequestParameters, in.ResponseParameters = types.IntegrationTypeAwsProxy, &subtype, parameters, nil
		in.CredentialsArn, in.IntegrationUri = new("arn:aws:iam::000000000000:role/r"), nil
	}
}

func TestParametersAreRemovedByAnEmptyValue(t *testing.T) {
	_, c := start(t)
	api := newAPI(t, c)
	made := ok[*gw.CreateIntegrationOutput](t)(c.CreateIntegration(t.Context(), &gw.CreateIntegrationInput{
		ApiId: api, IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: new("GET"), IntegrationUri: new("https://example.com"), PayloadFormatVersion: new("1.0"),
		RequestParameters: map[string]string{"append:header.a": "1", "append:header.b": "2"},
	}))
	out := ok[*gw.UpdateIntegrationOutput](t)(c.UpdateIntegration(t.Context(), &gw.UpdateIntegrationInput{
		ApiId: api, IntegrationId: made.IntegrationId, RequestParameters: map[string]string{"append:header.a": ""}, TimeoutInMillis: new(int32(100)),
	}))
	if fmt.Sprint(out.RequestParameters) != "map[append:header.b:2]" || *out.TimeoutInMillis != 100 || *out.IntegrationMethod != "GET" {
		t.Errorf("%+v", out)
	}
}

func TestAuthorizersAreChecked(t *testing.T) {
	_, c := start(t)
	api := newAPI(t, c)
	good := func() *gw.CreateAuthorizerInput {
		return &gw.CreateAuthorizerInput{
			ApiId: api, Name: new("a"), AuthorizerType: types.AuthorizerTypeRequest, AuthorizerPayloadFormatVersion: new("2.0"), EnableSimpleResponses: new(true),
			AuthorizerUri:                new("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + function + "/invocations"),
			AuthorizerResultTtlInSeconds: new(int32(300)), IdentitySource: []string{"$request.header.Authorization", "$request.querystring.q"},
		}
	}
	ok[*gw.CreateAuthorizerOutput](t)(c.CreateAuthorizer(t.Context(), good()))
	for name, change := range map[string]func(in *gw.CreateAuthorizerInput){
		"is a required parameter for REQUEST": func(in *gw.CreateAuthorizerInput) { in.AuthorizerPayloadFormatVersion = nil },
		"Invalid Authorizer URI":              func(in *gw.CreateAuthorizerInput) { in.AuthorizerUri = new("https://example.com") },
		"only supported for AuthorizerPay":    func(in *gw.CreateAuthorizerInput) { in.AuthorizerPayloadFormatVersion = new("1.0") },
		"less than or equal to 3600":          func(in *gw.CreateAuthorizerInput) { in.AuthorizerResultTtlInSeconds = new(int32(3601)) },
		"At least one identity source":        func(in *gw.CreateAuthorizerInput) { in.IdentitySource = []string{} },
		"Invalid identity source":             func(in *gw.CreateAuthorizerInput) { in.IdentitySource = []string{"$request.cookie.a"} },
		"with an issuer must be":              func(in *gw.CreateAuthorizerInput) { in.AuthorizerType = types.AuthorizerTypeJwt },
	} {
		in := good()
		change(in)
		_, err := c.CreateAuthorizer(t.Context(), in)
		wants(t, err, "BadRequestException", name)
	}
}

func TestStagesAreChecked(t *testing.T) {
	_, c := start(t)
	api := newAPI(t, c)
	newRoute(t, c, api, "GET /")
	good := func(name string) *gw.CreateStageInput {
		return &gw.CreateStageInput{
			ApiId: api, StageName: &name, StageVariables: map[string]string{"host": "example.com/a?b=c"},
			DefaultRouteSettings: &types.RouteSettings{ThrottlingBurstLimit: new(int32(10)), ThrottlingRateLimit: new(5.5)},
			RouteSettings:        map[string]types.RouteSettings{"GET /": {ThrottlingRateLimit: new(1.0)}},
			AccessLogSettings:    &types.AccessLogSettings{DestinationArn: new("arn:aws:logs:us-east-1:000000000000:log-group:api"), Format: new("$context.requestId $context.status")},
		}
	}
	st := ok[*gw.CreateStageOutput](t)(c.CreateStage(t.Context(), good("prod")))
	if *st.DefaultRouteSettings.DetailedMetricsEnabled || *st.DefaultRouteSettings.ThrottlingRateLimit != 5.5 || st.CreatedDate == nil {
		t.Errorf("%+v", st)
	}
	const wrong, missing = "BadRequestException", "NotFoundException"
	for name, want := range map[string]struct {
		code   string
		change func(in *gw.CreateStageInput)
	}{
		"Stage already exists":           {"ConflictException", func(in *gw.CreateStageInput) { in.StageName = new("prod") }},
		"Stage name only allows":         {wrong, func(in *gw.CreateStageInput) { in.StageName = new("a b") }},
		"Stage variables may only":       {wrong, func(in *gw.CreateStageInput) { in.StageVariables = map[string]string{"a-b": "c"} }},
		"Execution logs are not":         {wrong, func(in *gw.CreateStageInput) { in.DefaultRouteSettings.LoggingLevel = types.LoggingLevelInfo }},
		"Unable to find Route by key":    {missing, func(in *gw.CreateStageInput) { in.RouteSettings = map[string]types.RouteSettings{"GET /a": {}} }},
		"Invalid ARN specified":          {wrong, func(in *gw.CreateStageInput) { in.AccessLogSettings.DestinationArn = new("logs") }},
		"Access Log format must be":      {wrong, func(in *gw.CreateStageInput) { in.AccessLogSettings.Format = new("$context.status") }},
		"Deployment id does not exist":   {wrong, func(in *gw.CreateStageInput) { in.DeploymentId = new("abcdef") }},
		"Deployment ID cannot be set on": {wrong, func(in *gw.CreateStageInput) { in.DeploymentId, in.AutoDeploy = new("abcdef"), new(true) }},
	} {
		in := good("other")
		want.change(in)
		_, err := c.CreateStage(t.Context(), in)
		wants(t, err, want.code, name)
	}
	ok[*gw.DeleteRouteSettingsOutput](t)(c.DeleteRouteSettings(t.Context(), &gw.DeleteRouteSettingsInput{ApiId: api, StageName: new("prod"), RouteKey: new("GET /")}))
	ok[*gw.DeleteAccessLogSettingsOutput](t)(c.DeleteAccessLogSettings(t.Context(), &gw.DeleteAccessLogSettingsInput{ApiId: api, StageName: new("prod")}))
	ok[*gw.ResetAuthorizersCacheOutput](t)(c.ResetAuthorizersCache(t.Context(), &gw.ResetAuthorizersCacheInput{ApiId: api, StageName: new("prod")}))
	got := ok[*gw.GetStageOutput](t)(c.GetStage(t.Context(), &gw.GetStageInput{ApiId: api, StageName: new("prod")}))
	if len(got.RouteSettings) > 0 || got.AccessLogSettings != nil {
		t.Errorf("after the deletions: %+v", got)
	}
}
