package apigateway_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func TestARequestFindsTheMostSpecificMethod(t *testing.T) {
	b := story(t)
	for _, p := range []string{"/", "/pets", "/pets/new", "/pets/{id}", "/pets/{id}/toys", "/files/{path+}"} {
		b.method("GET", p, mock())
		b.says("GET", p, "200", "", p+` $input.params('id')$input.params('path')`)
	}
	b.method("ANY", "/pets/{id}/{rest+}", mock())
	b.says("ANY", "/pets/{id}/{rest+}", "200", "", `any $context.httpMethod $input.params('rest')`)
	b.deploy()
	for path, want := range map[string]string{
		"": "/ ", "/": "/ ", "/pets": "/pets ", "/pets/": "/pets ", "/pets/new": "/pets/new ", "/pets/7": "/pets/{id} 7", "/pets/a%20b": "/pets/{id} a b",
		"/pets/7/toys": "/pets/{id}/toys 7", "/pets/7/x/y": "any GET x/y", "/files/a/b.txt": "/files/{path+} a/b.txt",
	} {
		b.answers(b.request("GET", b.url(path), ""), 200, want)
	}
	b.answers(b.request("POST", b.url("/pets/7/toys"), ""), 200, "any POST toys")
	const none = `{"message":"Missing Authentication Token"}`
	b.answers(b.request("GET", b.url("/nothing"), ""), 403, none)
	b.answers(b.request("GET", b.url("/files"), ""), 403, none)
	b.answers(b.request("POST", b.url("/pets"), ""), 403, none)
	b.answers(b.request("GET", strings.Replace(b.url("/pets"), "/dev/", "/prod/", 1), ""), 403, `{"message":"Forbidden"}`)
	for _, url := range []string{
		"http://" + *b.api + ".execute-api.us-east-1.amazonaws.com/dev/pets", "http://localhost:4566/restapis/" + *b.api + "/dev/_user_request_/pets",
		"http://localhost:4566/_aws/execute-api/" + *b.api + "/dev/pets",
	} {
		b.answers(b.request("GET", url, ""), 200, "/pets ")
	}
	res, _ := b.send(b.request("GET", b.url("/nothing"), ""))
	b.want("headers", spaced(res.Header.Get("X-Amzn-Errortype"), len(res.Header.Get("X-Amzn-Requestid")), len(res.Header.Get("X-Amz-Apigw-Id")), res.Header.Get("Content-Type")), "MissingAuthenticationTokenException 36 16 application/json")
}

func TestAStageServesWhatWasDeployed(t *testing.T) {
	b := story(t)
	b.method("GET", "/", mock())
	b.says("GET", "/", "200", "", "one")
	first := b.deploy()
	b.answers(b.request("GET", b.url("/"), ""), 200, "one")
	_, err := b.UpdateIntegrationResponse(b.Context(), &apigateway.UpdateIntegrationResponseInput{
		RestApiId: b.api, ResourceId: b.root, HttpMethod: aws.String("GET"), StatusCode: aws.String("200"),
		PatchOperations: []types.PatchOperation{op("replace", "/responseTemplates/application~1json", "two")},
	})
	b.ok(err)
	b.answers(b.request("GET", b.url("/"), ""), 200, "one")
	b.deploy()
	b.answers(b.request("GET", b.url("/"), ""), 200, "two")
	_, err = b.UpdateStage(b.Context(), &apigateway.UpdateStageInput{RestApiId: b.api, StageName: aws.String("dev"), PatchOperations: []types.PatchOperation{op("replace", "/deploymentId", *first)}})
	b.ok(err)
	b.answers(b.request("GET", b.url("/"), ""), 200, "one")
}

func TestMockIntegrationsChooseAResponse(t *testing.T) {
	b := story(t)
	in := mock()
	in.RequestTemplates["application/json"] = `{"statusCode": #if($input.params('fail') != "")503#{else}200#end}`
	b.method("GET", "/", in)
	b.says("GET", "/", "200", "", `{"stage":"$context.stage","color":"$stageVariables.color"}`)
	b.says("GET", "/", "500", `5\d\d`, `#set($context.responseOverride.status = 418)#set($context.responseOverride.header.X-Tea = "green"){"failed":true}`)
	b.deploy(func(in *apigateway.CreateDeploymentInput) { in.Variables = map[string]string{"color": "red"} })
	b.answers(b.request("GET", b.url("/"), ""), 200, `{"stage":"dev","color":"red"}`)
	res, body := b.send(b.request("GET", b.url("/?fail=1"), ""))
	b.want("overridden", spaced(res.StatusCode, res.Header.Get("X-Tea"), body), `418 green {"failed":true}`)
}

func TestBodiesOfOtherTypesPassOrAreRefused(t *testing.T) {
	for behavior, want := range map[string]int{"WHEN_NO_MATCH": 200, "WHEN_NO_TEMPLATES": 415, "NEVER": 415} {
		b := story(t)
		in := mock()
		in.PassthroughBehavior = aws.String(behavior)
		b.method("POST", "/", in)
		b.says("POST", "/", "200", "", "")
		b.deploy()
		res, _ := b.send(b.request("POST", b.url("/"), `{"statusCode":200}`, "Content-Type", "text/plain; charset=utf-8"))
		b.want(behavior, res.StatusCode, want)
		res, _ = b.send(b.request("POST", b.url("/"), `{}`, "Content-Type", "application/json"))
		b.want(behavior+" of a type that has a template", res.StatusCode, 200)
	}
}

func TestRequestsAreValidated(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	_, err := b.CreateModel(ctx, &apigateway.CreateModelInput{RestApiId: b.api, Name: aws.String("Bad"), ContentType: aws.String("application/json"), Schema: aws.String(`{"type":"nothing"}`)})
	b.refused(err, "BadRequestException", "Invalid model specified")
	_, err = b.CreateModel(ctx, &apigateway.CreateModelInput{RestApiId: b.api, Name: aws.String("Name"), ContentType: aws.String("application/json"), Schema: aws.String(`{"type":"string","minLength":2}`)})
	b.ok(err)
	ref := "https://apigateway.amazonaws.com/restapis/" + *b.api + "/models/Name"
	_, err = b.CreateModel(ctx, &apigateway.CreateModelInput{
		RestApiId: b.api, Name: aws.String("Pet"), ContentType: aws.String("application/json"),
		Schema: aws.String(`{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","required":["name"],"properties":{"name":{"$ref":"` + ref + `"}}}`),
	})
	b.ok(err)
	_, err = b.DeleteModel(ctx, &apigateway.DeleteModelInput{RestApiId: b.api, ModelName: aws.String("Name")})
	b.refused(err, "ConflictException", "Cannot delete model 'Name', is referenced in model 'Pet'")
	v, err := b.CreateRequestValidator(ctx, &apigateway.CreateRequestValidatorInput{RestApiId: b.api, Name: aws.String("all"), ValidateRequestBody: true, ValidateRequestParameters: true})
	b.ok(err)
	b.method("POST", "/", mock(), func(in *apigateway.PutMethodInput) {
		in.RequestValidatorId, in.RequestModels = v.Id, map[string]string{"application/json": "Pet"}
		in.RequestParameters = map[string]bool{"method.request.querystring.q": true, "method.request.header.X-H": true, "method.request.header.X-O": false}
	})
	b.says("POST", "/", "200", "", "good")
	b.deploy()
	b.answers(b.request("POST", b.url("/"), `{"name":"rex"}`), 400, `{"message":"Missing required request parameters: [X-H, q]"}`)
	b.answers(b.request("POST", b.url("/?q=1"), `{"name":"r"}`, "X-H", "1"), 400, `{"message":"Invalid request body"}`)
	b.answers(b.request("POST", b.url("/?q=1"), `{"name":`, "X-H", "1"), 400, `{"message":"Invalid request body"}`)
	b.answers(b.request("POST", b.url("/?q=1"), ``, "X-H", "1"), 400, `{"message":"Invalid request body"}`)
	b.answers(b.request("POST", b.url("/?q=1"), `{"name":"rex"}`, "X-H", "1"), 200, `good`)
}

func TestGatewayResponsesWordFailures(t *testing.T) {
	b := story(t)
	b.method("GET", "/", mock())
	b.says("GET", "/", "200", "", "")
	put := func(kind types.GatewayResponseType, status string, templates map[string]string) {
		_, err := b.PutGatewayResponse(b.Context(), &apigateway.PutGatewayResponseInput{
			RestApiId: b.api, ResponseType: kind, StatusCode: aws.String(status), ResponseTemplates: templates,
			ResponseParameters: map[string]string{"gatewayresponse.header.Access-Control-Allow-Origin": "'*'", "gatewayresponse.header.X-Path": "method.request.header.X-From"},
		})
		b.ok(err)
	}
	put(types.GatewayResponseTypeMissingAuthenticationToken, "404", map[string]string{"application/json": `{"error":$context.error.messageString,"kind":"$context.error.responseType","stage":"$context.stage"}`})
	b.deploy()
	res, body := b.send(b.request("GET", b.url("/nothing"), "", "X-From", "here"))
	b.want("worded", spaced(res.StatusCode, res.Header.Get("Access-Control-Allow-Origin"), res.Header.Get("X-Path"), body), `404 * here {"error":"Missing Authentication Token","kind":"MISSING_AUTHENTICATION_TOKEN","stage":"dev"}`)
	read, err := b.GetGatewayResponse(b.Context(), &apigateway.GetGatewayResponseInput{RestApiId: b.api, ResponseType: types.GatewayResponseTypeThrottled})
	b.ok(err)
	b.want("not configured", spaced(*read.StatusCode, read.DefaultResponse, read.ResponseTemplates["application/json"]), `429 true {"message":$context.error.messageString}`)
	_, err = b.DeleteGatewayResponse(b.Context(), &apigateway.DeleteGatewayResponseInput{RestApiId: b.api, ResponseType: types.GatewayResponseTypeMissingAuthenticationToken})
	b.ok(err)
	put(types.GatewayResponseTypeDefault4xx, "400", nil)
	b.deploy()
	b.answers(b.request("GET", b.url("/nothing"), ""), 400, `{"message":"Missing Authentication Token"}`)
}

func TestLongAnswersAreCompressed(t *testing.T) {
	b := story(t)
	_, err := b.UpdateRestApi(b.Context(), &apigateway.UpdateRestApiInput{RestApiId: b.api, PatchOperations: []types.PatchOperation{op("replace", "/minimumCompressionSize", "10")}})
	b.ok(err)
	in := mock()
	in.RequestTemplates["application/json"] = `{"statusCode":#if($input.path('$.n') == 1)200#{else}500#end}`
	b.method("POST", "/", in)
	b.says("POST", "/", "200", "200", "a long answer")
	b.says("POST", "/", "500", "", "short")
	b.deploy()
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write([]byte(`{"n":1}`))
	_ = w.Close()
	res, body := b.send(b.request("POST", b.url("/"), zipped.String(), "Content-Encoding", "gzip", "Accept-Encoding", "br, gzip"))
	plain, err := gzip.NewReader(strings.NewReader(body))
	b.ok(err)
	text, err := io.ReadAll(plain)
	b.ok(err)
	b.want("compressed", spaced(res.StatusCode, res.Header.Get("Content-Encoding"), string(text)), "200 gzip a long answer")
	res, body = b.send(b.request("POST", b.url("/"), `{"n":1}`, "Accept-Encoding", "identity"))
	b.want("not asked for", spaced(res.Header.Get("Content-Encoding"), body), " a long answer")
	res, body = b.send(b.request("POST", b.url("/"), `{}`, "Accept-Encoding", "gzip"))
	b.want("too short", spaced(res.Header.Get("Content-Encoding"), body), " short")
}

func TestBinaryBodies(t *testing.T) {
	b := story(t)
	_, err := b.UpdateRestApi(b.Context(), &apigateway.UpdateRestApiInput{RestApiId: b.api, PatchOperations: []types.PatchOperation{op("add", "/binaryMediaTypes/image~1png", ""), op("add", "/binaryMediaTypes/application~1octet-stream", "")}})
	b.ok(err)
	b.method("GET", "/", proxy(b.function("image", `{"Answer":{"statusCode":200,"headers":{"Content-Type":"image/png"},"body":"AP8=","isBase64Encoded":true}}`)))
	b.permit("image", "*")
	in := proxy(b.function("echo", ""))
	in.Type, in.ContentHandling = types.IntegrationTypeAws, types.ContentHandlingStrategyConvertToText
	b.permit("echo", "*")
	in.RequestTemplates = map[string]string{"image/png": `{"Answer":{"got":"$input.body"}}`}
	b.method("POST", "/", in)
	b.says("POST", "/", "200", "", "")
	b.deploy()
	b.answers(b.request("GET", b.url("/"), "", "Accept", "image/png, */*"), 200, "\x00\xff")
	b.answers(b.request("GET", b.url("/"), "", "Accept", "text/html"), 200, "AP8=")
	b.answers(b.request("POST", b.url("/"), "\x00\xff", "Content-Type", "image/png"), 200, `{"got":"AP8="}`)
}

func TestLongHeadersAreRefusedBeforeAllElse(t *testing.T) {
	b := story(t)
	b.method("GET", "/", mock(), func(in *apigateway.PutMethodInput) { in.AuthorizationType = aws.String("AWS_IAM") })
	b.method("GET", "/open", mock())
	b.says("GET", "/open", "200", "", "")
	b.deploy()
	b.answers(b.request("GET", b.url("/open"), "", "X-Long", strings.Repeat("x", 10000)), 200, "")
	for _, path := range []string{"/open", "/"} {
		b.answers(b.request("GET", b.url(path), "", "X-Long", strings.Repeat("x", 5000), "X-Long", strings.Repeat("x", 5241)), 431, `{"message":"HTTP header is larger than 10240 bytes."}`)
	}
}

func TestParametersAreMapped(t *testing.T) {
	b := story(t)
	in := proxy(b.function("echo", ""))
	in.Type = types.IntegrationTypeAws
	b.permit("echo", "*")
	in.RequestParameters = map[string]string{"integration.request.header.X-From-Body": "method.request.body.a.b"}
	in.RequestTemplates = map[string]string{"$default": `{"Answer":{"statusCode":"201","list":["x"]}}`}
	id := b.method("POST", "/", in)
	_, err := b.PutMethodResponse(b.Context(), &apigateway.PutMethodResponseInput{
		RestApiId: b.api, ResourceId: id, HttpMethod: aws.String("POST"), StatusCode: aws.String("200"),
		ResponseParameters: map[string]bool{"method.response.header.X-Status": true, "method.response.header.X-List": true, "method.response.header.X-Fixed": true, "method.response.header.X-Stage": true},
	})
	b.ok(err)
	put := func(parameters map[string]string) error {
		_, err := b.PutIntegrationResponse(b.Context(), &apigateway.PutIntegrationResponseInput{RestApiId: b.api, ResourceId: id, HttpMethod: aws.String("POST"), StatusCode: aws.String("200"), ResponseParameters: parameters})
		return err
	}
	b.refused(put(map[string]string{"method.response.header.X-None": "'a'"}), "BadRequestException", "Invalid mapping expression parameter specified: method.response.header.X-None")
	b.refused(put(map[string]string{"method.response.header.X-Fixed": "a"}), "BadRequestException", "Invalid mapping expression specified: a")
	b.ok(put(map[string]string{
		"method.response.header.X-Status": "integration.response.body.statusCode", "method.response.header.X-List": "integration.response.body.list[0]",
		"method.response.header.X-Fixed": "'it''s'", "method.response.header.X-Stage": "context.stage",
	}))
	b.deploy()
	res, body := b.send(b.request("POST", b.url("/"), `{"a":{"b":1}}`, "Content-Type", "text/csv"))
	h := res.Header
	b.want("mapped", spaced(res.StatusCode, h.Get("X-Status"), h.Get("X-List"), h.Get("X-Fixed"), h.Get("X-Stage"), h.Get("X-Amzn-Trace-Id") != "", body), `200 201 x it''s dev true {"statusCode":"201","list":["x"]}`)
	b.answers(b.request("POST", b.url("/"), `{"a":`), 400, `{"message":"Invalid JSON in request body"}`)
}

func TestLargeBodiesAreRefused(t *testing.T) {
	b := story(t)
	b.method("POST", "/", mock())
	b.says("POST", "/", "200", "", "in")
	b.deploy()
	b.answers(b.request("POST", b.url("/"), strings.Repeat("x", 10<<20)), 200, "in")
	b.answers(b.request("POST", b.url("/"), strings.Repeat("x", 10<<20+1)), 413, `{"message":"HTTP content length exceeded 10485760 bytes."}`)
}

func TestTemplatesFindHeadersInAnyCase(t *testing.T) {
	b := story(t)
	b.method("GET", "/", mock())
	b.says("GET", "/", "200", "", "$input.params('x-thing') $input.params('X-Thing') $input.params('x-none')")
	b.deploy()
	b.answers(b.request("GET", b.url("/"), "", "X-Thing", "v"), 200, "v v ")
}
