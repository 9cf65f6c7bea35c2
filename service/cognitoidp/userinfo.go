package cognitoidp

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// userInfo tells the bearer of an access token about its user, as far as its
// scope goes. All values are texts.
// AWS: "userInfo endpoint".
func (s *Service) userInfo(ctx context.Context, v *visit) (*reply, error) {
	scheme, token, _ := strings.Cut(v.request.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return challenged(http.StatusBadRequest, "invalid_request", "Bad OAuth2 request at UserInfo Endpoint"), nil
	}
	b, kid, err := parseToken(token)
	if err != nil {
		return invalidToken(), nil
	}
	told := map[string]string{}
	err = s.on(ctx, v, func(tx kv.Tx, p *pool) error {
		own, err := p.signed(token, kid)
		if err != nil {
			return err
		}
		if !own || b.Use != "access" || !strings.HasSuffix(b.Issuer, "/"+p.at.ID) {
			return invalidAccess()
		}
		c, u, err := p.bearing(tx, b)
		if err != nil {
			return err
		}
		if !slices.Contains(strings.Fields(b.Scope), "openid") {
			return invalidAccess()
		}
		clear(told)
		for name, value := range u.Attributes {
			if c.mayRead(name) && shows(b.Scope, name) {
				told[name] = value
			}
		}
		told["sub"], told["username"] = u.Sub, u.Name
		return nil
	})
	var refusal *aws.Error
	if errors.As(err, &refusal) {
		return invalidToken(), nil
	}
	if err != nil {
		return nil, err
	}
	return inJSON(http.StatusOK, told), nil
}

func invalidToken() *reply {
	return challenged(http.StatusUnauthorized, "invalid_token", "Access token is expired, disabled, or deleted, or the user has globally signed out.")
}

// challenged is the refusal of RFC 6750, 3.
func challenged(status int, code, why string) *reply {
	r := inJSON(status, map[string]string{"error": code, "error_description": why})
	r.header.Set("WWW-Authenticate", `Bearer error="`+code+`", error_description="`+why+`"`)
	return r
}

// revoke ends the sign-in of a refresh token. A token that nobody knows is no error.
// AWS: "Revoke endpoint", after RFC 7009.
func (s *Service) revoke(ctx context.Context, v *visit) (*reply, error) {
	err := s.on(ctx, v, func(tx kv.Tx, p *pool) error {
		token := v.form.Get("token")
		if token == "" {
			return invalidRequest
		}
		c, err := v.identified(tx, p)
		if err != nil {
			return err
		}
		return c.revoke(tx, token)
	})
	var unfit *aws.Error
	switch {
	case err == nil:
		return &reply{status: http.StatusOK}, nil
	case errors.As(err, &unfit) && unfit.Code == cognitoidp.ErrUnsupportedTokenTypeException("").Code:
		return refused("unsupported_token_type"), nil
	case errors.As(err, &unfit):
		return refused(string(invalidRequest)), nil
	case err == invalidClient: //nolint:errorlint // it is a constant
		r := refused(string(invalidClient))
		r.status = http.StatusUnauthorized
		return r, nil
	}
	return answerTo(err)
}
