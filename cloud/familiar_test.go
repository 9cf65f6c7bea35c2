package cloud_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/brume-cloud/brume/cloudtest"
)

// TestChangesOfRightsApplyAtOnce holds the memory of identities to its word:
// after an acknowledged change no call goes by what was so before.
func TestChangesOfRightsApplyAtOnce(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.NoRetries())
	admin := iam.NewFromConfig(c.Config())
	name := aws.String("carol")
	if _, err := admin.CreateUser(t.Context(), &iam.CreateUserInput{UserName: name}); err != nil {
		t.Fatal(err)
	}
	key, err := admin.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: name})
	if err != nil {
		t.Fatal(err)
	}
	carol := sqs.NewFromConfig(c.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, ""))
	allowed := func() bool {
		_, err := carol.ListQueues(t.Context(), &sqs.ListQueuesInput{})
		return err == nil
	}
	document := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`)
	for round := range 20 {
		if allowed() || allowed() { // twice: read, then remembered
			t.Fatal(round, "allowed without a policy")
		}
		if _, err := admin.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String(fmt.Sprint("p", round)), PolicyDocument: document}); err != nil {
			t.Fatal(err)
		}
		if !allowed() || !allowed() {
			t.Fatal(round, "denied with a policy")
		}
		if _, err := admin.DeleteUserPolicy(t.Context(), &iam.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String(fmt.Sprint("p", round))}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := admin.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: name, PolicyName: aws.String("p"), PolicyDocument: document}); err != nil {
		t.Fatal(err)
	}
	if !allowed() {
		t.Fatal("denied with a policy")
	}
	if _, err := admin.UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: name, AccessKeyId: key.AccessKey.AccessKeyId, Status: types.StatusTypeInactive}); err != nil {
		t.Fatal(err)
	}
	if allowed() {
		t.Fatal("an inactive key works")
	}
}
