package cognitoidp_test

import (
	"fmt"
	"testing"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// choosing is a club whose users may sign in by codes.
func choosing(t *testing.T) *club {
	return newClub(t, &cognito.CreateUserPoolInput{
		AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"},
		Policies:               &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{"PASSWORD", "EMAIL_OTP", "SMS_OTP"}}},
	}, &cognito.CreateUserPoolClientInput{ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}, PreventUserExistenceErrors: "ENABLED"})
}

func TestUserSignsInWithoutAPassword(t *testing.T) {
	c := choosing(t)
	ok[*cognito.SignUpOutput](t)(c.public.SignUp(t.Context(), &cognito.SignUpInput{ClientId: c.client.ClientId, Username: new("ada"), UserAttributes: []types.AttributeType{attr("email", "ada@example.com")}}))
	_, code := c.letter()
	_, err := c.initiate("USER_AUTH", map[string]string{"USERNAME": "ada", "PREFERRED_CHALLENGE": "EMAIL_OTP"})
	wants(t, err, "UserNotConfirmedException", "")
	c.must(c.confirm("ada", code))
	out := ok[*cognito.InitiateAuthOutput](t)(c.initiate("USER_AUTH", map[string]string{"USERNAME": "ada", "PREFERRED_CHALLENGE": "EMAIL_OTP"}))
	letter, code := c.letter()
	if out.ChallengeName != "EMAIL_OTP" || out.ChallengeParameters["CODE_DELIVERY_DESTINATION"] != "a***@e***" || letter.To != "ada@example.com" {
		t.Fatalf("challenge: %+v, letter %+v", out, letter)
	}
	done := ok[*cognito.RespondToAuthChallengeOutput](t)(c.respond("EMAIL_OTP", out.Session, "EMAIL_OTP_CODE", code))
	if done.AuthenticationResult == nil {
		t.Fatalf("no tokens: %+v", done)
	}
	_, err = c.respond("EMAIL_OTP", out.Session, "EMAIL_OTP_CODE", code)
	wants(t, err, "NotAuthorizedException", "session can only be used once")
	out = ok[*cognito.InitiateAuthOutput](t)(c.initiate("USER_AUTH", map[string]string{"USERNAME": "ada"}))
	if out.ChallengeName != "SELECT_CHALLENGE" || fmt.Sprint(out.AvailableChallenges) != "[EMAIL_OTP]" {
		t.Errorf("challenge: %+v", out)
	}
	factors := ok[*cognito.GetUserAuthFactorsOutput](t)(c.public.GetUserAuthFactors(t.Context(), &cognito.GetUserAuthFactorsInput{AccessToken: done.AuthenticationResult.AccessToken}))
	if fmt.Sprint(factors.ConfiguredUserAuthFactors) != "[EMAIL_OTP]" {
		t.Errorf("factors: %+v", factors)
	}
}

func TestUserChoosesHowToSignIn(t *testing.T) {
	c := choosing(t)
	c.member("ada")
	begin := func() *cognito.InitiateAuthOutput {
		return ok[*cognito.InitiateAuthOutput](t)(c.initiate("USER_AUTH", map[string]string{"USERNAME": "ada"}))
	}
	out := begin()
	if fmt.Sprint(out.AvailableChallenges) != "[PASSWORD PASSWORD_SRP EMAIL_OTP]" {
		t.Fatalf("challenges: %+v", out)
	}
	_, err := c.respond("SELECT_CHALLENGE", out.Session, "ANSWER", "SMS_OTP")
	wants(t, err, "InvalidParameterException", "ANSWER")
	if out := ok[*cognito.RespondToAuthChallengeOutput](t)(c.respond("SELECT_CHALLENGE", out.Session, "ANSWER", "PASSWORD", "PASSWORD", password)); out.AuthenticationResult == nil {
		t.Errorf("by password: %+v", out)
	}
	if out := ok[*cognito.RespondToAuthChallengeOutput](t)(c.respond("SELECT_CHALLENGE", begin().Session, "ANSWER", "PASSWORD_SRP", "SRP_A", "abcdef")); out.ChallengeName != "PASSWORD_VERIFIER" {
		t.Errorf("by SRP: %+v", out)
	}
	if out := ok[*cognito.InitiateAuthOutput](t)(c.initiate("USER_AUTH", map[string]string{"USERNAME": "ada", "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": password})); out.AuthenticationResult == nil {
		t.Errorf("at once: %+v", out)
	}
	ghost := ok[*cognito.InitiateAuthOutput](t)(c.initiate("USER_AUTH", map[string]string{"USERNAME": "ghost"}))
	if ghost.ChallengeName != "SELECT_CHALLENGE" || len(*ghost.Session) < 90 {
		t.Errorf("a stranger: %+v", ghost)
	}
	c.secure("OPTIONAL", false, true)
	ok[*cognito.AdminSetUserMFAPreferenceOutput](t)(c.admin.AdminSetUserMFAPreference(t.Context(), &cognito.AdminSetUserMFAPreferenceInput{
		UserPoolId: c.pool.Id, Username: new("ada"), EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true},
	}))
	if out := begin(); fmt.Sprint(out.AvailableChallenges) != "[PASSWORD PASSWORD_SRP]" {
		t.Errorf("with a second factor: %+v", out)
	}
}
