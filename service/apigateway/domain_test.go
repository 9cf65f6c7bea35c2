package apigateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	types2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

const certificate = "arn:aws:acm:us-east-1:000000000000:certificate/x"

// domain makes a regional domain.
func (b *bench) domain(name string) *string {
	b.Helper()
	_, err := b.CreateDomainName(b.Context(), &apigateway.CreateDomainNameInput{
		DomainName: &name, RegionalCertificateArn: aws.String(certificate), Tags: map[string]string{"a": "1"},
		EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}},
	})
	b.ok(err)
	return &name
}

// leads maps a base path of a domain to a stage of the API; both may be empty.
func (b *bench) leads(domain *string, path, stage string) error {
	_, err := b.CreateBasePathMapping(b.Context(), &apigateway.CreateBasePathMappingInput{DomainName: domain, BasePath: &path, RestApiId: b.api, Stage: &stage})
	return err
}

func TestDomainsAreOneResourceOfBothAPIs(t *testing.T) {
	b := story(t)
	ctx, second := t.Context(), apigatewayv2.NewFromConfig(b.cloud.Config())
	name := b.domain("API.example.com")
	d, err := b.GetDomainName(ctx, &apigateway.GetDomainNameInput{DomainName: name})
	b.ok(err)
	b.want("the domain", spaced(*d.DomainName, *d.DomainNameArn, d.DomainNameStatus, d.EndpointConfiguration.Types, d.SecurityPolicy, *d.RegionalCertificateArn, d.CertificateArn == nil, d.Tags),
		"api.example.com arn:aws:apigateway:us-east-1::/domainnames/api.example.com AVAILABLE [REGIONAL] TLS_1_2 "+certificate+" true map[a:1]")
	if host := aws.ToString(d.RegionalDomainName); !strings.HasPrefix(host, "d-") || !strings.HasSuffix(host, ".execute-api.us-east-1.amazonaws.com") {
		t.Errorf("its host is %s", host)
	}
	same, err := second.GetDomainName(ctx, &apigatewayv2.GetDomainNameInput{DomainName: name})
	b.ok(err)
	b.want("its host in the other API", *same.DomainNameConfigurations[0].ApiGatewayDomainName, *d.RegionalDomainName)
	_, err = second.CreateDomainName(ctx, &apigatewayv2.CreateDomainNameInput{DomainName: name, DomainNameConfigurations: []types2.DomainNameConfiguration{{CertificateArn: aws.String(certificate)}}})
	b.refused(err, "ConflictException", "The domain name you provided already exists.")

	_, err = b.TagResource(ctx, &apigateway.TagResourceInput{ResourceArn: d.DomainNameArn, Tags: map[string]string{"b": "2"}})
	b.ok(err)
	tags, err := second.GetTags(ctx, &apigatewayv2.GetTagsInput{ResourceArn: d.DomainNameArn})
	b.ok(err)
	b.want("tags", tags.Tags, map[string]string{"a": "1", "b": "2"})

	edge := &apigateway.CreateDomainNameInput{DomainName: aws.String("edge.example.com")}
	_, err = b.CreateDomainName(ctx, edge)
	b.refused(err, "BadRequestException", "A certificate ARN must be specified")
	edge.CertificateArn = aws.String(certificate)
	made, err := b.CreateDomainName(ctx, edge)
	b.ok(err)
	b.want("an edge-optimised domain", spaced(made.EndpointConfiguration.Types, strings.HasSuffix(*made.DistributionDomainName, ".cloudfront.net"), *made.DistributionHostedZoneId, made.RegionalDomainName == nil),
		"[EDGE] true Z2FDTNDATAQYW2 true")
	changed, err := b.UpdateDomainName(ctx, &apigateway.UpdateDomainNameInput{DomainName: edge.DomainName, PatchOperations: []types.PatchOperation{
		op("replace", "/endpointConfiguration/types/0", "REGIONAL"), op("replace", "/regionalCertificateArn", certificate), op("replace", "/securityPolicy", "TLS_1_0"),
	}})
	b.ok(err)
	b.want("it made regional", spaced(changed.EndpointConfiguration.Types, changed.SecurityPolicy, changed.DistributionDomainName == nil, strings.HasPrefix(*changed.RegionalDomainName, "d-")), "[REGIONAL] TLS_1_0 true true")

	first, err := b.GetDomainNames(ctx, &apigateway.GetDomainNamesInput{Limit: aws.Int32(1)})
	b.ok(err)
	rest, err := b.GetDomainNames(ctx, &apigateway.GetDomainNamesInput{Position: first.Position})
	b.ok(err)
	b.want("pages", spaced(*first.Items[0].DomainName, len(rest.Items), *rest.Items[0].DomainName), "api.example.com 1 edge.example.com")
	_, err = b.DeleteDomainName(ctx, &apigateway.DeleteDomainNameInput{DomainName: name})
	b.ok(err)
	_, err = second.GetDomainName(ctx, &apigatewayv2.GetDomainNameInput{DomainName: name})
	b.refused(err, "NotFoundException", "Invalid domain name identifier specified")
}

func TestBasePathsLeadToStages(t *testing.T) {
	b := story(t)
	b.method("GET", "/", mock())
	b.says("GET", "/", "200", "", "")
	b.deploy()
	ctx, second := t.Context(), apigatewayv2.NewFromConfig(b.cloud.Config())
	name := b.domain("api.example.com")
	b.ok(b.leads(name, "shop", "dev"))
	b.ok(b.leads(name, "", ""))
	b.refused(b.leads(name, "shop", "dev"), "ConflictException", "Base path already exists for this domain name")
	b.refused(b.leads(name, "a/b", "dev"), "BadRequestException", "API Gateway V1 doesn't support the slash character (/) in base path mappings.")
	b.refused(b.leads(name, "c", "none"), "BadRequestException", "Invalid stage identifier specified")
	_, err := b.CreateBasePathMapping(ctx, &apigateway.CreateBasePathMappingInput{DomainName: name, BasePath: aws.String("x"), RestApiId: aws.String("none")})
	b.refused(err, "BadRequestException", "Invalid REST API identifier specified")
	all, err := b.GetBasePathMappings(ctx, &apigateway.GetBasePathMappingsInput{DomainName: name})
	b.ok(err)
	b.want("how many", len(all.Items), 2)
	whole, err := b.GetBasePathMapping(ctx, &apigateway.GetBasePathMappingInput{DomainName: name, BasePath: aws.String("(none)")})
	b.ok(err)
	b.want("that of all", spaced(*whole.BasePath, *whole.RestApiId, whole.Stage == nil), spaced("(none)", *b.api, true))

	moved, err := b.UpdateBasePathMapping(ctx, &apigateway.UpdateBasePathMappingInput{DomainName: name, BasePath: aws.String("(none)"), PatchOperations: []types.PatchOperation{
		op("replace", "/basePath", "new"), op("replace", "/stage", "dev"), op("replace", "/restapiId", *b.api),
	}})
	b.ok(err)
	b.want("moved", spaced(*moved.BasePath, *moved.RestApiId, *moved.Stage), spaced("new", *b.api, "dev"))
	_, err = second.CreateApiMapping(ctx, &apigatewayv2.CreateApiMappingInput{DomainName: name, ApiId: b.api, Stage: aws.String("dev"), ApiMappingKey: aws.String("deep/down")})
	b.ok(err)
	_, err = second.CreateApiMapping(ctx, &apigatewayv2.CreateApiMappingInput{DomainName: name, ApiId: b.api, Stage: aws.String("none"), ApiMappingKey: aws.String("x")})
	b.refused(err, "BadRequestException", "Invalid stage identifier specified")
	for _, path := range []string{"/shop", "/new", "/deep/down/"} {
		b.answers(b.request("GET", "http://api.example.com"+path, ""), 200, "")
	}
	b.answers(b.request("GET", "http://api.example.com/elsewhere", ""), 403, `{"message":"Forbidden"}`)

	_, err = b.DeleteStage(ctx, &apigateway.DeleteStageInput{RestApiId: b.api, StageName: aws.String("dev")})
	b.refused(err, "BadRequestException", "Deleting stage dev failed. Please remove all base path mappings related to the stage in your domains: api.example.com")
	_, err = b.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: b.api})
	b.refused(err, "BadRequestException", "Deleting RestApi "+*b.api+" failed. Please remove all base path mappings related to the RestApi in your domains: api.example.com")
	_, err = b.DeleteBasePathMapping(ctx, &apigateway.DeleteBasePathMappingInput{DomainName: name, BasePath: aws.String("shop")})
	b.ok(err)
	b.answers(b.request("GET", "http://api.example.com/shop", ""), 403, `{"message":"Forbidden"}`)
	_, err = b.GetBasePathMapping(ctx, &apigateway.GetBasePathMappingInput{DomainName: name, BasePath: aws.String("shop")})
	b.refused(err, "NotFoundException", "Invalid base path mapping identifier specified")
	_, err = b.DeleteDomainName(ctx, &apigateway.DeleteDomainNameInput{DomainName: name})
	b.ok(err)
	_, err = b.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: b.api})
	b.ok(err)
}

func TestRequestsByADomainKeepItsPath(t *testing.T) {
	b := story(t)
	said := `{"path":"$context.path","stage":"$context.stage","domain":"$context.domainName","prefix":"$context.domainPrefix","base":"$context.customDomain.basePathMatched","resource":"$context.resourcePath","id":"$input.params('id')"}`
	b.method("GET", "/pets/{id}", mock())
	b.says("GET", "/pets/{id}", "200", "", said)
	b.method("ANY", "/f/{p+}", proxy(b.function("echo", `{"Wrap":true}`)))
	b.permit("echo", "*")
	b.deploy()
	name := b.domain("api.example.com")
	b.ok(b.leads(name, "v1", "dev"))
	b.ok(b.leads(name, "any", ""))
	_, got := b.send(b.request("GET", "http://api.example.com/v1/pets/7", ""))
	b.want("the context", got, `{"path":"/v1/pets/7","stage":"dev","domain":"api.example.com","prefix":"api","base":"v1","resource":"/pets/{id}","id":"7"}`)
	_, got = b.send(b.request("GET", "http://api.example.com/any/dev/pets/7", ""))
	b.want("where the stage is in the path", got, `{"path":"/any/dev/pets/7","stage":"dev","domain":"api.example.com","prefix":"api","base":"any","resource":"/pets/{id}","id":"7"}`)
	b.answers(b.request("GET", "http://api.example.com/any/none/pets/7", ""), http.StatusForbidden, `{"message":"Forbidden"}`)

	_, err := b.UpdateRestApi(t.Context(), &apigateway.UpdateRestApiInput{RestApiId: b.api, PatchOperations: []types.PatchOperation{op("replace", "/disableExecuteApiEndpoint", "true")}})
	b.ok(err)
	b.deploy()
	b.answers(b.request("GET", b.url("/pets/7"), ""), http.StatusForbidden, `{"message":"Forbidden"}`)
	res, got := b.send(b.request("GET", "http://api.example.com/v1/f/a/b", ""))
	b.want("the function's answer", res.StatusCode, 200)
	var event struct {
		Path, Resource string
		PathParameters map[string]string
		RequestContext struct{ Path, ResourcePath, Stage, DomainName, DomainPrefix string }
	}
	b.ok(json.Unmarshal([]byte(got), &event))
	b.want("the event", spaced(event.Path, event.Resource, event.PathParameters, event.RequestContext),
		"/v1/f/a/b /f/{p+} map[p:a/b] {/v1/f/a/b /f/{p+} dev api.example.com api}")
}
