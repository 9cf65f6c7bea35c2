package apigateway

import (
	"strings"

	"github.com/brume-cloud/brume/service/apigateway/vtl"
)

// expression is where a mapped parameter comes from.
// AWS: "Parameter mapping source values": one reference, or a text in quotes.
type expression struct {
	source string // literal, context, stageVariables, path, querystring, header, body
	multi  bool   // all values of the parameter
	answer bool   // of the integration's answer, not of the request
	name   string
}

func compileExpression(e string) expression {
	if isLiteral(e) {
		return expression{source: "literal", name: e[1 : len(e)-1]}
	}
	for _, source := range []string{"context", "stageVariables"} {
		if name, ok := strings.CutPrefix(e, source+"."); ok {
			return expression{source: source, name: name}
		}
	}
	rest, answer := strings.CutPrefix(e, "integration.response.")
	if !answer {
		rest = strings.TrimPrefix(e, "method.request.")
	}
	where, name, _ := strings.Cut(rest, ".")
	source, multi := strings.CutPrefix(where, "multivalue")
	return expression{source, multi, answer, name}
}

// inBody is what a JSONPath expression, below $, finds in a body, as text.
func inBody(body, path string) string {
	if path == "" {
		return body
	}
	t, err := vtl.Compile("$input.path('$." + strings.ReplaceAll(path, "'", "") + "')")
	if err != nil {
		return ""
	}
	out, err := t.Render(vtl.Message{Body: body}.Scope())
	if err != nil {
		return ""
	}
	return out
}

// value is what the expression says of a request, or of the integration's answer to
// it; ok is false where there is nothing.
func (e *expression) value(v *visit, answer *reply) (values []string, ok bool) {
	one := func(s string) ([]string, bool) { return []string{s}, s != "" }
	switch e.source {
	case "literal":
		return []string{e.name}, true
	case "context":
		return one(v.context(e.name))
	case "stageVariables":
		return one(v.variables[e.name])
	case "body":
		if e.answer {
			return one(inBody(string(answer.body), e.name))
		}
		return one(inBody(string(v.request.Body), e.name))
	case "header":
		if e.answer {
			values = answer.header.Values(e.name)
		} else {
			values = v.headers(e.name)
		}
	default:
		values = v.parameter(slot{e.source, e.name})
	}
	if len(values) > 1 && !e.multi {
		values = values[len(values)-1:]
	}
	return values, len(values) > 0
}
