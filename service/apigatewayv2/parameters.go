package apigatewayv2

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
)

// outgoing is a request as its integration gets it.
type outgoing struct {
	*wire.Request
	path  string // with the stage
	moved bool   // the path is none of the caller's
}

// incoming is the request as it came.
func (v *visit) incoming() *outgoing { return &outgoing{Request: v.request, path: v.whole} }

// mapped is the request with the changes that the integration's parameters make.
// AWS: "Transforming API requests and responses" (HTTP APIs).
func (v *visit) mapped(call *aws.Call) *outgoing {
	out := v.incoming()
	if len(v.plan.integration.RequestParameters) == 0 {
		return out
	}
	changed := *v.request
	r := *v.request.Request
	r.Header, r.URL = r.Header.Clone(), &url.URL{}
	*r.URL = *v.request.URL
	changed.Request = &r
	query := url.Values{}
	for _, p := range v.request.Params {
		query.Add(p.Name, p.Value)
	}
	for destination, expression := range v.plan.integration.RequestParameters {
		operation, place, _ := strings.Cut(destination, ":")
		value := v.evaluate(call, expression)
		kind, name, _ := strings.Cut(place, ".")
		switch kind {
		case "header":
			change(r.Header, operation, http.CanonicalHeaderKey(name), value)
		case "querystring":
			change(query, operation, name, value)
		case "path":
			out.path, out.moved = value, true
		}
	}
	r.URL.RawQuery = query.Encode()
	changed.Params, _ = wire.ParseQuery(r.URL.RawQuery)
	out.Request = &changed
	return out
}

// change appends, overwrites or removes a value. What cannot be found changes nothing.
func change(values map[string][]string, operation, name, value string) {
	switch {
	case operation == "remove":
		delete(values, name)
	case value == "":
	case operation == "append":
		values[name] = append(values[name], value)
	default:
		values[name] = []string{value}
	}
}

// mapAnswer makes the changes that the integration has for answers of a status.
func (v *visit) mapAnswer(call *aws.Call, answer *proxyevent.Answer) (*proxyevent.Answer, error) {
	mappings := v.plan.integration.ResponseParameters[strconv.Itoa(answer.Status)]
	if len(mappings) == 0 {
		return answer, nil
	}
	changed := *answer
	changed.Header = answer.Header.Clone()
	for destination, expression := range mappings {
		value := v.expand(expression, func(name string) string { return v.ofAnswer(call, answer, name) })
		if destination == "overwrite:statuscode" {
			status, err := strconv.Atoi(value)
			if err != nil || status < 200 || status > 599 {
				v.outcome.message = "The status that response parameters give is " + value
				return nil, failed()
			}
			changed.Status = status
			continue
		}
		operation, place, _ := strings.Cut(destination, ":")
		_, name, _ := strings.Cut(place, ".")
		change(changed.Header, operation, http.CanonicalHeaderKey(name), value)
	}
	return &changed, nil
}

func (v *visit) ofAnswer(call *aws.Call, answer *proxyevent.Answer, name string) string {
	if header, ok := strings.CutPrefix(name, "response.header."); ok {
		return strings.Join(answer.Header.Values(header), ",")
	}
	if path, ok := strings.CutPrefix(name, "response.body"); ok {
		return selected(answer.Body, path)
	}
	return v.value(call, name)
}

// evaluate is the value of a mapping of requests.
func (v *visit) evaluate(call *aws.Call, expression string) string {
	return v.expand(expression, func(name string) string { return v.value(call, name) })
}

// expand puts values into an expression: $name, or a text with ${name} in it.
func (v *visit) expand(expression string, value func(name string) string) string {
	if name, ok := strings.CutPrefix(expression, "$"); ok && !strings.HasPrefix(name, "{") {
		return value(name)
	}
	var text strings.Builder
	for {
		before, after, ok := strings.Cut(expression, "${")
		text.WriteString(before)
		if !ok {
			return text.String()
		}
		name, rest, _ := strings.Cut(after, "}")
		text.WriteString(value(strings.TrimPrefix(name, "$")))
		expression = rest
	}
}

// value is what a name means in a request: request.header.NAME, context.NAME and
// so on. It is empty where there is nothing.
func (v *visit) value(call *aws.Call, name string) string {
	kind, rest, _ := strings.Cut(name, ".")
	switch kind {
	case "context":
		return v.context(call, rest)
	case "stageVariables":
		return v.Stage.StageVariables[rest]
	case "request":
	default:
		return ""
	}
	switch place, name, named := strings.Cut(rest, "."); {
	case place == "header":
		if strings.EqualFold(name, "Host") {
			return call.Host
		}
		return strings.Join(v.request.Header.Values(name), ",")
	case place == "querystring":
		var all []string
		for _, p := range v.request.Params {
			if p.Name == name {
				all = append(all, p.Value)
			}
		}
		return strings.Join(all, ",")
	case place == "path" && named:
		return v.params[name]
	case place == "path":
		return v.path
	}
	if path, ok := strings.CutPrefix(rest, "body"); ok {
		return selected(v.request.Body, path)
	}
	return ""
}

// selected is what a path finds in a JSON document: .name and [index] steps. AWS:
// neither recursive descent nor filters are supported. No path is the document.
func selected(document []byte, path string) string {
	if path == "" {
		return string(document)
	}
	var at any
	if json.Unmarshal(document, &at) != nil {
		return ""
	}
	for path = strings.ReplaceAll(path, "[", ".["); path != ""; {
		var step string
		step, path, _ = strings.Cut(strings.TrimPrefix(path, "."), ".")
		if index, ok := strings.CutPrefix(step, "["); ok {
			n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
			list, _ := at.([]any)
			if err != nil || n < 0 || n >= len(list) {
				return ""
			}
			at = list[n]
			continue
		}
		object, _ := at.(map[string]any)
		if at = object[step]; at == nil {
			return ""
		}
	}
	if text, ok := at.(string); ok {
		return text
	}
	b, _ := json.Marshal(at) // cannot fail: it came out of JSON
	return string(b)
}

// staged puts the stage's variables into an integration's address.
func (v *visit) staged(address string) string {
	return v.expand(strings.ReplaceAll(address, "$${", "${"), func(name string) string {
		if variable, ok := strings.CutPrefix(name, "stageVariables."); ok {
			return v.Stage.StageVariables[variable]
		}
		return "${" + name + "}"
	})
}
