package apigateway

import (
	"context"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// ImportRestApi makes an API of an OpenAPI document.
func (s *Service) ImportRestApi(ctx context.Context, in *api.ImportRestApiInput) (*api.ImportRestApiOutput, error) {
	v, err := s.importAPI(ctx, source{in.Body, in.Parameters, deref(in.FailOnWarnings)}, func(tx kv.Tx, doc *openAPI, v *api.RestApi) (address, error) {
		*v = api.RestApi{Name: &doc.Info.Title}
		if types := in.Parameters["endpointConfigurationTypes"]; types != "" {
			v.EndpointConfiguration = &api.EndpointConfiguration{Types: []api.EndpointType{api.EndpointType(types)}}
		}
		a := s.found(tx, scopeOf(ctx), v)
		s.addRoot(tx, a, v)
		s.addModels(tx, a)
		return a, nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.ImportRestApiOutput)(shown(v)), nil
}

// PutRestApi changes an API to what an OpenAPI document says: as well as what there
// is, or instead of it.
// AWS: "Import an OpenAPI file to update an existing API definition".
func (s *Service) PutRestApi(ctx context.Context, in *api.PutRestApiInput) (*api.PutRestApiOutput, error) {
	v, err := s.importAPI(ctx, source{in.Body, in.Parameters, deref(in.FailOnWarnings)}, func(tx kv.Tx, _ *openAPI, v *api.RestApi) (address, error) {
		a := at(ctx, in.RestApiId)
		if err := a.check(tx); err != nil {
			return a, err
		}
		old, _ := restAPIs.get(tx, a.key())
		*v = *old
		if in.Mode == api.PutModeOverwrite {
			s.clear(tx, a, v)
		}
		return a, nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.PutRestApiOutput)(shown(v)), nil
}

// clear makes an API as it was when it was new, but for what only its making says.
func (s *Service) clear(tx kv.Tx, a address, v *api.RestApi) {
	for _, r := range resources.all(tx, parts(a, resources)) {
		if r.ParentId != nil {
			resources.rows.Delete(tx, part(a, resources, *r.Id))
		} else {
			r.ResourceMethods = nil
			a.putResource(tx, r)
		}
	}
	models.rows.DeleteAll(tx, parts(a, models))
	validators.rows.DeleteAll(tx, parts(a, validators))
	authorizers.rows.DeleteAll(tx, parts(a, authorizers))
	responses.rows.DeleteAll(tx, parts(a, responses))
	documentation.rows.DeleteAll(tx, parts(a, documentation))
	v.Description, v.Version, v.Policy, v.BinaryMediaTypes, v.MinimumCompressionSize, v.ApiKeySource = nil, nil, nil, nil, nil, ""
}

// source is a document, and how to take it.
type source struct {
	body       []byte
	parameters map[string]string
	strict     bool // warnings are errors
}

// importAPI reads a document into the API that begin tells.
func (s *Service) importAPI(ctx context.Context, from source, begin func(kv.Tx, *openAPI, *api.RestApi) (address, error)) (*api.RestApi, error) {
	doc, err := readOpenAPI(from.body)
	if err != nil {
		return nil, err
	}
	v := &api.RestApi{}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		a, err := begin(tx, doc, v)
		if err != nil {
			return err
		}
		im := &importer{openAPI: doc, service: s, tx: tx, at: a, v: v}
		switch base := doc.base(); from.parameters["basepath"] {
		case "", "prepend":
			im.base = base
		case "split":
			if _, rest, ok := strings.Cut(strings.TrimPrefix(base, "/"), "/"); ok {
				im.base = "/" + rest
			}
		case "ignore":
		default:
			return invalid("Invalid basepath specified: %s. Must be one of: [ignore, prepend, split]", from.parameters["basepath"])
		}
		if err := im.run(); err != nil {
			return err
		}
		if !strings.Contains(from.parameters["ignore"], "documentation") {
			if _, err := s.takeDocumentation(tx, a, doc); err != nil {
				return err
			}
		}
		if v.Warnings = im.warnings; from.strict && len(im.warnings) > 0 {
			return invalid("Warnings found during import:\n\t%s", strings.Join(im.warnings, "\n\t"))
		}
		stored := *v
		stored.Warnings = nil
		restAPIs.put(tx, a.key(), &stored)
		return nil
	})
	return v, err
}
