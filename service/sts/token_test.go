package sts_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func TestCallerIdentityIsNeverDenied(t *testing.T) {
	w := start(t)
	nobody := w.user("nobody", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`)
	me, err := nobody.GetCallerIdentity(w.ctx, &sts.GetCallerIdentityInput{})
	if check(t, me, err); *me.Arn != "arn:aws:iam::000000000000:user/nobody" || *me.Account != "000000000000" {
		t.Fatalf("%+v", me)
	}
}

func TestAccessKeyInfo(t *testing.T) {
	w := start(t)
	other := sts.NewFromConfig(w.cloud.As("123456789012", "x", ""))
	out, err := other.GetSessionToken(w.ctx, &sts.GetSessionTokenInput{})
	info, err := w.GetAccessKeyInfo(w.ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: check(t, out, err).Credentials.AccessKeyId})
	if check(t, info, err); *info.Account != "123456789012" {
		t.Fatal(*info.Account)
	}
	_, err = w.GetAccessKeyInfo(w.ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: new("AKIA1111111111111111")})
	wantError(t, err, "ValidationError", "")
}

// code is what an authenticator app shows.
func code(t *testing.T, seed []byte, at time.Time) *string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(string(seed))
	check(t, 0, err)
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := mac.Sum(nil)
	return new(fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1e6))
}

func TestSessionTokenWithMFA(t *testing.T) {
	w := start(t)
	alice := w.user("alice", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}]}`)
	made, err := w.iam.CreateVirtualMFADevice(w.ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: new("phone")})
	d := check(t, made, err).VirtualMFADevice
	now := w.cloud.Clock().Now()
	_, err = w.iam.EnableMFADevice(w.ctx, &iam.EnableMFADeviceInput{
		UserName: new("alice"), SerialNumber: d.SerialNumber,
		AuthenticationCode1: code(t, d.Base32StringSeed, now.Add(-30*time.Second)), AuthenticationCode2: code(t, d.Base32StringSeed, now),
	})
	check(t, 0, err)
	plain, err := alice.GetSessionToken(w.ctx, &sts.GetSessionTokenInput{})
	wantError(t, w.queues(check(t, plain, err).Credentials), "AccessDenied", "")

	w.cloud.Advance(time.Minute)
	in := &sts.GetSessionTokenInput{SerialNumber: d.SerialNumber, TokenCode: code(t, d.Base32StringSeed, w.cloud.Clock().Now())}
	out, err := alice.GetSessionToken(w.ctx, in)
	check(t, 0, w.queues(check(t, out, err).Credentials))
	_, err = alice.GetSessionToken(w.ctx, in)
	wantError(t, err, "AccessDenied", "MultiFactorAuthentication failed")
	_, err = w.as(out.Credentials).GetSessionToken(w.ctx, &sts.GetSessionTokenInput{})
	wantError(t, err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	w.cloud.Advance(13 * time.Hour)
	wantError(t, w.queues(out.Credentials), "ExpiredToken", "")
}

func TestSessionsOfUsersAreNotForIAM(t *testing.T) {
	w := start(t)
	alice := w.user("alice", allow("*", "*"))
	session, err := alice.GetSessionToken(w.ctx, &sts.GetSessionTokenInput{})
	of := w.as(check(t, session, err).Credentials)
	_, err = of.iam.ListUsers(w.ctx, &iam.ListUsersInput{})
	wantError(t, err, "InvalidClientTokenId", "")
	guest, err := alice.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: new("guest"), Policy: new(allow("*", "*"))})
	of = w.as(check(t, guest, err).Credentials)
	_, err = of.iam.ListUsers(w.ctx, &iam.ListUsersInput{})
	wantError(t, err, "InvalidClientTokenId", "")
	_, err = of.AssumeRole(w.ctx, &sts.AssumeRoleInput{RoleArn: new(roleARN), RoleSessionName: new("session")})
	wantError(t, err, "AccessDenied", "")
}

func TestFederationTokenMayWhatBothAllow(t *testing.T) {
	w := start(t)
	alice := w.user("alice", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:*","sts:GetFederationToken"],"Resource":"*"}]}`)
	none, err := alice.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: new("guest")})
	if check(t, none, err); *none.FederatedUser.Arn != "arn:aws:sts::000000000000:federated-user/guest" || *none.FederatedUser.FederatedUserId != "000000000000:guest" {
		t.Fatalf("%+v", none.FederatedUser)
	}
	wantError(t, w.queues(none.Credentials), "AccessDenied", "because no session policy allows")
	for action, ok := range map[string]bool{"sqs:ListQueues": true, "s3:*": false} {
		out, err := alice.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: new("guest"), Policy: new(allow(action, "*"))})
		err = w.queues(check(t, out, err).Credentials)
		if ok != (err == nil) {
			t.Errorf("%s: %v", action, err)
		}
	}
	bob := w.user("bob", allow("sqs:*", "*"))
	_, err = bob.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: new("guest")})
	wantError(t, err, "AccessDenied", "sts:GetFederationToken on resource: arn:aws:sts::000000000000:federated-user/guest")
}

func TestPackedSizeIsLimited(t *testing.T) {
	w := start(t)
	var tags []types.Tag
	for i := range 50 {
		value := rand.Text() + rand.Text() + rand.Text()
		tags = append(tags, types.Tag{Key: new(fmt.Sprint("key", i)), Value: &value})
	}
	_, err := w.GetFederationToken(w.ctx, &sts.GetFederationTokenInput{Name: new("guest"), Tags: tags})
	wantError(t, err, "PackedPolicyTooLarge", "of allotted space")
}

func TestForeignTokenIsRefused(t *testing.T) {
	w := start(t)
	out, err := w.GetSessionToken(w.ctx, &sts.GetSessionTokenInput{})
	c := check(t, out, err).Credentials
	c.SessionToken = new(strings.Repeat("x", 300))
	if err := w.queues(c); err == nil {
		t.Fatal("a wrong session token works")
	}
}
