package apigatewayv2

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Expressions that an API has unless it says otherwise.
const (
	keyHeader      = "$request.header.x-api-key"
	keyAuthorizer  = "$context.authorizer.usageIdentifierKey"
	methodAndPath  = "$request.method $request.path"
	defaultStage   = "$default"
	defaultRoute   = "$default"
	bracedSelector = "${request.method} ${request.path}"
)

// CreateApi makes an API. With a target it makes a route, an integration and a
// stage as well, which it keeps deployed.
func (s *Service) CreateApi(ctx context.Context, in *apigatewayv2.CreateApiInput) (*apigatewayv2.CreateApiOutput, error) {
	d := &apigatewayv2.Api{ApiKeySelectionExpression: new(keyHeader), DisableExecuteApiEndpoint: new(false), IpAddressType: apigatewayv2.IpAddressTypeIpv4}
	carry(d, in)
	if err := checkAPI(d); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	if in.Target == nil && (in.RouteKey != nil || in.CredentialsArn != nil) {
		return nil, bad("Target must be specified when routeKey or credentialsArn is specified")
	}
	call := aws.CallFrom(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		a, err := s.newAPI(tx, scopeOf(ctx), d)
		if err != nil || in.Target == nil {
			return err
		}
		return s.quickCreate(tx, d, a, in)
	})
	if err != nil {
		return nil, err
	}
	s.locate(call, d)
	return answer[apigatewayv2.CreateApiOutput](d), nil
}

// newAPI stores a new API, and completes what is said of it.
func (s *Service) newAPI(tx kv.Tx, sc kv.Scope, d *apigatewayv2.Api) (address, error) {
	if apis.count(tx, maxAPIs, sc) == maxAPIs {
		return address{}, tooMany("APIs per region", maxAPIs)
	}
	a := address{sc, s.id(apiIDLength)}
	d.ApiId, d.CreatedDate = new(a.ID), new(tx.Now())
	apis.put(tx, d, sc, a.ID)
	places.Put(tx, placeKey(a.ID), &place{string(sc.Account), string(sc.Region)})
	return a, nil
}

// tooMany is the error for what would exceed a quota.
func tooMany(what string, quota int) *aws.Error {
	return apigatewayv2.ErrTooManyRequestsException(&apigatewayv2.TooManyRequestsException{}, "Maximum number of %s reached: %d", what, quota)
}

// checkAPI checks and completes the settings of an API.
func checkAPI(d *apigatewayv2.Api) error {
	if d.Name == "" || len(d.Name) > maxName {
		return bad("Invalid API name specified: it must have between 1 and %d characters", maxName)
	}
	if len(deref(d.Description)) > maxDescription {
		return bad("Invalid description specified: it must have at most %d characters", maxDescription)
	}
	switch d.ProtocolType {
	case apigatewayv2.ProtocolTypeHTTP:
		switch d.RouteSelectionExpression {
		case "", methodAndPath, bracedSelector:
		default:
			return bad("Invalid routeSelectionExpression. For HTTP APIs, routeSelectionExpression must be '%s'", bracedSelector)
		}
		d.RouteSelectionExpression = methodAndPath
		if d.DisableSchemaValidation != nil {
			return bad("DisableSchemaValidation is only supported for WebSocket APIs")
		}
		return checkCORS(d.CorsConfiguration)
	case apigatewayv2.ProtocolTypeWEBSOCKET:
		if d.CorsConfiguration != nil {
			return bad("CorsConfiguration is only supported for HTTP APIs")
		}
		if !strings.Contains(d.RouteSelectionExpression, "$") {
			return bad("RouteSelectionExpression must be specified for WebSocket APIs, such as $request.body.action")
		}
		switch k := deref(d.ApiKeySelectionExpression); k {
		case keyHeader, keyAuthorizer:
		default:
			return bad("Invalid API key selection expression specified: %s. Valid values are %s and %s", k, keyHeader, keyAuthorizer)
		}
		return nil
	}
	return bad("Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]")
}

// locate says where the API is, as the caller can reach it.
func (s *Service) locate(c *aws.Call, d *apigatewayv2.Api) {
	a := address{kv.Scope{Account: c.Account, Region: c.Region}, deref(d.ApiId)}
	d.ApiEndpoint = new(s.endpoint(c, a, d.ProtocolType))
}

// GetApi returns an API.
func (s *Service) GetApi(ctx context.Context, in *apigatewayv2.GetApiInput) (*apigatewayv2.GetApiOutput, error) {
	var d *apigatewayv2.Api
	err := kv.View(ctx, s.Store, func(tx kv.Tx) (err error) {
		d, err = here(ctx, in.ApiId).find(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.locate(aws.CallFrom(ctx), d)
	return answer[apigatewayv2.GetApiOutput](d), nil
}

// GetApis lists APIs in the order of their ids.
func (s *Service) GetApis(ctx context.Context, in *apigatewayv2.GetApisInput) (*apigatewayv2.GetApisOutput, error) {
	p, err := newPage(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(apigatewayv2.GetApisOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		out.Items, out.NextToken = list(tx, apis, p, apis.key(scopeOf(ctx)))
		return nil
	})
	for i := range out.Items {
		s.locate(aws.CallFrom(ctx), &out.Items[i])
	}
	return out, err
}

// UpdateApi changes what a request sets of an API.
func (s *Service) UpdateApi(ctx context.Context, in *apigatewayv2.UpdateApiInput) (*apigatewayv2.UpdateApiOutput, error) {
	var d *apigatewayv2.Api
	a := here(ctx, in.ApiId)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) (err error) {
		if d, err = a.find(tx); err != nil {
			return err
		}
		carry(d, in)
		if err := checkAPI(d); err != nil {
			return err
		}
		if in.Target != nil || in.RouteKey != nil || in.CredentialsArn != nil {
			if err := a.quickUpdate(tx, d, in); err != nil {
				return err
			}
		}
		return s.keep(tx, a, d)
	})
	if err != nil {
		return nil, err
	}
	s.locate(aws.CallFrom(ctx), d)
	return answer[apigatewayv2.UpdateApiOutput](d), nil
}

// keep stores a changed API, and makes its traffic see what goes without a deployment.
func (s *Service) keep(tx kv.Tx, a address, d *apigatewayv2.Api) error {
	apis.put(tx, d, a.Scope, a.ID)
	for _, st := range stages.all(tx, a.Scope, a.ID) {
		a.refresh(tx, d, st)
	}
	return s.changed(tx, a)
}

// DeleteApi deletes an API and all that is in it. One that a domain leads to stays.
func (s *Service) DeleteApi(ctx context.Context, in *apigatewayv2.DeleteApiInput) (*apigatewayv2.DeleteApiOutput, error) {
	a := here(ctx, in.ApiId)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := a.find(tx); err != nil {
			return err
		}
		if _, ok := a.mapped(tx, ""); ok {
			return bad("Deleting API %s failed. Please remove all API mappings for the API from your custom domain names.", a.ID)
		}
		a.drop(tx)
		return nil
	})
	return &apigatewayv2.DeleteApiOutput{}, err
}

// mapped finds a domain that leads to the API, or to a stage of it.
func (a address) mapped(tx kv.Tx, stage string) (domain string, ok bool) {
	for key, m := range mappings.all(tx, a.Scope) {
		if m.ApiId == a.ID && (stage == "" || m.Stage == stage) {
			parts := mappings.Parts(key)
			return parts.String(), true
		}
	}
	return "", false
}
