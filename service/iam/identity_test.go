package iam_test

import (
	"context"
	"math/rand/v2"
	"testing"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/service/iam"
	"github.com/brume-cloud/brume/state/kv/local"
)

type random struct{}

func (random) Uint64() uint64 { return rand.Uint64() }

// bare is the service alone, with a user who has one inline policy and a key.
func bare(tb testing.TB) (s *iam.Service, ctx context.Context, key string) {
	tb.Helper()
	s = iam.New(iam.Deps{Store: local.Memory(local.Options{}), Random: random{}, Policies: policy.NewCache()})
	call := &aws.Call{Account: aws.DefaultAccount, Region: aws.Global, Service: "sqs", Caller: aws.Caller{Kind: aws.Root, Account: aws.DefaultAccount}}
	ctx = aws.WithCall(tb.Context(), call)
	if _, err := s.CreateUser(ctx, &api.CreateUserInput{UserName: "alice"}); err != nil {
		tb.Fatal(err)
	}
	if _, err := s.PutUserPolicy(ctx, &api.PutUserPolicyInput{UserName: "alice", PolicyName: "p", PolicyDocument: readQueues}); err != nil {
		tb.Fatal(err)
	}
	k, err := s.CreateAccessKey(ctx, &api.CreateAccessKeyInput{UserName: new("alice")})
	if err != nil {
		tb.Fatal(err)
	}
	return s, ctx, k.AccessKey.AccessKeyId
}

// BenchmarkIdentityAndPolicies is what every signed call costs: whose the key
// is and what they may do.
func BenchmarkIdentityAndPolicies(b *testing.B) {
	s, ctx, key := bare(b)
	b.ReportAllocs()
	for b.Loop() {
		id, ok, err := s.Identity(ctx, key)
		if err != nil || !ok {
			b.Fatal(ok, err)
		}
		r := policy.Request{Caller: &id.Caller, Action: "sqs:ListQueues", Resource: "*"}
		if err := s.Policies(ctx, &id.Caller, &r); err != nil || len(r.Identity) != 1 {
			b.Fatal(len(r.Identity), err)
		}
	}
}

func TestIdentityOfKeysThatNobodyHas(t *testing.T) {
	s, ctx, _ := bare(t)
	for _, key := range []string{"", "test", "123456789012", "AKIAIOSFODNN7EXAMPLE", aws.NewKeyID(random{}, "AKIA", aws.DefaultAccount)} {
		if _, ok, err := s.Identity(ctx, key); ok || err != nil {
			t.Errorf("%q: %v %v", key, ok, err)
		}
	}
}

func TestKeyIDsTellTheirAccount(t *testing.T) {
	for _, account := range []aws.Account{"000000000000", "123456789012", "999999999999"} {
		id := aws.NewKeyID(random{}, "AKIA", account)
		if got, ok := aws.AccountOfKey(id); !ok || got != account || len(id) != 20 {
			t.Errorf("%s: %s %v", id, got, ok)
		}
	}
	// AWS: a key of an account of AWS's own documentation of this encoding.
	if got, _ := aws.AccountOfKey("ASIAQNZGKIQY56JQ7WML"); got != "029608264753" {
		t.Error(got)
	}
}

func TestProfilesAndRolesAreFoundByARN(t *testing.T) {
	s, ctx, _ := bare(t)
	if _, err := s.CreateRole(ctx, &api.CreateRoleInput{RoleName: "Web", Path: new("/x/"), AssumeRolePolicyDocument: trustEC2}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateInstanceProfile(ctx, &api.CreateInstanceProfileInput{InstanceProfileName: "p"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddRoleToInstanceProfile(ctx, &api.AddRoleToInstanceProfileInput{InstanceProfileName: "p", RoleName: "Web"}); err != nil {
		t.Fatal(err)
	}
	for arn, want := range map[string]bool{"arn:aws:iam::000000000000:role/x/Web": true, "arn:aws:iam::000000000000:role/Web": false, "arn:aws:iam::111111111111:role/x/Web": false, "Web": false} {
		if r, ok, err := s.Role(ctx, arn); ok != want || err != nil || ok && r.Trust != trustEC2 {
			t.Errorf("%s: %+v %v %v", arn, r, ok, err)
		}
	}
	for _, profile := range []string{"p", "arn:aws:iam::000000000000:instance-profile/p"} {
		if r, ok, err := s.ProfileRole(ctx, profile); !ok || err != nil || r.Name != "Web" {
			t.Errorf("%s: %+v %v %v", profile, r, ok, err)
		}
	}
}
