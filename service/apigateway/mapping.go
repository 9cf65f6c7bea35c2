package apigateway

import (
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
)

// checkIntegrationMappings checks the parameters of requests to a method's
// integration.
// AWS: "Parameter mapping examples for REST APIs in API Gateway".
func checkIntegrationMappings(m *api.Method) error {
	for to, from := range m.MethodIntegration.RequestParameters {
		where, name, ok := strings.Cut(strings.TrimPrefix(to, "integration.request."), ".")
		if !strings.HasPrefix(to, "integration.request.") || !ok || name == "" || where != "header" && where != "path" && where != "querystring" {
			return invalid("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: %s]", to)
		}
		if !validRequestSource(m, from) {
			return invalid("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: %s]", from)
		}
	}
	return nil
}

// validRequestSource reports whether a parameter may be mapped from an expression:
// one of the request that the method declares, say.
func validRequestSource(m *api.Method, e string) bool {
	if isLiteral(e) || strings.HasPrefix(e, "context.") || strings.HasPrefix(e, "stageVariables.") || e == "method.request.body" || strings.HasPrefix(e, "method.request.body.") {
		return true
	}
	where, name, ok := requestParameter(e)
	if !ok {
		return false
	}
	if where == "path" {
		return true // the resource declares it
	}
	where = strings.TrimPrefix(where, "multivalue")
	_, declared := m.RequestParameters["method.request."+where+"."+name]
	_, multi := m.RequestParameters["method.request.multivalue"+where+"."+name]
	return declared || multi
}
