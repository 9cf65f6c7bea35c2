package apigateway

import (
	"context"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

func noStage() error { return missing("Invalid Stage identifier specified") }

// CreateStage makes a stage that serves a deployment.
func (s *Service) CreateStage(ctx context.Context, in *api.CreateStageInput) (*api.CreateStageOutput, error) {
	st := &api.Stage{
		StageName: &in.StageName, DeploymentId: &in.DeploymentId, Description: in.Description, CacheClusterEnabled: in.CacheClusterEnabled,
		CacheClusterSize: in.CacheClusterSize, Variables: in.Variables, DocumentationVersion: in.DocumentationVersion,
		CanarySettings: in.CanarySettings, TracingEnabled: in.TracingEnabled, Tags: in.Tags,
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if stages.rows.Has(tx, part(a, stages, in.StageName)) {
			return conflict("Stage already exists")
		}
		if len(stages.list(tx, parts(a, stages))) >= maxStages {
			return api.ErrLimitExceededException(&api.LimitExceededException{}, "Maximum number of stages for this API has been reached. Please contact AWS if you need additional stages.")
		}
		st.CreatedDate = now(tx)
		return a.putStage(tx, st)
	})
	if err != nil {
		return nil, err
	}
	return (*api.CreateStageOutput)(st), nil
}

// putStage fills in what a stage has by default, checks it and stores it.
func (a address) putStage(tx kv.Tx, st *api.Stage) error {
	name := *st.StageName
	if name == "" || len(name) > 128 || strings.ContainsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-')
	}) {
		return invalid("Stage name only allows a-zA-Z0-9_-")
	}
	if !deployments.rows.Has(tx, part(a, deployments, deref(st.DeploymentId))) {
		return noDeployment()
	}
	if err := checkVariables(st.Variables); err != nil {
		return err
	}
	if st.TracingEnabled == nil {
		st.TracingEnabled = new(false)
	}
	if st.MethodSettings == nil {
		st.MethodSettings = map[string]api.MethodSetting{}
	}
	st.CacheClusterEnabled = new(deref(st.CacheClusterEnabled))
	st.CacheClusterStatus = api.CacheClusterStatusNOTAVAILABLE
	if *st.CacheClusterEnabled {
		st.CacheClusterStatus = api.CacheClusterStatusAVAILABLE
		if st.CacheClusterSize == "" {
			st.CacheClusterSize = "0.5"
		}
	}
	if id := deref(st.ClientCertificateId); id == "" {
		st.ClientCertificateId = nil
	} else if !certificates.rows.Has(tx, certificateKey(a.Scope, id)) {
		return invalid("Invalid Client Certificate identifier specified")
	}
	if err := a.checkCanary(tx, st); err != nil {
		return err
	}
	if err := checkAccessLog(st); err != nil {
		return err
	}
	if err := checkSettings(st.MethodSettings); err != nil {
		return err
	}
	if err := needsRole(tx, a.Scope, st); err != nil {
		return err
	}
	st.LastUpdatedDate = now(tx)
	stages.put(tx, part(a, stages, name), st)
	return nil
}

func checkAccessLog(st *api.Stage) error {
	l := st.AccessLogSettings
	if l == nil || deref(l.DestinationArn) == "" && deref(l.Format) == "" {
		st.AccessLogSettings = nil
		return nil
	}
	if deref(l.DestinationArn) == "" {
		return nil // the other half comes with the next patch
	}
	to, err := aws.ParseARN(*l.DestinationArn)
	switch {
	case err == nil && to.Service == "firehose":
		return unbuilt("an access log on Firehose")
	case err != nil || to.Service != "logs" || !strings.HasPrefix(to.Resource, "log-group:"):
		return invalid("Invalid ARN specified in the request. ARNs must start with 'arn:aws:' or be a log group or Firehose stream: %s", *l.DestinationArn)
	case l.Format != nil && !strings.Contains(*l.Format, "$context.requestId") && !strings.Contains(*l.Format, "$context.extendedRequestId"):
		return invalid("Access Log format must be single line, new line character is allowed only at end of the format, and contain at least one of $context.requestId or $context.extendedRequestId.")
	}
	return nil
}

// checkVariables checks stage variables.
// AWS: "Using API Gateway stage variables": names are alphanumeric with underscores.
func checkVariables(variables map[string]string) error {
	for name, value := range variables {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_')
		}) {
			return invalid("Stage variable name is invalid: %s. Stage variable names may only contain alphanumeric characters and underscores.", name)
		}
		if strings.ContainsFunc(value, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~:/?#&=,", r))
		}) {
			return invalid("Stage variable value is invalid: %s. Please use values with alphanumeric characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','.", value)
		}
	}
	return nil
}

func (a address) checkCanary(tx kv.Tx, st *api.Stage) error {
	c := st.CanarySettings
	if c == nil {
		return nil
	}
	if c.PercentTraffic == nil {
		c.PercentTraffic = new(float64(0))
	}
	if *c.PercentTraffic < 0 || *c.PercentTraffic > 100 {
		return invalid("Percent traffic must be between 0.0 and 100.0")
	}
	if c.UseStageCache == nil {
		c.UseStageCache = new(false)
	}
	if c.DeploymentId == nil {
		c.DeploymentId = st.DeploymentId
	}
	if !deployments.rows.Has(tx, part(a, deployments, *c.DeploymentId)) {
		return invalid("Deployment id does not exist")
	}
	return checkVariables(c.StageVariableOverrides)
}

func (a address) stage(tx kv.Tx, name string) (*api.Stage, error) {
	st, ok := stages.get(tx, part(a, stages, name))
	if !ok {
		return nil, noStage()
	}
	return st, nil
}

// GetStage tells of a stage.
func (s *Service) GetStage(ctx context.Context, in *api.GetStageInput) (out *api.GetStageOutput, err error) {
	err = s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		st, err := a.stage(tx, in.StageName)
		out = (*api.GetStageOutput)(st)
		return err
	})
	return out, err
}

// GetStages lists the stages of an API, or those that serve a deployment.
func (s *Service) GetStages(ctx context.Context, in *api.GetStagesInput) (*api.GetStagesOutput, error) {
	out := &api.GetStagesOutput{}
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		out.Item = []api.Stage{}
		for _, st := range stages.all(tx, parts(a, stages)) {
			if in.DeploymentId == nil || *in.DeploymentId == *st.DeploymentId {
				out.Item = append(out.Item, *st)
			}
		}
		return nil
	})
	return out, err
}

// stageRules are what UpdateStage may change, besides the settings of methods.
var stageRules = []rule{
	{"replace add remove", "/description"},
	{"replace", "/deploymentId"},
	{"replace remove", "/clientCertificateId"},
	{"replace", "/cacheClusterEnabled"},
	{"replace", "/cacheClusterSize"},
	{"replace", "/documentationVersion"},
	{"replace", "/tracingEnabled"},
	{"add remove replace", "/variables/*"},
	{"copy", "/variables"},
	{"copy", "/deploymentId"},
	{"add replace", "/accessLogSettings/destinationArn"},
	{"add replace", "/accessLogSettings/format"},
	{"remove", "/accessLogSettings"},
	{"remove", "/canarySettings"},
	{"replace add", "/canarySettings/percentTraffic"},
	{"replace add", "/canarySettings/deploymentId"},
	{"replace add", "/canarySettings/useStageCache"},
	{"add remove replace", "/canarySettings/stageVariableOverrides/*"},
	{"replace", "/methodSettings/*/*"},
	{"remove", "/methodSettings/*"},
}

// UpdateStage changes a stage.
func (s *Service) UpdateStage(ctx context.Context, in *api.UpdateStageInput) (out *api.UpdateStageOutput, err error) {
	err = s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		st, err := a.stage(tx, in.StageName)
		if err != nil {
			return err
		}
		for _, op := range in.PatchOperations {
			if err := settingOperation(st, &op); err != nil {
				return err
			}
			if err := patch(st, stageRules, []api.PatchOperation{op}); err != nil {
				return err
			}
		}
		out = (*api.UpdateStageOutput)(st)
		return a.putStage(tx, st)
	})
	return out, err
}

// DeleteStage deletes a stage.
func (s *Service) DeleteStage(ctx context.Context, in *api.DeleteStageInput) (*api.DeleteStageOutput, error) {
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		if _, err := a.stage(tx, in.StageName); err != nil {
			return err
		}
		for _, p := range plans.all(tx, plans.rows.Prefix(a.Scope)) {
			if _, ok := p.ApiStages[a.API+":"+in.StageName]; ok {
				return invalid("Cannot delete stage '%s' because it is associated with usage plan %s", in.StageName, deref(p.Id))
			}
		}
		if domain, ok := s.Domains.Leads(tx, a.Scope, a.API, in.StageName); ok {
			return invalid("Deleting stage %s failed. Please remove all base path mappings related to the stage in your domains: %s", in.StageName, domain)
		}
		cacheEntries.DeleteAll(tx, cacheEntries.Prefix(a.Scope, kv.String(a.API), kv.String(in.StageName)))
		stages.rows.Delete(tx, part(a, stages, in.StageName))
		return nil
	})
	return &api.DeleteStageOutput{}, err
}
