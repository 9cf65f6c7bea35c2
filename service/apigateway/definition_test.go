package apigateway_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func TestAPIIsMadeReadChangedListedAndDeleted(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	_, err := b.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("")})
	b.refused(err, "BadRequestException", "API name cannot be blank")
	b.want("id", len(*b.api), 10)
	changed, err := b.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{RestApiId: b.api, PatchOperations: []types.PatchOperation{
		op("replace", "/name", "store"), op("add", "/binaryMediaTypes/image~1png", ""), op("replace", "/endpointConfiguration/types/EDGE", "REGIONAL"),
		op("replace", "/minimumCompressionSize", "100"), op("replace", "/disableExecuteApiEndpoint", "true"),
	}})
	b.ok(err)
	b.want("changed", spaced(*changed.Name, changed.BinaryMediaTypes, changed.EndpointConfiguration.Types, *changed.MinimumCompressionSize, changed.DisableExecuteApiEndpoint), "store [image/png] [REGIONAL] 100 true")
	_, err = b.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{RestApiId: b.api, PatchOperations: []types.PatchOperation{op("add", "/name", "x")}})
	b.refused(err, "BadRequestException", "Invalid patch path  '/name' specified for op 'add'. Must be one of: [")
	_, err = b.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{RestApiId: b.api, PatchOperations: []types.PatchOperation{op("replace", "/name", "half"), op("replace", "/minimumCompressionSize", "-5")}})
	b.refused(err, "BadRequestException", "Invalid minimum compression size")
	read, err := b.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: b.api})
	b.ok(err)
	b.want("a refused change changes nothing", *read.Name, "store")
	for range 2 {
		_, err := b.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("more")})
		b.ok(err)
	}
	first, err := b.GetRestApis(ctx, &apigateway.GetRestApisInput{Limit: aws.Int32(2)})
	b.ok(err)
	second, err := b.GetRestApis(ctx, &apigateway.GetRestApisInput{Limit: aws.Int32(2), Position: first.Position})
	b.ok(err)
	b.want("pages", spaced(len(first.Items), len(second.Items), second.Position == nil), "2 1 true")
	_, err = b.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: b.api})
	b.ok(err)
	_, err = b.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: b.api})
	b.refused(err, "NotFoundException", "Invalid API identifier specified 000000000000:"+*b.api)
}

func TestResourcesKeepTheRulesOfPaths(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	create := func(parent *string, part string) (*string, error) {
		out, err := b.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: b.api, ParentId: parent, PathPart: &part})
		if err != nil {
			return nil, err
		}
		return out.Id, nil
	}
	pets := b.resource("/pets")
	_, err := create(b.root, "pets")
	b.refused(err, "ConflictException", "Another resource with the same parent already has this name: pets")
	_, err = create(pets, "a/b")
	b.refused(err, "BadRequestException", "Resource's path part only allow a-zA-Z0-9._-:")
	id, err := create(pets, "{id}")
	b.ok(err)
	_, err = create(pets, "{proxy+}")
	b.refused(err, "BadRequestException", "A sibling ({id}) of this resource already has a variable path part -- only one is allowed")
	greedy, err := create(id, "{rest+}")
	b.ok(err)
	_, err = create(greedy, "x")
	b.refused(err, "BadRequestException", "Cannot create a child of a resource with a greedy path variable: {rest+}")
	_, err = create(aws.String("nothere"), "x")
	b.refused(err, "NotFoundException", "Invalid Resource identifier specified")
	_, err = b.UpdateResource(ctx, &apigateway.UpdateResourceInput{RestApiId: b.api, ResourceId: pets, PatchOperations: []types.PatchOperation{op("replace", "/parentId", *id)}})
	b.refused(err, "BadRequestException", "Resources cannot be cyclical.")
	_, err = b.UpdateResource(ctx, &apigateway.UpdateResourceInput{RestApiId: b.api, ResourceId: pets, PatchOperations: []types.PatchOperation{op("replace", "/pathPart", "animals")}})
	b.ok(err)
	moved, err := b.GetResource(ctx, &apigateway.GetResourceInput{RestApiId: b.api, ResourceId: greedy})
	b.ok(err)
	b.want("a path below a renamed resource", *moved.Path, "/animals/{id}/{rest+}")
	_, err = b.DeleteResource(ctx, &apigateway.DeleteResourceInput{RestApiId: b.api, ResourceId: pets})
	b.ok(err)
	left, err := b.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: b.api})
	b.ok(err)
	b.want("left", spaced(len(left.Items), *left.Items[0].Path), "1 /")
	_, err = b.DeleteResource(ctx, &apigateway.DeleteResourceInput{RestApiId: b.api, ResourceId: b.root})
	b.refused(err, "BadRequestException", "Root resource cannot be deleted.")
}

func TestMethodsAndIntegrationsAreChecked(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	id := b.resource("/pets")
	put := func(change func(*apigateway.PutMethodInput)) error {
		in := &apigateway.PutMethodInput{RestApiId: b.api, ResourceId: id, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")}
		change(in)
		_, err := b.PutMethod(ctx, in)
		return err
	}
	b.refused(put(func(in *apigateway.PutMethodInput) { in.HttpMethod = aws.String("FETCH") }), "BadRequestException", "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY")
	b.refused(put(func(in *apigateway.PutMethodInput) { in.AuthorizationType = aws.String("CUSTOM") }), "BadRequestException", "Invalid authorizer ID specified.")
	b.refused(put(func(in *apigateway.PutMethodInput) { in.RequestValidatorId = aws.String("x") }), "BadRequestException", "Invalid Request Validator identifier specified")
	b.refused(put(func(in *apigateway.PutMethodInput) { in.RequestModels = map[string]string{"application/json": "Pet"} }), "BadRequestException", "Invalid model identifier specified: Pet")
	b.refused(put(func(in *apigateway.PutMethodInput) {
		in.RequestParameters = map[string]bool{"method.request.querystring.a": true, "method.request.header.a": true}
	}), "BadRequestException", "Parameter names must be unique across querystring, header and path")
	b.ok(put(func(in *apigateway.PutMethodInput) {
		in.RequestParameters = map[string]bool{"method.request.querystring.a": true}
	}))
	b.refused(put(func(*apigateway.PutMethodInput) {}), "ConflictException", "Method already exists for this resource")
	integrate := func(in apigateway.PutIntegrationInput) error {
		in.RestApiId, in.ResourceId, in.HttpMethod = b.api, id, aws.String("GET")
		_, err := b.PutIntegration(ctx, &in)
		return err
	}
	b.refused(integrate(apigateway.PutIntegrationInput{Type: types.IntegrationTypeHttp, IntegrationHttpMethod: aws.String("GET"), Uri: aws.String("ftp://x")}), "BadRequestException", "Invalid HTTP endpoint specified for URI")
	b.refused(integrate(apigateway.PutIntegrationInput{Type: types.IntegrationTypeAwsProxy, IntegrationHttpMethod: aws.String("POST"), Uri: aws.String("arn:aws:sqs:x")}), "BadRequestException", "Invalid ARN specified in the request")
	b.refused(integrate(apigateway.PutIntegrationInput{Type: types.IntegrationTypeMock, TimeoutInMillis: aws.Int32(10)}), "BadRequestException", "Timeout should be between 50 ms and 29000 ms")
	b.refused(integrate(apigateway.PutIntegrationInput{Type: types.IntegrationTypeMock, RequestParameters: map[string]string{"integration.request.header.x": "method.request.header.none"}}), "BadRequestException", "Invalid mapping expression specified")
	b.ok(integrate(apigateway.PutIntegrationInput{Type: types.IntegrationTypeMock, RequestParameters: map[string]string{"integration.request.header.x": "method.request.querystring.a"}}))
	read, err := b.GetIntegration(ctx, &apigateway.GetIntegrationInput{RestApiId: b.api, ResourceId: id, HttpMethod: aws.String("GET")})
	b.ok(err)
	b.want("defaults", spaced(*read.PassthroughBehavior, read.TimeoutInMillis, *read.CacheNamespace == *id), "WHEN_NO_MATCH 29000 true")
	_, err = b.PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{RestApiId: b.api, ResourceId: id, HttpMethod: aws.String("GET"), StatusCode: aws.String("200")})
	b.refused(err, "NotFoundException", "Invalid Response status code specified")
	_, err = b.UpdateMethod(ctx, &apigateway.UpdateMethodInput{RestApiId: b.api, ResourceId: id, HttpMethod: aws.String("GET"), PatchOperations: []types.PatchOperation{
		op("add", "/requestParameters/method.request.header.h", "true"), op("remove", "/requestParameters/method.request.querystring.a", ""), op("replace", "/apiKeyRequired", "true"),
	}})
	b.ok(err)
	method, err := b.GetMethod(ctx, &apigateway.GetMethodInput{RestApiId: b.api, ResourceId: id, HttpMethod: aws.String("GET")})
	b.ok(err)
	b.want("patched", spaced(method.RequestParameters, *method.ApiKeyRequired, method.MethodIntegration.Type), "map[method.request.header.h:true] true MOCK")
}

func TestStagesServeDeployments(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	_, err := b.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: b.api})
	b.refused(err, "BadRequestException", "The REST API doesn't contain any methods")
	b.method("GET", "/pets", mock())
	first := b.deploy(func(in *apigateway.CreateDeploymentInput) { in.Variables = map[string]string{"color": "red"} })
	_, err = b.CreateStage(ctx, &apigateway.CreateStageInput{RestApiId: b.api, StageName: aws.String("dev"), DeploymentId: first})
	b.refused(err, "ConflictException", "Stage already exists")
	_, err = b.CreateStage(ctx, &apigateway.CreateStageInput{RestApiId: b.api, StageName: aws.String("a b"), DeploymentId: first})
	b.refused(err, "BadRequestException", "Stage name only allows a-zA-Z0-9_")
	_, err = b.DeleteDeployment(ctx, &apigateway.DeleteDeploymentInput{RestApiId: b.api, DeploymentId: first})
	b.refused(err, "BadRequestException", "Active stages pointing to this deployment must be moved or deleted")
	_, err = b.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: b.api, StageName: aws.String("dev"), PatchOperations: []types.PatchOperation{op("replace", "/*/*/logging/loglevel", "INFO")}})
	b.refused(err, "BadRequestException", "CloudWatch Logs role ARN must be set in account settings to enable logging")
	b.logs()
	changed, err := b.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: b.api, StageName: aws.String("dev"), PatchOperations: []types.PatchOperation{
		op("replace", "/*/*/throttling/rateLimit", "5"), op("replace", "/~1pets/GET/logging/loglevel", "INFO"), op("replace", "/variables/size", "xl"), op("remove", "/variables/color", ""),
		op("replace", "/canarySettings/percentTraffic", "25"), op("add", "/canarySettings/stageVariableOverrides/size", "s"),
	}})
	b.ok(err)
	all, one := changed.MethodSettings["*/*"], changed.MethodSettings["~1pets/GET"]
	b.want("settings", spaced(all.ThrottlingRateLimit, all.ThrottlingBurstLimit, one.ThrottlingRateLimit, *one.LoggingLevel), "5 5000 5 INFO")
	b.want("variables", spaced(changed.Variables, changed.CanarySettings.StageVariableOverrides, *changed.CanarySettings.DeploymentId == *first), "map[size:xl] map[size:s] true")
	promoted, err := b.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: b.api, StageName: aws.String("dev"), PatchOperations: []types.PatchOperation{
		{Op: "copy", From: aws.String("/canarySettings/stageVariableOverrides"), Path: aws.String("/variables")}, {Op: "remove", Path: aws.String("/canarySettings")},
		{Op: "remove", Path: aws.String("/~1pets/GET")},
	}})
	b.ok(err)
	b.want("promoted", spaced(promoted.Variables, promoted.CanarySettings, len(promoted.MethodSettings)), "map[size:s] <nil> 1")
	_, err = b.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: b.api, StageName: aws.String("dev"), PatchOperations: []types.PatchOperation{op("replace", "/*/*/logging/nothing", "x")}})
	b.refused(err, "BadRequestException", "Invalid method setting path: /*/*/logging/nothing. Must be one of: [/deploymentId,")
	got, err := b.GetDeployment(ctx, &apigateway.GetDeploymentInput{RestApiId: b.api, DeploymentId: first, Embed: []string{"apisummary"}})
	b.ok(err)
	b.want("summary", *got.ApiSummary["/pets"]["GET"].AuthorizationType, "NONE")
	_, err = b.DeleteStage(ctx, &apigateway.DeleteStageInput{RestApiId: b.api, StageName: aws.String("dev")})
	b.ok(err)
	_, err = b.DeleteDeployment(ctx, &apigateway.DeleteDeploymentInput{RestApiId: b.api, DeploymentId: first})
	b.ok(err)
}

func TestRefusalsAreInAWSsWords(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	id := b.method("GET", "/", mock())
	update := func(kind types.Op, path, value string) error {
		_, err := b.UpdateMethod(ctx, &apigateway.UpdateMethodInput{RestApiId: b.api, ResourceId: id, HttpMethod: aws.String("GET"), PatchOperations: []types.PatchOperation{op(kind, path, value)}})
		return err
	}
	b.refused(update("replace", "/httpMethod", "POST"), "BadRequestException", "Invalid patch path /httpMethod")
	b.refused(update("remove", "/apiKeyRequired", ""), "BadRequestException", "Invalid patch operation specified. Must be one of: [replace]")
	b.ok(update("replace", "/apiKeyRequired", "whatever"))
	fake := aws.String("fakefakefa")
	_, err := b.GetMethod(ctx, &apigateway.GetMethodInput{RestApiId: fake, ResourceId: id, HttpMethod: aws.String("GET")})
	b.refused(err, "NotFoundException", "Invalid Resource identifier specified")
	_, err = b.GetModel(ctx, &apigateway.GetModelInput{RestApiId: fake, ModelName: aws.String("M")})
	b.refused(err, "NotFoundException", "Invalid model name specified: M")
	_, err = b.GetModels(ctx, &apigateway.GetModelsInput{RestApiId: fake})
	b.refused(err, "NotFoundException", "Invalid API identifier specified 000000000000:fakefakefa")
	_, err = b.CreateRequestValidator(ctx, &apigateway.CreateRequestValidatorInput{RestApiId: fake, Name: aws.String("v")})
	b.refused(err, "BadRequestException", "Invalid REST API identifier specified")
	v, err := b.CreateRequestValidator(ctx, &apigateway.CreateRequestValidatorInput{RestApiId: b.api, Name: aws.String("v")})
	b.ok(err)
	_, err = b.UpdateRequestValidator(ctx, &apigateway.UpdateRequestValidatorInput{RestApiId: b.api, RequestValidatorId: v.Id, PatchOperations: []types.PatchOperation{op("replace", "/x", "")}})
	b.refused(err, "BadRequestException", "Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/name, /validateRequestParameters, /validateRequestBody]")
	_, err = b.UpdateModel(ctx, &apigateway.UpdateModelInput{RestApiId: b.api, ModelName: aws.String("Empty"), PatchOperations: []types.PatchOperation{op("add", "/schema", "{}")}})
	b.refused(err, "BadRequestException", "Invalid patch path  '/schema' specified for op 'add'. Please choose supported operations")
	b.deploy()
	_, err = b.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: b.api, StageName: aws.String("dev"), PatchOperations: []types.PatchOperation{op("replace", "/documentation_version", "1")}})
	b.refused(err, "BadRequestException", "Invalid method setting path: /documentation_version. Must be one of: [/deploymentId, ")
}

func TestTagsOfAllThatHasThem(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	b.method("GET", "/", mock())
	b.deploy()
	key, err := b.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Name: aws.String("k"), Tags: map[string]string{"a": "1"}})
	b.ok(err)
	cert, err := b.GenerateClientCertificate(ctx, &apigateway.GenerateClientCertificateInput{})
	b.ok(err)
	if !strings.HasPrefix(*cert.PemEncodedCertificate, "-----BEGIN CERTIFICATE-----") {
		t.Errorf("certificate %q", *cert.PemEncodedCertificate)
	}
	for _, path := range []string{"/restapis/" + *b.api, "/restapis/" + *b.api + "/stages/dev", "/apikeys/" + *key.Id, "/clientcertificates/" + *cert.ClientCertificateId} {
		arn := aws.String("arn:aws:apigateway:us-east-1::" + path)
		_, err := b.TagResource(ctx, &apigateway.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "2", "b": "3"}})
		b.ok(err)
		_, err = b.UntagResource(ctx, &apigateway.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"b"}})
		b.ok(err)
		got, err := b.GetTags(ctx, &apigateway.GetTagsInput{ResourceArn: arn})
		b.ok(err)
		b.want(path, got.Tags, "map[a:2]")
	}
	_, err = b.TagResource(ctx, &apigateway.TagResourceInput{ResourceArn: aws.String("arn:aws:apigateway:us-east-1::/restapis/none"), Tags: map[string]string{"a": "2"}})
	b.refused(err, "NotFoundException", "Invalid ARN specified in the request")
}

func TestStagesAreLimited(t *testing.T) {
	b := story(t)
	b.method("GET", "/", mock())
	d := b.deploy()
	for i := range 9 {
		_, err := b.CreateStage(b.Context(), &apigateway.CreateStageInput{RestApiId: b.api, StageName: aws.String("s" + strconv.Itoa(i)), DeploymentId: d})
		b.ok(err)
	}
	_, err := b.CreateStage(b.Context(), &apigateway.CreateStageInput{RestApiId: b.api, StageName: aws.String("more"), DeploymentId: d})
	b.refused(err, "LimitExceededException", "Maximum number of stages for this API has been reached.")
}
