package apigatewayv2

import (
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// quickCreate makes the route, the integration and the stage of an API with a target.
// AWS: CreateApi: "This property is part of quick create".
func (s *Service) quickCreate(tx kv.Tx, d *apigatewayv2.Api, a address, in *apigatewayv2.CreateApiInput) error {
	if in.ProtocolType != apigatewayv2.ProtocolTypeHTTP {
		return bad("Quick create is only supported for HTTP APIs")
	}
	i := &apigatewayv2.Integration{ApiGatewayManaged: new(true), CredentialsArn: in.CredentialsArn}
	aim(i, *in.Target)
	if err := s.addIntegration(tx, a, d, i); err != nil {
		return err
	}
	r := &apigatewayv2.Route{
		ApiGatewayManaged: new(true), ApiKeyRequired: new(false), AuthorizationType: apigatewayv2.AuthorizationTypeNONE,
		RouteKey: defaultRoute, Target: new(integrationTarget + *i.IntegrationId),
	}
	if in.RouteKey != nil {
		r.RouteKey = *in.RouteKey
	}
	if err := s.addRoute(tx, a, d, r); err != nil {
		return err
	}
	st := &apigatewayv2.Stage{
		ApiGatewayManaged: new(true), AutoDeploy: new(true), CreatedDate: new(tx.Now()), LastUpdatedDate: new(tx.Now()),
		DefaultRouteSettings: settle(d.ProtocolType, nil), StageName: defaultStage,
	}
	stages.put(tx, st, a.Scope, a.ID, st.StageName)
	return s.changed(tx, a)
}

// aim makes an integration lead to a target: a function by its ARN, or a URL.
func aim(i *apigatewayv2.Integration, target string) {
	i.IntegrationType, i.IntegrationMethod, i.PayloadFormatVersion = apigatewayv2.IntegrationTypeHTTPPROXY, new("ANY"), new("1.0")
	if strings.HasPrefix(target, "arn:") {
		i.IntegrationType, i.IntegrationMethod, i.PayloadFormatVersion = apigatewayv2.IntegrationTypeAWSPROXY, new("POST"), new("2.0")
	}
	i.ConnectionType, i.IntegrationUri, i.TimeoutInMillis = apigatewayv2.ConnectionTypeINTERNET, &target, new(int32(maxHTTPTimeout))
}

// quickUpdate changes the parts that quickCreate made.
func (a address) quickUpdate(tx kv.Tx, d *apigatewayv2.Api, in *apigatewayv2.UpdateApiInput) error {
	var route *apigatewayv2.Route
	for _, r := range routes.all(tx, a.Scope, a.ID) {
		if deref(r.ApiGatewayManaged) {
			route = r
		}
	}
	if route == nil {
		return bad("Target, routeKey and credentialsArn can only be updated for an API that was created with a target")
	}
	id := strings.TrimPrefix(deref(route.Target), integrationTarget)
	i, err := integrations.find(tx, a.Scope, a.ID, id)
	if err != nil {
		return err
	}
	if in.Target != nil {
		aim(i, *in.Target)
	}
	if in.CredentialsArn != nil {
		i.CredentialsArn = in.CredentialsArn
	}
	if in.RouteKey != nil {
		route.RouteKey = *in.RouteKey
	}
	if err := a.checkIntegration(tx, d, i); err != nil {
		return err
	}
	integrations.put(tx, i, a.Scope, a.ID, id)
	if err := a.checkRoute(tx, d, route); err != nil {
		return err
	}
	routes.put(tx, route, a.Scope, a.ID, *route.RouteId)
	return nil
}
