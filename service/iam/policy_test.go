package iam_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func TestPolicyVersions(t *testing.T) {
	w := start(t)
	made := do(w, w.CreatePolicy, &iam.CreatePolicyInput{
		PolicyName: new("Queues"), Path: new("/team/"), PolicyDocument: new(readQueues), Description: new("reads"), Tags: []types.Tag{tag("a", "b")},
	}).Policy
	if *made.Arn != "arn:aws:iam::000000000000:policy/team/Queues" || *made.DefaultVersionId != "v1" || !strings.HasPrefix(*made.PolicyId, "ANPA") {
		t.Fatalf("%+v", made)
	}
	wantError(t, failure(w, w.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("queues"), PolicyDocument: new(readQueues)}),
		"EntityAlreadyExists", "A policy called queues already exists. Duplicate names are not allowed.")
	for range 4 {
		do(w, w.CreatePolicyVersion, &iam.CreatePolicyVersionInput{PolicyArn: made.Arn, PolicyDocument: new(readQueues)})
	}
	next := &iam.CreatePolicyVersionInput{PolicyArn: made.Arn, PolicyDocument: new(readQueues), SetAsDefault: true}
	wantError(t, failure(w, w.CreatePolicyVersion, next), "LimitExceeded", "A managed policy can have up to 5 versions.")
	wantError(t, failure(w, w.DeletePolicyVersion, &iam.DeletePolicyVersionInput{PolicyArn: made.Arn, VersionId: new("v1")}), "DeleteConflict", "Cannot delete the default version of a policy.")
	do(w, w.SetDefaultPolicyVersion, &iam.SetDefaultPolicyVersionInput{PolicyArn: made.Arn, VersionId: new("v3")})
	do(w, w.DeletePolicyVersion, &iam.DeletePolicyVersionInput{PolicyArn: made.Arn, VersionId: new("v1")})
	if v := do(w, w.CreatePolicyVersion, next).PolicyVersion; *v.VersionId != "v6" || !v.IsDefaultVersion {
		t.Fatalf("%+v", v)
	}
	got := do(w, w.GetPolicyVersion, &iam.GetPolicyVersionInput{PolicyArn: made.Arn, VersionId: new("v6")}).PolicyVersion
	if text, err := url.PathUnescape(*got.Document); err != nil || text != readQueues || strings.ContainsAny(*got.Document, `{" :+`) {
		t.Fatal(*got.Document, err)
	}
	list := do(w, w.ListPolicyVersions, &iam.ListPolicyVersionsInput{PolicyArn: made.Arn}).Versions
	if len(list) != 5 || *list[0].VersionId != "v6" {
		t.Fatalf("%+v", list)
	}
	wantError(t, failure(w, w.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: made.Arn}), "DeleteConflict", "This policy has more than one version.")
	for _, v := range list[1:] {
		do(w, w.DeletePolicyVersion, &iam.DeletePolicyVersionInput{PolicyArn: made.Arn, VersionId: v.VersionId})
	}
	do(w, w.TagPolicy, &iam.TagPolicyInput{PolicyArn: made.Arn, Tags: []types.Tag{tag("c", "d")}})
	do(w, w.UntagPolicy, &iam.UntagPolicyInput{PolicyArn: made.Arn, TagKeys: []string{"a"}})
	if tags := do(w, w.ListPolicyTags, &iam.ListPolicyTagsInput{PolicyArn: made.Arn}).Tags; len(tags) != 1 || *tags[0].Key != "c" {
		t.Fatalf("%+v", tags)
	}
	do(w, w.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: made.Arn})
	wantError(t, failure(w, w.GetPolicy, &iam.GetPolicyInput{PolicyArn: made.Arn}), "NoSuchEntity", "Policy "+*made.Arn+" was not found.")
}

func TestDocumentsAreCheckedAndMeasured(t *testing.T) {
	w := start(t)
	w.user("alice")
	put := func(document string) error {
		_, err := w.PutUserPolicy(w.ctx, &iam.PutUserPolicyInput{UserName: new("alice"), PolicyName: new("p"), PolicyDocument: &document})
		return err
	}
	wantError(t, put(`{"Version":"2012-10-17"}`), "MalformedPolicyDocument", "Syntax errors in policy.")
	wantError(t, put(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"x","Resource":"*"}]}`), "MalformedPolicyDocument", "Actions/Conditions must be prefaced by a vendor")
	long := strings.Replace(readQueues, "Read", strings.Repeat("R", 2048), 1)
	wantError(t, put(long), "LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user alice")
	spaced := strings.Replace(readQueues, ":[", ":"+strings.Repeat(" \n", 4000)+"[", 1)
	if err := put(spaced); err != nil {
		t.Fatal("whitespace counts:", err)
	}
	huge := strings.Replace(readQueues, "Read", strings.Repeat("R", 6200), 1)
	wantError(t, failure(w, w.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("p"), PolicyDocument: &huge}), "LimitExceeded", "Cannot exceed quota for PolicySize: 6144")
	got := do(w, w.GetUserPolicy, &iam.GetUserPolicyInput{UserName: new("alice"), PolicyName: new("p")})
	if text, _ := url.PathUnescape(*got.PolicyDocument); text != spaced {
		t.Fatal(text)
	}
	if names := do(w, w.ListUserPolicies, &iam.ListUserPoliciesInput{UserName: new("alice")}).PolicyNames; len(names) != 1 || names[0] != "p" {
		t.Fatal(names)
	}
	wantError(t, failure(w, w.GetUserPolicy, &iam.GetUserPolicyInput{UserName: new("alice"), PolicyName: new("q")}), "NoSuchEntity", "The user policy with name q cannot be found.")
}

func TestAttachments(t *testing.T) {
	w := start(t)
	user := w.user("alice")
	policy := do(w, w.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("Mine"), PolicyDocument: new(readQueues)}).Policy
	admin := "arn:aws:iam::aws:policy/AdministratorAccess"
	for _, arn := range []string{*policy.Arn, admin, admin} {
		do(w, w.AttachUserPolicy, &iam.AttachUserPolicyInput{UserName: new("alice"), PolicyArn: &arn})
	}
	for arn, want := range map[string]string{
		"arn:aws:iam::000000000000:policy/absent":                "does not exist or is not attachable.",
		"arn:aws:iam::aws:policy/administratoraccess":            "does not exist or is not attachable.",
		"arn:aws:iam::aws:policy/wrong/path/AdministratorAccess": "does not exist or is not attachable.",
		"arn:aws:iam::111111111111:policy/Mine":                  "does not exist or is not attachable.",
	} {
		wantError(t, failure(w, w.AttachUserPolicy, &iam.AttachUserPolicyInput{UserName: new("alice"), PolicyArn: &arn}), "NoSuchEntity", "Policy "+arn+" "+want)
	}
	list := do(w, w.ListAttachedUserPolicies, &iam.ListAttachedUserPoliciesInput{UserName: new("alice")}).AttachedPolicies
	if len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	do(w, w.PutUserPermissionsBoundary, &iam.PutUserPermissionsBoundaryInput{UserName: new("alice"), PermissionsBoundary: policy.Arn})
	got := do(w, w.GetPolicy, &iam.GetPolicyInput{PolicyArn: policy.Arn}).Policy
	if *got.AttachmentCount != 1 || *got.PermissionsBoundaryUsageCount != 1 {
		t.Fatalf("%+v", got)
	}
	entities := do(w, w.ListEntitiesForPolicy, &iam.ListEntitiesForPolicyInput{PolicyArn: policy.Arn, PolicyUsageFilter: types.PolicyUsageTypePermissionsBoundary})
	if len(entities.PolicyUsers) != 1 || *entities.PolicyUsers[0].UserId != *user.UserId {
		t.Fatalf("%+v", entities)
	}
	if u := do(w, w.GetUser, &iam.GetUserInput{UserName: new("alice")}).User; u.PermissionsBoundary == nil || *u.PermissionsBoundary.PermissionsBoundaryArn != *policy.Arn {
		t.Fatalf("%+v", u)
	}
	wantError(t, failure(w, w.DeletePolicy, &iam.DeletePolicyInput{PolicyArn: policy.Arn}), "DeleteConflict", "Cannot delete a policy attached to entities.")
	do(w, w.DeleteUserPermissionsBoundary, &iam.DeleteUserPermissionsBoundaryInput{UserName: new("alice")})
	do(w, w.DetachUserPolicy, &iam.DetachUserPolicyInput{UserName: new("alice"), PolicyArn: policy.Arn})
	wantError(t, failure(w, w.DetachUserPolicy, &iam.DetachUserPolicyInput{UserName: new("alice"), PolicyArn: policy.Arn}), "NoSuchEntity", "was not found.")
}

func TestPoliciesAreListedWithFilters(t *testing.T) {
	w := start(t)
	w.user("alice")
	do(w, w.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("zulu"), PolicyDocument: new(readQueues)})
	do(w, w.CreatePolicy, &iam.CreatePolicyInput{PolicyName: new("mike"), Path: new("/m/"), PolicyDocument: new(readQueues)})
	do(w, w.AttachUserPolicy, &iam.AttachUserPolicyInput{UserName: new("alice"), PolicyArn: new("arn:aws:iam::aws:policy/job-function/Billing")})
	do(w, w.AttachUserPolicy, &iam.AttachUserPolicyInput{UserName: new("alice"), PolicyArn: new("arn:aws:iam::000000000000:policy/zulu")})
	for _, test := range []struct {
		in   iam.ListPoliciesInput
		want string
	}{
		{iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}, "mike zulu"},
		{iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal, PathPrefix: new("/m/")}, "mike"},
		{iam.ListPoliciesInput{Scope: types.PolicyScopeTypeAll, OnlyAttached: true}, "zulu Billing"},
		{iam.ListPoliciesInput{Scope: types.PolicyScopeTypeAws, OnlyAttached: true}, "Billing"},
		{iam.ListPoliciesInput{PolicyUsageFilter: types.PolicyUsageTypePermissionsBoundary}, ""},
	} {
		var names []string
		for _, p := range do(w, w.ListPolicies, &test.in).Policies {
			names = append(names, *p.PolicyName)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("%+v: %s", test.in, got)
		}
	}
	n := 0
	pages := iam.NewListPoliciesPaginator(w, &iam.ListPoliciesInput{MaxItems: new(int32(1000))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		n += len(page.Policies)
	}
	if n < 1500 {
		t.Fatalf("%d policies", n)
	}
}
