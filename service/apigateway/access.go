package apigateway

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
)

// controlAccess is what a call to the API needs. AWS: "Actions, resources, and
// condition keys for Amazon API Gateway Management": the actions are the methods of
// HTTP, and the resources the paths of the API.
func controlAccess(ctx context.Context, operation string, input any) []aws.Access {
	verb := http.MethodGet
	for prefix, v := range map[string]string{
		"Create": http.MethodPost, "Generate": http.MethodPost, "Import": http.MethodPost, "Test": http.MethodPost,
		"Put": http.MethodPut, "Tag": http.MethodPut, "Update": http.MethodPatch, "Delete": http.MethodDelete, "Untag": http.MethodDelete, "Flush": http.MethodDelete,
	} {
		if strings.HasPrefix(operation, prefix) {
			verb = v
		}
	}
	return []aws.Access{{Action: "apigateway:" + verb, Resource: arn(scopeOf(ctx), pathOf(operation, input))}}
}

// pathOf is the path of the resource that a call is about.
func pathOf(operation string, input any) string {
	in := reflect.ValueOf(input).Elem()
	text := func(name string) string {
		if f := in.FieldByName(name); f.IsValid() && f.Kind() == reflect.String {
			return f.String()
		}
		return ""
	}
	if resource := proxyevent.Decoded(text("ResourceArn")); resource != "" {
		return "/tags/" + strings.ReplaceAll(resource, "/", "%2F")
	}
	var path strings.Builder
	add := func(kind, name string) {
		if id := text(name); id != "" {
			path.WriteString("/" + kind + "/" + id)
		}
	}
	if operation != "CreateDomainName" {
		add("domainnames", "DomainName")
	}
	if strings.Contains(operation, "BasePath") {
		path.WriteString("/basepathmappings")
		if base := text("BasePath"); base != "" {
			path.WriteString("/" + base)
		}
		return path.String() // whatever API it leads to
	}
	add("restapis", "RestApiId")
	add("resources", "ResourceId")
	add("methods", "HttpMethod")
	if strings.Contains(operation, "Integration") {
		path.WriteString("/integration")
	}
	add("responses", "StatusCode")
	for _, p := range [][2]string{
		{"resources", "ParentId"}, {"stages", "StageName"}, {"deployments", "DeploymentId"}, {"authorizers", "AuthorizerId"}, {"models", "ModelName"},
		{"requestvalidators", "RequestValidatorId"}, {"gatewayresponses", "ResponseType"}, {"apikeys", "ApiKey"}, {"usageplans", "UsagePlanId"}, {"keys", "KeyId"},
		{"clientcertificates", "ClientCertificateId"},
	} {
		if p[1] != "DeploymentId" || strings.Contains(operation, "Deployment") { // CreateStage names one, too
			add(p[0], p[1])
		}
	}
	if c := collection(operation); c != "" && !strings.Contains(path.String(), "/"+c+"/") {
		path.WriteString("/" + c)
	}
	return path.String()
}

// collection is the list that an operation adds to or reads.
func collection(operation string) string {
	for _, p := range [][2]string{
		{"RestApi", "restapis"}, {"Resource", "resources"}, {"Stage", "stages"}, {"Deployment", "deployments"}, {"Authorizer", "authorizers"}, {"RequestValidator", "requestvalidators"},
		{"Model", "models"}, {"GatewayResponse", "gatewayresponses"}, {"ApiKey", "apikeys"}, {"UsagePlanKey", "keys"}, {"UsagePlan", "usageplans"},
		{"ClientCertificate", "clientcertificates"}, {"Account", "account"}, {"DomainName", "domainnames"}, {"VpcLink", "vpclinks"},
	} {
		if strings.Contains(operation, p[0]) {
			return p[1]
		}
	}
	return ""
}
