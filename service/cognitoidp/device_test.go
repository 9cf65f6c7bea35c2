package cognitoidp_test

import (
	"encoding/base64"
	"math/big"
	"testing"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func TestRememberedDeviceStandsForASecondFactor(t *testing.T) {
	c := mailing(t)
	ok[*cognito.UpdateUserPoolOutput](t)(c.admin.UpdateUserPool(t.Context(), &cognito.UpdateUserPoolInput{
		UserPoolId: c.pool.Id, DeviceConfiguration: &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true},
	}))
	c.member("ada")
	c.secure("OPTIONAL", false, true)
	tokens := ok[*cognito.InitiateAuthOutput](t)(c.byPassword("ada", password)).AuthenticationResult
	made := tokens.NewDeviceMetadata
	if made == nil || claims(t, tokens.AccessToken)["device_key"] != *made.DeviceKey {
		t.Fatalf("no device: %+v", tokens)
	}
	ok[*cognito.SetUserMFAPreferenceOutput](t)(c.public.SetUserMFAPreference(t.Context(), &cognito.SetUserMFAPreferenceInput{AccessToken: tokens.AccessToken, EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true}}))
	salt := []byte("0123456789abcdef")
	x := new(big.Int).SetBytes(sum(pad(new(big.Int).SetBytes(salt)), sum([]byte(*made.DeviceGroupKey+*made.DeviceKey+":device-secret"))))
	verifier := new(big.Int).Exp(big.NewInt(2), x, number(prime))
	text := func(b []byte) *string { return new(base64.StdEncoding.EncodeToString(b)) }
	confirm := ok[*cognito.ConfirmDeviceOutput](t)(c.public.ConfirmDevice(t.Context(), &cognito.ConfirmDeviceInput{
		AccessToken: tokens.AccessToken, DeviceKey: made.DeviceKey, DeviceName: new("laptop"), DeviceSecretVerifierConfig: &types.DeviceSecretVerifierConfigType{Salt: text(salt), PasswordVerifier: text(verifier.Bytes())},
	}))
	if !confirm.UserConfirmationNecessary {
		t.Error("the user is not asked")
	}
	begin := func() *cognito.InitiateAuthOutput {
		t.Helper()
		return ok[*cognito.InitiateAuthOutput](t)(c.initiate("USER_PASSWORD_AUTH", map[string]string{"USERNAME": "ada", "PASSWORD": password, "DEVICE_KEY": *made.DeviceKey}))
	}
	if out := begin(); out.ChallengeName != "EMAIL_OTP" {
		t.Fatalf("a device that is not remembered: %+v", out)
	}
	ok[*cognito.UpdateDeviceStatusOutput](t)(c.public.UpdateDeviceStatus(t.Context(), &cognito.UpdateDeviceStatusInput{AccessToken: tokens.AccessToken, DeviceKey: made.DeviceKey, DeviceRememberedStatus: "remembered"}))
	show := func(secret string) (*cognito.RespondToAuthChallengeOutput, error) {
		t.Helper()
		out := begin()
		if out.ChallengeName != "DEVICE_SRP_AUTH" {
			t.Fatalf("challenge: %+v", out)
		}
		next := ok[*cognito.RespondToAuthChallengeOutput](t)(c.respond("DEVICE_SRP_AUTH", out.Session, "DEVICE_KEY", *made.DeviceKey, "SRP_A", srpPublic().Text(16)))
		answer := proof(next.ChallengeParameters, *made.DeviceGroupKey, *made.DeviceKey, secret)
		answer["DEVICE_KEY"] = *made.DeviceKey
		return c.public.RespondToAuthChallenge(t.Context(), &cognito.RespondToAuthChallengeInput{ClientId: c.client.ClientId, ChallengeName: "DEVICE_PASSWORD_VERIFIER", Session: next.Session, ChallengeResponses: answer})
	}
	_, err := show("another secret")
	wants(t, err, "NotAuthorizedException", "Incorrect username or password.")
	done := ok[*cognito.RespondToAuthChallengeOutput](t)(show("device-secret")).AuthenticationResult
	if done == nil || done.NewDeviceMetadata != nil || claims(t, done.AccessToken)["device_key"] != *made.DeviceKey {
		t.Fatalf("tokens: %+v", done)
	}
	list := ok[*cognito.ListDevicesOutput](t)(c.public.ListDevices(t.Context(), &cognito.ListDevicesInput{AccessToken: done.AccessToken}))
	got := ok[*cognito.AdminGetDeviceOutput](t)(c.admin.AdminGetDevice(t.Context(), &cognito.AdminGetDeviceInput{UserPoolId: c.pool.Id, Username: new("ada"), DeviceKey: made.DeviceKey})).Device
	if len(list.Devices) != 1 || value(got.DeviceAttributes, "device_name") != "laptop" || value(got.DeviceAttributes, "dev:device_remembered_status") != "remembered" {
		t.Errorf("listed %+v, got %+v", list.Devices, got)
	}
	ok[*cognito.ForgetDeviceOutput](t)(c.public.ForgetDevice(t.Context(), &cognito.ForgetDeviceInput{AccessToken: done.AccessToken, DeviceKey: made.DeviceKey}))
	_, err = c.initiate("USER_PASSWORD_AUTH", map[string]string{"USERNAME": "ada", "PASSWORD": password, "DEVICE_KEY": *made.DeviceKey})
	wants(t, err, "ResourceNotFoundException", "Device does not exist.")
}
