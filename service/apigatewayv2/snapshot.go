package apigatewayv2

import (
	"time"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// snapshot is what a deployment keeps of an API and, where a stage serves it,
// the stage's settings as they are now.
type snapshot struct {
	Protocol        apigatewayv2.ProtocolType
	RouteSelection  string             // expression
	APIKeySelection string             // expression
	CORS            *apigatewayv2.Cors // nil without
	Unchecked       bool               // WebSocket: requests are not held against models

	Routes       []apigatewayv2.Route // in the order of their ids
	Integrations map[string]*apigatewayv2.Integration
	Authorizers  map[string]*apigatewayv2.Authorizer

	RouteResponses       map[string][]apigatewayv2.RouteResponse       // by the route's id
	IntegrationResponses map[string][]apigatewayv2.IntegrationResponse // by the integration's id
	Models               map[string]string                             // schemas by the model's name

	// Of the stage that serves it.
	Disabled bool                // the API is reached by its domain names alone
	Stage    *apigatewayv2.Stage // variables, throttling, access log
	Reset    time.Time           // what authorizers said before this is not to be gone by
}

// take makes a snapshot of the API as it is.
func (a address) take(tx kv.Tx, d *apigatewayv2.Api) *snapshot {
	s := &snapshot{
		Protocol: d.ProtocolType, RouteSelection: d.RouteSelectionExpression, APIKeySelection: deref(d.ApiKeySelectionExpression),
		CORS: d.CorsConfiguration, Unchecked: deref(d.DisableSchemaValidation),
		Integrations: map[string]*apigatewayv2.Integration{}, Authorizers: map[string]*apigatewayv2.Authorizer{}, Models: map[string]string{},
		RouteResponses: map[string][]apigatewayv2.RouteResponse{}, IntegrationResponses: map[string][]apigatewayv2.IntegrationResponse{},
	}
	for _, r := range routes.all(tx, a.Scope, a.ID) {
		s.Routes = append(s.Routes, *r)
	}
	for _, i := range integrations.all(tx, a.Scope, a.ID) {
		s.Integrations[*i.IntegrationId] = i
	}
	for _, z := range authorizers.all(tx, a.Scope, a.ID) {
		s.Authorizers[*z.AuthorizerId] = z
	}
	for _, m := range models.all(tx, a.Scope, a.ID) {
		s.Models[m.Name] = deref(m.Schema)
	}
	for key, r := range routeResponses.all(tx, a.Scope, a.ID) {
		route := owner(key)
		s.RouteResponses[route] = append(s.RouteResponses[route], *r)
	}
	for key, r := range integrationResponses.all(tx, a.Scope, a.ID) {
		integration := owner(key)
		s.IntegrationResponses[integration] = append(s.IntegrationResponses[integration], *r)
	}
	return s
}

// owner is the id of the route or integration that the key of a response has.
func owner(key kv.Key) string {
	parts := routes.Parts(key)
	parts.Skip(1)
	return parts.String()
}

// deploy makes a deployment of the API as it is, and returns it.
func (s *Service) deploy(tx kv.Tx, a address, d *apigatewayv2.Api, description *string) *apigatewayv2.Deployment {
	n := &apigatewayv2.Deployment{
		AutoDeployed: new(false), CreatedDate: new(tx.Now()), DeploymentId: new(s.id(shortID)),
		DeploymentStatus: apigatewayv2.DeploymentStatusDEPLOYED, Description: description,
	}
	deployments.put(tx, n, a.Scope, a.ID, *n.DeploymentId)
	snapshots.Put(tx, a.snapshotKey(*n.DeploymentId), &deployed{encode(a.take(tx, d))})
	return n
}

// automatic is the description of deployments that nobody asked for.
const automatic = "Automatic deployment triggered by changes to the Api configuration"

// changed deploys the API to the stages that want every change at once. What they
// served before is gone, unless somebody asked for it to be deployed.
func (s *Service) changed(tx kv.Tx, a address) error {
	d, err := a.find(tx)
	if err != nil {
		return err
	}
	var n *apigatewayv2.Deployment
	missing := a.undeployable(tx, d)
	for _, st := range stages.all(tx, a.Scope, a.ID) {
		if !deref(st.AutoDeploy) {
			continue
		}
		if missing != "" {
			st.LastDeploymentStatusMessage = new("Deployment attempt failed: " + missing)
			stages.put(tx, st, a.Scope, a.ID, st.StageName)
			continue
		}
		if n == nil {
			n = s.deploy(tx, a, d, new(automatic))
			n.AutoDeployed = new(true)
			deployments.put(tx, n, a.Scope, a.ID, *n.DeploymentId)
		}
		a.point(tx, st, n)
		st.LastDeploymentStatusMessage = new("Successfully deployed stage with deployment ID '" + *n.DeploymentId + "'")
		stages.put(tx, st, a.Scope, a.ID, st.StageName)
		a.refresh(tx, d, st)
	}
	if n != nil {
		a.forget(tx)
	}
	return nil
}

// undeployable says why the API cannot be deployed; empty where it can.
func (a address) undeployable(tx kv.Tx, d *apigatewayv2.Api) string {
	switch {
	case routes.count(tx, 1, a.Scope, a.ID) > 0:
		return ""
	case d.ProtocolType == apigatewayv2.ProtocolTypeWEBSOCKET:
		return "At least one route is required before deploying the Api."
	}
	return "Unable to deploy API because no routes exist in this API"
}

// point makes a stage point to a deployment. The stage is not stored yet.
func (a address) point(tx kv.Tx, st *apigatewayv2.Stage, n *apigatewayv2.Deployment) {
	st.DeploymentId, st.LastUpdatedDate = n.DeploymentId, new(tx.Now())
}

// forget deletes the automatic deployments that no stage points to.
func (a address) forget(tx kv.Tx) {
	used := map[string]bool{}
	for _, st := range stages.all(tx, a.Scope, a.ID) {
		used[deref(st.DeploymentId)] = true
	}
	for _, n := range deployments.all(tx, a.Scope, a.ID) {
		if deref(n.AutoDeployed) && !used[*n.DeploymentId] {
			a.undeploy(tx, *n.DeploymentId)
		}
	}
}

func (a address) undeploy(tx kv.Tx, deployment string) {
	deployments.delete(tx, a.Scope, a.ID, deployment)
	snapshots.Delete(tx, a.snapshotKey(deployment))
}

// refresh makes traffic see the settings of a stage, and the deployment that it
// points to. A stage without a deployment serves nothing.
func (a address) refresh(tx kv.Tx, d *apigatewayv2.Api, st *apigatewayv2.Stage) {
	kept, ok := snapshots.Get(tx, a.snapshotKey(deref(st.DeploymentId)))
	if !ok {
		a.unserve(tx, st.StageName)
		return
	}
	s := decode[snapshot](kept.JSON)
	s.Disabled, s.Stage = deref(d.DisableExecuteApiEndpoint), st
	if r, ok := resets.Get(tx, a.resetKey(st.StageName)); ok {
		s.Reset = r.At
	}
	a.serve(tx, st.StageName, s)
}
