package cognitoidentity_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	identity "github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	users "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	usertypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
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

// app is an app whose users sign in with a user pool, and get credentials of an
// identity pool.
type app struct {
	*testing.T
	cloud    *cloudtest.Cloud
	admin    *identity.Client
	public   *identity.Client // without credentials
	users    *users.Client
	pool     *string // the identity pool
	provider string  // the user pool, as logins name it
	client   *string // of the user pool
	userPool *string
}

const password = "Correct-h0rse"

func start(t *testing.T, change ...func(*identity.CreateIdentityPoolInput)) *app {
	t.Helper()
	cloud := cloudtest.Start(t, cloudtest.NoRetries())
	anonymous := cloud.Config()
	anonymous.Credentials = awssdk.AnonymousCredentials{}
	a := &app{T: t, cloud: cloud, admin: identity.NewFromConfig(cloud.Config()), public: identity.NewFromConfig(anonymous), users: users.NewFromConfig(cloud.Config())}
	a.userPool = ok[*users.CreateUserPoolOutput](t)(a.users.CreateUserPool(t.Context(), &users.CreateUserPoolInput{PoolName: new("people")})).UserPool.Id
	a.client = ok[*users.CreateUserPoolClientOutput](t)(a.users.CreateUserPoolClient(t.Context(), &users.CreateUserPoolClientInput{
		UserPoolId: a.userPool, ClientName: new("web"), ExplicitAuthFlows: []usertypes.ExplicitAuthFlowsType{"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	})).UserPoolClient.ClientId
	a.provider = "cognito-idp.us-east-1.amazonaws.com/" + *a.userPool
	in := &identity.CreateIdentityPoolInput{
		IdentityPoolName: new("app"), AllowUnauthenticatedIdentities: true,
		CognitoIdentityProviders: []types.CognitoIdentityProvider{{ProviderName: &a.provider, ClientId: a.client}},
	}
	for _, f := range change {
		f(in)
	}
	a.pool = ok[*identity.CreateIdentityPoolOutput](t)(a.admin.CreateIdentityPool(t.Context(), in)).IdentityPoolId
	return a
}

// login is the ID token of a user, who is made where there is none.
func (a *app) login(name string) map[string]string {
	a.Helper()
	if _, err := a.users.AdminGetUser(a.Context(), &users.AdminGetUserInput{UserPoolId: a.userPool, Username: &name}); err != nil {
		ok[*users.AdminCreateUserOutput](a.T)(a.users.AdminCreateUser(a.Context(), &users.AdminCreateUserInput{UserPoolId: a.userPool, Username: &name, MessageAction: "SUPPRESS"}))
		ok[*users.AdminSetUserPasswordOutput](a.T)(a.users.AdminSetUserPassword(a.Context(), &users.AdminSetUserPasswordInput{UserPoolId: a.userPool, Username: &name, Password: new(password), Permanent: true}))
	}
	out := ok[*users.AdminInitiateAuthOutput](a.T)(a.users.AdminInitiateAuth(a.Context(), &users.AdminInitiateAuthInput{
		UserPoolId: a.userPool, ClientId: a.client, AuthFlow: "ADMIN_USER_PASSWORD_AUTH", AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	}))
	return map[string]string{a.provider: *out.AuthenticationResult.IdToken}
}

// role makes a role that identities of the pool get, of one kind or the other.
func (a *app) role(name, kind, policy string) string {
	a.Helper()
	roles := iam.NewFromConfig(a.cloud.Config())
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],
		"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"` + *a.pool + `"},"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"` + kind + `"}}}]}`
	made := ok[*iam.CreateRoleOutput](a.T)(roles.CreateRole(a.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust}))
	ok[*iam.PutRolePolicyOutput](a.T)(roles.PutRolePolicy(a.Context(), &iam.PutRolePolicyInput{
		RoleName: &name, PolicyName: new("p"), PolicyDocument: new(`{"Version":"2012-10-17","Statement":` + policy + `}`),
	}))
	return *made.Role.Arn
}

func (a *app) roles(roles map[string]string, mappings map[string]types.RoleMapping) {
	a.Helper()
	ok[*identity.SetIdentityPoolRolesOutput](a.T)(a.admin.SetIdentityPoolRoles(a.Context(), &identity.SetIdentityPoolRolesInput{IdentityPoolId: a.pool, Roles: roles, RoleMappings: mappings}))
}

func (a *app) id(logins map[string]string) *string {
	a.Helper()
	return ok[*identity.GetIdOutput](a.T)(a.public.GetId(a.Context(), &identity.GetIdInput{IdentityPoolId: a.pool, Logins: logins})).IdentityId
}

func (a *app) credentials(id *string, logins map[string]string) (*identity.GetCredentialsForIdentityOutput, error) {
	return a.public.GetCredentialsForIdentity(a.Context(), &identity.GetCredentialsForIdentityInput{IdentityId: id, Logins: logins})
}

// as is the configuration of who has credentials.
func (a *app) as(c *types.Credentials) awssdk.Config {
	return a.cloud.As(*c.AccessKeyId, *c.SecretKey, *c.SessionToken)
}

// who is the role that credentials are of.
func (a *app) who(c *types.Credentials) string {
	a.Helper()
	arn := *ok[*sts.GetCallerIdentityOutput](a.T)(sts.NewFromConfig(a.as(c)).GetCallerIdentity(a.Context(), &sts.GetCallerIdentityInput{})).Arn
	return strings.Split(arn, "/")[1]
}

const everything = `{"Effect":"Allow","Action":"*","Resource":"*"}`

func TestUserGetsCredentialsOfTheRole(t *testing.T) {
	a := start(t)
	own := `{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::files/${cognito-identity.amazonaws.com:sub}/*"}`
	a.roles(map[string]string{"authenticated": a.role("members", "authenticated", `[`+own+`,{"Effect":"Allow","Action":"iam:ListRoles","Resource":"*"}]`)}, nil)
	ok[*s3.CreateBucketOutput](t)(s3.NewFromConfig(a.cloud.Config()).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: new("files")}))
	logins := a.login("ada")
	id := a.id(logins)
	if again := a.id(a.login("ada")); *again != *id || !strings.HasPrefix(*id, "us-east-1:") {
		t.Errorf("identities %s and %s", *id, *again)
	}
	if other := a.id(a.login("grace")); *other == *id {
		t.Error("two users have one identity")
	}
	out := ok[*identity.GetCredentialsForIdentityOutput](t)(a.credentials(id, logins))
	if who := a.who(out.Credentials); who != "members" || *out.IdentityId != *id {
		t.Errorf("%s is %s", *out.IdentityId, who)
	}
	if _, err := iam.NewFromConfig(a.as(out.Credentials)).ListRoles(t.Context(), &iam.ListRolesInput{}); err != nil {
		t.Errorf("what the role allows: %v", err)
	}
	put := func(folder string) error {
		files := s3.NewFromConfig(a.as(out.Credentials), func(o *s3.Options) { o.UsePathStyle = true })
		_, err := files.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("files"), Key: new(folder + "/x"), Body: strings.NewReader("x")})
		return err
	}
	if err := put(*id); err != nil {
		t.Errorf("the own folder: %v", err)
	}
	wants(t, put("us-east-1:other"), "AccessDenied", "")
	_, err := a.credentials(id, nil)
	wants(t, err, "NotAuthorizedException", "Access to Identity '"+*id+"' is forbidden.")
	_, err = a.credentials(id, a.login("grace"))
	wants(t, err, "ResourceConflictException", "")
	d := ok[*identity.DescribeIdentityOutput](t)(a.admin.DescribeIdentity(t.Context(), &identity.DescribeIdentityInput{IdentityId: id}))
	if fmt.Sprint(d.Logins) != "["+a.provider+"]" {
		t.Errorf("logins: %v", d.Logins)
	}
}

func TestGuestsGetTheirRoleAndNoMore(t *testing.T) {
	a := start(t)
	id := a.id(nil)
	_, err := a.credentials(id, nil)
	wants(t, err, "InvalidIdentityPoolConfigurationException", "Check assigned IAM roles for this pool.")
	a.roles(map[string]string{"unauthenticated": a.role("guests", "unauthenticated", everything), "authenticated": a.role("members", "authenticated", everything)}, nil)
	out := ok[*identity.GetCredentialsForIdentityOutput](t)(a.credentials(id, nil))
	if who := a.who(out.Credentials); who != "guests" {
		t.Errorf("is %s", who)
	}
	if _, err := sqs.NewFromConfig(a.as(out.Credentials)).ListQueues(t.Context(), &sqs.ListQueuesInput{}); err != nil {
		t.Errorf("what guests may: %v", err)
	}
	_, err = iam.NewFromConfig(a.as(out.Credentials)).ListRoles(t.Context(), &iam.ListRolesInput{})
	wants(t, err, "AccessDenied", "session policy")
	logins := a.login("ada")
	out = ok[*identity.GetCredentialsForIdentityOutput](t)(a.credentials(id, logins))
	if who := a.who(out.Credentials); who != "members" || *a.id(logins) != *id {
		t.Errorf("a guest who signs in is %s", who)
	}
	ok[*identity.UpdateIdentityPoolOutput](t)(a.admin.UpdateIdentityPool(t.Context(), &identity.UpdateIdentityPoolInput{IdentityPoolId: a.pool, IdentityPoolName: new("app"), AllowUnauthenticatedIdentities: false}))
	_, err = a.public.GetId(t.Context(), &identity.GetIdInput{IdentityPoolId: a.pool})
	wants(t, err, "NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")
}

func TestLoginsAreChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := start(t, func(in *identity.CreateIdentityPoolInput) {
			in.CognitoIdentityProviders[0].ServerSideTokenCheck = new(true)
		})
		try := func(logins map[string]string) error {
			_, err := a.public.GetId(t.Context(), &identity.GetIdInput{IdentityPoolId: a.pool, Logins: logins})
			return err
		}
		token := a.login("ada")[a.provider]
		parts := strings.Split(token, ".")
		var claims map[string]any
		body, _ := base64.RawURLEncoding.DecodeString(parts[1])
		_ = json.Unmarshal(body, &claims)
		claims["sub"] = "somebody"
		body, _ = json.Marshal(claims)
		forged := parts[0] + "." + base64.RawURLEncoding.EncodeToString(body) + "." + parts[2]
		wants(t, try(map[string]string{a.provider: forged}), "NotAuthorizedException", "Token signature invalid.")
		wants(t, try(map[string]string{a.provider: "x"}), "NotAuthorizedException", "Not a valid OpenId Connect identity token.")
		wants(t, try(map[string]string{"graph.facebook.com": token}), "NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
		if err := try(map[string]string{a.provider: token}); err != nil {
			t.Error(err)
		}
		ok[*users.AdminUserGlobalSignOutOutput](t)(a.users.AdminUserGlobalSignOut(t.Context(), &users.AdminUserGlobalSignOutInput{UserPoolId: a.userPool, Username: new("ada")}))
		wants(t, try(map[string]string{a.provider: token}), "NotAuthorizedException", "revoked")
		token = a.login("ada")[a.provider]
		a.cloud.Advance(time.Hour)
		wants(t, try(map[string]string{a.provider: token}), "NotAuthorizedException", "Invalid login token. Token expired")
	})
}

func TestRolesAreChosenByClaims(t *testing.T) {
	a := start(t)
	plain, reader, writer := a.role("plain", "authenticated", everything), a.role("reader", "authenticated", everything), a.role("writer", "authenticated", everything)
	for name, role := range map[string]string{"readers": reader, "writers": writer} {
		ok[*users.CreateGroupOutput](t)(a.users.CreateGroup(t.Context(), &users.CreateGroupInput{UserPoolId: a.userPool, GroupName: &name, RoleArn: &role}))
	}
	join := func(group string) {
		ok[*users.AdminAddUserToGroupOutput](t)(a.users.AdminAddUserToGroup(t.Context(), &users.AdminAddUserToGroupInput{UserPoolId: a.userPool, GroupName: &group, Username: new("ada")}))
	}
	key := a.provider + ":" + *a.client
	get := func(custom *string) (string, error) {
		logins := a.login("ada")
		out, err := a.public.GetCredentialsForIdentity(t.Context(), &identity.GetCredentialsForIdentityInput{IdentityId: a.id(logins), Logins: logins, CustomRoleArn: custom})
		if err != nil {
			return "", err
		}
		return a.who(out.Credentials), nil
	}
	is := func(custom *string, want string) {
		t.Helper()
		if got := ok[string](t)(get(custom)); got != want {
			t.Errorf("role %s, want %s", got, want)
		}
	}
	defaults := map[string]string{"authenticated": plain}
	a.roles(defaults, map[string]types.RoleMapping{key: {Type: "Token", AmbiguousRoleResolution: "AuthenticatedRole"}})
	is(nil, "plain")
	join("readers")
	is(nil, "reader")
	join("writers") // neither comes first
	is(nil, "plain")
	is(&writer, "writer")
	_, err := get(&plain)
	wants(t, err, "NotAuthorizedException", "")
	a.roles(defaults, map[string]types.RoleMapping{key: {Type: "Token", AmbiguousRoleResolution: "Deny"}})
	_, err = get(nil)
	wants(t, err, "NotAuthorizedException", "")
	a.roles(defaults, map[string]types.RoleMapping{key: {Type: "Rules", AmbiguousRoleResolution: "Deny", RulesConfiguration: &types.RulesConfigurationType{Rules: []types.MappingRule{
		{Claim: new("cognito:username"), MatchType: "NotEqual", Value: new("ada"), RoleARN: &plain},
		{Claim: new("cognito:groups"), MatchType: "Equals", Value: new("writers"), RoleARN: &writer},
	}}}})
	is(nil, "writer")
	_, err = a.admin.SetIdentityPoolRoles(t.Context(), &identity.SetIdentityPoolRolesInput{IdentityPoolId: a.pool, Roles: defaults, RoleMappings: map[string]types.RoleMapping{key: {Type: "Rules", AmbiguousRoleResolution: "Deny"}}})
	wants(t, err, "InvalidParameterException", "between 1 and 25 rules")
	set := ok[*identity.GetIdentityPoolRolesOutput](t)(a.admin.GetIdentityPoolRoles(t.Context(), &identity.GetIdentityPoolRolesInput{IdentityPoolId: a.pool}))
	if set.Roles["authenticated"] != plain || len(set.RoleMappings[key].RulesConfiguration.Rules) != 2 {
		t.Errorf("roles: %+v", set)
	}
}

func TestDeveloperSignsItsUsersIn(t *testing.T) {
	a := start(t, func(in *identity.CreateIdentityPoolInput) {
		in.DeveloperProviderName, in.AllowClassicFlow = new("login.example"), new(true)
	})
	role := a.role("members", "login.example", everything)
	a.roles(map[string]string{"authenticated": role}, nil)
	token := func(user string, id *string) (*identity.GetOpenIdTokenForDeveloperIdentityOutput, error) {
		return a.admin.GetOpenIdTokenForDeveloperIdentity(t.Context(), &identity.GetOpenIdTokenForDeveloperIdentityInput{IdentityPoolId: a.pool, IdentityId: id, Logins: map[string]string{"login.example": user}})
	}
	ada := ok[*identity.GetOpenIdTokenForDeveloperIdentityOutput](t)(token("ada", nil))
	grace := ok[*identity.GetOpenIdTokenForDeveloperIdentityOutput](t)(token("grace", nil))
	_, err := token("ada", grace.IdentityId)
	wants(t, err, "DeveloperUserAlreadyRegisteredException", "")
	own := map[string]string{"cognito-identity.amazonaws.com": *ada.Token}
	out := ok[*identity.GetCredentialsForIdentityOutput](t)(a.credentials(ada.IdentityId, own))
	if who := a.who(out.Credentials); who != "members" {
		t.Errorf("is %s", who)
	}
	_, err = a.credentials(grace.IdentityId, own)
	wants(t, err, "NotAuthorizedException", "another identity")
	anonymous := a.cloud.Config()
	anonymous.Credentials = awssdk.AnonymousCredentials{}
	classic := ok[*identity.GetOpenIdTokenOutput](t)(a.public.GetOpenIdToken(t.Context(), &identity.GetOpenIdTokenInput{IdentityId: ada.IdentityId, Logins: own}))
	assumed := ok[*sts.AssumeRoleWithWebIdentityOutput](t)(sts.NewFromConfig(anonymous).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: new("me"), WebIdentityToken: classic.Token,
	}))
	if *assumed.Provider != "cognito-identity.amazonaws.com" || *assumed.Audience != *a.pool || *assumed.SubjectFromWebIdentityToken != *ada.IdentityId {
		t.Errorf("assumed: %+v", assumed)
	}
	found := ok[*identity.LookupDeveloperIdentityOutput](t)(a.admin.LookupDeveloperIdentity(t.Context(), &identity.LookupDeveloperIdentityInput{IdentityPoolId: a.pool, DeveloperUserIdentifier: new("ada")}))
	if *found.IdentityId != *ada.IdentityId || fmt.Sprint(found.DeveloperUserIdentifierList) != "[ada]" {
		t.Errorf("found: %+v", found)
	}
	merged := ok[*identity.MergeDeveloperIdentitiesOutput](t)(a.admin.MergeDeveloperIdentities(t.Context(), &identity.MergeDeveloperIdentitiesInput{
		IdentityPoolId: a.pool, DeveloperProviderName: new("login.example"), SourceUserIdentifier: new("grace"), DestinationUserIdentifier: new("ada"),
	}))
	list := ok[*identity.ListIdentitiesOutput](t)(a.admin.ListIdentities(t.Context(), &identity.ListIdentitiesInput{IdentityPoolId: a.pool, MaxResults: new(int32(10))}))
	if *merged.IdentityId != *ada.IdentityId || len(list.Identities) != 1 || len(list.Identities[0].Logins) != 2 {
		t.Errorf("merged: %+v", list.Identities)
	}
	ok[*identity.UnlinkDeveloperIdentityOutput](t)(a.admin.UnlinkDeveloperIdentity(t.Context(), &identity.UnlinkDeveloperIdentityInput{
		IdentityPoolId: a.pool, IdentityId: ada.IdentityId, DeveloperProviderName: new("login.example"), DeveloperUserIdentifier: new("grace"),
	}))
	again := ok[*identity.GetOpenIdTokenForDeveloperIdentityOutput](t)(token("grace", nil))
	if *again.IdentityId == *ada.IdentityId {
		t.Error("an unlinked user is still known")
	}
	ok[*identity.DeleteIdentitiesOutput](t)(a.admin.DeleteIdentities(t.Context(), &identity.DeleteIdentitiesInput{IdentityIdsToDelete: []string{*ada.IdentityId}}))
	_, err = a.admin.DescribeIdentity(t.Context(), &identity.DescribeIdentityInput{IdentityId: ada.IdentityId})
	wants(t, err, "ResourceNotFoundException", "Identity '"+*ada.IdentityId+"' not found.")
}

func TestClaimsBecomeSessionTags(t *testing.T) {
	a := start(t)
	a.roles(map[string]string{"authenticated": a.role("members", "authenticated", `{"Effect":"Allow","Action":"sqs:ListQueues","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/name":"ada"}}}`)}, nil)
	set := ok[*identity.SetPrincipalTagAttributeMapOutput](t)(a.admin.SetPrincipalTagAttributeMap(t.Context(), &identity.SetPrincipalTagAttributeMapInput{
		IdentityPoolId: a.pool, IdentityProviderName: &a.provider, PrincipalTags: map[string]string{"name": "cognito:username"},
	}))
	if set.PrincipalTags["name"] != "cognito:username" {
		t.Errorf("set: %+v", set)
	}
	for name, allowed := range map[string]bool{"ada": true, "grace": false} {
		logins := a.login(name)
		out := ok[*identity.GetCredentialsForIdentityOutput](t)(a.credentials(a.id(logins), logins))
		_, err := sqs.NewFromConfig(a.as(out.Credentials)).ListQueues(t.Context(), &sqs.ListQueuesInput{})
		if (err == nil) != allowed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIdentityPoolIsMadeListedTaggedAndDeleted(t *testing.T) {
	a := start(t)
	_, err := a.admin.CreateIdentityPool(t.Context(), &identity.CreateIdentityPoolInput{IdentityPoolName: new("x"), SupportedLoginProviders: map[string]string{"graph.facebook.com": "1"}})
	wants(t, err, "NotImplemented", "social login providers")
	p := ok[*identity.DescribeIdentityPoolOutput](t)(a.admin.DescribeIdentityPool(t.Context(), &identity.DescribeIdentityPoolInput{IdentityPoolId: a.pool}))
	if *p.IdentityPoolName != "app" || !p.AllowUnauthenticatedIdentities || *p.CognitoIdentityProviders[0].ClientId != *a.client {
		t.Errorf("pool: %+v", p)
	}
	ok[*identity.CreateIdentityPoolOutput](t)(a.admin.CreateIdentityPool(t.Context(), &identity.CreateIdentityPoolInput{IdentityPoolName: new("other")}))
	seen := 0
	pages := identity.NewListIdentityPoolsPaginator(a.admin, &identity.ListIdentityPoolsInput{MaxResults: new(int32(1))})
	for pages.HasMorePages() {
		seen += len(ok[*identity.ListIdentityPoolsOutput](t)(pages.NextPage(t.Context())).IdentityPools)
	}
	if seen != 2 {
		t.Errorf("listed %d pools", seen)
	}
	arn := "arn:aws:cognito-identity:us-east-1:000000000000:identitypool/" + *a.pool
	ok[*identity.TagResourceOutput](t)(a.admin.TagResource(t.Context(), &identity.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "1", "b": "2"}}))
	ok[*identity.UntagResourceOutput](t)(a.admin.UntagResource(t.Context(), &identity.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a"}}))
	if tags := ok[*identity.ListTagsForResourceOutput](t)(a.admin.ListTagsForResource(t.Context(), &identity.ListTagsForResourceInput{ResourceArn: &arn})).Tags; len(tags) != 1 || tags["b"] != "2" {
		t.Errorf("tags: %v", tags)
	}
	id := a.id(nil)
	ok[*identity.DeleteIdentityPoolOutput](t)(a.admin.DeleteIdentityPool(t.Context(), &identity.DeleteIdentityPoolInput{IdentityPoolId: a.pool}))
	_, err = a.public.GetId(t.Context(), &identity.GetIdInput{IdentityPoolId: a.pool})
	wants(t, err, "ResourceNotFoundException", "IdentityPool '"+*a.pool+"' not found.")
	_, err = a.credentials(id, nil)
	wants(t, err, "ResourceNotFoundException", "Identity '"+*id+"' not found.")
}

// An app without credentials learns nothing of pools, and who may not pass a role gives none.
func TestAdministratorsNeedPermission(t *testing.T) {
	a := start(t)
	_, err := a.public.DescribeIdentityPool(t.Context(), &identity.DescribeIdentityPoolInput{IdentityPoolId: a.pool})
	if err == nil {
		t.Error("a stranger describes a pool")
	}
	roles := iam.NewFromConfig(a.cloud.Config())
	ok[*iam.CreateUserOutput](t)(roles.CreateUser(t.Context(), &iam.CreateUserInput{UserName: new("op")}))
	ok[*iam.PutUserPolicyOutput](t)(roles.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
		UserName: new("op"), PolicyName: new("p"), PolicyDocument: new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"cognito-identity:*","Resource":"*"}}`),
	}))
	key := ok[*iam.CreateAccessKeyOutput](t)(roles.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: new("op")})).AccessKey
	operator := identity.NewFromConfig(a.cloud.As(*key.AccessKeyId, *key.SecretAccessKey, ""))
	_, err = operator.SetIdentityPoolRoles(t.Context(), &identity.SetIdentityPoolRolesInput{IdentityPoolId: a.pool, Roles: map[string]string{"authenticated": "arn:aws:iam::000000000000:role/members"}})
	wants(t, err, "AccessDeniedException", "iam:PassRole")
	ok[*identity.DescribeIdentityPoolOutput](t)(operator.DescribeIdentityPool(t.Context(), &identity.DescribeIdentityPoolInput{IdentityPoolId: a.pool}))
}
