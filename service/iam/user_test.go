package iam_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
)

// world is a cloud with a client of its root user.
type world struct {
	*iam.Client
	t     *testing.T
	cloud *cloudtest.Cloud
	ctx   context.Context
}

func start(t *testing.T) *world {
	t.Parallel()
	cloud := cloudtest.Start(t, cloudtest.NoRetries())
	return &world{iam.NewFromConfig(cloud.Config()), t, cloud, t.Context()}
}

// do calls an operation that must succeed.
func do[I, O any](w *world, call func(context.Context, *I, ...func(*iam.Options)) (*O, error), in *I) *O {
	w.t.Helper()
	out, err := call(w.ctx, in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// failure calls an operation that must fail, and gives its error.
func failure[I, O any](w *world, call func(context.Context, *I, ...func(*iam.Options)) (*O, error), in *I) error {
	w.t.Helper()
	if _, err := call(w.ctx, in); err != nil {
		return err
	}
	w.t.Fatalf("%T succeeded", in)
	return nil
}

// wantError fails the test unless err has the code, and the message says text.
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

func (w *world) user(name string) *types.User {
	w.t.Helper()
	return do(w, w.CreateUser, &iam.CreateUserInput{UserName: &name}).User
}

func tag(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }

const readQueues = `{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":"sqs:ListQueues","Resource":"*"}]}`

func TestUserLife(t *testing.T) {
	w := start(t)
	made := do(w, w.CreateUser, &iam.CreateUserInput{UserName: new("Alice"), Path: new("/team/"), Tags: []types.Tag{tag("Team", "red")}}).User
	if *made.Arn != "arn:aws:iam::000000000000:user/team/Alice" || !strings.HasPrefix(*made.UserId, "AIDA") || len(*made.UserId) != 21 {
		t.Fatalf("%+v", made)
	}
	wantError(t, failure(w, w.CreateUser, &iam.CreateUserInput{UserName: new("aLICE")}), "EntityAlreadyExists", "User with name aLICE already exists.")
	wantError(t, failure(w, w.GetUser, &iam.GetUserInput{UserName: new("bob")}), "NoSuchEntity", "The user with name bob cannot be found.")
	do(w, w.UpdateUser, &iam.UpdateUserInput{UserName: new("alice"), NewUserName: new("Carol"), NewPath: new("/")})
	do(w, w.TagUser, &iam.TagUserInput{UserName: new("Carol"), Tags: []types.Tag{tag("team", "blue")}})
	got := do(w, w.GetUser, &iam.GetUserInput{UserName: new("carol")}).User
	if *got.Arn != "arn:aws:iam::000000000000:user/Carol" || *got.UserId != *made.UserId || len(got.Tags) != 1 || *got.Tags[0].Value != "blue" {
		t.Fatalf("%+v %+v", got, got.Tags)
	}
	do(w, w.UntagUser, &iam.UntagUserInput{UserName: new("Carol"), TagKeys: []string{"TEAM", "absent"}})
	if tags := do(w, w.ListUserTags, &iam.ListUserTagsInput{UserName: new("Carol")}); len(tags.Tags) != 0 || tags.IsTruncated {
		t.Fatalf("%+v", tags)
	}
	do(w, w.DeleteUser, &iam.DeleteUserInput{UserName: new("carol")})
	wantError(t, failure(w, w.DeleteUser, &iam.DeleteUserInput{UserName: new("carol")}), "NoSuchEntity", "carol")
}

func TestRootAsksForItself(t *testing.T) {
	w := start(t)
	me := do(w, w.GetUser, &iam.GetUserInput{}).User
	if *me.Arn != "arn:aws:iam::000000000000:root" || *me.UserId != "000000000000" {
		t.Fatalf("%+v", me)
	}
}

func TestWrongInputsAreRefusedInIAMsWords(t *testing.T) {
	w := start(t)
	long := strings.Repeat("a", 65)
	for _, test := range []struct {
		in         *iam.CreateUserInput
		code, text string
	}{
		{&iam.CreateUserInput{UserName: &long}, "ValidationError", "1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{&iam.CreateUserInput{UserName: new("a b")}, "ValidationError", "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"},
		{&iam.CreateUserInput{UserName: new("a"), Path: new("team")}, "ValidationError", "The specified value for path is invalid. It must begin and end with /"},
		{&iam.CreateUserInput{UserName: new("a"), Tags: []types.Tag{tag("K", "1"), tag("k", "2")}}, "InvalidInput", "Duplicate tag keys found."},
		{&iam.CreateUserInput{UserName: new("a"), Tags: []types.Tag{tag("aws:x", "1")}}, "InvalidInput", "reserved"},
		{&iam.CreateUserInput{UserName: new("a"), PermissionsBoundary: new("arn:aws:iam::000000000000:policy/absent")}, "NoSuchEntity", "Scope ARN: arn:aws:iam::000000000000:policy/absent does not exist or is not attachable."},
	} {
		wantError(t, failure(w, w.CreateUser, test.in), test.code, test.text)
	}
}

func TestUsersAreListedByNameInPages(t *testing.T) {
	w := start(t)
	for _, name := range []string{"delta", "Bravo", "alpha", "Charlie"} {
		do(w, w.CreateUser, &iam.CreateUserInput{UserName: &name, Path: new("/p/" + name[:1] + "/")})
	}
	var names []string
	pages := iam.NewListUsersPaginator(w, &iam.ListUsersInput{MaxItems: new(int32(3)), PathPrefix: new("/p/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.Users {
			names = append(names, *u.UserName)
		}
	}
	if got := strings.Join(names, " "); got != "alpha Bravo Charlie delta" {
		t.Fatal(got)
	}
	if only := do(w, w.ListUsers, &iam.ListUsersInput{PathPrefix: new("/p/B")}).Users; len(only) != 1 {
		t.Fatal(only)
	}
	wantError(t, failure(w, w.ListUsers, &iam.ListUsersInput{Marker: new("!")}), "ValidationError", "Invalid Marker.")
}

// TestUserIsDeletedLast walks through all that a user may still have.
func TestUserIsDeletedLast(t *testing.T) {
	w := start(t)
	name := w.user("alice").UserName
	refused := func(text string) {
		t.Helper()
		wantError(t, failure(w, w.DeleteUser, &iam.DeleteUserInput{UserName: name}), "DeleteConflict", "Cannot delete entity, "+text)
	}
	arn := new("arn:aws:iam::aws:policy/ReadOnlyAccess")
	do(w, w.AttachUserPolicy, &iam.AttachUserPolicyInput{UserName: name, PolicyArn: arn})
	refused("must detach all policies first.")
	do(w, w.DetachUserPolicy, &iam.DetachUserPolicyInput{UserName: name, PolicyArn: arn})
	do(w, w.PutUserPolicy, &iam.PutUserPolicyInput{UserName: name, PolicyName: new("p"), PolicyDocument: new(readQueues)})
	refused("must delete policies first.")
	do(w, w.DeleteUserPolicy, &iam.DeleteUserPolicyInput{UserName: name, PolicyName: new("p")})
	do(w, w.CreateGroup, &iam.CreateGroupInput{GroupName: new("g")})
	do(w, w.AddUserToGroup, &iam.AddUserToGroupInput{UserName: name, GroupName: new("g")})
	refused("must remove users from group first.")
	do(w, w.RemoveUserFromGroup, &iam.RemoveUserFromGroupInput{UserName: name, GroupName: new("g")})
	key := do(w, w.CreateAccessKey, &iam.CreateAccessKeyInput{UserName: name}).AccessKey
	refused("must delete access keys first.")
	do(w, w.DeleteAccessKey, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: key.AccessKeyId})
	do(w, w.CreateLoginProfile, &iam.CreateLoginProfileInput{UserName: name, Password: new("correct horse")})
	refused("must delete login profile first.")
	do(w, w.DeleteLoginProfile, &iam.DeleteLoginProfileInput{UserName: name})
	do(w, w.DeleteUser, &iam.DeleteUserInput{UserName: name})
}

func TestPartitionsAreApart(t *testing.T) {
	w := start(t)
	w.user("alice")
	china := &world{iam.NewFromConfig(w.cloud.Config("cn-north-1")), t, w.cloud, w.ctx}
	wantError(t, failure(china, china.GetUser, &iam.GetUserInput{UserName: new("alice")}), "NoSuchEntity", "")
	if u := china.user("alice"); *u.Arn != "arn:aws-cn:iam::000000000000:user/alice" {
		t.Error(*u.Arn)
	}
	if me := do(china, china.GetUser, &iam.GetUserInput{}).User; *me.Arn != "arn:aws-cn:iam::000000000000:root" {
		t.Error(*me.Arn)
	}
}
