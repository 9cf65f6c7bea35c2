package apigateway

import (
	"testing"

	api "github.com/brume-cloud/brume/api/apigateway"
)

func TestCallsAreAboutPaths(t *testing.T) {
	for _, c := range []struct {
		operation string
		input     any
		want      string
	}{
		{"GetRestApis", &api.GetRestApisInput{}, "/restapis"},
		{"CreateRestApi", &api.CreateRestApiInput{Name: "x"}, "/restapis"},
		{"DeleteRestApi", &api.DeleteRestApiInput{RestApiId: "a"}, "/restapis/a"},
		{"GetResources", &api.GetResourcesInput{RestApiId: "a"}, "/restapis/a/resources"},
		{"CreateResource", &api.CreateResourceInput{RestApiId: "a", ParentId: "r"}, "/restapis/a/resources/r"},
		{"PutMethod", &api.PutMethodInput{RestApiId: "a", ResourceId: "r", HttpMethod: "GET"}, "/restapis/a/resources/r/methods/GET"},
		{"PutMethodResponse", &api.PutMethodResponseInput{RestApiId: "a", ResourceId: "r", HttpMethod: "GET", StatusCode: "200"}, "/restapis/a/resources/r/methods/GET/responses/200"},
		{"PutIntegrationResponse", &api.PutIntegrationResponseInput{RestApiId: "a", ResourceId: "r", HttpMethod: "GET", StatusCode: "200"}, "/restapis/a/resources/r/methods/GET/integration/responses/200"},
		{"CreateStage", &api.CreateStageInput{RestApiId: "a", StageName: "dev", DeploymentId: "d"}, "/restapis/a/stages/dev"},
		{"GetDeployment", &api.GetDeploymentInput{RestApiId: "a", DeploymentId: "d"}, "/restapis/a/deployments/d"},
		{"GetUsagePlanKeys", &api.GetUsagePlanKeysInput{UsagePlanId: "p"}, "/usageplans/p/keys"},
		{"CreateDomainName", &api.CreateDomainNameInput{DomainName: "api.example.com"}, "/domainnames"},
		{"UpdateDomainName", &api.UpdateDomainNameInput{DomainName: "api.example.com"}, "/domainnames/api.example.com"},
		{"CreateBasePathMapping", &api.CreateBasePathMappingInput{DomainName: "api.example.com", RestApiId: "a"}, "/domainnames/api.example.com/basepathmappings"},
		{"DeleteBasePathMapping", &api.DeleteBasePathMappingInput{DomainName: "api.example.com", BasePath: "v1"}, "/domainnames/api.example.com/basepathmappings/v1"},
		{"GetAccount", &api.GetAccountInput{}, "/account"},
		{"TagResource", &api.TagResourceInput{ResourceArn: "arn:aws:apigateway:us-east-1::/restapis/a"}, "/tags/arn:aws:apigateway:us-east-1::%2Frestapis%2Fa"},
	} {
		if got := pathOf(c.operation, c.input); got != c.want {
			t.Errorf("%s is about %s, want %s", c.operation, got, c.want)
		}
	}
}
