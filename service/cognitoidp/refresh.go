package cognitoidp

import (
	"context"
	"slices"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// renewal is a sign-in that a refresh token continues.
type renewal struct {
	*user
	*login
	id     string // origin_jti
	hash   string // of the token
	latest bool   // the token has not been replaced
}

// renewal finds the sign-in of a refresh token, whether or not it is still good.
func (c *client) renewal(tx kv.Tx, token string) (*renewal, bool) {
	t, ok := parseTicket(token)
	if !ok || t.pool != c.pool.at.ID {
		return nil, false
	}
	u, ok := c.pool.bySub(tx, t.sub)
	if !ok {
		return nil, false
	}
	for key, l := range logins.Scan(tx, kv.Prefix(u.logins())) {
		replaced := slices.ContainsFunc(l.Earlier, func(e earlier) bool { return e.Token == t.hash })
		if l.Client == c.ID && (l.Token == t.hash || replaced) {
			return &renewal{u, l, loginID(key), t.hash, !replaced}, true
		}
	}
	return nil, false
}

// good checks that the token may be used now.
func (r *renewal) good(tx kv.Tx) error {
	switch {
	case r.Disabled:
		return disabled()
	case !tx.Now().Before(r.Until):
		return cognitoidp.ErrNotAuthorizedException("Refresh Token has expired")
	case r.latest:
		return nil
	}
	i := slices.IndexFunc(r.Earlier, func(e earlier) bool { return e.Token == r.hash })
	if !tx.Now().Before(r.Earlier[i].Until) {
		return cognitoidp.ErrRefreshTokenReuseException("Refresh token has been invalidated by rotation.")
	}
	return nil
}

func invalidRefresh() error { return cognitoidp.ErrNotAuthorizedException("Invalid Refresh Token") }

// byRefresh gives other tokens for a refresh token.
func (s *Service) byRefresh(tx kv.Tx, c *client, e *entry) (step, error) {
	if !c.allows("REFRESH_TOKEN_AUTH") {
		return step{}, notEnabled("REFRESH_TOKEN_AUTH")
	}
	r, ok := c.renewal(tx, e.values["REFRESH_TOKEN"])
	if !ok {
		return step{}, invalidRefresh()
	}
	hash := e.values["SECRET_HASH"]
	if err := c.checkHash(r.Name, &hash); err != nil && c.checkHash(r.Sub, &hash) != nil {
		return step{}, err
	}
	if err := r.good(tx); err != nil {
		return step{}, err
	}
	return step{grant: s.grant(tx, c, r.user, origin{r.login, r.id})}, nil
}

// GetTokensFromRefreshToken gives other tokens for a refresh token, and where the
// client rotates them, another of those as well, which ends when the first would have.
// AWS: "Refresh token rotation".
func (s *Service) GetTokensFromRefreshToken(ctx context.Context, in *cognitoidp.GetTokensFromRefreshTokenInput) (*cognitoidp.GetTokensFromRefreshTokenOutput, error) {
	var st step
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		c, err := clientAnywhere(ctx, tx, in.ClientId)
		if err != nil {
			return err
		}
		if err := c.checkSecret(in.ClientSecret); err != nil {
			return err
		}
		r, ok := c.renewal(tx, in.RefreshToken)
		if !ok {
			return invalidRefresh()
		}
		if err := r.good(tx); err != nil {
			return err
		}
		st.grant = s.renewed(tx, c, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	tokens, err := s.finish(ctx, st)
	return &cognitoidp.GetTokensFromRefreshTokenOutput{AuthenticationResult: tokens}, err
}

// renewed gives other tokens, and where the client rotates them, another refresh token.
func (s *Service) renewed(tx kv.Tx, c *client, r *renewal) *grant {
	g := s.grant(tx, c, r.user, origin{r.login, r.id})
	if rotation := c.settings.RefreshTokenRotation; rotation != nil && rotation.Feature == cognitoidp.FeatureTypeENABLED {
		t := s.newTicket(r.user)
		r.rotate(tx, t.hash, time.Duration(deref(rotation.RetryGracePeriodSeconds))*time.Second)
		g.refresh = &t.text
	}
	return g
}

// keptTokens is how many replaced refresh tokens are known as such.
const keptTokens = 10

// rotate puts another token in place of the latest, which stays good for a while.
func (r *renewal) rotate(tx kv.Tx, hash string, grace time.Duration) {
	r.Earlier = append([]earlier{{r.Token, tx.Now().Add(grace)}}, r.Earlier...)
	r.Earlier = r.Earlier[:min(len(r.Earlier), keptTokens)]
	r.Token = hash
	logins.Put(tx, r.loginKey(r.id), r.login)
}

// RevokeToken ends the sign-in of a refresh token: its access tokens end with it.
func (s *Service) RevokeToken(ctx context.Context, in *cognitoidp.RevokeTokenInput) (*cognitoidp.RevokeTokenOutput, error) {
	if in.RevokeAssociatedSessions != "" {
		return nil, unbuilt("the revocation of associated sessions")
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		c, err := clientAnywhere(ctx, tx, in.ClientId)
		if err != nil {
			return err
		}
		if err := c.checkSecret(in.ClientSecret); err != nil {
			return err
		}
		return c.revoke(tx, in.Token)
	})
	return &cognitoidp.RevokeTokenOutput{}, err
}

func (c *client) revoke(tx kv.Tx, token string) error {
	if !*c.settings.EnableTokenRevocation {
		return cognitoidp.ErrUnsupportedOperationException("Revocation is not supported for this client")
	}
	if _, _, err := parseToken(token); err == nil {
		return cognitoidp.ErrUnsupportedTokenTypeException("Unsupported token type")
	}
	if r, ok := c.renewal(tx, token); ok {
		logins.Delete(tx, r.loginKey(r.id))
	}
	return nil
}

// signOut revokes all tokens of the user.
func (u *user) signOut(tx kv.Tx) {
	logins.DeleteAll(tx, u.logins())
	u.SignedOut = tx.Now()
	u.save(tx)
}

// AdminUserGlobalSignOut revokes all tokens of a user.
func (s *Service) AdminUserGlobalSignOut(ctx context.Context, in *cognitoidp.AdminUserGlobalSignOutInput) (*cognitoidp.AdminUserGlobalSignOutOutput, error) {
	err := s.administer(ctx, in.UserPoolId, in.Username, func(tx kv.Tx, u *user) error {
		u.signOut(tx)
		return nil
	})
	return &cognitoidp.AdminUserGlobalSignOutOutput{}, err
}

// GlobalSignOut revokes all tokens of the user who calls.
func (s *Service) GlobalSignOut(ctx context.Context, in *cognitoidp.GlobalSignOutInput) (*cognitoidp.GlobalSignOutOutput, error) {
	err := s.signedIn(ctx, in.AccessToken, func(tx kv.Tx, _ *client, u *user) error {
		u.signOut(tx)
		return nil
	})
	return &cognitoidp.GlobalSignOutOutput{}, err
}
