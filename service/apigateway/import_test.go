package apigateway_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const petShop = `
openapi: "3.0.1"
info: {title: pets, version: "1.0"}
servers:
  - url: https://example.com/{basePath}
    variables: {basePath: {default: /v1/shop}}
x-amazon-apigateway-request-validators:
  body: {validateRequestBody: true, validateRequestParameters: false}
x-amazon-apigateway-request-validator: body
x-amazon-apigateway-binary-media-types: [image/png]
x-amazon-apigateway-gateway-responses:
  BAD_REQUEST_BODY:
    statusCode: 422
    responseTemplates: {application/json: '{"why":"$context.error.validationErrorString"}'}
components:
  schemas:
    Name: {type: string, minLength: 2}
    Pet:
      type: object
      required: [name]
      properties: {name: {$ref: '#/components/schemas/Name'}}
  securitySchemes:
    key: {type: apiKey, name: x-api-key, in: header}
    sig: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4}
paths:
  /pets/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
    post:
      operationId: savePet
      requestBody:
        content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}
      responses:
        200: {description: ok, headers: {X-Id: {schema: {type: string}}}, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode":200}'}
        passthroughBehavior: when_no_templates
        responses:
          default: {statusCode: "200", responseTemplates: {application/json: saved}, responseParameters: {method.response.header.X-Id: "'7'"}}
    x-amazon-apigateway-any-method:
      security: [{sig: []}]
      x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: '{"statusCode":200}'}, responses: {default: {statusCode: 200}}}
  /keyed:
    get:
      security: [{key: []}]
      x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: '{"statusCode":200}'}, responses: {default: {statusCode: 200}}}
`

func (b *bench) paths() string {
	b.Helper()
	all, err := b.GetResources(b.Context(), &apigateway.GetResourcesInput{RestApiId: b.api, Limit: aws.Int32(100), Embed: []string{"methods"}})
	b.ok(err)
	found := map[string]string{}
	for _, r := range all.Items {
		for name, m := range r.ResourceMethods {
			found[*r.Path+" "+name] = *m.AuthorizationType + " " + string(m.MethodIntegration.Type)
		}
	}
	return spaced(found)
}

func TestAnAPIIsImportedServedAndExported(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	_, err := b.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte("nothing")})
	b.refused(err, "BadRequestException", "Invalid OpenAPI input.")
	_, err = b.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte(strings.Replace(petShop, "type: mock", "type: nothing", 1))})
	b.refused(err, "BadRequestException", "Errors found during import")
	made, err := b.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte(petShop), Parameters: map[string]string{"basepath": "split"}})
	b.ok(err)
	b.want("made", spaced(*made.Name, *made.Version, made.BinaryMediaTypes), "pets 1.0 [image/png]")
	b.api = made.Id
	const methods = "map[/shop/keyed GET:NONE MOCK /shop/pets/{id} ANY:AWS_IAM MOCK /shop/pets/{id} POST:NONE MOCK]"
	b.want("methods", b.paths(), methods)
	b.deploy()
	check := func() {
		b.Helper()
		res, body := b.send(b.request("POST", b.url("/shop/pets/7"), `{"name":"rex"}`))
		b.want("saved", spaced(res.StatusCode, res.Header.Get("X-Id"), body), "200 7 saved")
		res, body = b.send(b.request("POST", b.url("/shop/pets/7"), `{"name":"r"}`))
		b.want("invalid", spaced(res.StatusCode, strings.HasPrefix(body, `{"why":"[#/name: `)), "422 true")
		b.answers(b.request("GET", b.url("/shop/keyed"), ""), 403, `{"message":"Forbidden"}`)
		b.answers(b.request("GET", b.url("/shop/pets/7"), ""), 403, `{"message":"Missing Authentication Token"}`)
	}
	check()
	for _, kind := range []string{"oas30", "swagger"} {
		for _, accepts := range []string{"application/json", "application/yaml"} {
			// Not by the SDK: it accepts nothing but JSON.
			r := b.request("GET", b.cloud.Endpoint+"/restapis/"+*made.Id+"/stages/dev/exports/"+kind+"?extensions=apigateway", "", "Accept", accepts)
			res, body := b.send(b.sign(b.cloud.Config(), r, "apigateway"))
			b.want(kind+" type", spaced(res.StatusCode, res.Header.Get("Content-Type")), "200 "+accepts)
			again, err := b.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte(body), Parameters: map[string]string{"basepath": "ignore"}})
			b.ok(err)
			b.api = again.Id
			b.want(kind, b.paths(), methods)
			b.deploy()
			check()
		}
	}
	bare, err := b.GetExport(ctx, &apigateway.GetExportInput{RestApiId: made.Id, StageName: aws.String("dev"), ExportType: aws.String("swagger")})
	b.ok(err)
	if !json.Valid(bare.Body) || strings.Contains(string(bare.Body), "x-amazon-apigateway-integration") {
		t.Errorf("an export without extensions: %s", bare.Body)
	}
	_, err = b.GetExport(ctx, &apigateway.GetExportInput{RestApiId: made.Id, StageName: aws.String("dev"), ExportType: aws.String("raml")})
	b.refused(err, "BadRequestException", "No API exporter for type 'raml'")
}

func TestAnImportMergesOrOverwrites(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	b.method("GET", "/old", mock())
	put := func(mode types.PutMode) {
		_, err := b.PutRestApi(ctx, &apigateway.PutRestApiInput{
			RestApiId: b.api, Mode: mode,
			Body: []byte(`{"swagger":"2.0","info":{"title":"new"},"paths":{"/new":{"get":{"x-amazon-apigateway-integration":{"type":"mock"}}},"/old":{"post":{"x-amazon-apigateway-integration":{"type":"mock"}}}}}`),
		})
		b.ok(err)
	}
	put(types.PutModeMerge)
	b.want("merged", b.paths(), "map[/new GET:NONE MOCK /old GET:NONE MOCK /old POST:NONE MOCK]")
	put(types.PutModeOverwrite)
	b.want("overwritten", b.paths(), "map[/new GET:NONE MOCK /old POST:NONE MOCK]")
	_, err := b.PutRestApi(ctx, &apigateway.PutRestApiInput{RestApiId: aws.String("nothere000"), Body: []byte(`{"swagger":"2.0","paths":{}}`)})
	b.refused(err, "NotFoundException", "Invalid API identifier specified")
}

func TestDocumentationIsKeptByVersions(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	b.method("GET", "/", mock())
	b.deploy()
	at := &types.DocumentationPartLocation{Type: types.DocumentationPartTypeMethod, Path: aws.String("/"), Method: aws.String("GET")}
	_, err := b.CreateDocumentationPart(ctx, &apigateway.CreateDocumentationPartInput{RestApiId: b.api, Location: at, Properties: aws.String("")})
	b.refused(err, "BadRequestException", "Documentation part properties must be non-empty")
	made, err := b.CreateDocumentationPart(ctx, &apigateway.CreateDocumentationPartInput{RestApiId: b.api, Location: at, Properties: aws.String(`{"summary":"one"}`)})
	b.ok(err)
	_, err = b.CreateDocumentationPart(ctx, &apigateway.CreateDocumentationPartInput{RestApiId: b.api, Location: at, Properties: aws.String(`{}`)})
	b.refused(err, "ConflictException", "Documentation part already exists for the specified location")
	_, err = b.CreateDocumentationVersion(ctx, &apigateway.CreateDocumentationVersionInput{RestApiId: b.api, DocumentationVersion: aws.String("v1"), StageName: aws.String("dev")})
	b.ok(err)
	_, err = b.UpdateDocumentationPart(ctx, &apigateway.UpdateDocumentationPartInput{RestApiId: b.api, DocumentationPartId: made.Id, PatchOperations: []types.PatchOperation{op("replace", "/properties", `{"summary":"two"}`)}})
	b.ok(err)
	out, err := b.GetExport(ctx, &apigateway.GetExportInput{RestApiId: b.api, StageName: aws.String("dev"), ExportType: aws.String("oas30"), Parameters: map[string]string{"extensions": "documentation,integrations"}})
	b.ok(err)
	if text := string(out.Body); !strings.Contains(text, `"summary": "one"`) || strings.Contains(text, `"two"`) {
		t.Errorf("the stage has version 1 of the documentation: %s", text)
	}
	again, err := b.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: out.Body})
	b.ok(err)
	list, err := b.GetDocumentationParts(ctx, &apigateway.GetDocumentationPartsInput{RestApiId: again.Id, Type: types.DocumentationPartTypeMethod})
	b.ok(err)
	b.want("imported", spaced(len(list.Items), *list.Items[0].Location.Method, strings.Contains(*list.Items[0].Properties, "one")), "1 GET true")
	_, err = b.DeleteDocumentationPart(ctx, &apigateway.DeleteDocumentationPartInput{RestApiId: b.api, DocumentationPartId: made.Id})
	b.ok(err)
	_, err = b.GetDocumentationPart(ctx, &apigateway.GetDocumentationPartInput{RestApiId: b.api, DocumentationPartId: made.Id})
	b.refused(err, "NotFoundException", "Invalid Documentation part identifier specified")
}
