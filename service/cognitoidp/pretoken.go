package cognitoidp

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
)

// Why tokens are made, as functions are told.
const (
	tokensBySignIn      = "Authentication"
	tokensByNewPassword = "NewPasswordChallenge"
	tokensByPage        = "HostedAuth"
	tokensByRefresh     = "RefreshTokens"
)

// Claims about groups.
const (
	claimGroups    = "cognito:groups"
	claimRoles     = "cognito:roles"
	claimPreferred = "cognito:preferred_role"
)

// groupOverride is what a function is told about groups, and what it says of them.
type groupOverride struct {
	Groups    []string `json:"groupsToOverride"`
	Roles     []string `json:"iamRolesToOverride"`
	Preferred *string  `json:"preferredRole"`
}

// override is what a function changes of the claims of a token.
type override struct {
	Add      map[string]any `json:"claimsToAddOrOverride"`
	Suppress []string       `json:"claimsToSuppress"`

	AddScopes      []string `json:"scopesToAdd"`      // of access tokens
	SuppressScopes []string `json:"scopesToSuppress"` // likewise
}

// shaped is the response of the first version, and that of the second, which
// changes access tokens as well.
type shaped struct {
	First *struct {
		Add      map[string]string `json:"claimsToAddOrOverride"`
		Suppress []string          `json:"claimsToSuppress"`
		Groups   *groupOverride    `json:"groupOverrideDetails"`
	} `json:"claimsOverrideDetails"`
	Second *struct {
		ID     override       `json:"idTokenGeneration"`
		Access override       `json:"accessTokenGeneration"`
		Groups *groupOverride `json:"groupOverrideDetails"`
	} `json:"claimsAndScopeOverrideDetails"`
}

// shape lets the pool's function change what tokens say.
// AWS: "Pre token generation Lambda trigger".
func (s *Service) shape(ctx context.Context, g *grant) error {
	t := g.user.pool.triggers()
	o := g.user.occasion("PreTokenGeneration", t.PreTokenGeneration, "")
	second := false
	if c := t.PreTokenGenerationConfig; c != nil {
		o.arn, second = &c.LambdaArn, c.LambdaVersion == cognitoidp.PreTokenGenerationLambdaVersionTypeV20
	}
	if o.arn == nil {
		return nil
	}
	groups, _ := g.access[claimGroups].([]string)
	roles, _ := g.roles()
	request := map[string]any{
		"userAttributes":     g.user.told(),
		"groupConfiguration": groupOverride{Groups: append([]string{}, groups...), Roles: append([]string{}, roles...), Preferred: g.preferred()},
	}
	o.source = "TokenGeneration_" + g.why
	if scope, _ := g.access["scope"].(string); second {
		o.version, request["scopes"] = "2", strings.Fields(scope)
	}
	var said shaped
	if err := s.call(ctx, o, request, &said); err != nil {
		return err
	}
	switch {
	case second && said.Second != nil:
		said.Second.ID.apply(g.id)
		said.Second.Access.apply(g.access)
		said.Second.Access.applyScopes(g.access)
		g.regroup(said.Second.Groups)
	case !second && said.First != nil:
		first := override{Suppress: said.First.Suppress, Add: map[string]any{}}
		for name, value := range said.First.Add {
			first.Add[name] = value
		}
		first.apply(g.id)
		g.regroup(said.First.Groups)
	}
	return nil
}

func (g *grant) roles() ([]string, bool) {
	roles, ok := g.id[claimRoles].([]string)
	return roles, ok
}

func (g *grant) preferred() *string {
	if role, ok := g.id[claimPreferred].(string); ok {
		return &role
	}
	return nil
}

// regroup puts other groups and roles into the tokens.
func (g *grant) regroup(o *groupOverride) {
	if o == nil {
		return
	}
	for _, claims := range []map[string]any{g.id, g.access} {
		set(claims, claimGroups, o.Groups, len(o.Groups) > 0)
	}
	set(g.id, claimRoles, o.Roles, len(o.Roles) > 0)
	set(g.id, claimPreferred, deref(o.Preferred), o.Preferred != nil)
}

// set sets a claim, or takes it away. claims are nil for a token that there is not.
func set(claims map[string]any, name string, value any, present bool) {
	switch {
	case claims == nil:
	case present:
		claims[name] = value
	default:
		delete(claims, name)
	}
}

// fixed reports whether no function can change a claim.
// AWS: "Pre token generation Lambda trigger", excluded claims.
func fixed(name string) bool {
	switch name {
	case "acr", "amr", "at_hash", "auth_time", "azp", "client_id", "event_id", "exp", "iat", "identities", "iss", "jti", "nbf", "nonce", "origin_jti",
		"scope", "sub", "token_use", "username", "version", "cognito:username", claimGroups, claimRoles, claimPreferred:
		return true
	}
	return strings.HasPrefix(name, developerPrefix)
}

func (o *override) apply(claims map[string]any) {
	if claims == nil {
		return
	}
	for name, value := range o.Add {
		if !fixed(name) {
			claims[name] = value
		}
	}
	maps.DeleteFunc(claims, func(name string, _ any) bool { return !fixed(name) && slices.Contains(o.Suppress, name) })
}

func (o *override) applyScopes(claims map[string]any) {
	scope, _ := claims["scope"].(string)
	scopes := strings.Fields(scope)
	for _, name := range o.AddScopes {
		if !slices.Contains(scopes, name) {
			scopes = append(scopes, name)
		}
	}
	claims["scope"] = strings.Join(slices.DeleteFunc(scopes, func(name string) bool { return slices.Contains(o.SuppressScopes, name) }), " ")
}
