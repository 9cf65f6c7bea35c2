package sns_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/brume-cloud/brume/aws"
	service "github.com/brume-cloud/brume/service/sns"
	"github.com/brume-cloud/brume/state/kv"
)

// letters are what is in the outbox, the newest first.
func (d *desk) letters() []service.Letter {
	d.Helper()
	synctest.Wait()
	out, err := d.cloud.System().Outbox(d.Context(), kv.Scope{Account: aws.DefaultAccount, Region: aws.DefaultRegion}, 100)
	d.must(err)
	return out
}

func (d *desk) application() string {
	d.Helper()
	out, err := d.CreatePlatformApplication(d.Context(), &sns.CreatePlatformApplicationInput{Name: ptr("app"), Platform: ptr("GCM"), Attributes: map[string]string{"PlatformCredential": "secret"}})
	d.must(err)
	return *out.PlatformApplicationArn
}

func (d *desk) device(app, token string) string {
	d.Helper()
	out, err := d.CreatePlatformEndpoint(d.Context(), &sns.CreatePlatformEndpointInput{PlatformApplicationArn: &app, Token: &token, CustomUserData: ptr("me")})
	d.must(err)
	return *out.EndpointArn
}

func TestAPlatformApplicationsLife(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		app := d.application()
		if app != "arn:aws:sns:us-east-1:000000000000:app/GCM/app" {
			d.Errorf("got %s", app)
		}
		_, err := d.SetPlatformApplicationAttributes(d.Context(), &sns.SetPlatformApplicationAttributesInput{PlatformApplicationArn: &app, Attributes: map[string]string{"EventEndpointCreated": d.topic}})
		d.must(err)
		got, err := d.GetPlatformApplicationAttributes(d.Context(), &sns.GetPlatformApplicationAttributesInput{PlatformApplicationArn: &app})
		d.must(err)
		if got.Attributes["Enabled"] != "true" || got.Attributes["EventEndpointCreated"] != d.topic || got.Attributes["PlatformCredential"] != "" {
			d.Errorf("got %v", got.Attributes)
		}
		list, err := d.ListPlatformApplications(d.Context(), &sns.ListPlatformApplicationsInput{})
		d.must(err)
		if len(list.PlatformApplications) != 1 {
			d.Errorf("got %v", list.PlatformApplications)
		}
		_, err = d.CreatePlatformApplication(d.Context(), &sns.CreatePlatformApplicationInput{Name: ptr("a"), Platform: ptr("PIGEON"), Attributes: map[string]string{"PlatformCredential": "x"}})
		d.refused(err, "InvalidParameter", "Invalid parameter: Platform Reason: PIGEON is not supported")
		_, err = d.DeletePlatformApplication(d.Context(), &sns.DeletePlatformApplicationInput{PlatformApplicationArn: &app})
		d.must(err)
		_, err = d.GetPlatformApplicationAttributes(d.Context(), &sns.GetPlatformApplicationAttributesInput{PlatformApplicationArn: &app})
		d.refused(err, "NotFound", "PlatformApplication does not exist")
	})
}

func TestADevicesLife(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		app := d.application()
		device := d.device(app, "token")
		if again := d.device(app, "token"); again != device {
			d.Errorf("the same token made %s", again)
		}
		_, err := d.CreatePlatformEndpoint(d.Context(), &sns.CreatePlatformEndpointInput{PlatformApplicationArn: &app, Token: ptr("token"), CustomUserData: ptr("you")})
		d.refused(err, "InvalidParameter", "Invalid parameter: Token Reason: Endpoint "+device+" already exists with the same Token, but different attributes.")
		list, err := d.ListEndpointsByPlatformApplication(d.Context(), &sns.ListEndpointsByPlatformApplicationInput{PlatformApplicationArn: &app})
		d.must(err)
		if len(list.Endpoints) != 1 || *list.Endpoints[0].EndpointArn != device {
			d.Errorf("got %v", list.Endpoints)
		}
		d.subscribe("application", device, nil)
		body := `{"default":"hi","GCM":"{\"notification\":{}}"}`
		d.publish(body, func(in *sns.PublishInput) { in.MessageStructure = ptr("json") })
		_, err = d.Publish(d.Context(), &sns.PublishInput{TargetArn: &device, Message: ptr("direct")})
		d.must(err)
		got := d.letters()
		if len(got) != 2 || got[0].To != device || !strings.Contains(got[0].Body+got[1].Body, `{"notification":{}}`) || got[0].Attributes["Token"] != "token" {
			d.Errorf("got %+v", got)
		}
		_, err = d.SetEndpointAttributes(d.Context(), &sns.SetEndpointAttributesInput{EndpointArn: &device, Attributes: map[string]string{"Enabled": "False"}})
		d.must(err)
		_, err = d.Publish(d.Context(), &sns.PublishInput{TargetArn: &device, Message: ptr("x")})
		d.refused(err, "EndpointDisabled", "Endpoint is disabled")
		attributes, err := d.GetEndpointAttributes(d.Context(), &sns.GetEndpointAttributesInput{EndpointArn: &device})
		d.must(err)
		if a := attributes.Attributes; a["Enabled"] != "false" || a["Token"] != "token" || a["CustomUserData"] != "me" {
			d.Errorf("got %v", a)
		}
		_, err = d.DeleteEndpoint(d.Context(), &sns.DeleteEndpointInput{EndpointArn: &device})
		d.must(err)
		_, err = d.Publish(d.Context(), &sns.PublishInput{TargetArn: &device, Message: ptr("x")})
		d.refused(err, "InvalidParameter", "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified")
	})
}

func TestTextMessages(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		number := "+491701234567"
		_, err := d.SetSMSAttributes(d.Context(), &sns.SetSMSAttributesInput{Attributes: map[string]string{"DefaultSenderID": "Brume"}})
		d.must(err)
		settings, err := d.GetSMSAttributes(d.Context(), &sns.GetSMSAttributesInput{Attributes: []string{"DefaultSenderID"}})
		d.must(err)
		if len(settings.Attributes) != 1 || settings.Attributes["DefaultSenderID"] != "Brume" {
			d.Errorf("got %v", settings.Attributes)
		}
		_, err = d.SetSMSAttributes(d.Context(), &sns.SetSMSAttributesInput{Attributes: map[string]string{"Nonsense": "x"}})
		d.refused(err, "InvalidParameter", "Invalid parameter: Nonsense is not a valid attribute")
		_, err = d.Publish(d.Context(), &sns.PublishInput{PhoneNumber: &number, Message: ptr("hello")})
		d.must(err)
		if got := d.letters(); len(got) != 1 || got[0].To != number || got[0].From != "Brume" || got[0].Body != "hello" {
			d.Errorf("got %+v", got)
		}
		d.must(d.cloud.System().OptOut(d.Context(), kv.Scope{Account: aws.DefaultAccount, Region: aws.DefaultRegion}, number))
		_, err = d.Publish(d.Context(), &sns.PublishInput{PhoneNumber: &number, Message: ptr("hello")})
		d.refused(err, "OptedOut", "")
		is, err := d.CheckIfPhoneNumberIsOptedOut(d.Context(), &sns.CheckIfPhoneNumberIsOptedOutInput{PhoneNumber: &number})
		d.must(err)
		list, err := d.ListPhoneNumbersOptedOut(d.Context(), &sns.ListPhoneNumbersOptedOutInput{})
		d.must(err)
		if !is.IsOptedOut || len(list.PhoneNumbers) != 1 {
			d.Errorf("got %v, %v", is.IsOptedOut, list.PhoneNumbers)
		}
		_, err = d.OptInPhoneNumber(d.Context(), &sns.OptInPhoneNumberInput{PhoneNumber: &number})
		d.must(err)
		_, err = d.Publish(d.Context(), &sns.PublishInput{PhoneNumber: &number, Message: ptr("hello")})
		d.must(err)
		numbers, err := d.ListOriginationNumbers(d.Context(), &sns.ListOriginationNumbersInput{})
		d.must(err)
		if len(numbers.PhoneNumbers) != 0 {
			d.Errorf("got %v", numbers.PhoneNumbers)
		}
		d.cloud.Advance(9 * 24 * time.Hour)
		if got := d.letters(); len(got) != 0 {
			d.Errorf("after a week there are still %d letters", len(got))
		}
	})
}

func TestSandboxNumbersAreVerified(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		number := "+491701234567"
		status, err := d.GetSMSSandboxAccountStatus(d.Context(), &sns.GetSMSSandboxAccountStatusInput{})
		d.must(err)
		if status.IsInSandbox {
			d.Error("the account is in the sandbox")
		}
		_, err = d.CreateSMSSandboxPhoneNumber(d.Context(), &sns.CreateSMSSandboxPhoneNumberInput{PhoneNumber: &number})
		d.must(err)
		_, err = d.VerifySMSSandboxPhoneNumber(d.Context(), &sns.VerifySMSSandboxPhoneNumberInput{PhoneNumber: &number, OneTimePassword: ptr("00000")})
		d.refused(err, "VerificationException", "")
		body := d.letters()[0].Body
		code := strings.TrimSuffix(body[strings.LastIndexByte(body, ' ')+1:], ".")
		_, err = d.VerifySMSSandboxPhoneNumber(d.Context(), &sns.VerifySMSSandboxPhoneNumberInput{PhoneNumber: &number, OneTimePassword: &code})
		d.must(err)
		list, err := d.ListSMSSandboxPhoneNumbers(d.Context(), &sns.ListSMSSandboxPhoneNumbersInput{})
		d.must(err)
		if len(list.PhoneNumbers) != 1 || list.PhoneNumbers[0].Status != "Verified" {
			d.Errorf("got %v", list.PhoneNumbers)
		}
		_, err = d.DeleteSMSSandboxPhoneNumber(d.Context(), &sns.DeleteSMSSandboxPhoneNumberInput{PhoneNumber: &number})
		d.must(err)
	})
}

func TestMail(t *testing.T) {
	story(t, "t", map[string]string{"DisplayName": "News"}, func(d *desk) {
		d.subscribe("email", "me@example.com", nil)
		letter := d.letters()[0]
		link := letter.Body[strings.Index(letter.Body, "http://"):]
		if status, body := d.get(link); status != 200 {
			d.Fatalf("confirming: %d %s", status, body)
		}
		d.publish("hello", func(in *sns.PublishInput) { in.Subject = ptr("Greetings") })
		got := d.letters()[0]
		if got.To != "me@example.com" || got.Subject != "Greetings" || got.From != "News" || !strings.HasPrefix(got.Body, "hello\n") {
			d.Errorf("got %+v", got)
		}
	})
}
