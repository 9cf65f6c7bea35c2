package apigatewayv2_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	gw "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

const definition = `
openapi: 3.0.1
info:
  title: pets
  version: 1.0
servers:
  - url: https://example.com/{basePath}
    variables:
      basePath:
        default: zoo/v1
tags:
  - name: team
    x-amazon-apigateway-tag-value: animals
paths:
  /pets/{id}:
    get:
      operationId: getPet
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      security:
        - people: [read]
      x-amazon-apigateway-integration:
        $ref: '#/components/x-amazon-apigateway-integrations/back'
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-auth: {type: AWS_IAM}
      x-amazon-apigateway-integration:
        $ref: '#/components/x-amazon-apigateway-integrations/back'
  /$default:
    x-amazon-apigateway-any-method:
      isDefaultRoute: true
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: arn:aws:lambda:us-east-1:000000000000:function:pets
        payloadFormatVersion: "2.0"
components:
  securitySchemes:
    people:
      type: oauth2
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: $request.header.Authorization
        jwtConfiguration: {issuer: https://issuer.example.com, audience: [me]}
  x-amazon-apigateway-integrations:
    back:
      type: HTTP_PROXY
      httpMethod: ANY
      uri: https://example.com
      payloadFormatVersion: "1.0"
      responseParameters:
        "403": {"overwrite:statuscode": "404"}
x-amazon-apigateway-cors:
  allowOrigins: ["*"]
  maxAge: 60
`

func TestImportedAPIHasWhatTheDocumentSays(t *testing.T) {
	_, c := start(t)
	api := ok[*gw.ImportApiOutput](t)(c.ImportApi(t.Context(), &gw.ImportApiInput{Body: new(definition), Basepath: new("split"), FailOnWarnings: new(true)}))
	if *api.Name != "pets" || *api.Version != "1" && *api.Version != "1.0" || api.Tags["team"] != "animals" || *api.CorsConfiguration.MaxAge != 60 {
		t.Errorf("%+v", api)
	}
	got := map[string]types.Route{}
	for _, r := range ok[*gw.GetRoutesOutput](t)(c.GetRoutes(t.Context(), &gw.GetRoutesInput{ApiId: api.ApiId})).Items {
		got[*r.RouteKey] = r
	}
	pet, all := got["GET /v1/pets/{id}"], got["ANY /v1/pets/{id}"]
	if len(got) != 3 || pet.RouteId == nil || all.RouteId == nil || got["$default"].RouteId == nil {
		t.Fatalf("routes %v", reflect.ValueOf(got).MapKeys())
	}
	if pet.AuthorizationType != types.AuthorizationTypeJwt || pet.AuthorizerId == nil || !reflect.DeepEqual(pet.AuthorizationScopes, []string{"read"}) || *pet.OperationName != "getPet" {
		t.Errorf("%+v", pet)
	}
	if all.AuthorizationType != types.AuthorizationTypeAwsIam || *all.Target != *pet.Target {
		t.Errorf("%+v", all)
	}
	if i := ok[*gw.GetIntegrationsOutput](t)(c.GetIntegrations(t.Context(), &gw.GetIntegrationsInput{ApiId: api.ApiId})).Items; len(i) != 2 {
		t.Errorf("%d integrations, want 2", len(i))
	}
}

func TestExportedAPIIsTheSameWhenImported(t *testing.T) {
	_, c := start(t)
	api := ok[*gw.ImportApiOutput](t)(c.ImportApi(t.Context(), &gw.ImportApiInput{Body: new(definition)})).ApiId
	export := func(id *string, form string) string {
		return string(ok[*gw.ExportApiOutput](t)(c.ExportApi(t.Context(), &gw.ExportApiInput{ApiId: id, Specification: new("OAS30"), OutputType: &form})).Body)
	}
	first := export(api, "JSON")
	other := ok[*gw.ImportApiOutput](t)(c.ImportApi(t.Context(), &gw.ImportApiInput{Body: new(export(api, "YAML")), FailOnWarnings: new(true)})).ApiId
	second := strings.ReplaceAll(export(other, "JSON"), *other, *api)
	var a, b any
	if err := json.Unmarshal([]byte(first), &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(second), &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("was\n%s\nand is\n%s", first, second)
	}
	ok[*gw.ReimportApiOutput](t)(c.ReimportApi(t.Context(), &gw.ReimportApiInput{ApiId: other, Body: new(`{"openapi":"3.0.1","info":{"title":"less"},"paths":{"/a":{"get":{}}}}`)}))
	if r := ok[*gw.GetRoutesOutput](t)(c.GetRoutes(t.Context(), &gw.GetRoutesInput{ApiId: other})).Items; len(r) != 1 || *r[0].RouteKey != "GET /a" {
		t.Errorf("after the reimport there are %+v", r)
	}
}

func TestDocumentsThatAreNoneAreRefused(t *testing.T) {
	_, c := start(t)
	for body, text := range map[string]string{
		"{":                                      "malformed document",
		`{"swagger":"2.0","info":{"title":"x"}}`: "Only OpenAPI 3.0",
		`{"openapi":"3.0.1","info":{"title":"x"},"paths":{"/a":{"get":{}}}}`: "Warnings found during import",
	} {
		_, err := c.ImportApi(t.Context(), &gw.ImportApiInput{Body: &body, FailOnWarnings: new(true)})
		wants(t, err, "BadRequestException", text)
	}
}
