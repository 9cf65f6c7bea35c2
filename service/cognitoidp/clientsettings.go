package cognitoidp

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// set replaces a client's settings by those of an update, and defaults.
func (c *client) set(tx kv.Tx, in *cognitoidp.UpdateUserPoolClientInput) error {
	n := &cognitoidp.UserPoolClientType{
		RefreshTokenValidity: in.RefreshTokenValidity, AccessTokenValidity: in.AccessTokenValidity, IdTokenValidity: in.IdTokenValidity,
		TokenValidityUnits: in.TokenValidityUnits, ReadAttributes: in.ReadAttributes, WriteAttributes: in.WriteAttributes,
		ExplicitAuthFlows: in.ExplicitAuthFlows, SupportedIdentityProviders: in.SupportedIdentityProviders, CallbackURLs: in.CallbackURLs,
		LogoutURLs: in.LogoutURLs, DefaultRedirectURI: in.DefaultRedirectURI, AllowedOAuthFlows: in.AllowedOAuthFlows,
		AllowedOAuthScopes: in.AllowedOAuthScopes, RefreshTokenRotation: in.RefreshTokenRotation,
		AllowedOAuthFlowsUserPoolClient:          new(deref(in.AllowedOAuthFlowsUserPoolClient)),
		PreventUserExistenceErrors:               cmp.Or(in.PreventUserExistenceErrors, cognitoidp.PreventUserExistenceErrorTypesLEGACY),
		EnableTokenRevocation:                    new(or(in.EnableTokenRevocation, true)),
		EnablePropagateAdditionalUserContextData: new(deref(in.EnablePropagateAdditionalUserContextData)),
		AuthSessionValidity:                      new(or(in.AuthSessionValidity, defaultAuthSession)),
	}
	if n.RefreshTokenValidity == nil || *n.RefreshTokenValidity == 0 {
		n.RefreshTokenValidity = new(int32(defaultRefreshValidity / (24 * time.Hour)))
		if n.TokenValidityUnits != nil && n.TokenValidityUnits.RefreshToken != "" {
			n.RefreshTokenValidity = new(int32(defaultRefreshValidity / unit(n.TokenValidityUnits.RefreshToken, 0)))
		}
	}
	if in.AnalyticsConfiguration != nil {
		return unbuilt("Pinpoint analytics")
	}
	c.settings = n
	for _, check := range []func() error{c.checkFlows, c.checkValidity, c.checkAttributes, c.checkURLs, c.checkOAuth} {
		if err := check(); err != nil {
			return err
		}
	}
	if err := c.checkProviders(tx); err != nil {
		return err
	}
	return c.checkScopes(tx)
}

// unit is the length of a unit of time.
func unit(u cognitoidp.TimeUnitsType, otherwise time.Duration) time.Duration {
	switch u {
	case cognitoidp.TimeUnitsTypeSeconds:
		return time.Second
	case cognitoidp.TimeUnitsTypeMinutes:
		return time.Minute
	case cognitoidp.TimeUnitsTypeHours:
		return time.Hour
	case cognitoidp.TimeUnitsTypeDays:
		return 24 * time.Hour
	}
	return otherwise
}

func (c *client) units() cognitoidp.TokenValidityUnitsType {
	return deref(c.settings.TokenValidityUnits)
}

// accessValidity is how long access tokens are good for.
func (c *client) accessValidity() time.Duration {
	if v := c.settings.AccessTokenValidity; v != nil {
		return time.Duration(*v) * unit(c.units().AccessToken, time.Hour)
	}
	return defaultAccessValidity
}

// idValidity is how long ID tokens are good for.
func (c *client) idValidity() time.Duration {
	if v := c.settings.IdTokenValidity; v != nil {
		return time.Duration(*v) * unit(c.units().IdToken, time.Hour)
	}
	return defaultAccessValidity
}

// refreshValidity is how long refresh tokens are good for.
func (c *client) refreshValidity() time.Duration {
	return time.Duration(*c.settings.RefreshTokenValidity) * unit(c.units().RefreshToken, 24*time.Hour)
}

func (c *client) checkValidity() error {
	switch access, id, refresh := c.accessValidity(), c.idValidity(), c.refreshValidity(); {
	case access < leastTokenValidity || access > mostTokenValidity, id < leastTokenValidity || id > mostTokenValidity,
		refresh < leastRefreshValidity || refresh > mostRefreshValidity:
		return invalid("Invalid range for token validity.")
	case refresh < access || refresh < id:
		return invalid("Refresh token validity must be longer than access and ID token validity.")
	}
	return nil
}

// checkFlows checks the flows by which users may sign in.
// AWS: CreateUserPoolClient, "ExplicitAuthFlows": names with and without ALLOW_ do not mix.
func (c *client) checkFlows() error {
	old, current := false, false
	for _, f := range c.settings.ExplicitAuthFlows {
		if strings.HasPrefix(string(f), "ALLOW_") {
			current = true
		} else {
			old = true
		}
		switch f {
		case cognitoidp.ExplicitAuthFlowsTypeALLOWTOKENEXCHANGEDELEGATION, cognitoidp.ExplicitAuthFlowsTypeALLOWTOKENEXCHANGEIMPERSONATION:
			return unbuilt("token exchange")
		}
	}
	if old && current {
		return invalid("ExplicitAuthFlows must be either of the legacy values or of those that begin with ALLOW_, not both.")
	}
	r := c.settings.RefreshTokenRotation
	if r == nil || r.Feature != cognitoidp.FeatureTypeENABLED {
		return nil
	}
	if slices.Contains(c.settings.ExplicitAuthFlows, cognitoidp.ExplicitAuthFlowsTypeALLOWREFRESHTOKENAUTH) {
		return invalid("Refresh token rotation cannot be enabled together with ALLOW_REFRESH_TOKEN_AUTH.")
	}
	if g := deref(r.RetryGracePeriodSeconds); g < 0 || g > maxRotationGrace {
		return invalid("RetryGracePeriodSeconds must be between 0 and %d.", maxRotationGrace)
	}
	return nil
}

// allows reports whether the client may use a flow, by its name without ALLOW_.
func (c *client) allows(flow string) bool {
	flows := c.settings.ExplicitAuthFlows
	if len(flows) == 0 { // AWS: CreateUserPoolClient, the default of ExplicitAuthFlows
		return flow == "REFRESH_TOKEN_AUTH" || flow == "USER_SRP_AUTH" || flow == "CUSTOM_AUTH"
	}
	return slices.ContainsFunc(flows, func(f cognitoidp.ExplicitAuthFlowsType) bool {
		switch f {
		case cognitoidp.ExplicitAuthFlowsTypeADMINNOSRPAUTH:
			return flow == "ADMIN_USER_PASSWORD_AUTH" || flow == "REFRESH_TOKEN_AUTH" || flow == "USER_SRP_AUTH"
		case cognitoidp.ExplicitAuthFlowsTypeUSERPASSWORDAUTH:
			return flow == "USER_PASSWORD_AUTH" || flow == "REFRESH_TOKEN_AUTH" || flow == "USER_SRP_AUTH"
		case cognitoidp.ExplicitAuthFlowsTypeCUSTOMAUTHFLOWONLY:
			return flow == "CUSTOM_AUTH" || flow == "REFRESH_TOKEN_AUTH"
		}
		return string(f) == "ALLOW_"+flow
	})
}

// checkAttributes checks that what the client may read and write is in the
// pool's schema, and that it can write all that a user must have.
func (c *client) checkAttributes() error {
	schema := c.pool.settings.SchemaAttributes
	for _, name := range c.settings.ReadAttributes {
		if find(schema, name) == nil {
			return invalid("Invalid read attributes specified while creating a client")
		}
	}
	for _, name := range c.settings.WriteAttributes {
		if a := find(schema, name); a == nil || name == "sub" || strings.HasSuffix(name, verifiedSuffix) || *a.DeveloperOnlyAttribute {
			return invalid("Invalid write attributes specified while creating a client")
		}
	}
	if len(c.settings.WriteAttributes) == 0 {
		return nil
	}
	for i := range schema {
		if name := *schema[i].Name; *schema[i].Required && name != "sub" && !slices.Contains(c.settings.WriteAttributes, name) {
			return invalid("Invalid write attributes specified while creating a client")
		}
	}
	return nil
}

// verifiedSuffix ends the attributes that say whether others were verified.
const verifiedSuffix = "_verified"

// checkURLs checks where browsers may be sent back to.
// AWS: CreateUserPoolClient, "CallbackURLs": HTTPS but for localhost, or an app's scheme.
func (c *client) checkURLs() error {
	s := c.settings
	if len(s.CallbackURLs) > maxCallbackURLs || len(s.LogoutURLs) > maxCallbackURLs {
		return invalid("A client can have at most %d callback URLs and logout URLs.", maxCallbackURLs)
	}
	for _, text := range slices.Concat(s.CallbackURLs, s.LogoutURLs) {
		u, err := url.Parse(text)
		local := err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1")
		if err != nil || u.Scheme == "" || u.Fragment != "" || u.Scheme == "http" && !local {
			return invalid("%s is not a valid URL: it must be absolute, without a fragment, and of HTTPS unless for localhost.", text)
		}
	}
	if d := s.DefaultRedirectURI; d != nil && !slices.Contains(s.CallbackURLs, *d) {
		return invalid("DefaultRedirectURI must be in CallbackURLs.")
	}
	return nil
}

// checkOAuth checks the OAuth flows and scopes.
func (c *client) checkOAuth() error {
	s := c.settings
	machine := slices.Contains(s.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeClientCredentials)
	switch {
	case machine && len(s.AllowedOAuthFlows) > 1:
		return cognitoidp.ErrInvalidOAuthFlowException("client_credentials flow can not be selected along with code flow or implicit flow.")
	case machine && c.Secret == "":
		return cognitoidp.ErrInvalidOAuthFlowException("client_credentials flow can not be selected if client does not have a client secret.")
	case *s.AllowedOAuthFlowsUserPoolClient && (len(s.AllowedOAuthFlows) == 0 || len(s.AllowedOAuthScopes) == 0):
		return invalid("AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.")
	case !machine && len(s.AllowedOAuthFlows) > 0 && len(s.CallbackURLs) == 0:
		return invalid("CallbackURLs are required with the flows code and implicit.")
	}
	return nil
}

// checkScopes checks that the pool has the client's scopes.
func (c *client) checkScopes(tx kv.Tx) error {
	for _, scope := range c.settings.AllowedOAuthScopes {
		if !c.pool.hasScope(tx, scope) {
			return cognitoidp.ErrScopeDoesNotExistException("The following scopes do not exist: %s", scope)
		}
	}
	return nil
}

// isOwnScope reports whether a scope is one that every pool has.
func isOwnScope(scope string) bool {
	switch scope {
	case "phone", "email", "openid", "profile", scopeAdmin:
		return true
	}
	return false
}

// scopeAdmin lets users change themselves. Signing in by the API gives it.
const scopeAdmin = "aws.cognito.signin.user.admin"
