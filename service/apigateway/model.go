package apigateway

import (
	"context"
	"encoding/json"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// addModels adds the models that every API begins with.
func (s *Service) addModels(tx kv.Tx, a address) {
	for name, schema := range map[string]string{
		"Empty": "{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \"object\"\n}",
		"Error": "{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}",
	} {
		models.put(tx, part(a, models, name), &api.Model_{
			Id: new(s.id(partID)), Name: &name, ContentType: new("application/json"), Schema: &schema,
			Description: new("This is a default " + strings.ToLower(name) + " schema model"),
		})
	}
}

func noModel(name string) error { return missing("Invalid model name specified: %s", name) }

// CreateModel makes a model of a body.
func (s *Service) CreateModel(ctx context.Context, in *api.CreateModelInput) (*api.CreateModelOutput, error) {
	m := &api.Model_{Id: new(s.id(partID)), Name: &in.Name, ContentType: &in.ContentType, Schema: in.Schema, Description: in.Description}
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if err := a.checkModel(tx, m); err != nil {
			return err
		}
		if models.rows.Has(tx, part(a, models, in.Name)) {
			return conflict("Model name already exists for this REST API")
		}
		models.put(tx, part(a, models, in.Name), m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.CreateModelOutput)(m), nil
}

func (a address) checkModel(tx kv.Tx, m *api.Model_) error {
	if *m.Name == "" {
		return invalid("Model name must be non-empty")
	}
	if strings.ContainsFunc(*m.Name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	}) {
		return invalid("Model name must be alphanumeric: %s", *m.Name)
	}
	if deref(m.ContentType) == "" {
		return invalid("Invalid content type specified: %s", deref(m.ContentType))
	}
	if deref(m.Schema) == "" {
		return invalid("Model schema must have at least 1 property or array items defined")
	}
	if !strings.Contains(*m.ContentType, "json") {
		return nil
	}
	var schema any
	if json.Unmarshal([]byte(*m.Schema), &schema) != nil {
		return invalid("Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]")
	}
	if _, ok := schema.(map[string]any); !ok {
		return invalid("Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]")
	}
	shelf := models.list(tx, parts(a, models))
	if _, err := compileModel(*m.Schema, append(shelf, *m)); err != nil {
		return invalid("Invalid model specified: Validation Result: warnings : [], errors : [%s]", firstLine(err.Error()))
	}
	return nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// model returns a copy of a model of the API.
func (a address) model(tx kv.Tx, name string) (*api.Model_, error) {
	m, ok := models.get(tx, part(a, models, name))
	if !ok {
		return nil, noModel(name)
	}
	return m, nil
}

// GetModel tells of a model; flattened, with the models that it refers to in it.
func (s *Service) GetModel(ctx context.Context, in *api.GetModelInput) (*api.GetModelOutput, error) {
	var m *api.Model_
	err := s.within(ctx, in.RestApiId, func(tx kv.Tx, a address) (err error) {
		if m, err = a.model(tx, in.ModelName); err == nil && deref(in.Flatten) {
			m.Schema = new(flattened(*m.Schema, models.list(tx, parts(a, models))))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return (*api.GetModelOutput)(m), nil
}

// GetModels lists the models of an API.
func (s *Service) GetModels(ctx context.Context, in *api.GetModelsInput) (*api.GetModelsOutput, error) {
	out := &api.GetModelsOutput{}
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) (err error) {
		out.Items, out.Position, err = models.page(tx, parts(a, models), page{in.Position, in.Limit}, nil)
		return err
	})
	return out, err
}

var modelRules = []rule{{"replace", "/description"}, {"replace", "/schema"}}

// UpdateModel changes a model.
func (s *Service) UpdateModel(ctx context.Context, in *api.UpdateModelInput) (*api.UpdateModelOutput, error) {
	var m *api.Model_
	err := s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) (err error) {
		if m, err = a.model(tx, in.ModelName); err != nil {
			return err
		}
		if err := patch(m, modelRules, in.PatchOperations); err != nil {
			return err
		}
		if err := a.checkModel(tx, m); err != nil {
			return err
		}
		models.put(tx, part(a, models, in.ModelName), m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.UpdateModelOutput)(m), nil
}

// DeleteModel deletes a model that nothing refers to.
func (s *Service) DeleteModel(ctx context.Context, in *api.DeleteModelInput) (*api.DeleteModelOutput, error) {
	err := s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if _, err := a.model(tx, in.ModelName); err != nil {
			return err
		}
		for _, other := range models.all(tx, parts(a, models)) {
			if strings.Contains(deref(other.Schema), modelURL+a.API+"/models/"+in.ModelName+`"`) {
				return conflict("Cannot delete model '%s', is referenced in model '%s'", in.ModelName, *other.Name)
			}
		}
		if where := a.uses(tx, func(m *api.Method) bool {
			for _, name := range m.RequestModels {
				if name == in.ModelName {
					return true
				}
			}
			return false
		}); where != "" {
			return conflict("Cannot delete model '%s', is referenced in method request: %s", in.ModelName, where)
		}
		models.rows.Delete(tx, part(a, models, in.ModelName))
		return nil
	})
	return &api.DeleteModelOutput{}, err
}

// uses is a method of the API that is as asked for, as PATH/METHOD; empty where
// there is none.
func (a address) uses(tx kv.Tx, is func(*api.Method) bool) string {
	for _, r := range resources.all(tx, parts(a, resources)) {
		for name, m := range r.ResourceMethods {
			if is(&m) {
				return *r.Path + "/" + name
			}
		}
	}
	return ""
}
