package apigatewayv2_test

import (
	"fmt"
	"testing"

	gw "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

const function = "arn:aws:lambda:us-east-1:000000000000:function:pets"

// newWebSocketAPI makes a WebSocket API, and returns its id.
func newWebSocketAPI(t *testing.T, c *gw.Client) *string {
	t.Helper()
	return ok[*gw.CreateApiOutput](t)(c.CreateApi(t.Context(), &gw.CreateApiInput{
		Name: new("chat"), ProtocolType: types.ProtocolTypeWebsocket, RouteSelectionExpression: new("$request.body.action"),
	})).ApiId
}

// newIntegration adds an integration with a function, and returns its id.
func newIntegration(t *testing.T, c *gw.Client, api *string) string {
	t.Helper()
	return *ok[*gw.CreateIntegrationOutput](t)(c.CreateIntegration(t.Context(), &gw.CreateIntegrationInput{
		ApiId: api, IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: new(function), PayloadFormatVersion: new("2.0"),
	})).IntegrationId
}

// newRoute adds a route, and returns its id.
func newRoute(t *testing.T, c *gw.Client, api *string, key string) *string {
	t.Helper()
	return ok[*gw.CreateRouteOutput](t)(c.CreateRoute(t.Context(), &gw.CreateRouteInput{ApiId: api, RouteKey: &key})).RouteId
}

func TestQuickCreateMakesRouteIntegrationAndStage(t *testing.T) {
	_, c := start(t)
	api := ok[*gw.CreateApiOutput](t)(c.CreateApi(t.Context(), &gw.CreateApiInput{Name: new("a"), ProtocolType: types.ProtocolTypeHttp, Target: new(function)})).ApiId
	r := ok[*gw.GetRoutesOutput](t)(c.GetRoutes(t.Context(), &gw.GetRoutesInput{ApiId: api})).Items
	i := ok[*gw.GetIntegrationsOutput](t)(c.GetIntegrations(t.Context(), &gw.GetIntegrationsInput{ApiId: api})).Items
	st := ok[*gw.GetStagesOutput](t)(c.GetStages(t.Context(), &gw.GetStagesInput{ApiId: api})).Items
	if len(r) != 1 || len(i) != 1 || len(st) != 1 {
		t.Fatalf("%d routes, %d integrations, %d stages", len(r), len(i), len(st))
	}
	if *r[0].RouteKey != "$default" || !*r[0].ApiGatewayManaged || *r[0].Target != "integrations/"+*i[0].IntegrationId {
		t.Errorf("route %+v", r[0])
	}
	if i[0].IntegrationType != types.IntegrationTypeAwsProxy || *i[0].PayloadFormatVersion != "2.0" || *i[0].IntegrationUri != function {
		t.Errorf("integration %+v", i[0])
	}
	if *st[0].StageName != "$default" || !*st[0].AutoDeploy || st[0].DeploymentId == nil {
		t.Errorf("stage %+v", st[0])
	}
	ok[*gw.UpdateApiOutput](t)(c.UpdateApi(t.Context(), &gw.UpdateApiInput{ApiId: api, Target: new("https://example.com/x"), RouteKey: new("GET /x")}))
	r = ok[*gw.GetRoutesOutput](t)(c.GetRoutes(t.Context(), &gw.GetRoutesInput{ApiId: api})).Items
	i = ok[*gw.GetIntegrationsOutput](t)(c.GetIntegrations(t.Context(), &gw.GetIntegrationsInput{ApiId: api})).Items
	if *r[0].RouteKey != "GET /x" || i[0].IntegrationType != types.IntegrationTypeHttpProxy {
		t.Errorf("after the update: %+v, %+v", r[0], i[0])
	}
}

func TestRouteKeysAreChecked(t *testing.T) {
	_, c := start(t)
	api := newAPI(t, c)
	for _, key := range []string{"$default", "GET /", "ANY /pets", "GET /pets/{id}", "ANY /files/{proxy+}", "GET /a/{b}/c.json"} {
		newRoute(t, c, api, key)
	}
	for key, want := range map[string]struct{ code, text string }{
		"pets":                  {"BadRequestException", "is not formatted properly for HTTP protocol"},
		"FETCH /pets":           {"BadRequestException", "is not formatted properly for HTTP protocol"},
		"GET pets":              {"BadRequestException", "is not formatted properly for HTTP protocol"},
		"GET /{a}.json":         {"BadRequestException", "One or more path parts appear to be invalid"},
		"GET /{proxy+}/x":       {"BadRequestException", "greedy path variable must be the last"},
		"GET /{id}/{id}":        {"BadRequestException", "more than once"},
		"GET /pets/{id}":        {"ConflictException", "Route with key GET /pets/{id} already exists for this API"},
		"GET /pets/{name}/toys": {"ConflictException", `has a conflicting variable on the same hierarchical level as "GET /pets/{id}"`},
	} {
		_, err := c.CreateRoute(t.Context(), &gw.CreateRouteInput{ApiId: api, RouteKey: &key})
		wants(t, err, want.code, want.text)
	}
	_, err := c.CreateRoute(t.Context(), &gw.CreateRouteInput{ApiId: api, RouteKey: new("GET /t"), Target: new("integrations/nothere")})
	wants(t, err, "NotFoundException", "Invalid Integration identifier specified nothere")
	_, err = c.CreateRoute(t.Context(), &gw.CreateRouteInput{ApiId: api, RouteKey: new("GET /t"), AuthorizationType: types.AuthorizationTypeJwt})
	wants(t, err, "BadRequestException", "Setting the authorization type to JWT requires a valid JWT authorizer.")
}

func TestPartsThatAreReferredToStay(t *testing.T) {
	_, c := start(t)
	api := newAPI(t, c)
	i := newIntegration(t, c, api)
	z := ok[*gw.CreateAuthorizerOutput](t)(c.CreateAuthorizer(t.Context(), &gw.CreateAuthorizerInput{
		ApiId: api, AuthorizerType: types.AuthorizerTypeJwt, Name: new("people"), IdentitySource: []string{"$request.header.Authorization"},
		JwtConfiguration: &types.JWTConfiguration{Issuer: new("https://example.com"), Audience: []string{"me"}},
	})).AuthorizerId
	r := ok[*gw.CreateRouteOutput](t)(c.CreateRoute(t.Context(), &gw.CreateRouteInput{
		ApiId: api, RouteKey: new("GET /"), Target: new("integrations/" + i), AuthorizationType: types.AuthorizationTypeJwt, AuthorizerId: z, AuthorizationScopes: []string{"read"},
	})).RouteId
	_, err := c.DeleteIntegration(t.Context(), &gw.DeleteIntegrationInput{ApiId: api, IntegrationId: &i})
	wants(t, err, "ConflictException", "referenced by Route 'GET /'")
	_, err = c.DeleteAuthorizer(t.Context(), &gw.DeleteAuthorizerInput{ApiId: api, AuthorizerId: z})
	wants(t, err, "ConflictException", "referenced by route")
	out := ok[*gw.UpdateRouteOutput](t)(c.UpdateRoute(t.Context(), &gw.UpdateRouteInput{ApiId: api, RouteId: r, AuthorizationType: types.AuthorizationTypeNone}))
	if out.AuthorizerId != nil || len(out.AuthorizationScopes) > 0 {
		t.Errorf("the route still has authorizer %v and scopes %v", out.AuthorizerId, out.AuthorizationScopes)
	}
	ok[*gw.DeleteAuthorizerOutput](t)(c.DeleteAuthorizer(t.Context(), &gw.DeleteAuthorizerInput{ApiId: api, AuthorizerId: z}))
	ok[*gw.DeleteRouteOutput](t)(c.DeleteRoute(t.Context(), &gw.DeleteRouteInput{ApiId: api, RouteId: r}))
	ok[*gw.DeleteIntegrationOutput](t)(c.DeleteIntegration(t.Context(), &gw.DeleteIntegrationInput{ApiId: api, IntegrationId: &i}))
}

func TestStageFollowsChangesOnlyWithAutoDeploy(t *testing.T) {
	_, c := start(t)
	api := newAPI(t, c)
	newRoute(t, c, api, "GET /")
	auto := ok[*gw.CreateStageOutput](t)(c.CreateStage(t.Context(), &gw.CreateStageInput{ApiId: api, StageName: new("$default"), AutoDeploy: new(true)}))
	manual := ok[*gw.CreateStageOutput](t)(c.CreateStage(t.Context(), &gw.CreateStageInput{ApiId: api, StageName: new("prod")}))
	if auto.DeploymentId == nil || manual.DeploymentId != nil {
		t.Fatalf("deployments %v and %v", auto.DeploymentId, manual.DeploymentId)
	}
	newRoute(t, c, api, "GET /b")
	deployment := func(stage string) *string {
		return ok[*gw.GetStageOutput](t)(c.GetStage(t.Context(), &gw.GetStageInput{ApiId: api, StageName: &stage})).DeploymentId
	}
	if now := deployment("$default"); *now == *auto.DeploymentId {
		t.Error("the new route is not deployed")
	}
	if deployment("prod") != nil {
		t.Error("a stage without auto-deploy was deployed to")
	}
	n := ok[*gw.CreateDeploymentOutput](t)(c.CreateDeployment(t.Context(), &gw.CreateDeploymentInput{ApiId: api, StageName: new("prod")}))
	if now := deployment("prod"); *now != *n.DeploymentId || n.DeploymentStatus != types.DeploymentStatusDeployed {
		t.Errorf("prod has %s, want %s", *now, *n.DeploymentId)
	}
	_, err := c.DeleteDeployment(t.Context(), &gw.DeleteDeploymentInput{ApiId: api, DeploymentId: n.DeploymentId})
	wants(t, err, "BadRequestException", "Active stages pointing to this deployment must be moved or deleted")
	_, err = c.CreateDeployment(t.Context(), &gw.CreateDeploymentInput{ApiId: api, StageName: new("other")})
	wants(t, err, "NotFoundException", "Invalid stage identifier specified")
	_, err = c.CreateDeployment(t.Context(), &gw.CreateDeploymentInput{ApiId: newAPI(t, c)})
	wants(t, err, "BadRequestException", "Unable to deploy API because no routes exist in this API")
	_, err = c.CreateDeployment(t.Context(), &gw.CreateDeploymentInput{ApiId: newWebSocketAPI(t, c)})
	wants(t, err, "BadRequestException", "At least one route is required before deploying the Api.")
}

func TestResponsesAndModelsAreForWebSocketAPIs(t *testing.T) {
	_, c := start(t)
	http, ws := newAPI(t, c), newWebSocketAPI(t, c)
	_, err := c.CreateModel(t.Context(), &gw.CreateModelInput{ApiId: http, Name: new("m"), Schema: new("{}")})
	wants(t, err, "BadRequestException", "only supported for WebSocket APIs")
	r := newRoute(t, c, ws, "send")
	mock := ok[*gw.CreateIntegrationOutput](t)(c.CreateIntegration(t.Context(), &gw.CreateIntegrationInput{ApiId: ws, IntegrationType: types.IntegrationTypeMock})).IntegrationId
	rr := ok[*gw.CreateRouteResponseOutput](t)(c.CreateRouteResponse(t.Context(), &gw.CreateRouteResponseInput{ApiId: ws, RouteId: r, RouteResponseKey: new("$default")}))
	ir := ok[*gw.CreateIntegrationResponseOutput](t)(c.CreateIntegrationResponse(t.Context(), &gw.CreateIntegrationResponseInput{ApiId: ws, IntegrationId: mock, IntegrationResponseKey: new("/200/")}))
	m := ok[*gw.CreateModelOutput](t)(c.CreateModel(t.Context(), &gw.CreateModelInput{ApiId: ws, Name: new("m"), Schema: new(`{"type":"object"}`)}))
	if got := ok[*gw.GetModelsOutput](t)(c.GetModels(t.Context(), &gw.GetModelsInput{ApiId: ws})).Items; len(got) != 1 || *got[0].ModelId != *m.ModelId {
		t.Errorf("models %+v", got)
	}
	_, err = c.CreateModel(t.Context(), &gw.CreateModelInput{ApiId: ws, Name: new("n"), Schema: new("{")})
	wants(t, err, "BadRequestException", "Invalid model specified")
	_, err = c.CreateRouteResponse(t.Context(), &gw.CreateRouteResponseInput{ApiId: ws, RouteId: r, RouteResponseKey: new("$default")})
	wants(t, err, "ConflictException", "already exists")
	if got := ok[*gw.GetRouteResponsesOutput](t)(c.GetRouteResponses(t.Context(), &gw.GetRouteResponsesInput{ApiId: ws, RouteId: r})).Items; len(got) != 1 || *got[0].RouteResponseId != *rr.RouteResponseId {
		t.Errorf("route responses %+v", got)
	}
	if got := ok[*gw.GetIntegrationResponsesOutput](t)(c.GetIntegrationResponses(t.Context(), &gw.GetIntegrationResponsesInput{ApiId: ws, IntegrationId: mock})).Items; len(got) != 1 || *got[0].IntegrationResponseId != *ir.IntegrationResponseId {
		t.Errorf("integration responses %+v", got)
	}
}

// newDomain makes a domain.
func newDomain(t *testing.T, c *gw.Client, name string) *gw.CreateDomainNameOutput {
	t.Helper()
	return ok[*gw.CreateDomainNameOutput](t)(c.CreateDomainName(t.Context(), &gw.CreateDomainNameInput{
		DomainName:               &name,
		DomainNameConfigurations: []types.DomainNameConfiguration{{CertificateArn: new("arn:aws:acm:us-east-1:000000000000:certificate/x"), EndpointType: types.EndpointTypeRegional}},
	}))
}

func TestDomainsLeadToStages(t *testing.T) {
	cloud, c := start(t)
	api := newAPI(t, c)
	ok[*gw.CreateStageOutput](t)(c.CreateStage(t.Context(), &gw.CreateStageInput{ApiId: api, StageName: new("prod")}))
	d := newDomain(t, c, "api.example.com")
	if len(d.DomainNameConfigurations) != 1 || d.DomainNameConfigurations[0].DomainNameStatus != types.DomainNameStatusAvailable || *d.ApiMappingSelectionExpression != "$request.basepath" {
		t.Errorf("%+v", d)
	}
	_, err := c.CreateDomainName(t.Context(), &gw.CreateDomainNameInput{DomainName: d.DomainName, DomainNameConfigurations: d.DomainNameConfigurations})
	wants(t, err, "ConflictException", "The domain name you provided already exists.")
	m := ok[*gw.CreateApiMappingOutput](t)(c.CreateApiMapping(t.Context(), &gw.CreateApiMappingInput{DomainName: d.DomainName, ApiId: api, Stage: new("prod"), ApiMappingKey: new("pets/v1")}))
	for key, want := range map[string]struct{ code, text string }{
		"pets/v1": {"ConflictException", "ApiMapping key already exists for this domain name"},
		"/pets":   {"BadRequestException", "API mapping key should not start with a '/'"},
	} {
		_, err := c.CreateApiMapping(t.Context(), &gw.CreateApiMappingInput{DomainName: d.DomainName, ApiId: api, Stage: new("prod"), ApiMappingKey: &key})
		wants(t, err, want.code, want.text)
	}
	_, err = c.DeleteApi(t.Context(), &gw.DeleteApiInput{ApiId: api})
	wants(t, err, "BadRequestException", "Please remove all API mappings")
	_, err = gw.NewFromConfig(cloud.Config("eu-west-1")).GetDomainName(t.Context(), &gw.GetDomainNameInput{DomainName: d.DomainName})
	wants(t, err, "NotFoundException", "Invalid domain name identifier specified")
	ok[*gw.DeleteApiMappingOutput](t)(c.DeleteApiMapping(t.Context(), &gw.DeleteApiMappingInput{DomainName: d.DomainName, ApiMappingId: m.ApiMappingId}))
	ok[*gw.DeleteApiOutput](t)(c.DeleteApi(t.Context(), &gw.DeleteApiInput{ApiId: api}))
	ok[*gw.DeleteDomainNameOutput](t)(c.DeleteDomainName(t.Context(), &gw.DeleteDomainNameInput{DomainName: d.DomainName}))
}

func TestTagsAreOnEveryResourceThatHasThem(t *testing.T) {
	_, c := start(t)
	api := newAPI(t, c)
	ok[*gw.CreateStageOutput](t)(c.CreateStage(t.Context(), &gw.CreateStageInput{ApiId: api, StageName: new("$default")}))
	newDomain(t, c, "api.example.com")
	link := ok[*gw.CreateVpcLinkOutput](t)(c.CreateVpcLink(t.Context(), &gw.CreateVpcLinkInput{Name: new("l"), SubnetIds: []string{"subnet-1"}})).VpcLinkId
	for _, path := range []string{"/apis/" + *api, "/apis/" + *api + "/stages/$default", "/domainnames/api.example.com", "/vpclinks/" + *link} {
		arn := "arn:aws:apigateway:us-east-1::" + path
		ok[*gw.TagResourceOutput](t)(c.TagResource(t.Context(), &gw.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "1", "b": "2"}}))
		ok[*gw.UntagResourceOutput](t)(c.UntagResource(t.Context(), &gw.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a"}}))
		if got := ok[*gw.GetTagsOutput](t)(c.GetTags(t.Context(), &gw.GetTagsInput{ResourceArn: &arn})).Tags; fmt.Sprint(got) != "map[b:2]" {
			t.Errorf("%s: tags %v", path, got)
		}
	}
}
