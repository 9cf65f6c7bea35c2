package iam_test

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
)

func TestGroupLife(t *testing.T) {
	w := start(t)
	made := do(w, w.CreateGroup, &iam.CreateGroupInput{GroupName: new("Admins"), Path: new("/ops/")}).Group
	if *made.Arn != "arn:aws:iam::000000000000:group/ops/Admins" {
		t.Fatalf("%+v", made)
	}
	wantError(t, failure(w, w.CreateGroup, &iam.CreateGroupInput{GroupName: new("ADMINS")}), "EntityAlreadyExists", "Group with name ADMINS already exists.")
	w.user("alice")
	join := &iam.AddUserToGroupInput{UserName: new("alice"), GroupName: new("Admins")}
	do(w, w.AddUserToGroup, join)
	do(w, w.AddUserToGroup, join)
	do(w, w.UpdateGroup, &iam.UpdateGroupInput{GroupName: new("Admins"), NewGroupName: new("Owners")})
	wantError(t, failure(w, w.GetGroup, &iam.GetGroupInput{GroupName: new("Admins")}), "NoSuchEntity", "The group with name Admins cannot be found.")
	got := do(w, w.GetGroup, &iam.GetGroupInput{GroupName: new("Owners")})
	if len(got.Users) != 1 || *got.Users[0].UserName != "alice" || *got.Group.GroupId != *made.GroupId {
		t.Fatalf("%+v", got)
	}
	if of := do(w, w.ListGroupsForUser, &iam.ListGroupsForUserInput{UserName: new("alice")}).Groups; len(of) != 1 || *of[0].GroupName != "Owners" {
		t.Fatalf("%+v", of)
	}
	if all := do(w, w.ListGroups, &iam.ListGroupsInput{PathPrefix: new("/ops/")}).Groups; len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	wantError(t, failure(w, w.DeleteGroup, &iam.DeleteGroupInput{GroupName: new("Owners")}), "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	leave := &iam.RemoveUserFromGroupInput{UserName: new("alice"), GroupName: new("Owners")}
	do(w, w.RemoveUserFromGroup, leave)
	wantError(t, failure(w, w.RemoveUserFromGroup, leave), "NoSuchEntity", "not in group")

	inline := &iam.PutGroupPolicyInput{GroupName: new("Owners"), PolicyName: new("p"), PolicyDocument: new(readQueues)}
	do(w, w.PutGroupPolicy, inline)
	if p := do(w, w.GetGroupPolicy, &iam.GetGroupPolicyInput{GroupName: new("owners"), PolicyName: new("p")}); *p.GroupName != "Owners" {
		t.Fatalf("%+v", p)
	}
	if names := do(w, w.ListGroupPolicies, &iam.ListGroupPoliciesInput{GroupName: new("Owners")}).PolicyNames; len(names) != 1 {
		t.Fatal(names)
	}
	wantError(t, failure(w, w.DeleteGroup, &iam.DeleteGroupInput{GroupName: new("Owners")}), "DeleteConflict", "must delete policies first.")
	do(w, w.DeleteGroupPolicy, &iam.DeleteGroupPolicyInput{GroupName: new("Owners"), PolicyName: new("p")})
	attach := &iam.AttachGroupPolicyInput{GroupName: new("Owners"), PolicyArn: new("arn:aws:iam::aws:policy/AdministratorAccess")}
	do(w, w.AttachGroupPolicy, attach)
	if l := do(w, w.ListAttachedGroupPolicies, &iam.ListAttachedGroupPoliciesInput{GroupName: new("Owners")}).AttachedPolicies; len(l) != 1 {
		t.Fatal(l)
	}
	do(w, w.DetachGroupPolicy, &iam.DetachGroupPolicyInput{GroupName: new("Owners"), PolicyArn: attach.PolicyArn})
	do(w, w.DeleteGroup, &iam.DeleteGroupInput{GroupName: new("Owners")})
}

func TestUserIsInAtMostTenGroups(t *testing.T) {
	w := start(t)
	w.user("alice")
	for i := range 11 {
		name := "g" + strconv.Itoa(i)
		do(w, w.CreateGroup, &iam.CreateGroupInput{GroupName: &name})
		in := &iam.AddUserToGroupInput{UserName: new("alice"), GroupName: &name}
		if i < 10 {
			do(w, w.AddUserToGroup, in)
			continue
		}
		wantError(t, failure(w, w.AddUserToGroup, in), "LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10")
	}
}
