package iam_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

const trustEC2 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func (w *world) role(name, trust string) *types.Role {
	w.t.Helper()
	return do(w, w.CreateRole, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust}).Role
}

func TestRoleLife(t *testing.T) {
	w := start(t)
	made := do(w, w.CreateRole, &iam.CreateRoleInput{
		RoleName: new("Web"), Path: new("/app/"), AssumeRolePolicyDocument: new(trustEC2), MaxSessionDuration: new(int32(7200)), Description: new("d"),
		PermissionsBoundary: new("arn:aws:iam::aws:policy/ReadOnlyAccess"), Tags: []types.Tag{tag("k", "v")},
	}).Role
	if *made.Arn != "arn:aws:iam::000000000000:role/app/Web" || !strings.HasPrefix(*made.RoleId, "AROA") {
		t.Fatalf("%+v", made)
	}
	wantError(t, failure(w, w.CreateRole, &iam.CreateRoleInput{RoleName: new("WEB"), AssumeRolePolicyDocument: new(trustEC2)}), "EntityAlreadyExists", "Role with name WEB already exists.")
	do(w, w.UpdateRole, &iam.UpdateRoleInput{RoleName: new("Web"), MaxSessionDuration: new(int32(3600))})
	if r := do(w, w.UpdateRoleDescription, &iam.UpdateRoleDescriptionInput{RoleName: new("Web"), Description: new("new")}).Role; *r.Description != "new" {
		t.Fatalf("%+v", r)
	}
	trust := strings.Replace(trustEC2, "ec2", "ecs", 1)
	do(w, w.UpdateAssumeRolePolicy, &iam.UpdateAssumeRolePolicyInput{RoleName: new("Web"), PolicyDocument: &trust})
	got := do(w, w.GetRole, &iam.GetRoleInput{RoleName: new("web")}).Role
	if text, _ := url.PathUnescape(*got.AssumeRolePolicyDocument); text != trust || *got.MaxSessionDuration != 3600 || got.PermissionsBoundary == nil || got.RoleLastUsed.LastUsedDate != nil {
		t.Fatalf("%s %+v", text, got)
	}
	do(w, w.DeleteRolePermissionsBoundary, &iam.DeleteRolePermissionsBoundaryInput{RoleName: new("Web")})
	do(w, w.PutRolePermissionsBoundary, &iam.PutRolePermissionsBoundaryInput{RoleName: new("Web"), PermissionsBoundary: new("arn:aws:iam::aws:policy/PowerUserAccess")})
	do(w, w.TagRole, &iam.TagRoleInput{RoleName: new("Web"), Tags: []types.Tag{tag("x", "y")}})
	do(w, w.UntagRole, &iam.UntagRoleInput{RoleName: new("Web"), TagKeys: []string{"k"}})
	if tags := do(w, w.ListRoleTags, &iam.ListRoleTagsInput{RoleName: new("Web")}).Tags; len(tags) != 1 || *tags[0].Key != "x" {
		t.Fatalf("%+v", tags)
	}
	if l := do(w, w.ListRoles, &iam.ListRolesInput{PathPrefix: new("/app/")}).Roles; len(l) != 1 || l[0].Tags != nil {
		t.Fatalf("%+v", l)
	}
	do(w, w.PutRolePolicy, &iam.PutRolePolicyInput{RoleName: new("Web"), PolicyName: new("p"), PolicyDocument: new(readQueues)})
	if l := do(w, w.ListRolePolicies, &iam.ListRolePoliciesInput{RoleName: new("Web")}).PolicyNames; len(l) != 1 {
		t.Fatal(l)
	}
	do(w, w.GetRolePolicy, &iam.GetRolePolicyInput{RoleName: new("Web"), PolicyName: new("p")})
	wantError(t, failure(w, w.DeleteRole, &iam.DeleteRoleInput{RoleName: new("Web")}), "DeleteConflict", "must delete policies first.")
	do(w, w.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: new("Web"), PolicyName: new("p")})
	arn := new("arn:aws:iam::aws:policy/ReadOnlyAccess")
	do(w, w.AttachRolePolicy, &iam.AttachRolePolicyInput{RoleName: new("Web"), PolicyArn: arn})
	if l := do(w, w.ListAttachedRolePolicies, &iam.ListAttachedRolePoliciesInput{RoleName: new("Web")}).AttachedPolicies; len(l) != 1 || *l[0].PolicyName != "ReadOnlyAccess" {
		t.Fatalf("%+v", l)
	}
	wantError(t, failure(w, w.DeleteRole, &iam.DeleteRoleInput{RoleName: new("Web")}), "DeleteConflict", "must detach all policies first.")
	do(w, w.DetachRolePolicy, &iam.DetachRolePolicyInput{RoleName: new("Web"), PolicyArn: arn})
	do(w, w.DeleteRole, &iam.DeleteRoleInput{RoleName: new("Web")})
	wantError(t, failure(w, w.GetRole, &iam.GetRoleInput{RoleName: new("Web")}), "NoSuchEntity", "The role with name Web cannot be found.")
}

func TestTrustPoliciesAreChecked(t *testing.T) {
	w := start(t)
	w.user("alice")
	statement := func(principal, action string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"` + action + `"}]}`
	}
	for document, want := range map[string][2]string{
		statement(`{"AWS":"arn:aws:iam::000000000000:user/bob"}`, "sts:AssumeRole"):         {"MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::000000000000:user/bob"`},
		statement(`{"Service":"ec2.amazonaws.com"}`, "s3:GetObject"):                        {"MalformedPolicyDocument", "AssumeRole policy may only specify STS AssumeRole actions."},
		strings.Replace(trustEC2, `"sts:AssumeRole"`, `"sts:AssumeRole","Resource":"*"`, 1): {"MalformedPolicyDocument", "Has prohibited field Resource"},
		readQueues: {"MalformedPolicyDocument", ""},
		strings.Replace(trustEC2, "2.amazonaws.com", "2.amazonaws.com"+strings.Repeat("x", 2048), 1): {"LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"},
	} {
		wantError(t, failure(w, w.CreateRole, &iam.CreateRoleInput{RoleName: new("r"), AssumeRolePolicyDocument: &document}), want[0], want[1])
	}
	w.role("r", statement(`{"AWS":["arn:aws:iam::000000000000:user/alice","arn:aws:iam::111122223333:role/other"]}`, "sts:AssumeRole"))
}

func TestServiceLinkedRole(t *testing.T) {
	w := start(t)
	made := do(w, w.CreateServiceLinkedRole, &iam.CreateServiceLinkedRoleInput{AWSServiceName: new("ecs.amazonaws.com")}).Role
	if *made.Arn != "arn:aws:iam::000000000000:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS" {
		t.Fatalf("%+v", made)
	}
	wantError(t, failure(w, w.CreateServiceLinkedRole, &iam.CreateServiceLinkedRoleInput{AWSServiceName: new("ecs.amazonaws.com")}), "InvalidInput", "has been taken in this account")
	wantError(t, failure(w, w.DeleteRole, &iam.DeleteRoleInput{RoleName: made.RoleName}), "UnmodifiableEntity", "only modifiable by AWS")
	if l := do(w, w.ListAttachedRolePolicies, &iam.ListAttachedRolePoliciesInput{RoleName: made.RoleName}).AttachedPolicies; len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	task := do(w, w.DeleteServiceLinkedRole, &iam.DeleteServiceLinkedRoleInput{RoleName: made.RoleName}).DeletionTaskId
	if s := do(w, w.GetServiceLinkedRoleDeletionStatus, &iam.GetServiceLinkedRoleDeletionStatusInput{DeletionTaskId: task}).Status; s != types.DeletionTaskStatusTypeSucceeded {
		t.Fatal(s)
	}
	wantError(t, failure(w, w.GetRole, &iam.GetRoleInput{RoleName: made.RoleName}), "NoSuchEntity", "")
}

func TestInstanceProfileLife(t *testing.T) {
	w := start(t)
	w.role("web", trustEC2)
	w.role("other", trustEC2)
	made := do(w, w.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: new("P"), Path: new("/x/"), Tags: []types.Tag{tag("a", "b")}}).InstanceProfile
	if *made.Arn != "arn:aws:iam::000000000000:instance-profile/x/P" || !strings.HasPrefix(*made.InstanceProfileId, "AIPA") {
		t.Fatalf("%+v", made)
	}
	wantError(t, failure(w, w.CreateInstanceProfile, &iam.CreateInstanceProfileInput{InstanceProfileName: new("p")}), "EntityAlreadyExists", "Instance Profile p already exists.")
	do(w, w.AddRoleToInstanceProfile, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: new("P"), RoleName: new("web")})
	wantError(t, failure(w, w.AddRoleToInstanceProfile, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: new("P"), RoleName: new("other")}),
		"LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
	if p := do(w, w.GetInstanceProfile, &iam.GetInstanceProfileInput{InstanceProfileName: new("p")}).InstanceProfile; len(p.Roles) != 1 || *p.Roles[0].RoleName != "web" {
		t.Fatalf("%+v", p)
	}
	if l := do(w, w.ListInstanceProfilesForRole, &iam.ListInstanceProfilesForRoleInput{RoleName: new("web")}).InstanceProfiles; len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	if l := do(w, w.ListInstanceProfiles, &iam.ListInstanceProfilesInput{}).InstanceProfiles; len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	do(w, w.TagInstanceProfile, &iam.TagInstanceProfileInput{InstanceProfileName: new("P"), Tags: []types.Tag{tag("c", "d")}})
	do(w, w.UntagInstanceProfile, &iam.UntagInstanceProfileInput{InstanceProfileName: new("P"), TagKeys: []string{"a"}})
	if l := do(w, w.ListInstanceProfileTags, &iam.ListInstanceProfileTagsInput{InstanceProfileName: new("P")}).Tags; len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	wantError(t, failure(w, w.DeleteRole, &iam.DeleteRoleInput{RoleName: new("web")}), "DeleteConflict", "must remove roles from instance profile first.")
	wantError(t, failure(w, w.DeleteInstanceProfile, &iam.DeleteInstanceProfileInput{InstanceProfileName: new("P")}), "DeleteConflict", "must remove roles from instance profile first.")
	do(w, w.RemoveRoleFromInstanceProfile, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: new("P"), RoleName: new("web")})
	do(w, w.DeleteInstanceProfile, &iam.DeleteInstanceProfileInput{InstanceProfileName: new("P")})
	wantError(t, failure(w, w.GetInstanceProfile, &iam.GetInstanceProfileInput{InstanceProfileName: new("P")}), "NoSuchEntity", "Instance Profile P cannot be found.")
}
