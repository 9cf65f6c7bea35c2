package apigateway_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// keyed makes an API whose method GET / needs a key, and a plan with its stage.
func (b *bench) keyed(throttle *types.ThrottleSettings, quota *types.QuotaSettings) (plan string) {
	b.Helper()
	b.authorized(func(in *apigateway.PutMethodInput) { in.ApiKeyRequired = true }, "$context.identity.apiKey")
	p, err := b.CreateUsagePlan(b.Context(), &apigateway.CreateUsagePlanInput{Name: aws.String("gold"), ApiStages: []types.ApiStage{{ApiId: b.api, Stage: aws.String("dev")}}, Throttle: throttle, Quota: quota})
	b.ok(err)
	return *p.Id
}

// key makes a key, in a plan if one is named.
func (b *bench) key(name, plan string) (id, value string) {
	b.Helper()
	k, err := b.CreateApiKey(b.Context(), &apigateway.CreateApiKeyInput{Name: &name, Enabled: true})
	b.ok(err)
	if plan != "" {
		_, err = b.CreateUsagePlanKey(b.Context(), &apigateway.CreateUsagePlanKeyInput{UsagePlanId: &plan, KeyId: k.Id, KeyType: aws.String("API_KEY")})
		b.ok(err)
	}
	return *k.Id, *k.Value
}

func (b *bench) withKey(value string) (status int, body string) {
	b.Helper()
	res, body := b.send(b.request("GET", b.url("/"), "", "X-Api-Key", value))
	return res.StatusCode, body
}

func TestKeysLetIn(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	plan := b.keyed(nil, nil)
	id, value := b.key("in", plan)
	_, stray := b.key("out", "")
	b.answers(b.request("GET", b.url("/"), ""), 403, `{"message":"Forbidden"}`)
	b.want("a key of no plan", spaced(b.withKey(stray)), `403 {"message":"Forbidden"}`)
	b.want("a key of the plan", spaced(b.withKey(value)), `200 `+value)
	_, err := b.UpdateApiKey(ctx, &apigateway.UpdateApiKeyInput{ApiKey: &id, PatchOperations: []types.PatchOperation{op("replace", "/enabled", "false")}})
	b.ok(err)
	b.want("switched off", spaced(b.withKey(value)), `403 {"message":"Forbidden"}`)
	_, err = b.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Value: aws.String("short")})
	b.refused(err, "BadRequestException", "API Key value should be at least 20 characters")
	_, err = b.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Value: &value})
	b.refused(err, "ConflictException", "API Key already exists")
	list, err := b.GetApiKeys(ctx, &apigateway.GetApiKeysInput{NameQuery: aws.String("in"), IncludeValues: aws.Bool(true)})
	b.ok(err)
	b.want("listed", spaced(len(list.Items), *list.Items[0].Value == value), "1 true")
	_, err = b.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: b.api})
	b.refused(err, "BadRequestException", "it is associated with usage plan")
	_, err = b.DeleteUsagePlan(ctx, &apigateway.DeleteUsagePlanInput{UsagePlanId: &plan})
	b.refused(err, "BadRequestException", "associated API stages")
	_, err = b.UpdateUsagePlan(ctx, &apigateway.UpdateUsagePlanInput{UsagePlanId: &plan, PatchOperations: []types.PatchOperation{op("remove", "/apiStages", *b.api+":dev")}})
	b.ok(err)
	_, err = b.DeleteUsagePlan(ctx, &apigateway.DeleteUsagePlanInput{UsagePlanId: &plan})
	b.ok(err)
}

func TestRatesOfPlansAndStages(t *testing.T) {
	b := story(t)
	plan := b.keyed(&types.ThrottleSettings{RateLimit: 0.001, BurstLimit: 3}, nil)
	_, value := b.key("a", plan)
	_, other := b.key("b", plan)
	const tooMany = `429 {"message":"Too Many Requests"}`
	for range 3 {
		b.want("within the burst", spaced(b.withKey(value)), "200 "+value)
	}
	b.want("beyond the burst", spaced(b.withKey(value)), tooMany)
	b.want("another key", spaced(b.withKey(other)), "200 "+other)
	b.cloud.Advance(1001 * time.Second)
	b.want("one more is there", spaced(b.withKey(value)), "200 "+value)
	b.want("and no other", spaced(b.withKey(value)), tooMany)
	changed, err := b.UpdateUsagePlan(b.Context(), &apigateway.UpdateUsagePlanInput{UsagePlanId: &plan, PatchOperations: []types.PatchOperation{
		op("replace", "/throttle/burstLimit", "100"), op("replace", "/throttle/rateLimit", "100"),
		op("replace", "/apiStages/"+*b.api+":dev/throttle//GET/rateLimit", "0.001"), op("replace", "/apiStages/"+*b.api+":dev/throttle//GET/burstLimit", "1"),
	}})
	b.ok(err)
	b.want("of the method", changed.ApiStages[0].Throttle["/GET"].BurstLimit, 1)
	_, err = b.UpdateStage(b.Context(), &apigateway.UpdateStageInput{RestApiId: b.api, StageName: aws.String("dev"), PatchOperations: []types.PatchOperation{
		op("replace", "/*/*/throttling/burstLimit", "2"), op("replace", "/*/*/throttling/rateLimit", "0.001"),
	}})
	b.ok(err)
	_, third := b.key("c", plan)
	b.cloud.Advance(time.Hour)
	b.want("the stage has two", spaced(b.withKey(value)), "200 "+value)
	b.want("the stage has one", spaced(b.withKey(other)), "200 "+other)
	b.want("the stage has none", spaced(b.withKey(third)), tooMany)
}

func TestQuotasEndWithTheirPeriod(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	_, err := b.CreateUsagePlan(ctx, &apigateway.CreateUsagePlanInput{Name: aws.String("x"), Quota: &types.QuotaSettings{Limit: 1, Offset: 7, Period: types.QuotaPeriodTypeWeek}})
	b.refused(err, "BadRequestException", "Usage Plan quota offset must be between zero and six inclusive in the WEEK period")
	plan := b.keyed(nil, &types.QuotaSettings{Limit: 2, Period: types.QuotaPeriodTypeDay})
	id, value := b.key("a", plan)
	day := func() string { return b.cloud.Clock().Now().UTC().Format("2006-01-02") }
	for range 2 {
		b.want("within the quota", spaced(b.withKey(value)), "200 "+value)
	}
	b.want("beyond the quota", spaced(b.withKey(value)), `429 {"message":"Limit Exceeded"}`)
	usage, err := b.GetUsage(ctx, &apigateway.GetUsageInput{UsagePlanId: &plan, StartDate: aws.String(day()), EndDate: aws.String(day())})
	b.ok(err)
	b.want("usage", usage.Items[id], "[[2 0]]")
	_, err = b.UpdateUsage(ctx, &apigateway.UpdateUsageInput{UsagePlanId: &plan, KeyId: &id, PatchOperations: []types.PatchOperation{op("replace", "/remaining", "1")}})
	b.ok(err)
	b.want("extended", spaced(b.withKey(value)), "200 "+value)
	b.want("used up again", spaced(b.withKey(value)), `429 {"message":"Limit Exceeded"}`)
	b.cloud.Advance(24 * time.Hour)
	b.want("the next day", spaced(b.withKey(value)), "200 "+value)
}

func TestKeysAreImported(t *testing.T) {
	b := story(t)
	plan := b.keyed(nil, nil)
	body := "Name,key,enabled,usageplanIds\nfirst,abcdefghijklmnopqrst1,TRUE,\"" + plan + ",none\"\nsecond,abcdefghijklmnopqrst2,FALSE,\n"
	out, err := b.ImportApiKeys(b.Context(), &apigateway.ImportApiKeysInput{Body: []byte(body), Format: types.ApiKeysFormatCsv})
	b.ok(err)
	b.want("made", spaced(len(out.Ids), len(out.Warnings)), "2 1")
	b.want("lets in", spaced(b.withKey("abcdefghijklmnopqrst1")), "200 abcdefghijklmnopqrst1")
	b.want("is off", spaced(b.withKey("abcdefghijklmnopqrst2")), `403 {"message":"Forbidden"}`)
	lines, err := b.cloud.System().Usage(b.Context())
	b.ok(err)
	for _, l := range lines {
		if l.Service == "apigateway" && l.Dimension == "ApiGatewayRequest" && l.Amount == 1 {
			return
		}
	}
	t.Errorf("one request is paid for: %v", lines)
}
