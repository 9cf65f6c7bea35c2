package apigatewayv2

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/brume-cloud/brume/api/apigatewayv2"
)

// compileSchema compiles the schema of a model. It loads nothing from elsewhere.
func compileSchema(schema string) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4) // AWS: "Data models": draft 4
	c.UseLoader(nowhere{})
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		return nil, err
	}
	const root = "https://apigateway.amazonaws.com/model"
	if err := c.AddResource(root, doc); err != nil {
		return nil, err
	}
	return c.Compile(root)
}

// nowhere is where other schemas are loaded from.
type nowhere struct{}

// Load implements jsonschema.URLLoader.
func (nowhere) Load(url string) (any, error) { return nil, fmt.Errorf("there is no schema %s", url) }

// schemas are the compiled models that routes hold messages against, by their names.
func (s *snapshot) schemas() map[string]*jsonschema.Schema {
	all := map[string]*jsonschema.Schema{}
	if s.Protocol != apigatewayv2.ProtocolTypeWEBSOCKET || s.Unchecked {
		return all
	}
	for name, text := range s.Models {
		if schema, err := compileSchema(text); err == nil { // CreateModel has refused the others
			all[name] = schema
		}
	}
	return all
}

// fits reports whether a message is as the model of its route says, which the model
// selection expression chooses. Without a model every message fits.
// AWS: "Set up request validation for WebSocket APIs" and CreateRoute, requestModels.
func (x *exchange) fits() bool {
	name, ok := x.route.RequestModels[x.evaluate(deref(x.route.ModelSelectionExpression))]
	if !ok {
		name = x.route.RequestModels[defaultRoute]
	}
	schema := x.program.models[name]
	if schema == nil {
		return true
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(x.body))
	return err == nil && schema.Validate(doc) == nil
}
