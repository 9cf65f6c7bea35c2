package iam

import (
	"context"
	"slices"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
)

// simulation is what both Simulate… operations ask.
type simulation struct {
	base     policy.Request
	actions  []string
	resource []string
	owner    string
}

// SimulateCustomPolicy tells what the given policies would allow.
func (s *Service) SimulateCustomPolicy(ctx context.Context, in *api.SimulateCustomPolicyInput) (*api.SimulateCustomPolicyOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	sim, err := s.simulation(in, string(aws.CallFrom(ctx).Account))
	if err != nil {
		return nil, err
	}
	if err := s.addInputs(&sim.base, in); err != nil {
		return nil, err
	}
	for _, level := range in.OrderedOrganizationPolicyInputList {
		var sources []policy.Source
		if err := s.addList(&sources, level.ServiceControlPolicyInputList, "ServiceControlPolicyInputList"); err != nil {
			return nil, err
		}
		sim.base.SCPs = append(sim.base.SCPs, sources)
	}
	out, err := slice(sim.run(), p)
	return &api.SimulateCustomPolicyOutput{EvaluationResults: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// SimulatePrincipalPolicy tells what a user, group or role may do, with the
// given policies besides.
func (s *Service) SimulatePrincipalPolicy(ctx context.Context, in *api.SimulatePrincipalPolicyInput) (*api.SimulatePrincipalPolicyOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	custom := &api.SimulateCustomPolicyInput{
		PolicyInputList: in.PolicyInputList, PermissionsBoundaryPolicyInputList: in.PermissionsBoundaryPolicyInputList, ActionNames: in.ActionNames,
		ResourceArns: in.ResourceArns, ResourcePolicy: in.ResourcePolicy, ResourceOwner: in.ResourceOwner, CallerArn: in.CallerArn, ContextEntries: in.ContextEntries,
	}
	if custom.CallerArn == nil && !strings.Contains(in.PolicySourceArn, ":group/") {
		custom.CallerArn = &in.PolicySourceArn
	}
	sim, err := s.simulation(custom, string(aws.CallFrom(ctx).Account))
	if err != nil {
		return nil, err
	}
	err = s.view(ctx, func(t *tx) error {
		id, err := t.principal(in.PolicySourceArn)
		if err != nil {
			return err
		}
		return t.each(id, func(holder string, g *grant, document string) error {
			if slices.ContainsFunc(in.PolicyExclusionList, func(x api.PolicyIdentifier) bool { return t.excluded(holder, g, &x) }) {
				return nil
			}
			if g.Kind == grantBoundary {
				b, err := s.Deps.Policies.Get(document, policy.Identity)
				sim.base.Boundary = policy.Source{Name: g.Name, Policy: b}
				return err
			}
			return t.add(&sim.base.Identity, t.simulatedName(holder, g), document)
		})
	})
	if err != nil {
		return nil, err
	}
	if err := s.addInputs(&sim.base, custom); err != nil {
		return nil, err
	}
	out, err := slice(sim.run(), p)
	return &api.SimulatePrincipalPolicyOutput{EvaluationResults: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// simulation reads what both operations have in common.
func (s *Service) simulation(in *api.SimulateCustomPolicyInput, account string) (*simulation, error) {
	sim := &simulation{actions: in.ActionNames, resource: in.ResourceArns, owner: or(in.ResourceOwner, "")}
	if len(sim.resource) == 0 {
		sim.resource = []string{"*"}
	}
	entries := policy.Map{}
	for _, e := range in.ContextEntries {
		entries[strings.ToLower(or(e.ContextKeyName, ""))] = contextValues(e)
	}
	caller, err := simulatedCaller(in.CallerArn, entries, aws.Account(account))
	if err != nil {
		return nil, err
	}
	sim.base.Caller, sim.base.Context = caller, entries
	if in.ResourcePolicy != nil {
		if in.CallerArn == nil {
			return nil, api.ErrInvalidInputException("CallerArn is required when ResourcePolicy is given.")
		}
		p, err := s.Deps.Policies.Get(*in.ResourcePolicy, policy.Resource)
		if err != nil {
			return nil, api.ErrInvalidInputException("%s", modelled(err).Error())
		}
		sim.base.Attached = policy.Source{Name: "ResourcePolicy", Policy: p}
	}
	for _, action := range in.ActionNames {
		if !strings.Contains(action, ":") {
			return nil, api.ErrInvalidInputException("Invalid action: %s", action)
		}
	}
	return sim, nil
}

func contextValues(e api.ContextEntry) policy.Values {
	if strings.HasSuffix(string(e.ContextKeyType), "List") || len(e.ContextKeyValues) != 1 {
		return policy.Many(e.ContextKeyValues)
	}
	return policy.One(e.ContextKeyValues[0])
}

// simulatedCaller makes the caller. What conditions ask of a caller may come
// from the context entries where no caller is named.
func simulatedCaller(arn *string, entries policy.Map, account aws.Account) (*aws.Caller, error) {
	c := &aws.Caller{Kind: aws.User, Account: account}
	entry := func(key string) string {
		if v, ok := entries[key]; ok && v.Len() > 0 {
			return v.At(0)
		}
		return ""
	}
	c.UserID = entry("aws:userid")
	switch name := entry("aws:username"); {
	case arn != nil:
		c.ARN = *arn
	case entry("aws:principalarn") != "":
		c.ARN = entry("aws:principalarn")
	case name != "":
		c.ARN = "arn:aws:iam::" + string(account) + ":user/" + name
	}
	if mfa := entry("aws:multifactorauthpresent"); mfa != "" {
		c.Session = &aws.Session{MFA: mfa == "true"}
	}
	if c.ARN == "" {
		return c, nil
	}
	a, err := aws.ParseARN(c.ARN)
	if err != nil {
		return nil, api.ErrInvalidInputException("Invalid caller ARN: %s", c.ARN)
	}
	c.Account = a.Account
	switch {
	case a.Resource == "root":
		c.Kind = aws.Root
	case strings.HasPrefix(a.Resource, "role/"), strings.HasPrefix(a.Resource, "assumed-role/"):
		c.Kind = aws.AssumedRole
	}
	return c, nil
}

// addInputs adds the policies that the request itself carries.
func (s *Service) addInputs(r *policy.Request, in *api.SimulateCustomPolicyInput) error {
	if err := s.addList(&r.Identity, in.PolicyInputList, "PolicyInputList"); err != nil {
		return err
	}
	if len(in.PermissionsBoundaryPolicyInputList) == 0 {
		return nil
	}
	var one []policy.Source
	err := s.addList(&one, in.PermissionsBoundaryPolicyInputList[:1], "PermissionsBoundaryPolicyInputList")
	if err == nil {
		r.Boundary = one[0]
	}
	return err
}

func (s *Service) addList(to *[]policy.Source, documents []string, name string) error {
	for i, document := range documents {
		p, err := s.Deps.Policies.Get(document, policy.Identity)
		if err != nil {
			return api.ErrInvalidInputException("%s", err.Error())
		}
		*to = append(*to, policy.Source{Name: name + "." + strconv.Itoa(i+1), Policy: p})
	}
	return nil
}

// principal is the unique id of the user, group or role that an ARN names.
func (t *tx) principal(arn string) (string, error) {
	a, err := aws.ParseARN(arn)
	if err != nil || a.Service != "iam" {
		return "", api.ErrInvalidInputException("Invalid Entity Arn: %s does not clearly define entity type and name.", arn)
	}
	kind, full, _ := strings.Cut(a.Resource, "/")
	name := last(full)
	switch kind {
	case "user":
		if u, ok := find(t, &users, name); ok {
			return u.ID, nil
		}
	case "group":
		if g, ok := find(t, &groups, name); ok {
			return g.ID, nil
		}
	case "role":
		if r, ok := find(t, &roles, name); ok {
			return r.ID, nil
		}
	default:
		return "", api.ErrInvalidInputException("Invalid Entity Arn: %s does not clearly define entity type and name.", arn)
	}
	return "", api.ErrNoSuchEntityException("The %s with name %s cannot be found.", kind, name)
}

// simulatedName is how results name a policy.
func (t *tx) simulatedName(holder string, g *grant) string {
	if g.Kind != grantInline {
		return g.Name
	}
	e, ok := t.entity(holder)
	if !ok {
		return g.Name
	}
	return kindOf(holder) + "_" + e.Name + "_" + g.Name
}

func kindOf(id string) string {
	switch id[:4] {
	case prefixUser:
		return "user"
	case prefixGroup:
		return "group"
	}
	return "role"
}

// excluded reports whether a policy is one that the request leaves out.
func (t *tx) excluded(holder string, g *grant, x *api.PolicyIdentifier) bool {
	if x.PolicyType == api.PolicyIdentifierPolicyTypeInline {
		in := x.InlinePolicyIdentifier
		e, ok := t.entity(holder)
		return g.Kind == grantInline && in != nil && ok && in.PolicyName == g.Name &&
			string(in.AttachmentType) == kindOf(holder) && fold(in.AttachmentName) == fold(e.Name)
	}
	if g.Kind == grantBoundary != (x.PolicyType == api.PolicyIdentifierPolicyTypePermissionBoundary) {
		return false
	}
	return g.Kind != grantInline && or(x.PolicyArn, g.ARN) == g.ARN
}

// run evaluates every action on every resource.
func (sim *simulation) run() []api.EvaluationResult {
	out := []api.EvaluationResult{}
	for _, action := range sim.actions {
		for _, resource := range sim.resource {
			r := sim.base
			r.Action, r.Resource = action, resource
			if arn, err := aws.ParseARN(resource); err == nil && arn.Account.Valid() {
				r.ResourceAccount = arn.Account
			}
			if arn, err := aws.ParseARN(sim.owner); err == nil {
				r.ResourceAccount = arn.Account
			}
			out = append(out, result(&r, policy.Explain(&r)))
		}
	}
	return out
}

// result shows how a request was decided.
func result(r *policy.Request, e policy.Explanation) api.EvaluationResult {
	out := api.EvaluationResult{
		EvalActionName: r.Action, EvalResourceName: &r.Resource, EvalDecision: verdict(e.Reason), MatchedStatements: []api.Statement{},
		MissingContextValues: e.MissingKeys,
	}
	bounded := false
	for _, m := range e.Matched {
		if m.Type == policy.BoundaryPolicy {
			bounded = bounded || !m.Statement.Deny
			continue
		}
		if m.Statement.Deny == (e.Reason == policy.ExplicitDeny) { // AWS: only those that made the decision
			out.MatchedStatements = append(out.MatchedStatements, matched(m))
		}
	}
	if r.Boundary.Policy != nil {
		allowed := bounded && (e.Reason != policy.ExplicitDeny || e.By.Type != policy.BoundaryPolicy)
		out.PermissionsBoundaryDecisionDetail = &api.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: &allowed}
	}
	if len(r.SCPs) > 0 {
		allowed := e.Missing != policy.SCP && (e.Reason != policy.ExplicitDeny || e.By.Type != policy.SCP)
		out.OrganizationsDecisionDetail = &api.OrganizationsDecisionDetail{AllowedByOrganizations: &allowed}
	}
	if r.Resource != "*" {
		out.ResourceSpecificResults = []api.ResourceSpecificResult{{
			EvalResourceName: r.Resource, EvalResourceDecision: out.EvalDecision, MatchedStatements: out.MatchedStatements,
			MissingContextValues: out.MissingContextValues, PermissionsBoundaryDecisionDetail: out.PermissionsBoundaryDecisionDetail,
		}}
	}
	return out
}

func verdict(r policy.Reason) api.PolicyEvaluationDecisionType {
	switch r {
	case policy.Allowed:
		return api.PolicyEvaluationDecisionTypeAllowed
	case policy.ExplicitDeny:
		return api.PolicyEvaluationDecisionTypeExplicitDeny
	}
	return api.PolicyEvaluationDecisionTypeImplicitDeny
}

// matched shows a statement. AWS: whatever its source, the answer calls it this.
func matched(m policy.Match) api.Statement {
	kind := api.PolicySourceType("IAM Policy")
	if m.Type == policy.ResourcePolicy || m.Type == policy.TrustPolicy {
		kind = "Resource Policy"
	}
	at := func(p policy.Position) *api.Position {
		return &api.Position{Line: new(int32(p.Line)), Column: new(int32(p.Column))}
	}
	return api.Statement{SourcePolicyId: &m.Name, SourcePolicyType: kind, StartPosition: at(m.Statement.Start), EndPosition: at(m.Statement.End)}
}
