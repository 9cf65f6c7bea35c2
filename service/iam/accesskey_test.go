package iam_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// key makes an access key of a user and gives a client that uses it.
func (w *world) key(name string) (*types.AccessKey, *world) {
	w.t.Helper()
	k := do(w, w.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: &name}).AccessKey
	return k, &world{iam.NewFromConfig(w.cloud.As(*k.AccessKeyId, *k.SecretAccessKey, "")), w.t, w.cloud, w.ctx}
}

func (w *world) allow(name, action, resource string) {
	w.t.Helper()
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}]}`
	do(w, w.PutUserPolicy, &iam.PutUserPolicyInput{UserName: &name, PolicyName: new("test"), PolicyDocument: &document})
}

func TestAccessKeyLife(t *testing.T) {
	w := start(t)
	w.user("alice")
	w.allow("alice", "sqs:*", "*")
	k, _ := w.key("alice")
	if len(*k.AccessKeyId) != 20 || !strings.HasPrefix(*k.AccessKeyId, "AKIA") || len(*k.SecretAccessKey) != 40 {
		t.Fatalf("%+v", k)
	}
	w.key("alice")
	wantError(t, failure(w, w.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: new("alice")}), "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	if l := do(w, w.ListAccessKeys, &iam.ListAccessKeysInput{UserName: new("alice")}).AccessKeyMetadata; len(l) != 2 {
		t.Fatalf("%+v", l)
	}
	if u := do(w, w.GetAccessKeyLastUsed, &iam.GetAccessKeyLastUsedInput{AccessKeyId: k.AccessKeyId}); *u.AccessKeyLastUsed.ServiceName != "N/A" || *u.UserName != "alice" {
		t.Fatalf("%+v", u.AccessKeyLastUsed)
	}
	cfg := w.cloud.As(*k.AccessKeyId, *k.SecretAccessKey, "")
	cfg.Region = "eu-central-1"
	queues := sqs.NewFromConfig(cfg)
	if _, err := queues.ListQueues(w.ctx, &sqs.ListQueuesInput{}); err != nil {
		t.Fatal(err)
	}
	if u := do(w, w.GetAccessKeyLastUsed, &iam.GetAccessKeyLastUsedInput{AccessKeyId: k.AccessKeyId}).AccessKeyLastUsed; *u.ServiceName != "sqs" || *u.Region != "eu-central-1" {
		t.Fatalf("%+v", u)
	}
	do(w, w.UpdateAccessKey, &iam.UpdateAccessKeyInput{UserName: new("alice"), AccessKeyId: k.AccessKeyId, Status: types.StatusTypeInactive})
	refused := func() {
		t.Helper()
		_, err := queues.ListQueues(w.ctx, &sqs.ListQueuesInput{})
		wantError(t, err, "InvalidClientTokenId", "") // SQS tells the code of its former protocol
	}
	refused()
	do(w, w.UpdateAccessKey, &iam.UpdateAccessKeyInput{UserName: new("alice"), AccessKeyId: k.AccessKeyId, Status: types.StatusTypeActive})
	do(w, w.DeleteAccessKey, &iam.DeleteAccessKeyInput{UserName: new("alice"), AccessKeyId: k.AccessKeyId})
	wantError(t, failure(w, w.DeleteAccessKey, &iam.DeleteAccessKeyInput{UserName: new("alice"), AccessKeyId: k.AccessKeyId}), "NoSuchEntity", "The Access Key with id "+*k.AccessKeyId+" cannot be found.")
	refused()
}

// TestUsersAreHeldToTheirPolicies looks at enforcement through the gateway.
func TestUsersAreHeldToTheirPolicies(t *testing.T) {
	w := start(t)
	w.user("alice")
	_, alice := w.key("alice")
	wantError(t, failure(alice, alice.ListUsers, &iam.ListUsersInput{}), "AccessDenied",
		"User: arn:aws:iam::000000000000:user/alice is not authorized to perform: iam:ListUsers on resource: * because no identity-based policy allows the iam:ListUsers action")
	w.allow("alice", "iam:GetUser", "arn:aws:iam::*:user/${aws:username}")
	do(alice, alice.GetUser, &iam.GetUserInput{})
	w.user("bob")
	wantError(t, failure(alice, alice.GetUser, &iam.GetUserInput{UserName: new("bob")}), "AccessDenied", "user/bob")

	do(w, w.CreateGroup, &iam.CreateGroupInput{GroupName: new("readers")})
	do(w, w.AttachGroupPolicy, &iam.AttachGroupPolicyInput{GroupName: new("readers"), PolicyArn: new("arn:aws:iam::aws:policy/IAMReadOnlyAccess")})
	do(w, w.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: new("readers"), UserName: new("alice")})
	do(alice, alice.ListUsers, &iam.ListUsersInput{})

	boundary := do(w, w.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("b"), PolicyDocument: new(readQueues)}).Policy
	do(w, w.PutUserPermissionsBoundary, &iam.PutUserPermissionsBoundaryInput{UserName: new("alice"), PermissionsBoundary: boundary.Arn})
	wantError(t, failure(alice, alice.ListUsers, &iam.ListUsersInput{}), "AccessDenied", "because no permissions boundary allows")
}

func TestConditionsSeeTagsAndPolicies(t *testing.T) {
	w := start(t)
	do(w, w.CreateUser, &iam.CreateUserInput{UserName: new("admin"), Tags: []types.Tag{tag("team", "red")}})
	do(w, w.CreateUser, &iam.CreateUserInput{UserName: new("red"), Tags: []types.Tag{tag("team", "red")}})
	do(w, w.CreateUser, &iam.CreateUserInput{UserName: new("blue"), Tags: []types.Tag{tag("team", "blue")}})
	document := `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:AttachUserPolicy","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/ReadOnlyAccess"},"StringEquals":{"iam:ResourceTag/team":"${aws:PrincipalTag/team}"}}},
		{"Effect":"Allow","Action":"iam:TagUser","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/stage":"dev"},"ForAllValues:StringEquals":{"aws:TagKeys":["stage"]}}}]}`
	do(w, w.PutUserPolicy, &iam.PutUserPolicyInput{UserName: new("admin"), PolicyName: new("p"), PolicyDocument: &document})
	_, admin := w.key("admin")
	attach := func(user, policy string) error {
		_, err := admin.AttachUserPolicy(w.ctx, &iam.AttachUserPolicyInput{UserName: &user, PolicyArn: new("arn:aws:iam::aws:policy/" + policy)})
		return err
	}
	if err := attach("red", "ReadOnlyAccess"); err != nil {
		t.Fatal(err)
	}
	wantError(t, attach("red", "AdministratorAccess"), "AccessDenied", "iam:AttachUserPolicy")
	wantError(t, attach("blue", "ReadOnlyAccess"), "AccessDenied", "iam:AttachUserPolicy")
	do(admin, admin.TagUser, &iam.TagUserInput{UserName: new("red"), Tags: []types.Tag{tag("stage", "dev")}})
	wantError(t, failure(admin, admin.TagUser, &iam.TagUserInput{UserName: new("red"), Tags: []types.Tag{tag("stage", "dev"), tag("team", "x")}}), "AccessDenied", "iam:TagUser")
}

func TestPassingARoleNeedsPermission(t *testing.T) {
	w := start(t)
	w.user("alice")
	w.role("web", trustEC2)
	do(w, w.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: new("p")})
	w.allow("alice", "iam:AddRoleToInstanceProfile", "*")
	_, alice := w.key("alice")
	in := &iam.AddRoleToInstanceProfileInput{InstanceProfileName: new("p"), RoleName: new("web")}
	wantError(t, failure(alice, alice.AddRoleToInstanceProfile, in), "AccessDenied", "iam:PassRole on resource: arn:aws:iam::000000000000:role/web")
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}}]}`
	do(w, w.PutUserPolicy, &iam.PutUserPolicyInput{UserName: new("alice"), PolicyName: new("pass"), PolicyDocument: &document})
	do(alice, alice.AddRoleToInstanceProfile, in)
}

func TestRootsOwnKey(t *testing.T) {
	w := start(t)
	k := do(w, w.CreateAccessKey, &iam.CreateAccessKeyInput{}).AccessKey
	root := sts.NewFromConfig(w.cloud.As(*k.AccessKeyId, *k.SecretAccessKey, ""))
	me, err := root.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	if err != nil || *me.Arn != "arn:aws:iam::000000000000:root" {
		t.Fatal(me, err)
	}
	if n := do(w, w.GetAccountSummary, &iam.GetAccountSummaryInput{}).SummaryMap["AccountAccessKeysPresent"]; n != 1 {
		t.Fatal(n)
	}
}

func TestLastUseIsWrittenNowAndThen(t *testing.T) {
	w := start(t)
	w.user("alice")
	w.allow("alice", "iam:GetUser", "*")
	k, alice := w.key("alice")
	at := func() time.Time {
		return *do(w, w.GetAccessKeyLastUsed, &iam.GetAccessKeyLastUsedInput{AccessKeyId: k.AccessKeyId}).AccessKeyLastUsed.LastUsedDate
	}
	do(alice, alice.GetUser, &iam.GetUserInput{})
	first := at()
	do(alice, alice.GetUser, &iam.GetUserInput{})
	if !at().Equal(first) {
		t.Error("written again at once")
	}
	w.cloud.Advance(time.Hour)
	do(alice, alice.GetUser, &iam.GetUserInput{})
	if at().Sub(first) < time.Hour {
		t.Error("not written an hour later")
	}
}
