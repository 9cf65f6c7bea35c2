package cognitoidentity

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// SetIdentityPoolRoles says which roles identities get.
func (s *Service) SetIdentityPoolRoles(ctx context.Context, in *cognitoidentity.SetIdentityPoolRolesInput) (*cognitoidentity.SetIdentityPoolRolesOutput, error) {
	for kind, role := range in.Roles {
		if kind != authenticated && kind != unauthenticated {
			return nil, invalid("Invalid role type: %s", kind)
		}
		if err := checkRole(role); err != nil {
			return nil, err
		}
	}
	for name, m := range in.RoleMappings {
		if err := checkMapping(name, &m); err != nil {
			return nil, err
		}
	}
	err := s.change(ctx, here(ctx, in.IdentityPoolId), func(p *pool) error {
		p.roles = &cognitoidentity.SetIdentityPoolRolesInput{Roles: in.Roles, RoleMappings: in.RoleMappings}
		return nil
	})
	return &cognitoidentity.SetIdentityPoolRolesOutput{}, err
}

func checkRole(role string) error {
	if arn, err := aws.ParseARN(role); err != nil || arn.Service != "iam" || !strings.HasPrefix(arn.Resource, "role/") {
		return invalid("Invalid role ARN: %s", role)
	}
	return nil
}

func checkMapping(name string, m *cognitoidentity.RoleMapping) error {
	switch {
	case m.AmbiguousRoleResolution == "":
		return invalid("AmbiguousRoleResolution is required for the role mapping of %s.", name)
	case m.Type != cognitoidentity.RoleMappingTypeRules:
		return nil
	case m.RulesConfiguration == nil || len(m.RulesConfiguration.Rules) == 0 || len(m.RulesConfiguration.Rules) > maxRules:
		return invalid("The role mapping of %s must have between 1 and %d rules.", name, maxRules)
	}
	for i := range m.RulesConfiguration.Rules {
		if err := checkRole(m.RulesConfiguration.Rules[i].RoleARN); err != nil {
			return err
		}
	}
	return nil
}

// GetIdentityPoolRoles tells which roles identities get.
func (s *Service) GetIdentityPoolRoles(ctx context.Context, in *cognitoidentity.GetIdentityPoolRolesInput) (*cognitoidentity.GetIdentityPoolRolesOutput, error) {
	out := new(cognitoidentity.GetIdentityPoolRolesOutput)
	err := s.view(ctx, in.IdentityPoolId, func(_ kv.Tx, p *pool) error {
		*out = cognitoidentity.GetIdentityPoolRolesOutput{IdentityPoolId: &p.at.ID, Roles: p.roles.Roles, RoleMappings: p.roles.RoleMappings}
		return nil
	})
	return out, err
}

// role is the role that a bearer gets. wanted is one of several that its token has.
// AWS: "Using role-based access control".
func (b *bearer) role(wanted string) (string, error) {
	roles := b.pool.roles
	if b.methods[0] == unauthenticated {
		return defaultRole(roles.Roles[unauthenticated])
	}
	for i := range b.proofs {
		m, ok := roles.RoleMappings[b.proofs[i].Provider+":"+b.proofs[i].client]
		if !ok {
			continue
		}
		role, err := b.proofs[i].mapped(&m, wanted)
		switch {
		case err != nil || role != "":
			return role, err
		case m.AmbiguousRoleResolution == cognitoidentity.AmbiguousRoleResolutionTypeDeny:
			return "", refused("Access denied: no role can be determined for the identity.")
		}
	}
	if wanted != "" {
		return "", refused("The requested role is not one of the identity's.")
	}
	return defaultRole(roles.Roles[authenticated])
}

func defaultRole(role string) (string, error) {
	if role == "" {
		return "", misconfigured()
	}
	return role, nil
}

func misconfigured() error {
	return cognitoidentity.ErrInvalidIdentityPoolConfigurationException("Invalid identity pool configuration. Check assigned IAM roles for this pool.")
}

// mapped is the role that a mapping gives; empty where it is ambiguous.
func (v *proof) mapped(m *cognitoidentity.RoleMapping, wanted string) (string, error) {
	if m.Type == cognitoidentity.RoleMappingTypeRules {
		for i := range m.RulesConfiguration.Rules {
			if r := &m.RulesConfiguration.Rules[i]; v.matches(r) {
				return r.RoleARN, nil
			}
		}
		return "", nil
	}
	roles := texts(v.claims["cognito:roles"])
	preferred, _ := v.claims["cognito:preferred_role"].(string)
	switch {
	case wanted != "" && !slices.Contains(roles, wanted):
		return "", refused("The requested role is not one of the identity's.")
	case wanted != "":
		return wanted, nil
	case preferred == "" && len(roles) == 1:
		return roles[0], nil
	}
	return preferred, nil
}

// texts are the texts of a claim.
func texts(claim any) (all []string) {
	list, ok := claim.([]any)
	if !ok {
		list = []any{claim}
	}
	for _, v := range list {
		if v != nil {
			all = append(all, fmt.Sprint(v))
		}
	}
	return all
}

// matches holds the claim of a rule against its value. Of a claim with several values
// one must fit.
func (v *proof) matches(r *cognitoidentity.MappingRule) bool {
	all := texts(v.claims[r.Claim])
	switch r.MatchType {
	case cognitoidentity.MappingRuleMatchTypeEquals:
		return slices.Contains(all, r.Value)
	case cognitoidentity.MappingRuleMatchTypeNotEqual:
		return len(all) > 0 && !slices.Contains(all, r.Value)
	case cognitoidentity.MappingRuleMatchTypeContains:
		return slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, r.Value) })
	}
	return slices.ContainsFunc(all, func(s string) bool { return strings.HasPrefix(s, r.Value) })
}
