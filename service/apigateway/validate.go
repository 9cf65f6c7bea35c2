package apigateway

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	api "github.com/brume-cloud/brume/api/apigateway"
)

// validate holds a request against what its method requires.
// AWS: "Request validation for REST APIs in API Gateway".
func (v *visit) validate() error {
	m := v.method
	if m.checkParameter {
		var missing []string
		for _, p := range m.required {
			if len(v.parameter(p)) == 0 {
				missing = append(missing, p.name)
			}
		}
		if len(missing) > 0 {
			return fails(api.GatewayResponseTypeBADREQUESTPARAMETERS, "BadRequestException", "Missing required request parameters: ["+strings.Join(missing, ", ")+"]")
		}
	}
	if !m.checkBody || len(m.bodies) == 0 {
		return nil
	}
	schema, ok := m.bodies[mediaTypeOf(v.request.Header.Get("Content-Type"))]
	if !ok || schema == nil {
		return nil
	}
	if detail := invalidBody(schema, v.request.Body); detail != "" {
		f := fails(api.GatewayResponseTypeBADREQUESTBODY, "BadRequestException", "Invalid request body")
		f.detail = detail
		return f
	}
	return nil
}

// mediaTypeOf is a Content-Type without its parameters. One that is not there is JSON.
func mediaTypeOf(header string) string {
	t, _, _ := strings.Cut(header, ";")
	if t = strings.ToLower(strings.TrimSpace(t)); t == "" {
		return jsonType
	}
	return t
}

// invalidBody says what is wrong with a body, in a list in brackets; empty for nothing.
func invalidBody(schema *jsonschema.Schema, body []byte) string {
	if len(body) == 0 {
		body = []byte("{}")
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return "[Invalid JSON]"
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(doc); errors.As(err, &invalid) {
		found := map[string]bool{}
		leaves(invalid, found)
		return "[" + strings.Join(slices.Sorted(maps.Keys(found)), ", ") + "]"
	}
	return ""
}

// leaves gathers what the causes of an error say.
func leaves(e *jsonschema.ValidationError, found map[string]bool) {
	if len(e.Causes) == 0 {
		text := e.Error()
		if at := strings.LastIndex(text, "': "); at >= 0 {
			text = text[at+3:]
		}
		found[fmt.Sprintf("#/%s: %s", strings.Join(e.InstanceLocation, "/"), text)] = true
	}
	for _, cause := range e.Causes {
		leaves(cause, found)
	}
}
