package apigateway

import (
	"context"
	"encoding/json"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// edition is a version of an API's documentation: a copy of all of it.
type edition struct {
	api.DocumentationVersion
	Parts []api.DocumentationPart
}

func noEdition() error { return missing("Invalid Documentation version specified") }

// CreateDocumentationVersion keeps the documentation as it is now.
func (s *Service) CreateDocumentationVersion(ctx context.Context, in *api.CreateDocumentationVersionInput) (out *api.CreateDocumentationVersionOutput, err error) {
	err = s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if editions.rows.Has(tx, part(a, editions, in.DocumentationVersion)) {
			return conflict("Documentation version already exists for this REST API")
		}
		e := &edition{api.DocumentationVersion{Version: &in.DocumentationVersion, CreatedDate: now(tx), Description: in.Description}, documentation.list(tx, parts(a, documentation))}
		editions.put(tx, part(a, editions, in.DocumentationVersion), e)
		out = (*api.CreateDocumentationVersionOutput)(&e.DocumentationVersion)
		if in.StageName == nil {
			return nil
		}
		st, err := a.stage(tx, *in.StageName)
		if err != nil {
			return err
		}
		st.DocumentationVersion = &in.DocumentationVersion
		return a.putStage(tx, st)
	})
	return out, err
}

// GetDocumentationVersion tells of a version.
func (s *Service) GetDocumentationVersion(ctx context.Context, in *api.GetDocumentationVersionInput) (out *api.GetDocumentationVersionOutput, err error) {
	err = s.within(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		e, ok := editions.get(tx, part(a, editions, in.DocumentationVersion))
		if !ok {
			return noEdition()
		}
		out = (*api.GetDocumentationVersionOutput)(&e.DocumentationVersion)
		return nil
	})
	return out, err
}

// GetDocumentationVersions lists versions.
func (s *Service) GetDocumentationVersions(ctx context.Context, in *api.GetDocumentationVersionsInput) (*api.GetDocumentationVersionsOutput, error) {
	out := &api.GetDocumentationVersionsOutput{}
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		items, position, err := editions.page(tx, parts(a, editions), page{in.Position, in.Limit}, nil)
		out.Items, out.Position = []api.DocumentationVersion{}, position
		for i := range items {
			out.Items = append(out.Items, items[i].DocumentationVersion)
		}
		return err
	})
	return out, err
}

// UpdateDocumentationVersion changes the description of a version.
func (s *Service) UpdateDocumentationVersion(ctx context.Context, in *api.UpdateDocumentationVersionInput) (out *api.UpdateDocumentationVersionOutput, err error) {
	err = s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		e, ok := editions.get(tx, part(a, editions, in.DocumentationVersion))
		if !ok {
			return noEdition()
		}
		if err := patch(&e.DocumentationVersion, []rule{{"replace", "/description"}}, in.PatchOperations); err != nil {
			return err
		}
		editions.put(tx, part(a, editions, in.DocumentationVersion), e)
		out = (*api.UpdateDocumentationVersionOutput)(&e.DocumentationVersion)
		return nil
	})
	return out, err
}

// DeleteDocumentationVersion deletes a version.
func (s *Service) DeleteDocumentationVersion(ctx context.Context, in *api.DeleteDocumentationVersionInput) (*api.DeleteDocumentationVersionOutput, error) {
	err := s.change(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if !editions.rows.Has(tx, part(a, editions, in.DocumentationVersion)) {
			return noEdition()
		}
		editions.rows.Delete(tx, part(a, editions, in.DocumentationVersion))
		return nil
	})
	return &api.DeleteDocumentationVersionOutput{}, err
}

// exported is the documentation that a stage has, as documents have it; nil for none.
func (a address) exported(tx kv.Tx, st *api.Stage) *openDocumentation {
	e, ok := editions.get(tx, part(a, editions, deref(st.DocumentationVersion)))
	if !ok {
		return nil
	}
	d := &openDocumentation{Version: *e.Version, Parts: []openDocumentationPart{}}
	for _, p := range e.Parts {
		l := p.Location
		d.Parts = append(d.Parts, openDocumentationPart{openLocation{l.Type, l.Path, l.Method, l.StatusCode, l.Name}, json.RawMessage(*p.Properties)})
	}
	return d
}
