package cognitoidp_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// signIn signs in by password.
func (c *club) signIn(name string) *types.AuthenticationResultType {
	c.Helper()
	return ok[*cognito.InitiateAuthOutput](c.T)(c.byPassword(name, password)).AuthenticationResult
}

func (c *club) self(token *string) (*cognito.GetUserOutput, error) {
	return c.public.GetUser(c.Context(), &cognito.GetUserInput{AccessToken: token})
}

func TestUserChangesItself(t *testing.T) {
	c := mailing(t)
	c.member("ada")
	token := c.signIn("ada").AccessToken
	out := ok[*cognito.UpdateUserAttributesOutput](t)(c.public.UpdateUserAttributes(t.Context(), &cognito.UpdateUserAttributesInput{
		AccessToken: token, UserAttributes: []types.AttributeType{attr("email", "new@example.com"), attr("name", "Ada")},
	}))
	if len(out.CodeDeliveryDetailsList) != 1 {
		t.Errorf("codes: %+v", out.CodeDeliveryDetailsList)
	}
	letter, code := c.letter()
	ok[*cognito.VerifyUserAttributeOutput](t)(c.public.VerifyUserAttribute(t.Context(), &cognito.VerifyUserAttributeInput{AccessToken: token, AttributeName: new("email"), Code: &code}))
	u := ok[*cognito.GetUserOutput](t)(c.self(token))
	if letter.To != "new@example.com" || value(u.UserAttributes, "email_verified") != "true" || value(u.UserAttributes, "name") != "Ada" {
		t.Errorf("user: %+v", u)
	}
	change := &cognito.ChangePasswordInput{AccessToken: token, PreviousPassword: new("wrong"), ProposedPassword: new("An0ther-one")}
	_, err := c.public.ChangePassword(t.Context(), change)
	wants(t, err, "NotAuthorizedException", "Incorrect username or password.")
	change.PreviousPassword = new(password)
	ok[*cognito.ChangePasswordOutput](t)(c.public.ChangePassword(t.Context(), change))
	ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", "An0ther-one"))
	ok[*cognito.DeleteUserOutput](t)(c.public.DeleteUser(t.Context(), &cognito.DeleteUserInput{AccessToken: token}))
	_, err = c.self(token)
	wants(t, err, "UserNotFoundException", "User does not exist.")
}

func TestTokensEndAndAreRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mailing(t)
		c.member("ada")
		token := c.signIn("ada")
		_, err := c.self(token.IdToken)
		wants(t, err, "NotAuthorizedException", "Invalid Access Token")
		parts := strings.Split(*token.AccessToken, ".")
		_, err = c.self(new(parts[0] + "." + parts[1] + "." + parts[2][:len(parts[2])-8] + "AAAAAAAA"))
		wants(t, err, "NotAuthorizedException", "Invalid Access Token")
		ok[*cognito.GetUserOutput](t)(c.self(token.AccessToken))
		c.cloud.Advance(time.Hour)
		_, err = c.self(token.AccessToken)
		wants(t, err, "NotAuthorizedException", "Access Token has expired")
		for name, revoke := range map[string]func(*types.AuthenticationResultType) error{
			"revoked": func(r *types.AuthenticationResultType) error {
				_, err := c.public.RevokeToken(t.Context(), &cognito.RevokeTokenInput{ClientId: c.client.ClientId, Token: r.RefreshToken})
				return err
			},
			"signed out": func(r *types.AuthenticationResultType) error {
				_, err := c.public.GlobalSignOut(t.Context(), &cognito.GlobalSignOutInput{AccessToken: r.AccessToken})
				return err
			},
			"signed out by an administrator": func(*types.AuthenticationResultType) error {
				_, err := c.admin.AdminUserGlobalSignOut(t.Context(), &cognito.AdminUserGlobalSignOutInput{UserPoolId: c.pool.Id, Username: new("ada")})
				return err
			},
		} {
			t.Log(name)
			r := c.signIn("ada")
			c.must(revoke(r))
			_, err = c.self(r.AccessToken)
			wants(t, err, "NotAuthorizedException", "Access Token has been revoked")
			_, err = c.initiate("REFRESH_TOKEN_AUTH", map[string]string{"REFRESH_TOKEN": *r.RefreshToken})
			wants(t, err, "NotAuthorizedException", "Invalid Refresh Token")
		}
	})
}

func TestRefreshTokensRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClub(t, &cognito.CreateUserPoolInput{}, &cognito.CreateUserPoolClientInput{
			ExplicitAuthFlows:    []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH"},
			RefreshTokenRotation: &types.RefreshTokenRotationType{Feature: "ENABLED", RetryGracePeriodSeconds: new(int32(10))},
		})
		c.member("ada")
		refresh := func(token *string) (*cognito.GetTokensFromRefreshTokenOutput, error) {
			return c.public.GetTokensFromRefreshToken(t.Context(), &cognito.GetTokensFromRefreshTokenInput{ClientId: c.client.ClientId, RefreshToken: token})
		}
		first := c.signIn("ada").RefreshToken
		second := ok[*cognito.GetTokensFromRefreshTokenOutput](t)(refresh(first)).AuthenticationResult.RefreshToken
		ok[*cognito.GetTokensFromRefreshTokenOutput](t)(refresh(first))
		c.cloud.Advance(10 * time.Second)
		_, err := refresh(first)
		wants(t, err, "RefreshTokenReuseException", "")
		if *first == *second {
			t.Error("the token was not replaced")
		}
	})
}

// TestTokensAreVerifiedByThePoolsKeys does what every library for tokens does.
func TestTokensAreVerifiedByThePoolsKeys(t *testing.T) {
	c := mailing(t)
	c.member("ada")
	tokens := c.signIn("ada")
	fetch := func(url string, into any) {
		t.Helper()
		r, err := c.cloud.Config().HTTPClient.Do(ok[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)))
		c.must(err)
		defer r.Body.Close() //nolint:errcheck // read
		if r.StatusCode != http.StatusOK {
			t.Fatalf("%s answers %d", url, r.StatusCode)
		}
		c.must(json.NewDecoder(r.Body).Decode(into))
	}
	var about struct {
		Issuer string
		Keys   string `json:"jwks_uri"`
	}
	issuer := claims(t, tokens.IdToken)["iss"].(string)
	fetch(issuer+"/.well-known/openid-configuration", &about)
	var set struct{ Keys []struct{ Kid, N, E string } }
	fetch(about.Keys, &set)
	if about.Issuer != issuer || len(set.Keys) != 2 {
		t.Fatalf("%+v, %+v", about, set)
	}
	number := func(s string) *big.Int {
		return new(big.Int).SetBytes(ok[[]byte](t)(base64.RawURLEncoding.DecodeString(s)))
	}
	for i, token := range []*string{tokens.IdToken, tokens.AccessToken} {
		parts := strings.Split(*token, ".")
		key := &rsa.PublicKey{N: number(set.Keys[i].N), E: int(number(set.Keys[i].E).Int64())}
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		c.must(rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], ok[[]byte](t)(base64.RawURLEncoding.DecodeString(parts[2]))))
	}
}
