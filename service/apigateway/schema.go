package apigateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	api "github.com/brume-cloud/brume/api/apigateway"
)

// modelURL is what references from one model to another begin with.
// AWS: "Data models for REST APIs", referencing external models.
const modelURL = "https://apigateway.amazonaws.com/restapis/"

// compileModel compiles a schema, which may refer to other models of the API.
func compileModel(schema string, others []api.Model_) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	c.UseLoader(shelfOfModels(others))
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		return nil, err
	}
	const root = modelURL + "models"
	if err := c.AddResource(root, doc); err != nil {
		return nil, err
	}
	return c.Compile(root)
}

// shelfOfModels loads models by the URLs that others refer to them by. Nothing is
// ever loaded from elsewhere.
type shelfOfModels []api.Model_

// Load implements jsonschema.URLLoader.
func (s shelfOfModels) Load(url string) (any, error) {
	name := url[strings.LastIndexByte(url, '/')+1:]
	if strings.HasPrefix(url, modelURL) {
		for i := range s {
			if *s[i].Name == name {
				return jsonschema.UnmarshalJSON(strings.NewReader(*s[i].Schema))
			}
		}
	}
	return nil, fmt.Errorf("Invalid model reference specified: %s", url)
}

// flattened is a schema with the models that it refers to among its definitions.
func flattened(schema string, others []api.Model_) string {
	var doc map[string]any
	if json.Unmarshal([]byte(schema), &doc) != nil {
		return schema
	}
	definitions, _ := doc["definitions"].(map[string]any)
	if definitions == nil {
		definitions = map[string]any{}
	}
	flatten(doc, definitions, others)
	if len(definitions) > 0 {
		doc["definitions"] = definitions
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(doc) // cannot fail: it was JSON
	return strings.TrimSuffix(out.String(), "\n")
}

// flatten makes references within v lead to definitions, and brings what they
// refer to there.
func flatten(v any, definitions map[string]any, others []api.Model_) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			flatten(item, definitions, others)
		}
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && strings.HasPrefix(ref, modelURL) {
			name := ref[strings.LastIndexByte(ref, '/')+1:]
			v["$ref"] = "#/definitions/" + name
			for i := range others {
				var doc any
				if _, there := definitions[name]; *others[i].Name != name || there || json.Unmarshal([]byte(*others[i].Schema), &doc) != nil {
					continue
				}
				definitions[name] = doc
				flatten(doc, definitions, others)
			}
		}
		for _, item := range v {
			flatten(item, definitions, others)
		}
	}
}
