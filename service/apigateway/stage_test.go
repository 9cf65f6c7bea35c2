package apigateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/brume-cloud/brume/cloudtest"
)

// set changes the stage dev.
func (b *bench) set(ops ...types.PatchOperation) {
	b.Helper()
	_, err := b.UpdateStage(b.Context(), &apigateway.UpdateStageInput{RestApiId: b.api, StageName: aws.String("dev"), PatchOperations: ops})
	b.ok(err)
}

// logs gives the account a role to write logs with.
func (b *bench) logs() {
	b.Helper()
	_, err := b.UpdateAccount(b.Context(), &apigateway.UpdateAccountInput{PatchOperations: []types.PatchOperation{op("replace", "/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/none")}})
	b.refused(err, "BadRequestException", "The role ARN does not have required permissions configured")
	_, err = b.UpdateAccount(b.Context(), &apigateway.UpdateAccountInput{PatchOperations: []types.PatchOperation{op("replace", "/cloudwatchRoleArn", b.role("scribe", "apigateway", "logs:*"))}})
	b.ok(err)
}

func TestStagesWriteLogs(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	b.method("GET", "/pets/{id}", mock())
	b.says("GET", "/pets/{id}", "200", "", "pet")
	b.deploy()
	b.logs()
	logs := cwl.NewFromConfig(b.cloud.Config())
	_, err := logs.CreateLogGroup(ctx, &cwl.CreateLogGroupInput{LogGroupName: aws.String("access")})
	b.ok(err)
	b.set(op("replace", "/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:000000000000:log-group:access"),
		op("replace", "/accessLogSettings/format", `$context.requestId $context.httpMethod $context.resourcePath $context.status $context.error.message $context.responseLength`),
		op("replace", "/*/*/logging/loglevel", "INFO"), op("replace", "/*/*/logging/dataTrace", "true"))
	good, _ := b.send(b.request("GET", b.url("/pets/7"), ""))
	bad, _ := b.send(b.request("GET", b.url("/nothing"), ""))
	read := func(group string) string {
		out, err := logs.FilterLogEvents(ctx, &cwl.FilterLogEventsInput{LogGroupName: &group})
		b.ok(err)
		var text strings.Builder
		for _, e := range out.Events {
			text.WriteString(*e.Message + "\n")
		}
		return text.String()
	}
	b.want("access log", read("access"), good.Header.Get("X-Amzn-Requestid")+" GET /pets/{id} 200 - 3\n"+bad.Header.Get("X-Amzn-Requestid")+" GET - 403 Missing Authentication Token 42\n")
	execution := read("API-Gateway-Execution-Logs_" + *b.api + "/dev")
	for _, line := range []string{"HTTP Method: GET, Resource Path: /pets/7", "Method request path: {id=7}", "Method response body after transformations: pet", "Method completed with status: 200"} {
		if !strings.Contains(execution, "("+good.Header.Get("X-Amzn-Requestid")+") "+line) {
			t.Errorf("the execution log has no line %q: %s", line, execution)
		}
	}
}

func TestStagesCacheAnswers(t *testing.T) {
	b := story(t)
	in := mock()
	in.CacheKeyParameters = []string{"method.request.querystring.k"}
	b.method("GET", "/", in, func(in *apigateway.PutMethodInput) {
		in.RequestParameters = map[string]bool{"method.request.querystring.k": false}
	})
	b.says("GET", "/", "200", "", "$context.requestId")
	b.deploy()
	get := func(query string, headers ...string) string {
		_, body := b.send(b.request("GET", b.url("/"+query), "", headers...))
		return body
	}
	if get("") == get("") {
		t.Error("an answer was cached without a cache")
	}
	b.set(op("replace", "/cacheClusterEnabled", "true"), op("replace", "/*/*/caching/enabled", "true"), op("replace", "/*/*/caching/ttlInSeconds", "60"))
	first := get("?k=1")
	b.want("the same key", get("?k=1&other=2"), first)
	if get("?k=2") == first {
		t.Error("another key got the cached answer")
	}
	res, body := b.send(b.request("GET", b.url("/?k=1"), "", "Cache-Control", "max-age=0"))
	b.want("who may not invalidate", spaced(body == first, res.Header.Get("Warning") != ""), "true true")
	b.set(op("replace", "/*/*/caching/requireAuthorizationForCacheControl", "false"))
	second := get("?k=1", "Cache-Control", "max-age=0")
	if second == first {
		t.Error("max-age=0 got the cached answer")
	}
	b.want("the new answer is cached", get("?k=1"), second)
	b.cloud.Advance(time.Minute)
	third := get("?k=1")
	if third == second {
		t.Error("an answer outlived its time")
	}
	_, err := b.FlushStageCache(b.Context(), &apigateway.FlushStageCacheInput{RestApiId: b.api, StageName: aws.String("dev")})
	b.ok(err)
	if get("?k=1") == third {
		t.Error("an answer survived the flush")
	}
}

func TestCanariesTakeTheirPart(t *testing.T) {
	b := story(t)
	b.method("GET", "/", mock())
	b.says("GET", "/", "200", "", "$stageVariables.color $context.isCanaryRequest")
	b.deploy(func(in *apigateway.CreateDeploymentInput) { in.Variables = map[string]string{"color": "red"} })
	_, err := b.UpdateIntegrationResponse(b.Context(), &apigateway.UpdateIntegrationResponseInput{
		RestApiId: b.api, ResourceId: b.root, HttpMethod: aws.String("GET"), StatusCode: aws.String("200"),
		PatchOperations: []types.PatchOperation{op("replace", "/responseTemplates/application~1json", "new $stageVariables.color $context.isCanaryRequest")},
	})
	b.ok(err)
	canary := b.deploy(func(in *apigateway.CreateDeploymentInput) {
		in.CanarySettings = &types.DeploymentCanarySettings{PercentTraffic: 50, StageVariableOverrides: map[string]string{"color": "blue"}}
	})
	seen := map[string]int{}
	for range 100 {
		_, body := b.send(b.request("GET", b.url("/"), ""))
		seen[body]++
	}
	if len(seen) != 2 || seen["red false"] < 20 || seen["new blue true"] < 20 {
		t.Errorf("half of the requests are the canary's: %v", seen)
	}
	b.set(op("replace", "/canarySettings/percentTraffic", "0"))
	b.answers(b.request("GET", b.url("/"), ""), 200, "red false")
	b.set(types.PatchOperation{Op: "copy", From: aws.String("/canarySettings/deploymentId"), Path: aws.String("/deploymentId")}, types.PatchOperation{Op: "remove", Path: aws.String("/canarySettings")})
	b.answers(b.request("GET", b.url("/"), ""), 200, "new red false")
	st, err := b.GetStage(b.Context(), &apigateway.GetStageInput{RestApiId: b.api, StageName: aws.String("dev")})
	b.ok(err)
	b.want("promoted", *st.DeploymentId, *canary)
}

func TestAnAPISurvivesARestart(t *testing.T) {
	b := story(t, cloudtest.Dir(t.TempDir()))
	b.method("GET", "/", mock())
	b.says("GET", "/", "200", "", "$context.apiId")
	b.deploy()
	b.cloud.Restart()
	b.answers(b.request("GET", b.url("/"), ""), 200, *b.api)
}

func TestAPIsAreFoundInTheirRegionAlone(t *testing.T) {
	b := story(t)
	b.method("GET", "/", mock())
	b.says("GET", "/", "200", "", "in")
	b.deploy()
	b.answers(b.request("GET", b.url("/"), ""), 200, "in")
	res, body := b.send(b.request("GET", strings.Replace(b.url("/"), "us-east-1", "eu-west-1", 1), ""))
	if res.StatusCode == 200 {
		t.Errorf("the API is in another region, too: %s", body)
	}
	other := apigateway.NewFromConfig(b.cloud.Config("eu-west-1"))
	_, err := other.GetRestApi(b.Context(), &apigateway.GetRestApiInput{RestApiId: b.api})
	b.refused(err, "NotFoundException", "Invalid API identifier specified")
}
