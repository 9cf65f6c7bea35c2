package apigateway

import (
	"context"
	"encoding/json"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

func noDocumentation() error { return missing("Invalid Documentation part identifier specified") }

// CreateDocumentationPart documents a part of an API.
func (s *Service) CreateDocumentationPart(ctx context.Context, in *api.CreateDocumentationPartInput) (*api.CreateDocumentationPartOutput, error) {
	p := &api.DocumentationPart{Id: new(s.id(partID)), Location: in.Location, Properties: &in.Properties}
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if old := a.documented(tx, in.Location); old != "" {
			return conflict("Documentation part already exists for the specified location: %s", spelled(in.Location))
		}
		return a.putDocumentation(tx, p)
	})
	if err != nil {
		return nil, err
	}
	return (*api.CreateDocumentationPartOutput)(p), nil
}

// spelled is a place as texts name it.
func spelled(l *api.DocumentationPartLocation) string {
	if l == nil {
		return ""
	}
	return "type '" + string(l.Type) + "', path '" + or(l.Path, "/") + "', method '" + or(l.Method, "*") + "', status code '" + or(l.StatusCode, "*") + "', name '" + deref(l.Name) + "'"
}

// documented is the id of the documentation of a place; empty for none.
func (a address) documented(tx kv.Tx, at *api.DocumentationPartLocation) string {
	for _, p := range documentation.all(tx, parts(a, documentation)) {
		if spelled(p.Location) == spelled(at) {
			return *p.Id
		}
	}
	return ""
}

// putDocumentation checks documentation and stores it.
func (a address) putDocumentation(tx kv.Tx, p *api.DocumentationPart) error {
	if p.Location == nil || p.Location.Type == "" {
		return invalid("Invalid documentation part location specified")
	}
	if deref(p.Properties) == "" {
		return invalid("Documentation part properties must be non-empty")
	}
	if !json.Valid([]byte(*p.Properties)) {
		return invalid("Invalid documentation part properties specified. Must be JSON.")
	}
	documentation.put(tx, part(a, documentation, *p.Id), p)
	return nil
}

// GetDocumentationPart tells of documentation.
func (s *Service) GetDocumentationPart(ctx context.Context, in *api.GetDocumentationPartInput) (out *api.GetDocumentationPartOutput, err error) {
	err = s.within(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		p, ok := documentation.get(tx, part(a, documentation, in.DocumentationPartId))
		if !ok {
			return noDocumentation()
		}
		out = (*api.GetDocumentationPartOutput)(p)
		return nil
	})
	return out, err
}

// GetDocumentationParts lists documentation by kind, path and name.
func (s *Service) GetDocumentationParts(ctx context.Context, in *api.GetDocumentationPartsInput) (*api.GetDocumentationPartsOutput, error) {
	out := &api.GetDocumentationPartsOutput{}
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) (err error) {
		out.Items, out.Position, err = documentation.page(tx, parts(a, documentation), page{in.Position, in.Limit}, func(p *api.DocumentationPart) bool {
			l := p.Location
			return (in.Type == "" || in.Type == l.Type) && strings.HasPrefix(deref(l.Path), deref(in.Path)) && strings.Contains(deref(l.Name), deref(in.NameQuery))
		})
		return err
	})
	return out, err
}

// UpdateDocumentationPart changes documentation.
func (s *Service) UpdateDocumentationPart(ctx context.Context, in *api.UpdateDocumentationPartInput) (out *api.UpdateDocumentationPartOutput, err error) {
	err = s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		p, ok := documentation.get(tx, part(a, documentation, in.DocumentationPartId))
		if !ok {
			return noDocumentation()
		}
		if err := patch(p, []rule{{"replace", "/properties"}}, in.PatchOperations); err != nil {
			return err
		}
		out = (*api.UpdateDocumentationPartOutput)(p)
		return a.putDocumentation(tx, p)
	})
	return out, err
}

// DeleteDocumentationPart deletes documentation.
func (s *Service) DeleteDocumentationPart(ctx context.Context, in *api.DeleteDocumentationPartInput) (*api.DeleteDocumentationPartOutput, error) {
	err := s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		key := part(a, documentation, in.DocumentationPartId)
		if !documentation.rows.Has(tx, key) {
			return noDocumentation()
		}
		documentation.rows.Delete(tx, key)
		return nil
	})
	return &api.DeleteDocumentationPartOutput{}, err
}

// ImportDocumentationParts takes the documentation of an OpenAPI document.
func (s *Service) ImportDocumentationParts(ctx context.Context, in *api.ImportDocumentationPartsInput) (*api.ImportDocumentationPartsOutput, error) {
	doc, err := readOpenAPI(in.Body)
	if err != nil {
		return nil, err
	}
	out := &api.ImportDocumentationPartsOutput{}
	err = s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) (err error) {
		if in.Mode == api.PutModeOverwrite {
			documentation.rows.DeleteAll(tx, parts(a, documentation))
		}
		out.Ids, err = s.takeDocumentation(tx, a, doc)
		return err
	})
	return out, err
}

// takeDocumentation stores a document's documentation, in place of what there is for
// the same places.
func (s *Service) takeDocumentation(tx kv.Tx, a address, doc *openAPI) ([]string, error) {
	ids := []string{}
	if doc.Documentation == nil {
		return ids, nil
	}
	for _, said := range doc.Documentation.Parts {
		at := &api.DocumentationPartLocation{Type: said.Location.Type, Path: said.Location.Path, Method: said.Location.Method, StatusCode: said.Location.Status, Name: said.Location.Name}
		p := &api.DocumentationPart{Id: new(a.documented(tx, at)), Location: at, Properties: new(string(said.Properties))}
		if *p.Id == "" {
			p.Id = new(s.id(partID))
		}
		if err := a.putDocumentation(tx, p); err != nil {
			return nil, err
		}
		ids = append(ids, *p.Id)
	}
	return ids, nil
}
