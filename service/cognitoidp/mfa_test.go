package cognitoidp_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// code is what a device with the secret shows now.
func (c *club) code(secret string) *string {
	c.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	c.must(err)
	h := hmac.New(sha1.New, key)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(c.cloud.Clock().Now().Unix()/30)))
	sum := h.Sum(nil)
	return new(fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7FFFFFFF%1_000_000))
}

// secure turns factors of the pool on.
func (c *club) secure(mode types.UserPoolMfaType, sms, mail bool) {
	c.Helper()
	in := &cognito.SetUserPoolMfaConfigInput{UserPoolId: c.pool.Id, MfaConfiguration: mode, SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true}}
	if sms {
		in.SmsMfaConfiguration = &types.SmsMfaConfigType{SmsAuthenticationMessage: new("It is {####}")}
	}
	if mail {
		in.EmailMfaConfiguration = &types.EmailMfaConfigType{Subject: new("Hello")}
	}
	ok[*cognito.SetUserPoolMfaConfigOutput](c.T)(c.admin.SetUserPoolMfaConfig(c.Context(), in))
}

func (c *club) respond(name types.ChallengeNameType, session *string, values ...string) (*cognito.RespondToAuthChallengeOutput, error) {
	all := map[string]string{"USERNAME": "ada"}
	for i := 0; i < len(values); i += 2 {
		all[values[i]] = values[i+1]
	}
	return c.public.RespondToAuthChallenge(c.Context(), &cognito.RespondToAuthChallengeInput{ClientId: c.client.ClientId, ChallengeName: name, Session: session, ChallengeResponses: all})
}

func TestDeviceIsRequiredAndSetUpAtSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mailing(t)
		c.member("ada")
		_, err := c.admin.UpdateUserPool(t.Context(), &cognito.UpdateUserPoolInput{UserPoolId: c.pool.Id, MfaConfiguration: "ON"})
		wants(t, err, "InvalidParameterException", "required when MFA is required")
		c.secure("ON", false, false)
		out := ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password))
		if out.ChallengeName != "MFA_SETUP" || out.ChallengeParameters["MFAS_CAN_SETUP"] != `["SOFTWARE_TOKEN_MFA"]` {
			t.Fatalf("challenge: %+v", out)
		}
		device := ok[*cognito.AssociateSoftwareTokenOutput](t)(c.public.AssociateSoftwareToken(t.Context(), &cognito.AssociateSoftwareTokenInput{Session: out.Session}))
		_, err = c.respond("MFA_SETUP", device.Session)
		wants(t, err, "InvalidParameterException", "VerifySoftwareToken")
		verify := func(code *string) (*cognito.VerifySoftwareTokenOutput, error) {
			return c.public.VerifySoftwareToken(t.Context(), &cognito.VerifySoftwareTokenInput{Session: device.Session, UserCode: code, FriendlyDeviceName: new("phone")})
		}
		_, err = verify(new("000000"))
		wants(t, err, "EnableSoftwareTokenMFAException", "Code mismatch")
		verified := ok[*cognito.VerifySoftwareTokenOutput](t)(verify(c.code(*device.SecretCode)))
		if verified.Status != "SUCCESS" {
			t.Errorf("status %s", verified.Status)
		}
		if out := ok[*cognito.RespondToAuthChallengeOutput](t)(c.respond("MFA_SETUP", verified.Session)); out.AuthenticationResult == nil {
			t.Fatalf("after the set-up: %+v", out)
		}
		if u := c.get("ada"); fmt.Sprint(u.UserMFASettingList, *u.PreferredMfaSetting) != "[SOFTWARE_TOKEN_MFA]SOFTWARE_TOKEN_MFA" {
			t.Errorf("user: %+v", u)
		}
		out = ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password))
		if out.ChallengeName != "SOFTWARE_TOKEN_MFA" || out.ChallengeParameters["FRIENDLY_DEVICE_NAME"] != "phone" || out.AuthenticationResult != nil {
			t.Fatalf("challenge: %+v", out)
		}
		_, err = c.respond("SOFTWARE_TOKEN_MFA", out.Session, "SOFTWARE_TOKEN_MFA_CODE", *c.code(*device.SecretCode))
		wants(t, err, "ExpiredCodeException", "Your software token has already been used once.")
		_, err = c.respond("SOFTWARE_TOKEN_MFA", out.Session, "SOFTWARE_TOKEN_MFA_CODE", "000000")
		wants(t, err, "CodeMismatchException", "Invalid code received for user")
		c.cloud.Advance(30 * time.Second)
		done := ok[*cognito.RespondToAuthChallengeOutput](t)(c.respond("SOFTWARE_TOKEN_MFA", out.Session, "SOFTWARE_TOKEN_MFA_CODE", *c.code(*device.SecretCode)))
		if done.AuthenticationResult == nil {
			t.Errorf("no tokens: %+v", done)
		}
	})
}

func TestCodeIsSentAsSecondFactor(t *testing.T) {
	c := mailing(t)
	c.member("ada")
	c.secure("OPTIONAL", true, true)
	token := c.signIn("ada").AccessToken
	prefer := func(in cognito.SetUserMFAPreferenceInput) error {
		in.AccessToken = token
		_, err := c.public.SetUserMFAPreference(t.Context(), &in)
		return err
	}
	wants(t, prefer(cognito.SetUserMFAPreferenceInput{SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true}}), "InvalidParameterException", "User has not verified software token mfa")
	wants(t, prefer(cognito.SetUserMFAPreferenceInput{SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true}}), "InvalidParameterException", "User does not have delivery config set to turn on SMS_MFA")
	ok[*cognito.AdminUpdateUserAttributesOutput](t)(c.admin.AdminUpdateUserAttributes(t.Context(), &cognito.AdminUpdateUserAttributesInput{
		UserPoolId: c.pool.Id, Username: new("ada"), UserAttributes: []types.AttributeType{attr("phone_number", "+15550001234"), attr("phone_number_verified", "true")},
	}))
	c.must(prefer(cognito.SetUserMFAPreferenceInput{SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true}}))
	out := ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password))
	letter, code := c.letter()
	if out.ChallengeName != "SMS_MFA" || out.ChallengeParameters["CODE_DELIVERY_DESTINATION"] != "+*******1234" || letter.To != "+15550001234" || letter.Body != "It is "+code {
		t.Fatalf("challenge: %+v, letter %+v", out, letter)
	}
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	_, err := c.respond("SMS_MFA", out.Session, "SMS_MFA_CODE", wrong)
	wants(t, err, "CodeMismatchException", "Invalid code or auth state for the user.")
	ok[*cognito.RespondToAuthChallengeOutput](t)(c.respond("SMS_MFA", out.Session, "SMS_MFA_CODE", code))
	c.must(prefer(cognito.SetUserMFAPreferenceInput{SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true}, EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true}}))
	out = ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password))
	if out.ChallengeName != "SELECT_MFA_TYPE" || out.ChallengeParameters["MFAS_CAN_CHOOSE"] != `["SMS_MFA","EMAIL_OTP"]` {
		t.Fatalf("challenge: %+v", out)
	}
	next := ok[*cognito.RespondToAuthChallengeOutput](t)(c.respond("SELECT_MFA_TYPE", out.Session, "ANSWER", "EMAIL_OTP"))
	letter, code = c.letter()
	if next.ChallengeName != "EMAIL_OTP" || letter.To != "ada@example.com" || letter.Subject != "Hello" {
		t.Fatalf("challenge: %+v, letter %+v", next, letter)
	}
	ok[*cognito.RespondToAuthChallengeOutput](t)(c.respond("EMAIL_OTP", next.Session, "EMAIL_OTP_CODE", code))
	ok[*cognito.AdminSetUserMFAPreferenceOutput](t)(c.admin.AdminSetUserMFAPreference(t.Context(), &cognito.AdminSetUserMFAPreferenceInput{
		UserPoolId: c.pool.Id, Username: new("ada"), SMSMfaSettings: &types.SMSMfaSettingsType{}, EmailMfaSettings: &types.EmailMfaSettingsType{},
	}))
	if out := ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password)); out.AuthenticationResult == nil {
		t.Errorf("without factors: %+v", out)
	}
}

func TestMFAConfigurationIsKept(t *testing.T) {
	c := mailing(t)
	_, err := c.admin.SetUserPoolMfaConfig(t.Context(), &cognito.SetUserPoolMfaConfigInput{UserPoolId: c.pool.Id, MfaConfiguration: "OFF", SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true}})
	wants(t, err, "InvalidParameterException", "can't turn off MFA and configure an MFA together")
	c.secure("OPTIONAL", true, false)
	got := ok[*cognito.GetUserPoolMfaConfigOutput](t)(c.admin.GetUserPoolMfaConfig(t.Context(), &cognito.GetUserPoolMfaConfigInput{UserPoolId: c.pool.Id}))
	p := ok[*cognito.DescribeUserPoolOutput](t)(c.admin.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: c.pool.Id})).UserPool
	if got.MfaConfiguration != "OPTIONAL" || !got.SoftwareTokenMfaConfiguration.Enabled || *got.SmsMfaConfiguration.SmsAuthenticationMessage != "It is {####}" || p.MfaConfiguration != "OPTIONAL" {
		t.Errorf("configuration %+v, pool %+v", got, p)
	}
}

func TestLoginPageSetsUpADevice(t *testing.T) {
	c := shop(t)
	c.secure("ON", false, false)
	b := c.browser()
	address := "/login?" + url.Values{"client_id": {*c.client.ClientId}, "response_type": {"code"}, "redirect_uri": {callback}}.Encode()
	_, page := b.fill(address, "username", "ada", "password", password)
	secret := regexp.MustCompile(`<code>([A-Z2-7]{52})</code>`).FindStringSubmatch(page)
	if secret == nil {
		t.Fatalf("no secret: %s", page)
	}
	if _, page = b.submit(address, page, "code", "000000"); !strings.Contains(page, "Code mismatch") || !strings.Contains(page, secret[1]) {
		t.Fatalf("a wrong code: %s", page)
	}
	res, page := b.submit(address, page, "code", *c.code(secret[1]))
	if back, err := res.Location(); err != nil || back.Query().Get("code") == "" {
		t.Errorf("not sent back: %v %s", err, page)
	}
}
