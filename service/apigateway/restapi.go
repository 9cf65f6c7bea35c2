package apigateway

import (
	"context"
	"encoding/json"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateRestApi makes an API with its root resource and the two models that every
// API has.
func (s *Service) CreateRestApi(ctx context.Context, in *api.CreateRestApiInput) (*api.CreateRestApiOutput, error) {
	v := &api.RestApi{
		Name: &in.Name, Description: in.Description, Version: in.Version, BinaryMediaTypes: in.BinaryMediaTypes,
		MinimumCompressionSize: in.MinimumCompressionSize, ApiKeySource: in.ApiKeySource, EndpointConfiguration: in.EndpointConfiguration,
		Policy: in.Policy, Tags: in.Tags, DisableExecuteApiEndpoint: in.DisableExecuteApiEndpoint, SecurityPolicy: in.SecurityPolicy,
	}
	if in.EndpointAccessMode != "" {
		return nil, unbuilt("endpointAccessMode")
	}
	if err := checkAPI(v); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	if in.CloneFrom != nil {
		return s.cloneAPI(ctx, *in.CloneFrom, v)
	}
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		a := s.found(tx, sc, v)
		s.addRoot(tx, a, v)
		restAPIs.put(tx, a.key(), v)
		s.addModels(tx, a)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.CreateRestApiOutput)(shown(v)), nil
}

// found gives a new API its id, and makes the id lead to it.
func (s *Service) found(tx kv.Tx, sc kv.Scope, v *api.RestApi) address {
	id := s.id(apiID)
	for places.Has(tx, placeKey(id)) {
		id = s.id(apiID)
	}
	places.Put(tx, placeKey(id), &place{string(sc.Account), string(sc.Region)})
	v.Id, v.CreatedDate, v.ApiStatus = &id, now(tx), api.ApiStatusAVAILABLE
	return address{sc, id}
}

func (s *Service) addRoot(tx kv.Tx, a address, v *api.RestApi) {
	v.RootResourceId = new(s.id(apiID))
	resources.put(tx, part(a, resources, *v.RootResourceId), &api.Resource{Id: v.RootResourceId, Path: new("/")})
}

// checkAPI fills in what an API has by default, and checks what was said of it.
func checkAPI(v *api.RestApi) error {
	if deref(v.Name) == "" {
		return invalid("API name cannot be blank")
	}
	if v.ApiKeySource == "" {
		v.ApiKeySource = api.ApiKeySourceTypeHEADER
	}
	switch v.ApiKeySource {
	case api.ApiKeySourceTypeHEADER, api.ApiKeySourceTypeAUTHORIZER:
	default:
		return invalid("Invalid value for ApiKeySource: %s. Must be one of: [HEADER, AUTHORIZER]", v.ApiKeySource)
	}
	if n := v.MinimumCompressionSize; n != nil && (*n < 0 || *n > maxPayload) {
		return invalid("Invalid minimum compression size, must be between 0 and 10485760")
	}
	if v.DisableExecuteApiEndpoint == nil {
		v.DisableExecuteApiEndpoint = new(false)
	}
	if v.SecurityPolicy == "" {
		v.SecurityPolicy = api.SecurityPolicyTLS10
	}
	if deref(v.Policy) == "" {
		v.Policy = nil
	} else if !checkPolicy(*v.Policy) {
		return invalid("Invalid policy document. Please check the policy syntax and ensure that Principals are valid.")
	}
	return checkEndpoint(v)
}

func checkEndpoint(v *api.RestApi) error {
	if v.EndpointConfiguration == nil {
		v.EndpointConfiguration = &api.EndpointConfiguration{}
	}
	e := v.EndpointConfiguration
	if len(e.Types) == 0 {
		e.Types = []api.EndpointType{api.EndpointTypeEDGE}
	}
	if len(e.Types) > 1 {
		return invalid("Cannot create an api with multiple Endpoint Types.")
	}
	kind := api.IpAddressTypeIpv4
	switch e.Types[0] {
	case api.EndpointTypeEDGE, api.EndpointTypeREGIONAL:
	case api.EndpointTypePRIVATE:
		kind = api.IpAddressTypeDualstack
	default:
		return invalid("Invalid value for EndpointType: %s. Must be one of: [EDGE, REGIONAL, PRIVATE]", e.Types[0])
	}
	if len(e.VpcEndpointIds) > 0 && e.Types[0] != api.EndpointTypePRIVATE {
		return invalid("VPCEndpoints can only be specified with PRIVATE apis.")
	}
	if e.IpAddressType == "" {
		e.IpAddressType = kind
	}
	return nil
}

// GetRestApi tells of an API.
func (s *Service) GetRestApi(ctx context.Context, in *api.GetRestApiInput) (*api.GetRestApiOutput, error) {
	var v *api.RestApi
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		v, _ = restAPIs.get(tx, a.key())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.GetRestApiOutput)(shown(v)), nil
}

// shown is an API as answers have it. AWS: the policy is escaped once more in
// what is read than in what was written.
func shown(v *api.RestApi) *api.RestApi {
	if v.Policy != nil {
		b, _ := json.Marshal(*v.Policy) // cannot fail: it is text
		v.Policy = new(string(b[1 : len(b)-1]))
	}
	return v
}

// GetRestApis lists APIs.
func (s *Service) GetRestApis(ctx context.Context, in *api.GetRestApisInput) (*api.GetRestApisOutput, error) {
	out := &api.GetRestApisOutput{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) (err error) {
		out.Items, out.Position, err = restAPIs.page(tx, restAPIs.rows.Prefix(scopeOf(ctx)), page{in.Position, in.Limit}, nil)
		return err
	})
	for i := range out.Items {
		shown(&out.Items[i])
	}
	return out, err
}

// apiRules are what UpdateRestApi may change.
var apiRules = []rule{
	{"replace", "/name"},
	{"replace add remove", "/description"},
	{"replace add remove", "/version"},
	{"replace add remove", "/policy"},
	{"replace", "/apiKeySource"},
	{"replace", "/disableExecuteApiEndpoint"},
	{"replace", "/securityPolicy"},
	{"replace add remove", "/minimumCompressionSize"},
	{"replace add remove", "/binaryMediaTypes/*"},
	{"replace", "/endpointConfiguration/types/*"},
	{"replace", "/endpointConfiguration/ipAddressType"},
	{"add remove", "/endpointConfiguration/vpcEndpointIds"},
}

// UpdateRestApi changes an API. Requests see the change from the next deployment on.
func (s *Service) UpdateRestApi(ctx context.Context, in *api.UpdateRestApiInput) (*api.UpdateRestApiOutput, error) {
	var v *api.RestApi
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		v, _ = restAPIs.get(tx, a.key())
		if err := patch(v, apiRules, in.PatchOperations); err != nil {
			return err
		}
		if err := checkAPI(v); err != nil {
			return err
		}
		restAPIs.put(tx, a.key(), v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.UpdateRestApiOutput)(shown(v)), nil
}

// DeleteRestApi deletes an API with all that belongs to it.
func (s *Service) DeleteRestApi(ctx context.Context, in *api.DeleteRestApiInput) (*api.DeleteRestApiOutput, error) {
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		for _, p := range plans.all(tx, plans.rows.Prefix(a.Scope)) {
			for _, st := range p.ApiStages {
				if deref(st.ApiId) == a.API {
					return invalid("Cannot delete REST API because it is associated with usage plan %s", deref(p.Id))
				}
			}
		}
		if domain, ok := s.Domains.Leads(tx, a.Scope, a.API, ""); ok {
			return invalid("Deleting RestApi %s failed. Please remove all base path mappings related to the RestApi in your domains: %s", a.API, domain)
		}
		a.drop(tx)
		return nil
	})
	return &api.DeleteRestApiOutput{}, err
}
