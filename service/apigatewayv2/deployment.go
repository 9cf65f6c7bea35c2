package apigatewayv2

import (
	"context"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateDeployment makes a deployment of the API as it is, and a stage serve it
// where one is named.
func (s *Service) CreateDeployment(ctx context.Context, in *apigatewayv2.CreateDeploymentInput) (*apigatewayv2.CreateDeploymentOutput, error) {
	a := here(ctx, in.ApiId)
	out := new(apigatewayv2.CreateDeploymentOutput)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		d, err := a.find(tx)
		if err != nil {
			return err
		}
		if missing := a.undeployable(tx, d); missing != "" {
			return bad("%s", missing)
		}
		var st *apigatewayv2.Stage
		if name := deref(in.StageName); name != "" {
			if st, err = a.stage(tx, name); err != nil {
				return err
			}
		}
		n := s.deploy(tx, a, d, in.Description)
		*out = *answer[apigatewayv2.CreateDeploymentOutput](n)
		if st == nil {
			return nil
		}
		a.point(tx, st, n)
		stages.put(tx, st, a.Scope, a.ID, st.StageName)
		a.refresh(tx, d, st)
		a.forget(tx)
		return nil
	})
	return out, err
}

// GetDeployment returns a deployment.
func (s *Service) GetDeployment(ctx context.Context, in *apigatewayv2.GetDeploymentInput) (*apigatewayv2.GetDeploymentOutput, error) {
	return getPart[apigatewayv2.GetDeploymentOutput](ctx, s, deployments, in.ApiId, in.DeploymentId)
}

// GetDeployments lists the deployments of an API.
func (s *Service) GetDeployments(ctx context.Context, in *apigatewayv2.GetDeploymentsInput) (*apigatewayv2.GetDeploymentsOutput, error) {
	items, next, err := listParts(ctx, s, deployments, listing{[]string{in.ApiId}, in.MaxResults, in.NextToken})
	return &apigatewayv2.GetDeploymentsOutput{Items: items, NextToken: next}, err
}

// UpdateDeployment changes a deployment's description.
func (s *Service) UpdateDeployment(ctx context.Context, in *apigatewayv2.UpdateDeploymentInput) (*apigatewayv2.UpdateDeploymentOutput, error) {
	a := here(ctx, in.ApiId)
	out := new(apigatewayv2.UpdateDeploymentOutput)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := a.find(tx); err != nil {
			return err
		}
		n, err := deployments.find(tx, a.Scope, a.ID, in.DeploymentId)
		if err != nil {
			return err
		}
		carry(n, in)
		deployments.put(tx, n, a.Scope, a.ID, in.DeploymentId)
		carry(out, n)
		return nil
	})
	return out, err
}

// DeleteDeployment deletes a deployment that no stage serves.
func (s *Service) DeleteDeployment(ctx context.Context, in *apigatewayv2.DeleteDeploymentInput) (*apigatewayv2.DeleteDeploymentOutput, error) {
	a := here(ctx, in.ApiId)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := a.find(tx); err != nil {
			return err
		}
		if _, err := deployments.find(tx, a.Scope, a.ID, in.DeploymentId); err != nil {
			return err
		}
		for _, st := range stages.all(tx, a.Scope, a.ID) {
			if deref(st.DeploymentId) == in.DeploymentId {
				return bad("Active stages pointing to this deployment must be moved or deleted")
			}
		}
		a.undeploy(tx, in.DeploymentId)
		return nil
	})
	return &apigatewayv2.DeleteDeploymentOutput{}, err
}
