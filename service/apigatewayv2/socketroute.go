package apigatewayv2

import (
	"regexp"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
)

// routed finds the route of a key.
func (s *snapshot) routed(key string) *apigatewayv2.Route {
	for i := range s.Routes {
		if s.Routes[i].RouteKey == key {
			return &s.Routes[i]
		}
	}
	return nil
}

// choose finds the route of a message: the one whose key is what the API's expression
// makes of it, or $default. It is nil where there is neither.
func (s *snapshot) choose(x *exchange) *apigatewayv2.Route {
	switch key := x.evaluate(s.RouteSelection); key {
	case "", connectRoute, disconnectRoute:
	default:
		if r := s.routed(key); r != nil {
			return r
		}
	}
	return s.routed(defaultRoute)
}

// references are the variables in a selection expression: $request.body.action, or
// ${request.body.action} within a text.
// AWS: "WebSocket selection expressions in API Gateway".
var references = regexp.MustCompile(`\$\{([^}]*)\}|\$((?:request|context|stageVariables)\.[a-zA-Z0-9_.\-\[\]]+)`)

// evaluate is what a selection expression makes of an exchange. A variable that is not
// there is nothing. \$default is the text $default.
func (x *exchange) evaluate(expression string) string {
	if literal, ok := strings.CutPrefix(expression, `\$`); ok {
		return "$" + literal
	}
	return references.ReplaceAllStringFunc(expression, func(found string) string {
		m := references.FindStringSubmatch(found)
		return x.lookup(m[1] + m[2])
	})
}

// lookup is the value of a variable, by its name without the dollar; nothing where
// there is none.
func (x *exchange) lookup(name string) string {
	if path, ok := strings.CutPrefix(name, "request.body"); ok {
		return selected(x.body, path)
	}
	if parameter, ok := strings.CutPrefix(name, "request."); ok {
		return x.parameter(parameter)
	}
	if variable, ok := strings.CutPrefix(name, "context."); ok {
		return x.variable(variable)
	}
	if variable, ok := strings.CutPrefix(name, "stageVariables."); ok {
		return x.snapshot.Stage.StageVariables[variable]
	}
	return ""
}
