package apigatewayv2

import (
	"context"
	"reflect"
	"strings"

	"github.com/brume-cloud/brume/aws"
)

// verbs are what actions are called by: API Gateway's are the methods of HTTP.
var verbs = []struct{ prefix, method string }{
	{"Create", "POST"}, {"Tag", "POST"}, {"Get", "GET"}, {"List", "GET"}, {"Export", "GET"}, {"Update", "PATCH"},
	{"Import", "PUT"}, {"Reimport", "PUT"}, {"Put", "PUT"}, {"Delete", "DELETE"}, {"Untag", "DELETE"}, {"Reset", "DELETE"},
}

// paths are what resources are called by, with the members that are their ids.
var paths = []struct{ noun, path string }{
	{"IntegrationResponse", "/apis/ApiId/integrations/IntegrationId/integrationresponses/IntegrationResponseId"},
	{"RouteResponse", "/apis/ApiId/routes/RouteId/routeresponses/RouteResponseId"},
	{"RouteSettings", "/apis/ApiId/stages/StageName/routesettings/RouteKey"},
	{"RouteRequestParameter", "/apis/ApiId/routes/RouteId/requestparameters/RequestParameterKey"},
	{"AccessLogSettings", "/apis/ApiId/stages/StageName/accesslogsettings"},
	{"AuthorizersCache", "/apis/ApiId/stages/StageName/cache/authorizers"},
	{"CorsConfiguration", "/apis/ApiId/cors"},
	{"ApiMapping", "/domainnames/DomainName/apimappings/ApiMappingId"},
	{"Integration", "/apis/ApiId/integrations/IntegrationId"},
	{"Authorizer", "/apis/ApiId/authorizers/AuthorizerId"},
	{"Deployment", "/apis/ApiId/deployments/DeploymentId"},
	{"Route", "/apis/ApiId/routes/RouteId"},
	{"Stage", "/apis/ApiId/stages/StageName"},
	{"Model", "/apis/ApiId/models/ModelId"},
	{"DomainName", "/domainnames/DomainName"},
	{"VpcLink", "/vpclinks/VpcLinkId"},
	{"Api", "/apis/ApiId"},
}

// Access implements aws.Guard. AWS: "Actions, resources, and condition keys for
// Amazon API Gateway Management V2".
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	switch v := input.(type) {
	case *visit:
		return v.access(), nil
	case *socketVisit:
		return v.access(), nil
	case *managing:
		return s.manageAccess(ctx, v)
	}
	access := aws.Access{Resource: "*"}
	noun := operation
	for _, v := range verbs {
		if rest, ok := strings.CutPrefix(operation, v.prefix); ok {
			access.Action, noun = "apigateway:"+v.method, rest
			break
		}
	}
	if id := reflect.ValueOf(input).Elem().FieldByName("ResourceArn"); id.IsValid() {
		if at, err := aws.ParseARN(id.String()); err == nil {
			access.Resource = arn(at.Region, "/tags/"+id.String())
		}
		return []aws.Access{access}, nil
	}
	for _, p := range paths {
		if rest, ok := strings.CutPrefix(noun, p.noun); ok && (rest == "" || rest == "s" || rest == "Template") {
			access.Resource = arn(aws.CallFrom(ctx).Region, fill(p.path, input, strings.HasPrefix(operation, "Create")))
			break
		}
	}
	return []aws.Access{access}, nil
}

// fill puts the ids that an input has into a path, up to the first that it has
// not. What is made has no id yet.
func fill(path string, input any, creates bool) string {
	in := reflect.ValueOf(input).Elem()
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if p == "" || p[0] < 'A' || p[0] > 'Z' {
			continue
		}
		f := in.FieldByName(p)
		if !f.IsValid() || f.Kind() != reflect.String || creates && i == len(parts)-1 {
			return strings.Join(parts[:i], "/")
		}
		parts[i] = f.String()
	}
	return strings.Join(parts, "/")
}
