package iam_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestSimulateCustomPolicy(t *testing.T) {
	w := start(t)
	document := `{"Version":"2012-10-17","Statement":[
 {"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::mine/*"},
 {"Effect":"Deny","Action":"s3:DeleteObject","Resource":"*"},
 {"Effect":"Allow","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"StringEquals":{"app:stage":"dev"}}}]}`
	for _, test := range []struct {
		action, resource string
		entries          []types.ContextEntry
		want             string
		missing          string
	}{
		{"s3:GetObject", "arn:aws:s3:::mine/x", nil, "allowed", ""},
		{"s3:GetObject", "arn:aws:s3:::other/x", nil, "implicitDeny", ""},
		{"s3:DeleteObject", "arn:aws:s3:::mine/x", nil, "explicitDeny", ""},
		{"sqs:SendMessage", "*", nil, "implicitDeny", "aws:multifactorauthpresent"},
		{"sqs:SendMessage", "*", []types.ContextEntry{
			{ContextKeyName: new("aws:MultiFactorAuthPresent"), ContextKeyType: types.ContextKeyTypeEnumBoolean, ContextKeyValues: []string{"true"}},
			{ContextKeyName: new("app:stage"), ContextKeyType: types.ContextKeyTypeEnumString, ContextKeyValues: []string{"dev"}},
		}, "allowed", ""},
	} {
		r := do(w, w.SimulateCustomPolicy, &iam.SimulateCustomPolicyInput{
			PolicyInputList: []string{document}, ActionNames: []string{test.action}, ResourceArns: []string{test.resource}, ContextEntries: test.entries,
		}).EvaluationResults[0]
		if string(r.EvalDecision) != test.want || test.missing != "" && (len(r.MissingContextValues) == 0 || r.MissingContextValues[0] != test.missing) {
			t.Errorf("%s: %s %v", test.action, r.EvalDecision, r.MissingContextValues)
		}
		if test.want == "allowed" && test.action == "s3:GetObject" && (len(r.MatchedStatements) != 1 || *r.MatchedStatements[0].SourcePolicyId != "PolicyInputList.1" || r.MatchedStatements[0].StartPosition.Line == 0) {
			t.Errorf("%+v", r.MatchedStatements)
		}
	}
	keys := do(w, w.GetContextKeysForCustomPolicy, &iam.GetContextKeysForCustomPolicyInput{PolicyInputList: []string{document, strings.Replace(readQueues, `"*"`, `"arn:aws:sqs:*:*:${aws:username}"`, 1)}}).ContextKeyNames
	if got := strings.Join(keys, " "); got != "app:stage aws:MultiFactorAuthPresent aws:username" {
		t.Error(got)
	}
}

func TestSimulatePrincipalPolicy(t *testing.T) {
	w := start(t)
	u := w.user("alice")
	w.allow("alice", "sqs:*", "*")
	do(w, w.CreateGroup, &iam.CreateGroupInput{GroupName: new("g")})
	do(w, w.AttachGroupPolicy, &iam.AttachGroupPolicyInput{GroupName: new("g"), PolicyArn: new("arn:aws:iam::aws:policy/AmazonS3FullAccess")})
	do(w, w.AddUserToGroup, &iam.AddUserToGroupInput{GroupName: new("g"), UserName: new("alice")})
	in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: u.Arn, ActionNames: []string{"sqs:SendMessage", "s3:GetObject", "ec2:RunInstances"}}
	var got []string
	for _, r := range do(w, w.SimulatePrincipalPolicy, in).EvaluationResults {
		by := "-"
		if len(r.MatchedStatements) > 0 {
			by = *r.MatchedStatements[0].SourcePolicyId
		}
		got = append(got, string(r.EvalDecision)+" "+by)
	}
	if text := strings.Join(got, ", "); text != "allowed user_alice_test, allowed AmazonS3FullAccess, implicitDeny -" {
		t.Error(text)
	}
	in.PermissionsBoundaryPolicyInputList = []string{readQueues}
	r := do(w, w.SimulatePrincipalPolicy, in).EvaluationResults[0]
	if r.EvalDecision != types.PolicyEvaluationDecisionTypeImplicitDeny || r.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary {
		t.Errorf("%+v", r)
	}
	if keys := do(w, w.GetContextKeysForPrincipalPolicy, &iam.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: u.Arn}).ContextKeyNames; len(keys) != 0 {
		t.Error(keys)
	}
	in.PolicySourceArn = new("arn:aws:iam::000000000000:user/absent")
	wantError(t, failure(w, w.SimulatePrincipalPolicy, in), "NoSuchEntity", "")
}

func TestPoliciesGrantingServiceAccess(t *testing.T) {
	w := start(t)
	u := w.user("alice")
	w.allow("alice", "sqs:SendMessage", "*")
	do(w, w.AttachUserPolicy, &iam.AttachUserPolicyInput{UserName: new("alice"), PolicyArn: new("arn:aws:iam::aws:policy/AdministratorAccess")})
	list := do(w, w.ListPoliciesGrantingServiceAccess, &iam.ListPoliciesGrantingServiceAccessInput{Arn: u.Arn, ServiceNamespaces: []string{"sqs", "s3"}}).PoliciesGrantingServiceAccess
	if len(list) != 2 || len(list[0].Policies) != 2 || len(list[1].Policies) != 1 || list[0].Policies[0].PolicyType != types.PolicyTypeInline || *list[0].Policies[0].EntityName != "alice" {
		t.Fatalf("%+v", list)
	}
}
