package cognitoidp_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"testing"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// hash is what a client with a secret proves it by.
func (c *club) hash(name string) string {
	h := hmac.New(sha256.New, []byte(*c.client.ClientSecret))
	h.Write([]byte(name + *c.client.ClientId))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func TestServerSignsUsersIn(t *testing.T) {
	c := newClub(t, &cognito.CreateUserPoolInput{}, &cognito.CreateUserPoolClientInput{
		GenerateSecret: true, ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})
	ok[*cognito.AdminCreateUserOutput](t)(c.admin.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{UserPoolId: c.pool.Id, Username: new("ada"), TemporaryPassword: new(password), MessageAction: "SUPPRESS"}))
	signIn := func(hash, password string) (*cognito.AdminInitiateAuthOutput, error) {
		return c.admin.AdminInitiateAuth(t.Context(), &cognito.AdminInitiateAuthInput{
			UserPoolId: c.pool.Id, ClientId: c.client.ClientId, AuthFlow: "ADMIN_USER_PASSWORD_AUTH",
			AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": password, "SECRET_HASH": hash},
		})
	}
	_, err := signIn(c.hash("grace"), password)
	wants(t, err, "NotAuthorizedException", "secret hash")
	out := ok[*cognito.AdminInitiateAuthOutput](t)(signIn(c.hash("ada"), password))
	if out.ChallengeName != "NEW_PASSWORD_REQUIRED" {
		t.Fatalf("%+v", out)
	}
	answer := &cognito.AdminRespondToAuthChallengeInput{
		UserPoolId: c.pool.Id, ClientId: c.client.ClientId, ChallengeName: "NEW_PASSWORD_REQUIRED", Session: out.Session,
		ChallengeResponses: map[string]string{"USERNAME": "ada", "NEW_PASSWORD": "An0ther-one", "SECRET_HASH": c.hash("ada")},
	}
	ok[*cognito.AdminRespondToAuthChallengeOutput](t)(c.admin.AdminRespondToAuthChallenge(t.Context(), answer))
	_, err = c.admin.AdminRespondToAuthChallenge(t.Context(), answer)
	wants(t, err, "NotAuthorizedException", "session can only be used once")
	tokens := ok[*cognito.AdminInitiateAuthOutput](t)(signIn(c.hash("ada"), "An0ther-one")).AuthenticationResult
	_, err = c.initiate("ADMIN_USER_PASSWORD_AUTH", map[string]string{"USERNAME": "ada", "PASSWORD": "An0ther-one", "SECRET_HASH": c.hash("ada")})
	wants(t, err, "InvalidParameterException", "Initiate Auth method not supported.")
	again := map[string]string{"REFRESH_TOKEN": *tokens.RefreshToken}
	_, err = c.initiate("REFRESH_TOKEN_AUTH", again)
	wants(t, err, "NotAuthorizedException", "")
	again["SECRET_HASH"] = c.hash("ada")
	ok[*cognito.InitiateAuthOutput](t)(c.initiate("REFRESH_TOKEN_AUTH", again))
}

// A client that hides who exists answers for a stranger as for a user: by SRP with
// a salt that is always the same.
func TestStrangersAreHidden(t *testing.T) {
	c := newClub(t, &cognito.CreateUserPoolInput{}, &cognito.CreateUserPoolClientInput{
		PreventUserExistenceErrors: "ENABLED", ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"},
	})
	_, err := c.byPassword("ghost", password)
	wants(t, err, "NotAuthorizedException", "Incorrect username or password.")
	_, err = c.bySRP("ghost", password)
	wants(t, err, "NotAuthorizedException", "Incorrect username or password.")
	salt := func() string {
		return ok[*cognito.InitiateAuthOutput](t)(c.initiate("USER_SRP_AUTH", map[string]string{"USERNAME": "ghost", "SRP_A": "abcdef"})).ChallengeParameters["SALT"]
	}
	if a, b := salt(), salt(); a != b || len(a) != 32 {
		t.Errorf("salts %s and %s", a, b)
	}
}

func TestUserRemovesAttributes(t *testing.T) {
	c := mailing(t)
	c.member("ada")
	token := c.signIn("ada").AccessToken
	ok[*cognito.UpdateUserAttributesOutput](t)(c.public.UpdateUserAttributes(t.Context(), &cognito.UpdateUserAttributesInput{AccessToken: token, UserAttributes: []types.AttributeType{attr("name", "Ada")}}))
	ok[*cognito.DeleteUserAttributesOutput](t)(c.public.DeleteUserAttributes(t.Context(), &cognito.DeleteUserAttributesInput{AccessToken: token, UserAttributeNames: []string{"name"}}))
	if u := ok[*cognito.GetUserOutput](t)(c.self(token)); value(u.UserAttributes, "name") != "" {
		t.Errorf("user: %+v", u.UserAttributes)
	}
	sent := ok[*cognito.GetUserAttributeVerificationCodeOutput](t)(c.public.GetUserAttributeVerificationCode(t.Context(), &cognito.GetUserAttributeVerificationCodeInput{AccessToken: token, AttributeName: new("email")}))
	letter, code := c.letter()
	if *sent.CodeDeliveryDetails.AttributeName != "email" || letter.To != "ada@example.com" {
		t.Errorf("sent %+v, to %s", sent.CodeDeliveryDetails, letter.To)
	}
	ok[*cognito.VerifyUserAttributeOutput](t)(c.public.VerifyUserAttribute(t.Context(), &cognito.VerifyUserAttributeInput{AccessToken: token, AttributeName: new("email"), Code: &code}))
	factors := ok[*cognito.GetUserAuthFactorsOutput](t)(c.public.GetUserAuthFactors(t.Context(), &cognito.GetUserAuthFactorsInput{AccessToken: token}))
	if len(factors.ConfiguredUserAuthFactors) != 1 || factors.ConfiguredUserAuthFactors[0] != "PASSWORD" {
		t.Errorf("factors: %+v", factors)
	}
}
