package apigateway

import (
	"context"
	"errors"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// noBasePath is how this API writes that a mapping is of all of a domain.
const noBasePath = "(none)"

// basePathKey is a base path as the mapping's key.
func basePathKey(path string) (string, error) {
	if strings.Contains(path, "/") {
		return "", invalid("API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.")
	}
	if path == noBasePath {
		return "", nil
	}
	return path, nil
}

// basePathOf is a mapping as this API shows it.
func basePathOf(m *apigatewayv2.ApiMapping) *api.BasePathMapping {
	v := &api.BasePathMapping{BasePath: m.ApiMappingKey, RestApiId: &m.ApiId, Stage: aws.Optional(m.Stage)}
	if deref(v.BasePath) == "" {
		v.BasePath = new(noBasePath)
	}
	return v
}

// mappingFault is an error of a mapping in this API's words.
func mappingFault(err error) error {
	var e *aws.Error
	if errors.As(err, &e) && e.Code == "ConflictException" {
		return conflict("Base path already exists for this domain name")
	}
	return err
}

// checkTarget checks that a mapping leads to a REST API: what leads to others is for
// the other generation's API to make.
func (s *Service) checkTarget(ctx context.Context, apiID string) error {
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if at(ctx, apiID).check(tx) != nil {
			return invalid("Invalid REST API identifier specified")
		}
		return nil
	})
}

// CreateBasePathMapping makes the paths below a base path of a domain lead to an API.
// Without a stage, they begin with that.
func (s *Service) CreateBasePathMapping(ctx context.Context, in *api.CreateBasePathMappingInput) (*api.CreateBasePathMappingOutput, error) {
	key, err := basePathKey(deref(in.BasePath))
	if err != nil {
		return nil, err
	}
	if err := s.checkTarget(ctx, in.RestApiId); err != nil {
		return nil, err
	}
	m := apigatewayv2.ApiMapping{ApiId: in.RestApiId, ApiMappingKey: &key, Stage: stageOf(in.Stage)}
	_, err = s.Domains.CreateApiMapping(ctx, &apigatewayv2.CreateApiMappingInput{DomainName: in.DomainName, ApiId: m.ApiId, ApiMappingKey: &key, Stage: m.Stage})
	if err != nil {
		return nil, mappingFault(err)
	}
	return (*api.CreateBasePathMappingOutput)(basePathOf(&m)), nil
}

// stageOf is a mapping's stage; none may be written like no base path.
func stageOf(stage *string) string {
	if deref(stage) == noBasePath {
		return ""
	}
	return deref(stage)
}

// basePath finds a mapping of a domain. A domain has fewer than one page takes.
func (s *Service) basePath(ctx context.Context, domain, path string) (*apigatewayv2.ApiMapping, error) {
	all, err := s.Domains.GetApiMappings(ctx, &apigatewayv2.GetApiMappingsInput{DomainName: domain, MaxResults: new(strconv.Itoa(maxPage))})
	if err != nil {
		return nil, err
	}
	if path == noBasePath {
		path = ""
	}
	for i := range all.Items {
		if deref(all.Items[i].ApiMappingKey) == path {
			return &all.Items[i], nil
		}
	}
	return nil, missing("Invalid base path mapping identifier specified")
}

// GetBasePathMapping tells of a mapping.
func (s *Service) GetBasePathMapping(ctx context.Context, in *api.GetBasePathMappingInput) (*api.GetBasePathMappingOutput, error) {
	m, err := s.basePath(ctx, in.DomainName, in.BasePath)
	if err != nil {
		return nil, err
	}
	return (*api.GetBasePathMappingOutput)(basePathOf(m)), nil
}

// GetBasePathMappings lists the mappings of a domain.
func (s *Service) GetBasePathMappings(ctx context.Context, in *api.GetBasePathMappingsInput) (*api.GetBasePathMappingsOutput, error) {
	all, err := s.Domains.GetApiMappings(ctx, &apigatewayv2.GetApiMappingsInput{DomainName: in.DomainName, MaxResults: pageSize(in.Limit), NextToken: in.Position})
	if err != nil {
		return nil, err
	}
	out := &api.GetBasePathMappingsOutput{Position: all.NextToken, Items: []api.BasePathMapping{}}
	for i := range all.Items {
		out.Items = append(out.Items, *basePathOf(&all.Items[i]))
	}
	return out, nil
}

// AWS: "UpdateBasePathMapping", patch operations, in their own spelling.
var basePathRules = []rule{{"replace", "/basePath"}, {"replace", "/restapiId"}, {"replace", "/restApiId"}, {"replace remove", "/stage"}}

// UpdateBasePathMapping changes where a base path leads, or the path itself.
func (s *Service) UpdateBasePathMapping(ctx context.Context, in *api.UpdateBasePathMappingInput) (*api.UpdateBasePathMappingOutput, error) {
	m, err := s.basePath(ctx, in.DomainName, in.BasePath)
	if err != nil {
		return nil, err
	}
	v := basePathOf(m)
	for i := range in.PatchOperations {
		if deref(in.PatchOperations[i].Path) == "/restapiId" {
			in.PatchOperations[i].Path = new("/restApiId")
		}
	}
	if err := patch(v, basePathRules, in.PatchOperations); err != nil {
		return nil, err
	}
	key, err := basePathKey(deref(v.BasePath))
	if err != nil {
		return nil, err
	}
	if err := s.checkTarget(ctx, deref(v.RestApiId)); err != nil {
		return nil, err
	}
	m.ApiId, m.ApiMappingKey, m.Stage = *v.RestApiId, &key, stageOf(v.Stage)
	_, err = s.Domains.UpdateApiMapping(ctx, &apigatewayv2.UpdateApiMappingInput{
		DomainName: in.DomainName, ApiMappingId: *m.ApiMappingId, ApiId: m.ApiId, ApiMappingKey: m.ApiMappingKey, Stage: &m.Stage,
	})
	if err != nil {
		return nil, mappingFault(err)
	}
	return (*api.UpdateBasePathMappingOutput)(basePathOf(m)), nil
}

// DeleteBasePathMapping deletes a mapping.
func (s *Service) DeleteBasePathMapping(ctx context.Context, in *api.DeleteBasePathMappingInput) (*api.DeleteBasePathMappingOutput, error) {
	m, err := s.basePath(ctx, in.DomainName, in.BasePath)
	if err != nil {
		return nil, err
	}
	_, err = s.Domains.DeleteApiMapping(ctx, &apigatewayv2.DeleteApiMappingInput{DomainName: in.DomainName, ApiMappingId: *m.ApiMappingId})
	return &api.DeleteBasePathMappingOutput{}, err
}
