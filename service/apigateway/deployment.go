package apigateway

import (
	"context"
	"fmt"
	"slices"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

func noDeployment() error { return missing("Invalid Deployment identifier specified") }

// CreateDeployment makes a snapshot of an API, and, where a stage is named, has it
// serve the snapshot.
func (s *Service) CreateDeployment(ctx context.Context, in *api.CreateDeploymentInput) (*api.CreateDeploymentOutput, error) {
	d := &api.Deployment{Id: new(s.id(partID)), Description: in.Description}
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		def := a.definition(tx)
		if err := def.check(); err != nil {
			return err
		}
		d.CreatedDate, d.ApiSummary = now(tx), def.summary()
		deployments.put(tx, part(a, deployments, *d.Id), d)
		a.putSnapshot(tx, *d.Id, def)
		if deref(in.StageName) == "" {
			return nil
		}
		return a.deploy(tx, *d.Id, in)
	})
	if err != nil {
		return nil, err
	}
	d.ApiSummary = nil
	return (*api.CreateDeploymentOutput)(d), nil
}

// deploy makes a stage serve a deployment: to all its requests, or, with canary
// settings, to some.
func (a address) deploy(tx kv.Tx, deployment string, in *api.CreateDeploymentInput) error {
	key := part(a, stages, *in.StageName)
	st, ok := stages.get(tx, key)
	if in.CanarySettings != nil {
		if !ok {
			return invalid("Deployment canary settings require an existing stage")
		}
		st.CanarySettings = &api.CanarySettings{
			DeploymentId: &deployment, PercentTraffic: in.CanarySettings.PercentTraffic, UseStageCache: in.CanarySettings.UseStageCache,
			StageVariableOverrides: in.CanarySettings.StageVariableOverrides,
		}
		return a.putStage(tx, st)
	}
	if !ok {
		st = &api.Stage{StageName: in.StageName, Description: in.StageDescription, CreatedDate: now(tx)}
	} else if st.CanarySettings != nil {
		return invalid("Cannot update deploymentId because stage has an active canary. Deployment with canary settings must be used.")
	}
	st.DeploymentId = &deployment
	if in.StageDescription != nil {
		st.Description = in.StageDescription
	}
	if in.CacheClusterEnabled != nil {
		st.CacheClusterEnabled, st.CacheClusterSize = in.CacheClusterEnabled, in.CacheClusterSize
	}
	if in.TracingEnabled != nil {
		st.TracingEnabled = in.TracingEnabled
	}
	if in.Variables != nil {
		st.Variables = in.Variables
	}
	return a.putStage(tx, st)
}

// check returns an error for an API that cannot be deployed.
func (d *definition) check() error {
	methods := 0
	for _, r := range d.Resources {
		for _, m := range r.ResourceMethods {
			if methods++; m.MethodIntegration == nil {
				return invalid("No integration defined for method")
			}
		}
	}
	if methods == 0 {
		return invalid("The REST API doesn't contain any methods")
	}
	return nil
}

func (d *definition) summary() map[string]map[string]api.MethodSnapshot {
	all := map[string]map[string]api.MethodSnapshot{}
	for _, r := range d.Resources {
		for name, m := range r.ResourceMethods {
			if all[*r.Path] == nil {
				all[*r.Path] = map[string]api.MethodSnapshot{}
			}
			all[*r.Path][name] = api.MethodSnapshot{AuthorizationType: m.AuthorizationType, ApiKeyRequired: m.ApiKeyRequired}
		}
	}
	return all
}

func (a address) deployment(tx kv.Tx, id string) (*api.Deployment, error) {
	d, ok := deployments.get(tx, part(a, deployments, id))
	if !ok {
		return nil, noDeployment()
	}
	return d, nil
}

// GetDeployment tells of a deployment.
func (s *Service) GetDeployment(ctx context.Context, in *api.GetDeploymentInput) (out *api.GetDeploymentOutput, err error) {
	err = s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		d, err := a.deployment(tx, in.DeploymentId)
		if err == nil && !slices.Contains(in.Embed, "apisummary") {
			d.ApiSummary = nil
		}
		out = (*api.GetDeploymentOutput)(d)
		return err
	})
	return out, err
}

// GetDeployments lists the deployments of an API.
func (s *Service) GetDeployments(ctx context.Context, in *api.GetDeploymentsInput) (*api.GetDeploymentsOutput, error) {
	out := &api.GetDeploymentsOutput{}
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) (err error) {
		out.Items, out.Position, err = deployments.page(tx, parts(a, deployments), page{in.Position, in.Limit}, nil)
		return err
	})
	for i := range out.Items {
		out.Items[i].ApiSummary = nil
	}
	return out, err
}

// UpdateDeployment changes the description of a deployment.
func (s *Service) UpdateDeployment(ctx context.Context, in *api.UpdateDeploymentInput) (out *api.UpdateDeploymentOutput, err error) {
	err = s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		d, err := a.deployment(tx, in.DeploymentId)
		if err != nil {
			return err
		}
		if err := patch(d, []rule{{"replace", "/description"}}, in.PatchOperations); err != nil {
			return err
		}
		deployments.put(tx, part(a, deployments, in.DeploymentId), d)
		d.ApiSummary = nil
		out = (*api.UpdateDeploymentOutput)(d)
		return nil
	})
	return out, err
}

// DeleteDeployment deletes a deployment that no stage serves.
func (s *Service) DeleteDeployment(ctx context.Context, in *api.DeleteDeploymentInput) (*api.DeleteDeploymentOutput, error) {
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if _, err := a.deployment(tx, in.DeploymentId); err != nil {
			return err
		}
		for _, st := range stages.all(tx, parts(a, stages)) {
			if deref(st.DeploymentId) == in.DeploymentId || st.CanarySettings != nil && deref(st.CanarySettings.DeploymentId) == in.DeploymentId {
				return invalid("Active stages pointing to this deployment must be moved or deleted")
			}
		}
		deployments.rows.Delete(tx, part(a, deployments, in.DeploymentId))
		snapshots.Delete(tx, a.snapshotKey(in.DeploymentId))
		return nil
	})
	return &api.DeleteDeploymentOutput{}, err
}

// definition is all that makes up an API: what a deployment is a copy of.
type definition struct {
	API         api.RestApi
	Resources   []api.Resource
	Models      []api.Model_
	Validators  []api.RequestValidator
	Authorizers []api.Authorizer
	Responses   []api.GatewayResponse
}

// definition gathers an API as it is now.
func (a address) definition(tx kv.Tx) *definition {
	v, ok := restAPIs.get(tx, a.key())
	if !ok {
		kv.Fail(fmt.Errorf("apigateway: API %s is gone", a.API))
	}
	return &definition{
		API: *v, Resources: resources.list(tx, parts(a, resources)), Models: models.list(tx, parts(a, models)),
		Validators: validators.list(tx, parts(a, validators)), Authorizers: authorizers.list(tx, parts(a, authorizers)), Responses: responses.list(tx, parts(a, responses)),
	}
}
