package cognitoidp_test

import (
	"context"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/service/sns"
	"github.com/brume-cloud/brume/state/kv"
)

const password = "Correct-h0rse"

// club is a pool with a client, its administrator, and a client of the API that
// has no credentials.
type club struct {
	*testing.T
	cloud  *cloudtest.Cloud
	admin  *cognito.Client
	public *cognito.Client
	pool   *types.UserPoolType
	client *types.UserPoolClientType
}

func newClub(t *testing.T, pool *cognito.CreateUserPoolInput, client *cognito.CreateUserPoolClientInput) *club {
	t.Helper()
	cloud, admin := start(t)
	cfg := cloud.Config()
	cfg.Credentials = awssdk.AnonymousCredentials{}
	c := &club{T: t, cloud: cloud, admin: admin, public: cognito.NewFromConfig(cfg), pool: newPool(t, admin, pool)}
	client.UserPoolId, client.ClientName = c.pool.Id, new("web")
	c.client = ok[*cognito.CreateUserPoolClientOutput](t)(admin.CreateUserPoolClient(t.Context(), client)).UserPoolClient
	return c
}

// mailing is a pool that verifies mail addresses of its own.
func mailing(t *testing.T) *club {
	return newClub(t, &cognito.CreateUserPoolInput{AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}}, &cognito.CreateUserPoolClientInput{
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"},
	})
}

func (c *club) signUp(name string, attributes ...types.AttributeType) (*cognito.SignUpOutput, error) {
	return c.public.SignUp(c.Context(), &cognito.SignUpInput{ClientId: c.client.ClientId, Username: &name, Password: new(password), UserAttributes: attributes})
}

func (c *club) confirm(name, code string) error {
	_, err := c.public.ConfirmSignUp(c.Context(), &cognito.ConfirmSignUpInput{ClientId: c.client.ClientId, Username: &name, ConfirmationCode: &code})
	return err
}

func (c *club) get(name string) *cognito.AdminGetUserOutput {
	c.Helper()
	return ok[*cognito.AdminGetUserOutput](c.T)(c.admin.AdminGetUser(c.Context(), &cognito.AdminGetUserInput{UserPoolId: c.pool.Id, Username: &name}))
}

func attr(name, value string) types.AttributeType {
	return types.AttributeType{Name: &name, Value: &value}
}

func value(all []types.AttributeType, name string) string {
	for _, a := range all {
		if *a.Name == name {
			return *a.Value
		}
	}
	return ""
}

// letter is the latest message to a user, and the code in it.
func (c *club) letter() (sns.Letter, string) {
	c.Helper()
	all, err := c.cloud.System().Outbox(context.Background(), kv.Scope{Account: aws.DefaultAccount, Region: aws.DefaultRegion}, 1)
	if err != nil || len(all) == 0 {
		c.Fatalf("no letter: %v", err)
	}
	return all[0], regexp.MustCompile(`\d{6}`).FindString(all[0].Body)
}

func (c *club) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func TestUserSignsUpAndConfirmsTheAddress(t *testing.T) {
	c := mailing(t)
	out := ok[*cognito.SignUpOutput](t)(c.signUp("ada", attr("email", "ada@example.com")))
	if out.UserConfirmed || *out.CodeDeliveryDetails.Destination != "a***@e***" || out.CodeDeliveryDetails.DeliveryMedium != "EMAIL" || len(*out.UserSub) != 36 {
		t.Errorf("sign-up: %+v %+v", out, out.CodeDeliveryDetails)
	}
	letter, code := c.letter()
	if letter.To != "ada@example.com" || letter.Subject != "Your verification code" || code == "" {
		t.Errorf("letter: %+v", letter)
	}
	_, err := c.signUp("ada")
	wants(t, err, "UsernameExistsException", "User already exists")
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	wants(t, c.confirm("ada", wrong), "CodeMismatchException", "Invalid verification code provided, please try again.")
	c.must(c.confirm("ada", code))
	u := c.get("ada")
	if u.UserStatus != "CONFIRMED" || value(u.UserAttributes, "email_verified") != "true" || value(u.UserAttributes, "sub") != *out.UserSub {
		t.Errorf("user: %+v", u)
	}
	wants(t, c.confirm("ada", code), "NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
}

func TestCodeExpiresAndIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mailing(t)
		ok[*cognito.SignUpOutput](t)(c.signUp("ada", attr("email", "ada@example.com")))
		_, code := c.letter()
		c.cloud.Advance(25 * time.Hour)
		wants(t, c.confirm("ada", code), "ExpiredCodeException", "Invalid code provided")
		ok[*cognito.ResendConfirmationCodeOutput](t)(c.public.ResendConfirmationCode(t.Context(), &cognito.ResendConfirmationCodeInput{ClientId: c.client.ClientId, Username: new("ada")}))
		_, code = c.letter()
		c.must(c.confirm("ada", code))
	})
}

func TestGuessingOfCodesEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := mailing(t)
		ok[*cognito.SignUpOutput](t)(c.signUp("ada", attr("email", "ada@example.com")))
		_, code := c.letter()
		for range 10 {
			wants(t, c.confirm("ada", "x"), "CodeMismatchException", "")
		}
		wants(t, c.confirm("ada", code), "LimitExceededException", "Attempt limit exceeded")
		c.cloud.Advance(time.Hour)
		c.must(c.confirm("ada", code))
	})
}

func TestSignUpThatIsRefused(t *testing.T) {
	c := newClub(t, &cognito.CreateUserPoolInput{
		AliasAttributes: []types.AliasAttributeType{"email"},
		Schema: []types.SchemaAttributeType{
			{Name: new("team"), AttributeDataType: "String", StringAttributeConstraints: &types.StringAttributeConstraintsType{MaxLength: new("3")}},
			{Name: new("given_name"), Required: new(true)},
		},
	}, &cognito.CreateUserPoolClientInput{})
	given := attr("given_name", "Ada")
	for name, test := range map[string]struct {
		user, password string
		attributes     []types.AttributeType
		code, text     string
	}{
		"weak password":     {"a", "weak", []types.AttributeType{given}, "InvalidPasswordException", "Password did not conform with policy: Password not long enough"},
		"no symbol":         {"a", "Correcth0rse", []types.AttributeType{given}, "InvalidPasswordException", "must have symbol characters"},
		"missing attribute": {"a", password, nil, "InvalidParameterException", "given_name: The attribute is required"},
		"unknown attribute": {"a", password, []types.AttributeType{given, attr("custom:x", "1")}, "InvalidParameterException", ""},
		"too long":          {"a", password, []types.AttributeType{given, attr("custom:team", "four")}, "InvalidParameterException", "custom:team"},
		"no address":        {"a", password, []types.AttributeType{given, attr("email", "nowhere")}, "InvalidParameterException", "Invalid email address format."},
		"verified by itself": {"a", password, []types.AttributeType{given, attr("email_verified", "true")}, "NotAuthorizedException",
			"A client attempted to write unauthorized attribute"},
		"name like a mail address": {"a@example.com", password, []types.AttributeType{given}, "InvalidParameterException", "configured for email alias"},
	} {
		_, err := c.public.SignUp(t.Context(), &cognito.SignUpInput{ClientId: c.client.ClientId, Username: &test.user, Password: &test.password, UserAttributes: test.attributes})
		t.Log(name)
		wants(t, err, test.code, test.text)
	}
	_, err := c.public.SignUp(t.Context(), &cognito.SignUpInput{ClientId: new("nobody"), Username: new("a"), Password: new(password)})
	wants(t, err, "ResourceNotFoundException", "User pool client nobody does not exist.")
}

func TestMailAddressAsUsername(t *testing.T) {
	c := newClub(t, &cognito.CreateUserPoolInput{
		UsernameAttributes: []types.UsernameAttributeType{"email"}, UsernameConfiguration: &types.UsernameConfigurationType{CaseSensitive: new(false)},
	}, &cognito.CreateUserPoolClientInput{})
	out := ok[*cognito.SignUpOutput](t)(c.signUp("Ada@example.com"))
	u := c.get("ada@EXAMPLE.com")
	if *u.Username != *out.UserSub || value(u.UserAttributes, "email") != "Ada@example.com" {
		t.Errorf("user: %+v", u)
	}
	_, err := c.signUp("ADA@example.com")
	wants(t, err, "UsernameExistsException", "An account with the given email already exists.")
	_, err = c.signUp("ada")
	wants(t, err, "InvalidParameterException", "Username should be an email.")
}

func TestAliasGoesToWhoConfirmsIt(t *testing.T) {
	c := newClub(t, &cognito.CreateUserPoolInput{AliasAttributes: []types.AliasAttributeType{"email"}, AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}}, &cognito.CreateUserPoolClientInput{})
	ok[*cognito.SignUpOutput](t)(c.signUp("ada", attr("email", "us@example.com")))
	_, code := c.letter()
	c.must(c.confirm("ada", code))
	if *c.get("us@example.com").Username != "ada" {
		t.Error("the alias names nobody")
	}
	ok[*cognito.SignUpOutput](t)(c.signUp("bob", attr("email", "us@example.com")))
	_, code = c.letter()
	wants(t, c.confirm("bob", code), "AliasExistsException", "An account with the email already exists.")
	ok[*cognito.ConfirmSignUpOutput](t)(c.public.ConfirmSignUp(t.Context(), &cognito.ConfirmSignUpInput{
		ClientId: c.client.ClientId, Username: new("bob"), ConfirmationCode: &code, ForceAliasCreation: true,
	}))
	if *c.get("us@example.com").Username != "bob" || value(c.get("ada").UserAttributes, "email_verified") == "true" {
		t.Error("the alias was not taken over")
	}
}

func TestAdministratorMakesUsers(t *testing.T) {
	c := mailing(t)
	in := &cognito.AdminCreateUserInput{
		UserPoolId: c.pool.Id, Username: new("ada"), DesiredDeliveryMediums: []types.DeliveryMediumType{"EMAIL"},
		UserAttributes: []types.AttributeType{attr("email", "ada@example.com"), attr("email_verified", "true")},
	}
	out := ok[*cognito.AdminCreateUserOutput](t)(c.admin.AdminCreateUser(t.Context(), in))
	if out.User.UserStatus != "FORCE_CHANGE_PASSWORD" || !out.User.Enabled {
		t.Errorf("user: %+v", out.User)
	}
	if l, _ := c.letter(); l.Subject != "Your temporary password" || l.To != "ada@example.com" {
		t.Errorf("letter: %+v", l)
	}
	_, err := c.admin.AdminCreateUser(t.Context(), in)
	wants(t, err, "UsernameExistsException", "User account already exists")
	_, err = c.public.ForgotPassword(t.Context(), &cognito.ForgotPasswordInput{ClientId: c.client.ClientId, Username: new("ada")})
	wants(t, err, "NotAuthorizedException", "User password cannot be reset in the current state.")
	name := &cognito.AdminDisableUserInput{UserPoolId: c.pool.Id, Username: new("ada")}
	ok[*cognito.AdminDisableUserOutput](t)(c.admin.AdminDisableUser(t.Context(), name))
	if c.get("ada").Enabled {
		t.Error("the user is enabled")
	}
	ok[*cognito.AdminEnableUserOutput](t)(c.admin.AdminEnableUser(t.Context(), &cognito.AdminEnableUserInput{UserPoolId: c.pool.Id, Username: new("ada")}))
	ok[*cognito.AdminUpdateUserAttributesOutput](t)(c.admin.AdminUpdateUserAttributes(t.Context(), &cognito.AdminUpdateUserAttributesInput{
		UserPoolId: c.pool.Id, Username: new("ada"), UserAttributes: []types.AttributeType{attr("name", "Ada"), attr("email", "new@example.com")},
	}))
	u := c.get("ada")
	if value(u.UserAttributes, "email_verified") != "false" || value(u.UserAttributes, "name") != "Ada" {
		t.Errorf("attributes: %+v", u.UserAttributes)
	}
	ok[*cognito.AdminDeleteUserAttributesOutput](t)(c.admin.AdminDeleteUserAttributes(t.Context(), &cognito.AdminDeleteUserAttributesInput{
		UserPoolId: c.pool.Id, Username: new("ada"), UserAttributeNames: []string{"name"},
	}))
	if value(c.get("ada").UserAttributes, "name") != "" {
		t.Error("the attribute is still there")
	}
	ok[*cognito.AdminDeleteUserOutput](t)(c.admin.AdminDeleteUser(t.Context(), &cognito.AdminDeleteUserInput{UserPoolId: c.pool.Id, Username: new("ada")}))
	_, err = c.admin.AdminGetUser(t.Context(), &cognito.AdminGetUserInput{UserPoolId: c.pool.Id, Username: new("ada")})
	wants(t, err, "UserNotFoundException", "User does not exist.")
}

func TestAdministrationNeedsCredentials(t *testing.T) {
	c := mailing(t)
	_, err := c.public.AdminGetUser(t.Context(), &cognito.AdminGetUserInput{UserPoolId: c.pool.Id, Username: new("ada")})
	if err == nil {
		t.Error("anybody may administer")
	}
}

func TestUsersAreListedByFilter(t *testing.T) {
	c := mailing(t)
	for _, name := range []string{"ada", "adam", "bob"} {
		ok[*cognito.SignUpOutput](t)(c.signUp(name, attr("email", name+"@example.com")))
	}
	ok[*cognito.AdminConfirmSignUpOutput](t)(c.admin.AdminConfirmSignUp(t.Context(), &cognito.AdminConfirmSignUpInput{UserPoolId: c.pool.Id, Username: new("bob")}))
	for filter, want := range map[string]int{
		"": 3, `username = "ada"`: 1, `username ^= "ada"`: 2, `email ^= "bob@"`: 1, `cognito:user_status = "confirmed"`: 1, `status = "Enabled"`: 3, `"email" = "x"`: 0,
	} {
		out := ok[*cognito.ListUsersOutput](t)(c.admin.ListUsers(t.Context(), &cognito.ListUsersInput{UserPoolId: c.pool.Id, Filter: &filter, AttributesToGet: []string{"email"}}))
		if len(out.Users) != want {
			t.Errorf("%s: %d users, want %d", filter, len(out.Users), want)
		}
		for _, u := range out.Users {
			if len(u.Attributes) != 1 {
				t.Errorf("attributes: %+v", u.Attributes)
			}
		}
	}
	_, err := c.admin.ListUsers(t.Context(), &cognito.ListUsersInput{UserPoolId: c.pool.Id, Filter: new(`custom:x = "1"`)})
	wants(t, err, "InvalidParameterException", "")
	seen := 0
	pages := cognito.NewListUsersPaginator(c.admin, &cognito.ListUsersInput{UserPoolId: c.pool.Id, Limit: new(int32(2))})
	for pages.HasMorePages() {
		seen += len(ok[*cognito.ListUsersOutput](t)(pages.NextPage(t.Context())).Users)
	}
	p := ok[*cognito.DescribeUserPoolOutput](t)(c.admin.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: c.pool.Id}))
	if seen != 3 || p.UserPool.EstimatedNumberOfUsers != 3 {
		t.Errorf("listed %d, estimated %d, want 3", seen, p.UserPool.EstimatedNumberOfUsers)
	}
}

func TestWhoDoesNotExistIsHidden(t *testing.T) {
	c := newClub(t, &cognito.CreateUserPoolInput{AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}}, &cognito.CreateUserPoolClientInput{PreventUserExistenceErrors: "ENABLED"})
	var places []string
	for range 2 {
		out := ok[*cognito.ForgotPasswordOutput](t)(c.public.ForgotPassword(t.Context(), &cognito.ForgotPasswordInput{ClientId: c.client.ClientId, Username: new("ghost")}))
		places = append(places, *out.CodeDeliveryDetails.Destination)
	}
	if places[0] != places[1] {
		t.Errorf("codes go to %v", places)
	}
	wants(t, c.confirm("ghost", "123456"), "ExpiredCodeException", "")
	open := mailing(t)
	_, err := open.public.ForgotPassword(t.Context(), &cognito.ForgotPasswordInput{ClientId: open.client.ClientId, Username: new("ghost")})
	wants(t, err, "UserNotFoundException", "Username/client id combination not found.")
}
