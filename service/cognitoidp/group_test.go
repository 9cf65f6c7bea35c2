package cognitoidp_test

import (
	"fmt"
	"testing"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

func TestGroupsAreInTokensByPrecedence(t *testing.T) {
	c := mailing(t)
	c.member("ada")
	role := func(name string) *string { return new("arn:aws:iam::000000000000:role/" + name) }
	for _, g := range []*cognito.CreateGroupInput{
		{GroupName: new("all")}, {GroupName: new("readers"), Precedence: new(int32(5)), RoleArn: role("read")}, {GroupName: new("writers"), Precedence: new(int32(1)), RoleArn: role("write")},
	} {
		g.UserPoolId = c.pool.Id
		ok[*cognito.CreateGroupOutput](t)(c.admin.CreateGroup(t.Context(), g))
		ok[*cognito.AdminAddUserToGroupOutput](t)(c.admin.AdminAddUserToGroup(t.Context(), &cognito.AdminAddUserToGroupInput{UserPoolId: c.pool.Id, Username: new("ada"), GroupName: g.GroupName}))
		_, err := c.admin.CreateGroup(t.Context(), g)
		wants(t, err, "GroupExistsException", "A group with the name already exists.")
	}
	tokens := c.signIn("ada")
	id, access := claims(t, tokens.IdToken), claims(t, tokens.AccessToken)
	if fmt.Sprint(id["cognito:groups"]) != "[writers readers all]" || fmt.Sprint(access["cognito:groups"]) != "[writers readers all]" || id["cognito:preferred_role"] != *role("write") {
		t.Errorf("claims: %v", id)
	}
	in := ok[*cognito.ListUsersInGroupOutput](t)(c.admin.ListUsersInGroup(t.Context(), &cognito.ListUsersInGroupInput{UserPoolId: c.pool.Id, GroupName: new("all")}))
	if len(in.Users) != 1 || *in.Users[0].Username != "ada" {
		t.Errorf("users: %+v", in.Users)
	}
	ok[*cognito.UpdateGroupOutput](t)(c.admin.UpdateGroup(t.Context(), &cognito.UpdateGroupInput{UserPoolId: c.pool.Id, GroupName: new("readers"), Precedence: new(int32(1))}))
	if id := claims(t, c.signIn("ada").IdToken); id["cognito:preferred_role"] != nil {
		t.Errorf("two groups come first, and yet: %v", id)
	}
	ok[*cognito.AdminRemoveUserFromGroupOutput](t)(c.admin.AdminRemoveUserFromGroup(t.Context(), &cognito.AdminRemoveUserFromGroupInput{UserPoolId: c.pool.Id, Username: new("ada"), GroupName: new("readers")}))
	ok[*cognito.DeleteGroupOutput](t)(c.admin.DeleteGroup(t.Context(), &cognito.DeleteGroupInput{UserPoolId: c.pool.Id, GroupName: new("writers")}))
	left := ok[*cognito.AdminListGroupsForUserOutput](t)(c.admin.AdminListGroupsForUser(t.Context(), &cognito.AdminListGroupsForUserInput{UserPoolId: c.pool.Id, Username: new("ada")}))
	all := ok[*cognito.ListGroupsOutput](t)(c.admin.ListGroups(t.Context(), &cognito.ListGroupsInput{UserPoolId: c.pool.Id}))
	if len(left.Groups) != 1 || len(all.Groups) != 2 {
		t.Errorf("left: %+v, all: %+v", left.Groups, all.Groups)
	}
	_, err := c.admin.GetGroup(t.Context(), &cognito.GetGroupInput{UserPoolId: c.pool.Id, GroupName: new("writers")})
	wants(t, err, "ResourceNotFoundException", "Group not found.")
}
