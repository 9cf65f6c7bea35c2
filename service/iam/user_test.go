package iam_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
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

// must fails the test when err is not nil.
func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
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
	return must[*iam.CreateUserOutput](w.t)(w.CreateUser(w.ctx, &iam.CreateUserInput{UserName: &name})).User
}

const readQueues = `{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":"sqs:ListQueues","Resource":"*"}]}`

func TestUserLife(t *testing.T) {
	w := start(t)
	made := must[*iam.CreateUserOutput](t)(w.CreateUser(w.ctx, &iam.CreateUserInput{
		UserName: sdkaws.String("Alice"), Path: sdkaws.String("/team/"), Tags: []types.Tag{{Key: sdkaws.String("Team"), Value: sdkaws.String("red")}},
	})).User
	if *made.Arn != "arn:aws:iam::000000000000:user/team/Alice" || !strings.HasPrefix(*made.UserId, "AIDA") || len(*made.UserId) != 21 {
		t.Fatalf("%+v", made)
	}
	_, err := w.CreateUser(w.ctx, &iam.CreateUserInput{UserName: sdkaws.String("aLICE")})
	wantError(t, err, "EntityAlreadyExists", "User with name aLICE already exists.")
	_, err = w.GetUser(w.ctx, &iam.GetUserInput{UserName: sdkaws.String("bob")})
	wantError(t, err, "NoSuchEntity", "The user with name bob cannot be found.")

	_, err = w.UpdateUser(w.ctx, &iam.UpdateUserInput{UserName: sdkaws.String("alice"), NewUserName: sdkaws.String("Carol"), NewPath: sdkaws.String("/")})
	must[struct{}](t)(struct{}{}, err)
	_, err = w.TagUser(w.ctx, &iam.TagUserInput{UserName: sdkaws.String("Carol"), Tags: []types.Tag{{Key: sdkaws.String("team"), Value: sdkaws.String("blue")}}})
	must[struct{}](t)(struct{}{}, err)
	got := must[*iam.GetUserOutput](t)(w.GetUser(w.ctx, &iam.GetUserInput{UserName: sdkaws.String("carol")})).User
	if *got.Arn != "arn:aws:iam::000000000000:user/Carol" || *got.UserId != *made.UserId || len(got.Tags) != 1 || *got.Tags[0].Value != "blue" {
		t.Fatalf("%+v %+v", got, got.Tags)
	}
	_, err = w.UntagUser(w.ctx, &iam.UntagUserInput{UserName: sdkaws.String("Carol"), TagKeys: []string{"TEAM", "absent"}})
	must[struct{}](t)(struct{}{}, err)
	if tags := must[*iam.ListUserTagsOutput](t)(w.ListUserTags(w.ctx, &iam.ListUserTagsInput{UserName: sdkaws.String("Carol")})); len(tags.Tags) != 0 || tags.IsTruncated {
		t.Fatalf("%+v", tags)
	}
	_, err = w.DeleteUser(w.ctx, &iam.DeleteUserInput{UserName: sdkaws.String("carol")})
	must[struct{}](t)(struct{}{}, err)
	_, err = w.DeleteUser(w.ctx, &iam.DeleteUserInput{UserName: sdkaws.String("carol")})
	wantError(t, err, "NoSuchEntity", "carol")
}
