package apigatewayv2

import (
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// quickCreate makes the route, the integration and the stage of an API with a target.
// AWS: CreateApi: "This property is part of quick create".
func (s *Service) quickCreate(tx kv.Tx, a address, in *apigatewayv2.CreateApiInput) error {
	if in.ProtocolType != apigatewayv2.ProtocolTypeHTTP {
		return bad("Quick create is only supported for HTTP APIs")
	}
	i := &apigatewayv2.Integration{ApiGatewayManaged: new(true), CredentialsArn: in.CredentialsArn}
	aim(i, *in.Target)
	i.IntegrationId = new(s.id(longID))
	key := deref(in.RouteKey)
	if key == "" {
		key = defaultRoute
	}
	integrations.put(tx, i, a.Scope, a.ID, *i.IntegrationId)
	r := &apigatewayv2.Route{
		ApiGatewayManaged: new(true), ApiKeyRequired: new(false), AuthorizationType: apigatewayv2.AuthorizationTypeNONE,
		RouteId: new(s.id(longID)), RouteKey: key, Target: new("integrations/" + *i.IntegrationId),
	}
	routes.put(tx, r, a.Scope, a.ID, *r.RouteId)
	st := &apigatewayv2.Stage{
		ApiGatewayManaged: new(true), AutoDeploy: new(true), CreatedDate: new(tx.Now()), LastUpdatedDate: new(tx.Now()),
		DefaultRouteSettings: &apigatewayv2.RouteSettings{DetailedMetricsEnabled: new(false)}, StageName: defaultStage,
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
	i.ConnectionType, i.IntegrationUri, i.TimeoutInMillis = apigatewayv2.ConnectionTypeINTERNET, &target, new(int32(30000))
}

// quickUpdate changes the parts that quickCreate made.
func (s *Service) quickUpdate(tx kv.Tx, a address, in *apigatewayv2.UpdateApiInput) error {
	var route *apigatewayv2.Route
	for _, r := range routes.all(tx, a.Scope, a.ID) {
		if deref(r.ApiGatewayManaged) {
			route = r
		}
	}
	if route == nil {
		return bad("Target, routeKey and credentialsArn can only be updated for an API that was created with a target")
	}
	id := strings.TrimPrefix(deref(route.Target), "integrations/")
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
	integrations.put(tx, i, a.Scope, a.ID, id)
	routes.put(tx, route, a.Scope, a.ID, *route.RouteId)
	return nil
}
