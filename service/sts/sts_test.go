package sts_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
)

// world is a cloud with a client of its root user, and one of a principal.
type world struct {
	*sts.Client
	iam   *iam.Client
	t     *testing.T
	cloud *cloudtest.Cloud
	ctx   context.Context
}

func start(t *testing.T) *world {
	t.Parallel()
	cloud := cloudtest.Start(t, cloudtest.NoRetries())
	return &world{sts.NewFromConfig(cloud.Config()), iam.NewFromConfig(cloud.Config()), t, cloud, t.Context()}
}

func check[T any](t *testing.T, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Fatalf("got %s: %s\nwant %s: %s", e.ErrorCode(), e.ErrorMessage(), code, text)
	}
}

// user makes a user with one policy, and gives a client of theirs.
func (w *world) user(name, policy string) *sts.Client {
	w.t.Helper()
	_, err := w.iam.CreateUser(w.ctx, &iam.CreateUserInput{UserName: &name})
	check(w.t, 0, err)
	if policy != "" {
		_, err = w.iam.PutUserPolicy(w.ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: new("p"), PolicyDocument: &policy})
		check(w.t, 0, err)
	}
	out, err := w.iam.CreateAccessKey(w.ctx, &iam.CreateAccessKeyInput{UserName: &name})
	k := check(w.t, out, err).AccessKey
	return sts.NewFromConfig(w.cloud.As(*k.AccessKeyId, *k.SecretAccessKey, ""))
}

// role makes a role that a statement's principal may assume.
func (w *world) role(name, trust, policy string) {
	w.t.Helper()
	_, err := w.iam.CreateRole(w.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust, Tags: []iamtypes.Tag{{Key: new("stage"), Value: new("dev")}}})
	check(w.t, 0, err)
	if policy != "" {
		_, err = w.iam.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: new("p"), PolicyDocument: &policy})
		check(w.t, 0, err)
	}
}

// as gives clients with temporary credentials.
func (w *world) as(c *types.Credentials) *world {
	cfg := w.cloud.As(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	return &world{sts.NewFromConfig(cfg), iam.NewFromConfig(cfg), w.t, w.cloud, w.ctx}
}

// queues calls SQS in another region, with temporary credentials.
func (w *world) queues(c *types.Credentials) error {
	cfg := w.cloud.As(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	cfg.Region = "eu-west-1"
	_, err := sqs.NewFromConfig(cfg).ListQueues(w.ctx, &sqs.ListQueuesInput{})
	return err
}

func allow(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}]}`
}

func trust(principal, action, more string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":` + action + more + `}]}`
}

const (
	account  = `{"AWS":"000000000000"}`
	assume   = `"sts:AssumeRole"`
	roleARN  = "arn:aws:iam::000000000000:role/app"
	allQueue = "sqs:*"
)

func TestAssumedRoleMayWhatTheRoleMay(t *testing.T) {
	w := start(t)
	w.role("app", trust(account, assume, ""), allow(allQueue, "*"))
	alice := w.user("alice", allow("sts:AssumeRole", roleARN))
	in := &sts.AssumeRoleInput{RoleArn: new(roleARN), RoleSessionName: new("build")}
	out, err := alice.AssumeRole(w.ctx, in)
	check(t, out, err)
	if *out.AssumedRoleUser.Arn != "arn:aws:sts::000000000000:assumed-role/app/build" || !strings.HasPrefix(*out.Credentials.AccessKeyId, "ASIA") {
		t.Fatalf("%+v", out.AssumedRoleUser)
	}
	if err := w.queues(out.Credentials); err != nil {
		t.Fatal(err)
	}
	me, err := w.as(out.Credentials).GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	if check(t, me, err); *me.Arn != *out.AssumedRoleUser.Arn || *me.UserId != *out.AssumedRoleUser.AssumedRoleId {
		t.Fatalf("%+v", me)
	}
	_, err = w.as(out.Credentials).iam.ListUsers(w.ctx, &iam.ListUsersInput{})
	wantError(t, err, "AccessDenied", "User: arn:aws:sts::000000000000:assumed-role/app/build is not authorized to perform: iam:ListUsers")
	if r, err := w.iam.GetRole(w.ctx, &iam.GetRoleInput{RoleName: new("app")}); err != nil || r.Role.RoleLastUsed.LastUsedDate == nil {
		t.Fatal("the role's last use is not known", err)
	}
	w.cloud.Advance(61 * time.Minute)
	wantError(t, w.queues(out.Credentials), "ExpiredToken", "")

	bob := w.user("bob", "")
	_, err = bob.AssumeRole(w.ctx, in)
	wantError(t, err, "AccessDenied", "User: arn:aws:iam::000000000000:user/bob is not authorized to perform: sts:AssumeRole on resource: "+roleARN)
	_, err = alice.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: new(roleARN + "x"), RoleSessionName: new("build")})
	wantError(t, err, "AccessDenied", "is not authorized to perform: sts:AssumeRole")
}

func TestTrustDecides(t *testing.T) {
	w := start(t)
	alice := w.user("alice", allow("sts:*", "*"))
	direct := w.user("direct", "")
	outsider := sts.NewFromConfig(w.cloud.As("111111111111", "x", ""))
	w.role("named", trust(`{"AWS":"arn:aws:iam::000000000000:user/direct"}`, assume, ""), "")
	w.role("service", trust(`{"Service":"ec2.amazonaws.com"}`, assume, ""), "")
	w.role("cross", trust(`{"AWS":"111111111111"}`, assume, `,"Condition":{"StringEquals":{"sts:ExternalId":"42"}}`), "")
	w.role("mfa", trust(account, assume, `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`), "")
	for _, test := range []struct {
		who      *sts.Client
		role     string
		external *string
		ok       bool
	}{
		{direct, "named", nil, true}, // named by ARN in the same account: the trust policy is enough
		{alice, "named", nil, false},
		{alice, "service", nil, false},
		{w.Client, "service", nil, false},
		{outsider, "cross", nil, false},
		{outsider, "cross", new("41"), false},
		{outsider, "cross", new("42"), true},
		{alice, "cross", new("42"), false},
		{alice, "mfa", nil, false},
	} {
		_, err := test.who.AssumeRole(w.ctx, &sts.AssumeRoleInput{
			RoleArn: new("arn:aws:iam::000000000000:role/" + test.role), RoleSessionName: new("session"), ExternalId: test.external,
		})
		if test.ok {
			check(t, test.role, err)
			continue
		}
		wantError(t, err, "AccessDenied", "sts:AssumeRole")
	}
}

func TestDurations(t *testing.T) {
	w := start(t)
	w.role("app", trust(account, assume, ""), allow("sts:AssumeRole", "*"))
	w.role("next", trust(account, assume, ""), "")
	_, err := w.iam.UpdateRole(w.ctx, &iam.UpdateRoleInput{RoleName: new("next"), MaxSessionDuration: new(int32(43200))})
	check(t, 0, err)
	alice := w.user("alice", allow("sts:AssumeRole", "*"))
	try := func(who *sts.Client, role string, seconds int32) error {
		_, err := who.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: new("arn:aws:iam::000000000000:role/" + role), RoleSessionName: new("session"), DurationSeconds: &seconds})
		return err
	}
	wantError(t, try(alice, "app", 3601), "ValidationError", "exceeds the MaxSessionDuration set for this role")
	wantError(t, try(alice, "app", 899), "ValidationError", "900")
	check(t, 0, try(alice, "next", 43200))
	out, err := alice.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: new(roleARN), RoleSessionName: new("chain")})
	chained := w.as(check(t, out, err).Credentials)
	wantError(t, try(chained.Client, "next", 3601), "ValidationError", "role chaining")
	check(t, 0, try(chained.Client, "next", 3600))
}

func TestSessionPoliciesLimitTheSession(t *testing.T) {
	w := start(t)
	w.role("app", trust(account, assume, ""), allow("*", "*"))
	alice := w.user("alice", allow("sts:AssumeRole", "*"))
	in := &sts.AssumeRoleInput{RoleArn: new(roleARN), RoleSessionName: new("session"), Policy: new(allow("iam:GetRole", "*"))}
	out, err := alice.AssumeRole(w.ctx, in)
	if check(t, out, err); out.PackedPolicySize == nil {
		t.Error("no packed size")
	}
	wantError(t, w.queues(out.Credentials), "AccessDenied", "because no session policy allows the sqs:ListQueues action")
	in.PolicyArns = []types.PolicyDescriptorType{{Arn: new("arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess")}}
	out, err = alice.AssumeRole(w.ctx, in)
	check(t, 0, w.queues(check(t, out, err).Credentials))
	in.PolicyArns[0].Arn = new("arn:aws:iam::aws:policy/Absent")
	_, err = alice.AssumeRole(w.ctx, in)
	wantError(t, err, "ValidationError", "does not exist or is not attachable.")
	in.PolicyArns, in.Policy = nil, new(`{"Version":"2012-10-17"}`)
	_, err = alice.AssumeRole(w.ctx, in)
	wantError(t, err, "MalformedPolicyDocument", "")
}

func TestTagsAndSourceIdentityPassOn(t *testing.T) {
	w := start(t)
	all := `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`
	w.role("app", trust(account, all, ""), allow("sts:*", "*"))
	w.role("next", trust(account, all, `,"Condition":{"StringEquals":{"aws:RequestTag/team":"red","sts:SourceIdentity":"alice"}}`),
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red","aws:PrincipalTag/stage":"dev","aws:SourceIdentity":"alice"}}}]}`)
	w.role("bare", trust(account, assume, ""), "")
	alice := w.user("alice", allow("sts:*", "*"))
	in := &sts.AssumeRoleInput{
		RoleArn: new(roleARN), RoleSessionName: new("one"), SourceIdentity: new("alice"), TransitiveTagKeys: []string{"team"},
		Tags: []types.Tag{{Key: new("team"), Value: new("red")}, {Key: new("cost"), Value: new("1")}},
	}
	out, err := alice.AssumeRole(w.ctx, in)
	chained := w.as(check(t, out, err).Credentials)
	next := &sts.AssumeRoleInput{RoleArn: new("arn:aws:iam::000000000000:role/next"), RoleSessionName: new("two")}
	second, err := chained.AssumeRole(w.ctx, next)
	if check(t, second, err); *second.SourceIdentity != "alice" {
		t.Fatalf("%+v", second)
	}
	check(t, 0, w.queues(second.Credentials))
	next.Tags = []types.Tag{{Key: new("Team"), Value: new("blue")}}
	_, err = chained.AssumeRole(w.ctx, next)
	wantError(t, err, "AccessDenied", "transitive")
	next.Tags, next.SourceIdentity = nil, new("bob")
	_, err = chained.AssumeRole(w.ctx, next)
	wantError(t, err, "AccessDenied", "source identity")
	in.RoleArn = new("arn:aws:iam::000000000000:role/bare")
	_, err = alice.AssumeRole(w.ctx, in)
	wantError(t, err, "AccessDenied", "sts:TagSession")
	in.Tags = append(in.Tags, types.Tag{Key: new("TEAM"), Value: new("x")})
	_, err = alice.AssumeRole(w.ctx, in)
	wantError(t, err, "InvalidParameterValue", "Duplicate tag keys")
}
