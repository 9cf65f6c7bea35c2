package apigatewayv2

import (
	"context"
	"maps"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateStage gives an API a place where it can be called.
func (s *Service) CreateStage(ctx context.Context, in *apigatewayv2.CreateStageInput) (*apigatewayv2.CreateStageOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	var st *apigatewayv2.Stage
	err := s.changeStages(ctx, in.ApiId, func(tx kv.Tx, a address, d *apigatewayv2.Api) (string, error) {
		if stages.count(tx, maxStages, a.Scope, a.ID) == maxStages {
			return "", tooMany("stages per API", maxStages)
		}
		if _, ok := stages.get(tx, a.Scope, a.ID, in.StageName); ok {
			return "", conflict("Stage already exists")
		}
		st = &apigatewayv2.Stage{CreatedDate: new(tx.Now())}
		carry(st, in)
		st.DefaultRouteSettings = settle(d.ProtocolType, in.DefaultRouteSettings)
		return st.StageName, s.keepStage(tx, a, st, in.DeploymentId)
	}, &st)
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateStageOutput](st), nil
}

// changeStages runs fn, which stores a stage and returns its name, and deploys to
// the stages that want it. st is then the stage as it is.
func (s *Service) changeStages(ctx context.Context, apiID string, fn func(tx kv.Tx, a address, d *apigatewayv2.Api) (string, error), st **apigatewayv2.Stage) error {
	a := here(ctx, apiID)
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		d, err := a.find(tx)
		if err != nil {
			return err
		}
		name, err := fn(tx, a, d)
		if err != nil {
			return err
		}
		kept, _ := stages.get(tx, a.Scope, a.ID, name)
		if deref(kept.AutoDeploy) && kept.DeploymentId == nil && routes.count(tx, 1, a.Scope, a.ID) > 0 {
			if err := s.changed(tx, a); err != nil {
				return err
			}
		}
		*st, _ = stages.get(tx, a.Scope, a.ID, name)
		return nil
	})
}

// settle completes the settings that routes have by default.
func settle(p apigatewayv2.ProtocolType, given *apigatewayv2.RouteSettings) *apigatewayv2.RouteSettings {
	all := &apigatewayv2.RouteSettings{DetailedMetricsEnabled: new(false)}
	if p == apigatewayv2.ProtocolTypeWEBSOCKET {
		all.DataTraceEnabled, all.LoggingLevel = new(false), apigatewayv2.LoggingLevelOFF
	}
	if given != nil {
		carry(all, given)
	}
	return all
}

// keepStage checks and stores a stage, to which a request may give a deployment.
func (s *Service) keepStage(tx kv.Tx, a address, st *apigatewayv2.Stage, deployment *string) error {
	d, err := a.find(tx)
	if err != nil {
		return err
	}
	if err := a.checkStage(tx, d, st); err != nil {
		return err
	}
	if deployment != nil {
		if deref(st.AutoDeploy) {
			return bad("Deployment ID cannot be set on a stage with auto-deploy enabled")
		}
		if _, ok := deployments.get(tx, a.Scope, a.ID, *deployment); !ok {
			return bad("Deployment id does not exist")
		}
	}
	st.LastUpdatedDate = new(tx.Now())
	stages.put(tx, st, a.Scope, a.ID, st.StageName)
	a.refresh(tx, d, st)
	return nil
}

// GetStage returns a stage.
func (s *Service) GetStage(ctx context.Context, in *apigatewayv2.GetStageInput) (*apigatewayv2.GetStageOutput, error) {
	out := new(apigatewayv2.GetStageOutput)
	err := s.view(ctx, in.ApiId, func(tx kv.Tx, a address) error {
		st, err := a.stage(tx, in.StageName)
		if err == nil {
			carry(out, st)
		}
		return err
	})
	return out, err
}

// stage finds a stage of the API. AWS does not repeat the name of one that is not there.
func (a address) stage(tx kv.Tx, name string) (*apigatewayv2.Stage, error) {
	if st, ok := stages.get(tx, a.Scope, a.ID, name); ok {
		return st, nil
	}
	return nil, noThing(stages.what, "")
}

// GetStages lists the stages of an API.
func (s *Service) GetStages(ctx context.Context, in *apigatewayv2.GetStagesInput) (*apigatewayv2.GetStagesOutput, error) {
	items, next, err := listParts(ctx, s, stages, listing{[]string{in.ApiId}, in.MaxResults, in.NextToken})
	return &apigatewayv2.GetStagesOutput{Items: items, NextToken: next}, err
}

// UpdateStage changes what a request sets of a stage.
func (s *Service) UpdateStage(ctx context.Context, in *apigatewayv2.UpdateStageInput) (*apigatewayv2.UpdateStageOutput, error) {
	var st *apigatewayv2.Stage
	err := s.changeStages(ctx, in.ApiId, func(tx kv.Tx, a address, d *apigatewayv2.Api) (_ string, err error) {
		if st, err = a.stage(tx, in.StageName); err != nil {
			return "", err
		}
		settings, defaults := st.RouteSettings, st.DefaultRouteSettings
		carry(st, in)
		if st.DefaultRouteSettings = defaults; in.DefaultRouteSettings != nil {
			st.DefaultRouteSettings = settle(d.ProtocolType, in.DefaultRouteSettings)
		}
		st.RouteSettings = settings
		for key, given := range in.RouteSettings {
			if st.RouteSettings == nil {
				st.RouteSettings = map[string]apigatewayv2.RouteSettings{}
			}
			st.RouteSettings[key] = given
		}
		maps.DeleteFunc(st.StageVariables, func(_, v string) bool { return v == "" })
		return st.StageName, s.keepStage(tx, a, st, in.DeploymentId)
	}, &st)
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateStageOutput](st), nil
}

// DeleteStage deletes a stage that no domain leads to.
func (s *Service) DeleteStage(ctx context.Context, in *apigatewayv2.DeleteStageInput) (*apigatewayv2.DeleteStageOutput, error) {
	a := here(ctx, in.ApiId)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := a.find(tx); err != nil {
			return err
		}
		if _, err := a.stage(tx, in.StageName); err != nil {
			return err
		}
		if domain, ok := a.mapped(tx, in.StageName); ok {
			return bad("Deleting stage %s failed. Please remove all base path mappings related to the stage in your domains: %s", in.StageName, domain)
		}
		stages.delete(tx, a.Scope, a.ID, in.StageName)
		a.unserve(tx, in.StageName)
		hangUp(tx, connections.Prefix(anywhere, kv.String(a.ID), kv.String(in.StageName)))
		a.forget(tx)
		return nil
	})
	return &apigatewayv2.DeleteStageOutput{}, err
}

// changeStage runs fn on a stage, and stores it.
func (s *Service) changeStage(ctx context.Context, apiID, name string, fn func(st *apigatewayv2.Stage) error) error {
	a := here(ctx, apiID)
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := a.find(tx); err != nil {
			return err
		}
		st, err := a.stage(tx, name)
		if err != nil {
			return err
		}
		if err := fn(st); err != nil {
			return err
		}
		return s.keepStage(tx, a, st, nil)
	})
}

// DeleteAccessLogSettings ends a stage's access log.
func (s *Service) DeleteAccessLogSettings(ctx context.Context, in *apigatewayv2.DeleteAccessLogSettingsInput) (*apigatewayv2.DeleteAccessLogSettingsOutput, error) {
	err := s.changeStage(ctx, in.ApiId, in.StageName, func(st *apigatewayv2.Stage) error {
		st.AccessLogSettings = nil
		return nil
	})
	return &apigatewayv2.DeleteAccessLogSettingsOutput{}, err
}

// DeleteRouteSettings makes a route go by the stage's default settings.
func (s *Service) DeleteRouteSettings(ctx context.Context, in *apigatewayv2.DeleteRouteSettingsInput) (*apigatewayv2.DeleteRouteSettingsOutput, error) {
	err := s.changeStage(ctx, in.ApiId, in.StageName, func(st *apigatewayv2.Stage) error {
		if _, ok := st.RouteSettings[in.RouteKey]; !ok {
			return noRouteSettings(in.RouteKey)
		}
		delete(st.RouteSettings, in.RouteKey)
		return nil
	})
	return &apigatewayv2.DeleteRouteSettingsOutput{}, err
}
