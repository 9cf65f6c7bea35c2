package cognitoidp_test

import (
	"errors"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
)

// wants fails the test unless err has a code, and a message with a text in it.
func wants(t *testing.T, err error, code, text string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		t.Errorf("got %v, want %s with %q", err, code, text)
	}
}

// ok fails the test at once where there is an error.
func ok[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func start(t *testing.T) (*cloudtest.Cloud, *cognito.Client) {
	cloud := cloudtest.Start(t)
	return cloud, cognito.NewFromConfig(cloud.Config())
}

// newPool makes a pool, and returns it.
func newPool(t *testing.T, c *cognito.Client, in *cognito.CreateUserPoolInput) *types.UserPoolType {
	t.Helper()
	if in.PoolName == nil {
		in.PoolName = new("people")
	}
	return ok[*cognito.CreateUserPoolOutput](t)(c.CreateUserPool(t.Context(), in)).UserPool
}

func TestPoolHasTheDefaultsOfAWS(t *testing.T) {
	_, c := start(t)
	p := newPool(t, c, &cognito.CreateUserPoolInput{})
	p = ok[*cognito.DescribeUserPoolOutput](t)(c.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: p.Id})).UserPool
	if !strings.HasPrefix(*p.Id, "us-east-1_") || *p.Arn != "arn:aws:cognito-idp:us-east-1:000000000000:userpool/"+*p.Id {
		t.Errorf("id %s, ARN %s", *p.Id, *p.Arn)
	}
	pw := p.Policies.PasswordPolicy
	if *pw.MinimumLength != 8 || !pw.RequireLowercase || !pw.RequireNumbers || !pw.RequireSymbols || !pw.RequireUppercase || pw.TemporaryPasswordValidityDays != 7 {
		t.Errorf("password policy: %+v", pw)
	}
	if p.MfaConfiguration != types.UserPoolMfaTypeOff || p.UserPoolTier != types.UserPoolTierTypeEssentials || p.DeletionProtection != types.DeletionProtectionTypeInactive {
		t.Errorf("MFA %s, tier %s, protection %s", p.MfaConfiguration, p.UserPoolTier, p.DeletionProtection)
	}
	if p.EmailConfiguration.EmailSendingAccount != types.EmailSendingAccountTypeCognitoDefault || p.AdminCreateUserConfig.AllowAdminCreateUserOnly {
		t.Errorf("mail %+v, invitation %+v", p.EmailConfiguration, p.AdminCreateUserConfig)
	}
	names := map[string]bool{}
	for _, a := range p.SchemaAttributes {
		names[*a.Name] = true
	}
	for _, n := range []string{"sub", "email", "phone_number", "email_verified", "birthdate", "updated_at"} {
		if !names[n] {
			t.Errorf("the schema lacks %s", n)
		}
	}
}

func TestUpdateOfPoolReturnsWhatIsLeftOutToDefaults(t *testing.T) {
	_, c := start(t)
	p := newPool(t, c, &cognito.CreateUserPoolInput{
		Policies:               &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: new(int32(12))}},
		AutoVerifiedAttributes: []types.VerifiedAttributeType{"email"}, AliasAttributes: []types.AliasAttributeType{"email"},
		UserPoolTags: map[string]string{"team": "a"},
	})
	ok[*cognito.UpdateUserPoolOutput](t)(c.UpdateUserPool(t.Context(), &cognito.UpdateUserPoolInput{UserPoolId: p.Id, PoolName: new("renamed")}))
	p = ok[*cognito.DescribeUserPoolOutput](t)(c.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: p.Id})).UserPool
	if *p.Policies.PasswordPolicy.MinimumLength != 8 || len(p.AutoVerifiedAttributes) != 0 || *p.Name != "renamed" {
		t.Errorf("after the update: %+v", p)
	}
	if len(p.AliasAttributes) != 1 {
		t.Error("alias attributes, which stay for good, are gone")
	}
}

func TestCustomAttributesArePrefixed(t *testing.T) {
	_, c := start(t)
	p := newPool(t, c, &cognito.CreateUserPoolInput{Schema: []types.SchemaAttributeType{
		{Name: new("team"), AttributeDataType: types.AttributeDataTypeString, Mutable: new(true)},
		{Name: new("email"), AttributeDataType: types.AttributeDataTypeString, Required: new(true)},
	}})
	_, err := c.AddCustomAttributes(t.Context(), &cognito.AddCustomAttributesInput{UserPoolId: p.Id, CustomAttributes: []types.SchemaAttributeType{
		{Name: new("level"), AttributeDataType: types.AttributeDataTypeNumber, NumberAttributeConstraints: &types.NumberAttributeConstraintsType{MinValue: new("1"), MaxValue: new("9")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	p = ok[*cognito.DescribeUserPoolOutput](t)(c.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: p.Id})).UserPool
	found := map[string]types.SchemaAttributeType{}
	for _, a := range p.SchemaAttributes {
		found[*a.Name] = a
	}
	if !*found["custom:team"].Mutable || found["custom:level"].AttributeDataType != types.AttributeDataTypeNumber || !*found["email"].Required {
		t.Errorf("schema: %+v", found)
	}
	_, err = c.AddCustomAttributes(t.Context(), &cognito.AddCustomAttributesInput{UserPoolId: p.Id, CustomAttributes: []types.SchemaAttributeType{{Name: new("team")}}})
	wants(t, err, "InvalidParameterException", "custom:team")
	_, err = c.AddCustomAttributes(t.Context(), &cognito.AddCustomAttributesInput{UserPoolId: p.Id, CustomAttributes: []types.SchemaAttributeType{{Name: new("must"), Required: new(true)}}})
	wants(t, err, "InvalidParameterException", "Required custom attributes")
}

func TestPoolSettingsThatAreRefused(t *testing.T) {
	_, c := start(t)
	for name, test := range map[string]struct {
		in         cognito.CreateUserPoolInput
		code, text string
	}{
		"alias and username attributes": {cognito.CreateUserPoolInput{AliasAttributes: []types.AliasAttributeType{"email"}, UsernameAttributes: []types.UsernameAttributeType{"email"}}, "InvalidParameterException", "Only one of"},
		"short minimum":                 {cognito.CreateUserPoolInput{Policies: &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: new(int32(3))}}}, "InvalidParameterException", ""},
		"two sets of days": {cognito.CreateUserPoolInput{
			Policies:              &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{TemporaryPasswordValidityDays: 3}},
			AdminCreateUserConfig: &types.AdminCreateUserConfigType{UnusedAccountValidityDays: 9},
		}, "InvalidParameterException", "TemporaryPasswordValidityDays"},
		"history in LITE": {cognito.CreateUserPoolInput{
			UserPoolTier: types.UserPoolTierTypeLite, Policies: &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{PasswordHistorySize: new(int32(3))}},
		}, "FeatureUnavailableInTierException", ""},
		"reserved tag":        {cognito.CreateUserPoolInput{UserPoolTags: map[string]string{"aws:x": "y"}}, "UserPoolTaggingException", ""},
		"message without key": {cognito.CreateUserPoolInput{EmailVerificationMessage: new("no place for the code")}, "InvalidParameterException", ""},
		"threat protection":   {cognito.CreateUserPoolInput{UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: "ENFORCED"}}, "NotImplemented", ""},
	} {
		test.in.PoolName = new("refused")
		_, err := c.CreateUserPool(t.Context(), &test.in)
		t.Log(name)
		wants(t, err, test.code, test.text)
	}
}

func TestProtectedPoolIsNotDeleted(t *testing.T) {
	_, c := start(t)
	p := newPool(t, c, &cognito.CreateUserPoolInput{DeletionProtection: types.DeletionProtectionTypeActive})
	_, err := c.DeleteUserPool(t.Context(), &cognito.DeleteUserPoolInput{UserPoolId: p.Id})
	wants(t, err, "InvalidParameterException", "deletion protection is activated")
	ok[*cognito.UpdateUserPoolOutput](t)(c.UpdateUserPool(t.Context(), &cognito.UpdateUserPoolInput{UserPoolId: p.Id, DeletionProtection: types.DeletionProtectionTypeInactive}))
	ok[*cognito.DeleteUserPoolOutput](t)(c.DeleteUserPool(t.Context(), &cognito.DeleteUserPoolInput{UserPoolId: p.Id}))
	_, err = c.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: p.Id})
	wants(t, err, "ResourceNotFoundException", "User pool "+*p.Id+" does not exist.")
}

func TestPoolsAreListedInPages(t *testing.T) {
	cloud, c := start(t)
	for range 3 {
		newPool(t, c, &cognito.CreateUserPoolInput{})
	}
	seen := map[string]bool{}
	pages := cognito.NewListUserPoolsPaginator(c, &cognito.ListUserPoolsInput{MaxResults: new(int32(2))})
	for pages.HasMorePages() {
		for _, p := range ok[*cognito.ListUserPoolsOutput](t)(pages.NextPage(t.Context())).UserPools {
			seen[*p.Id] = true
		}
	}
	if len(seen) != 3 {
		t.Errorf("listed %d pools, want 3", len(seen))
	}
	elsewhere := cognito.NewFromConfig(cloud.Config("eu-west-1"))
	if out := ok[*cognito.ListUserPoolsOutput](t)(elsewhere.ListUserPools(t.Context(), &cognito.ListUserPoolsInput{MaxResults: new(int32(10))})); len(out.UserPools) != 0 {
		t.Error("pools are listed in another region")
	}
}

func TestTagsOfPool(t *testing.T) {
	_, c := start(t)
	p := newPool(t, c, &cognito.CreateUserPoolInput{UserPoolTags: map[string]string{"a": "1"}})
	ok[*cognito.TagResourceOutput](t)(c.TagResource(t.Context(), &cognito.TagResourceInput{ResourceArn: p.Arn, Tags: map[string]string{"b": "2"}}))
	ok[*cognito.UntagResourceOutput](t)(c.UntagResource(t.Context(), &cognito.UntagResourceInput{ResourceArn: p.Arn, TagKeys: []string{"a"}}))
	out := ok[*cognito.ListTagsForResourceOutput](t)(c.ListTagsForResource(t.Context(), &cognito.ListTagsForResourceInput{ResourceArn: p.Arn}))
	if len(out.Tags) != 1 || out.Tags["b"] != "2" {
		t.Errorf("tags: %v", out.Tags)
	}
}

func TestClientHasSecretAndDefaults(t *testing.T) {
	_, c := start(t)
	p := newPool(t, c, &cognito.CreateUserPoolInput{})
	made := ok[*cognito.CreateUserPoolClientOutput](t)(c.CreateUserPoolClient(t.Context(), &cognito.CreateUserPoolClientInput{
		UserPoolId: p.Id, ClientName: new("web"), GenerateSecret: true,
	})).UserPoolClient
	got := ok[*cognito.DescribeUserPoolClientOutput](t)(c.DescribeUserPoolClient(t.Context(), &cognito.DescribeUserPoolClientInput{UserPoolId: p.Id, ClientId: made.ClientId})).UserPoolClient
	if awssdk.ToString(got.ClientSecret) == "" || *got.ClientSecret != *made.ClientSecret || got.RefreshTokenValidity != 30 || !*got.EnableTokenRevocation || *got.AuthSessionValidity != 3 {
		t.Errorf("client: %+v", got)
	}
	ok[*cognito.UpdateUserPoolClientOutput](t)(c.UpdateUserPoolClient(t.Context(), &cognito.UpdateUserPoolClientInput{UserPoolId: p.Id, ClientId: made.ClientId, RefreshTokenValidity: 5}))
	list := ok[*cognito.ListUserPoolClientsOutput](t)(c.ListUserPoolClients(t.Context(), &cognito.ListUserPoolClientsInput{UserPoolId: p.Id}))
	if len(list.UserPoolClients) != 1 || *list.UserPoolClients[0].ClientName != "web" {
		t.Errorf("list: %+v", list.UserPoolClients)
	}
	ok[*cognito.DeleteUserPoolClientOutput](t)(c.DeleteUserPoolClient(t.Context(), &cognito.DeleteUserPoolClientInput{UserPoolId: p.Id, ClientId: made.ClientId}))
	_, err := c.DescribeUserPoolClient(t.Context(), &cognito.DescribeUserPoolClientInput{UserPoolId: p.Id, ClientId: made.ClientId})
	wants(t, err, "ResourceNotFoundException", "User pool client "+*made.ClientId+" does not exist.")
}

func TestClientSettingsThatAreRefused(t *testing.T) {
	_, c := start(t)
	p := newPool(t, c, &cognito.CreateUserPoolInput{})
	for name, test := range map[string]struct {
		in         cognito.CreateUserPoolClientInput
		code, text string
	}{
		"old and new flows":      {cognito.CreateUserPoolClientInput{ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"}}, "InvalidParameterException", "ALLOW_"},
		"long access token":      {cognito.CreateUserPoolClientInput{AccessTokenValidity: new(int32(25))}, "InvalidParameterException", "Invalid range for token validity."},
		"access beyond refresh":  {cognito.CreateUserPoolClientInput{AccessTokenValidity: new(int32(2)), RefreshTokenValidity: 1, TokenValidityUnits: &types.TokenValidityUnitsType{RefreshToken: "hours"}}, "InvalidParameterException", ""},
		"unknown attribute":      {cognito.CreateUserPoolClientInput{ReadAttributes: []string{"custom:none"}}, "InvalidParameterException", "Invalid read attributes"},
		"verified is written":    {cognito.CreateUserPoolClientInput{WriteAttributes: []string{"email_verified"}}, "InvalidParameterException", "Invalid write attributes"},
		"plain HTTP":             {cognito.CreateUserPoolClientInput{CallbackURLs: []string{"http://example.com/back"}}, "InvalidParameterException", "HTTPS"},
		"machine without secret": {cognito.CreateUserPoolClientInput{AllowedOAuthFlows: []types.OAuthFlowType{"client_credentials"}}, "InvalidOAuthFlowException", "client secret"},
		"unknown scope":          {cognito.CreateUserPoolClientInput{AllowedOAuthScopes: []string{"orders/read"}}, "ScopeDoesNotExistException", ""},
		"unknown provider":       {cognito.CreateUserPoolClientInput{SupportedIdentityProviders: []string{"Google"}}, "InvalidParameterException", "The provider Google does not exist"},
	} {
		test.in.UserPoolId, test.in.ClientName = p.Id, new("refused")
		_, err := c.CreateUserPoolClient(t.Context(), &test.in)
		t.Log(name)
		wants(t, err, test.code, test.text)
	}
}
