package iam_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestPasswords(t *testing.T) {
	w := start(t)
	w.user("alice")
	do(w, w.UpdateAccountPasswordPolicy, &iam.UpdateAccountPasswordPolicyInput{
		MinimumPasswordLength: new(int32(10)), RequireNumbers: true, RequireSymbols: true, RequireUppercaseCharacters: true, RequireLowercaseCharacters: true,
		PasswordReusePrevention: new(int32(2)), MaxPasswordAge: new(int32(90)),
	})
	if p := do(w, w.GetAccountPasswordPolicy, &iam.GetAccountPasswordPolicyInput{}).PasswordPolicy; !p.ExpirePasswords || *p.MaxPasswordAge != 90 {
		t.Fatalf("%+v", p)
	}
	for password, want := range map[string]string{"short": "minimum length of 10", "nosymbols12A": "symbol", "no-numbersA": "number", "no-upper12": "uppercase", "NO-LOWER12": "lowercase"} {
		wantError(t, failure(w, w.CreateLoginProfile, &iam.CreateLoginProfileInput{UserName: new("alice"), Password: &password}), "PasswordPolicyViolation", want)
	}
	do(w, w.CreateLoginProfile, &iam.CreateLoginProfileInput{UserName: new("alice"), Password: new("First-pass1"), PasswordResetRequired: true})
	wantError(t, failure(w, w.CreateLoginProfile, &iam.CreateLoginProfileInput{UserName: new("alice"), Password: new("First-pass1")}), "EntityAlreadyExists", "Login Profile for User alice already exists.")
	if p := do(w, w.GetLoginProfile, &iam.GetLoginProfileInput{UserName: new("alice")}).LoginProfile; !p.PasswordResetRequired {
		t.Fatalf("%+v", p)
	}
	do(w, w.UpdateLoginProfile, &iam.UpdateLoginProfileInput{UserName: new("alice"), Password: new("Second-pass2")})
	w.allow("alice", "iam:ChangePassword", "arn:aws:iam::*:user/${aws:username}")
	_, alice := w.key("alice")
	wantError(t, failure(alice, alice.ChangePassword, &iam.ChangePasswordInput{OldPassword: new("wrong"), NewPassword: new("Third-pass3")}), "AccessDenied", "old password")
	wantError(t, failure(alice, alice.ChangePassword, &iam.ChangePasswordInput{OldPassword: new("Second-pass2"), NewPassword: new("First-pass1")}), "PasswordPolicyViolation", "before")
	do(alice, alice.ChangePassword, &iam.ChangePasswordInput{OldPassword: new("Second-pass2"), NewPassword: new("Third-pass3")})
	wantError(t, failure(w, w.ChangePassword, &iam.ChangePasswordInput{OldPassword: new("a"), NewPassword: new("b")}), "InvalidUserType", "")
	do(w, w.DeleteAccountPasswordPolicy, &iam.DeleteAccountPasswordPolicyInput{})
	wantError(t, failure(w, w.GetAccountPasswordPolicy, &iam.GetAccountPasswordPolicyInput{}), "NoSuchEntity", "The Password Policy with domain name 000000000000 cannot be found.")
	do(w, w.DeleteLoginProfile, &iam.DeleteLoginProfileInput{UserName: new("alice")})
	wantError(t, failure(w, w.GetLoginProfile, &iam.GetLoginProfileInput{UserName: new("alice")}), "NoSuchEntity", "Login Profile for User alice cannot be found.")
}

func TestAccountAlias(t *testing.T) {
	w := start(t)
	do(w, w.CreateAccountAlias, &iam.CreateAccountAliasInput{AccountAlias: new("first")})
	do(w, w.CreateAccountAlias, &iam.CreateAccountAliasInput{AccountAlias: new("second")})
	other := &world{iam.NewFromConfig(w.cloud.As("111111111111", "x", "")), t, w.cloud, w.ctx}
	wantError(t, failure(other, other.CreateAccountAlias, &iam.CreateAccountAliasInput{AccountAlias: new("second")}), "EntityAlreadyExists", "The account alias second already exists.")
	do(other, other.CreateAccountAlias, &iam.CreateAccountAliasInput{AccountAlias: new("first")})
	if l := do(w, w.ListAccountAliases, &iam.ListAccountAliasesInput{}).AccountAliases; len(l) != 1 || l[0] != "second" {
		t.Fatal(l)
	}
	wantError(t, failure(w, w.CreateAccountAlias, &iam.CreateAccountAliasInput{AccountAlias: new("123456789012")}), "ValidationError", "accountAlias")
	do(w, w.DeleteAccountAlias, &iam.DeleteAccountAliasInput{AccountAlias: new("second")})
	wantError(t, failure(w, w.DeleteAccountAlias, &iam.DeleteAccountAliasInput{AccountAlias: new("second")}), "NoSuchEntity", "second")
}

func TestCredentialReport(t *testing.T) {
	w := start(t)
	w.user("alice")
	w.key("alice")
	do(w, w.CreateLoginProfile, &iam.CreateLoginProfileInput{UserName: new("alice"), Password: new("correct horse")})
	wantError(t, failure(w, w.GetCredentialReport, &iam.GetCredentialReportInput{}), "ReportNotPresent", "")
	if s := do(w, w.GenerateCredentialReport, &iam.GenerateCredentialReportInput{}).State; s != types.ReportStateTypeStarted {
		t.Fatal(s)
	}
	if s := do(w, w.GenerateCredentialReport, &iam.GenerateCredentialReportInput{}).State; s != types.ReportStateTypeComplete {
		t.Fatal(s)
	}
	content := string(do(w, w.GetCredentialReport, &iam.GetCredentialReportInput{}).Content)
	lines, err := csv.NewReader(strings.NewReader(content)).ReadAll()
	if err != nil || len(lines) != 3 || lines[1][0] != "<root_account>" || lines[2][0] != "alice" || lines[2][3] != "true" || lines[2][8] != "true" || lines[2][13] != "false" {
		t.Fatal(content, err)
	}
	w.cloud.Advance(5 * time.Hour)
	wantError(t, failure(w, w.GetCredentialReport, &iam.GetCredentialReportInput{}), "ReportExpired", "")
}

func TestAccountSummaryAndPreferences(t *testing.T) {
	w := start(t)
	w.user("alice")
	w.role("r", trustEC2)
	do(w, w.SetSecurityTokenServicePreferences, &iam.SetSecurityTokenServicePreferencesInput{GlobalEndpointTokenVersion: types.GlobalEndpointTokenVersionV2Token})
	m := do(w, w.GetAccountSummary, &iam.GetAccountSummaryInput{}).SummaryMap
	if m["Users"] != 1 || m["Roles"] != 1 || m["UsersQuota"] != 5000 || m["GlobalEndpointTokenVersion"] != 2 {
		t.Fatal(m)
	}
}

func TestAuthorizationDetails(t *testing.T) {
	w := start(t)
	w.user("alice")
	w.allow("alice", "sqs:*", "*")
	w.role("r", trustEC2)
	do(w, w.CreateGroup, &iam.CreateGroupInput{GroupName: new("g")})
	do(w, w.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: new("g"), UserName: new("alice")})
	do(w, w.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("p"), PolicyDocument: new(readQueues)})
	do(w, w.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: new("r"), PolicyArn: new("arn:aws:iam::aws:policy/ReadOnlyAccess")})
	var users, groups, roles, policies int
	pages := iam.NewGetAccountAuthorizationDetailsPaginator(w, &iam.GetAccountAuthorizationDetailsInput{MaxItems: new(int32(2))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		users, groups, roles, policies = users+len(page.UserDetailList), groups+len(page.GroupDetailList), roles+len(page.RoleDetailList), policies+len(page.Policies)
		for _, u := range page.UserDetailList {
			if len(u.UserPolicyList) != 1 || len(u.GroupList) != 1 {
				t.Errorf("%+v", u)
			}
		}
	}
	if users != 1 || groups != 1 || roles != 1 || policies != 2 {
		t.Fatal(users, groups, roles, policies)
	}
	only := do(w, w.GetAccountAuthorizationDetails, &iam.GetAccountAuthorizationDetailsInput{Filter: []types.EntityType{types.EntityTypeLocalManagedPolicy}})
	if len(only.Policies) != 1 || len(only.UserDetailList) != 0 {
		t.Fatalf("%+v", only)
	}
}
