package lambda_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	cwltypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestPermissionIsAddedReadAndRemoved(t *testing.T) {
	b := story(t)
	f := aws.String("f")
	_, err := b.CreateFunction(b.Context(), b.input())
	b.ok(err)
	_, err = b.GetPolicy(b.Context(), &lambda.GetPolicyInput{FunctionName: f})
	b.refused(err, "ResourceNotFoundException", "The resource you requested does not exist.")
	add := &lambda.AddPermissionInput{
		FunctionName: f, StatementId: aws.String("one"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("sns.amazonaws.com"),
		SourceArn: aws.String("arn:aws:sns:us-east-1:000000000000:t"),
	}
	added, err := b.AddPermission(b.Context(), add)
	b.ok(err)
	b.want("statement", *added.Statement, `{"Sid":"one","Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"lambda:InvokeFunction",`+
		`"Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:sns:us-east-1:000000000000:t"}}}`)
	_, err = b.AddPermission(b.Context(), add)
	b.refused(err, "ResourceConflictException", "The statement id (one) provided already exists.")
	got, err := b.GetPolicy(b.Context(), &lambda.GetPolicyInput{FunctionName: f})
	b.ok(err)
	if !strings.Contains(*got.Policy, *added.Statement) {
		t.Errorf("policy %s", *got.Policy)
	}
	_, err = b.RemovePermission(b.Context(), &lambda.RemovePermissionInput{FunctionName: f, StatementId: aws.String("one"), RevisionId: aws.String("old")})
	b.refused(err, "PreconditionFailedException", "Revision Id")
	_, err = b.RemovePermission(b.Context(), &lambda.RemovePermissionInput{FunctionName: f, StatementId: aws.String("one"), RevisionId: got.RevisionId})
	b.ok(err)
	_, err = b.RemovePermission(b.Context(), &lambda.RemovePermissionInput{FunctionName: f, StatementId: aws.String("one")})
	b.refused(err, "ResourceNotFoundException", "Statement one is not found")
}

// A subscription of CloudWatch Logs asks whether it may call, then calls.
func TestServiceCallsOnlyWithPermission(t *testing.T) {
	b := story(t)
	b.runnable()
	logs := cwl.NewFromConfig(b.cloud.Config())
	group, stream := aws.String("app"), aws.String("s")
	_, err := logs.CreateLogGroup(b.Context(), &cwl.CreateLogGroupInput{LogGroupName: group})
	b.ok(err)
	_, err = logs.CreateLogStream(b.Context(), &cwl.CreateLogStreamInput{LogGroupName: group, LogStreamName: stream})
	b.ok(err)
	subscribe := &cwl.PutSubscriptionFilterInput{
		LogGroupName: group, FilterName: aws.String("all"), FilterPattern: aws.String(""),
		DestinationArn: aws.String("arn:aws:lambda:us-east-1:000000000000:function:f"),
	}
	_, err = logs.PutSubscriptionFilter(b.Context(), subscribe)
	b.refused(err, "InvalidParameterException", "Could not execute the lambda function")
	_, err = b.AddPermission(b.Context(), &lambda.AddPermissionInput{
		FunctionName: aws.String("f"), StatementId: aws.String("logs"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("logs.amazonaws.com"), SourceAccount: aws.String("000000000000"),
	})
	b.ok(err)
	_, err = logs.PutSubscriptionFilter(b.Context(), subscribe)
	b.ok(err)
	_, err = logs.PutLogEvents(b.Context(), &cwl.PutLogEventsInput{LogGroupName: group, LogStreamName: stream, LogEvents: []cwltypes.InputLogEvent{
		{Timestamp: aws.Int64(time.Now().UnixMilli()), Message: aws.String("x")},
	}})
	b.ok(err)
	b.want("calls", b.calls(logs), 1)
}

// calls is how many calls of f its log tells of, once it tells of any: the
// delivery and then the call are jobs, of which the second runs a process.
func (b *bench) calls(logs *cwl.Client) int {
	b.Helper()
	const patience = 30 * time.Second // real, as processes are
	for begun := time.Now(); time.Since(begun) < patience; {
		b.cloud.Advance(time.Second)
		found, err := logs.FilterLogEvents(b.Context(), &cwl.FilterLogEventsInput{LogGroupName: aws.String("/aws/lambda/f"), FilterPattern: aws.String("REPORT")})
		if err == nil && len(found.Events) > 0 {
			return len(found.Events)
		}
	}
	return 0
}

func TestTags(t *testing.T) {
	b := story(t)
	made, err := b.CreateFunction(b.Context(), b.input(func(in *lambda.CreateFunctionInput) { in.Tags = map[string]string{"a": "1"} }))
	b.ok(err)
	_, err = b.TagResource(b.Context(), &lambda.TagResourceInput{Resource: made.FunctionArn, Tags: map[string]string{"b": "2"}})
	b.ok(err)
	_, err = b.UntagResource(b.Context(), &lambda.UntagResourceInput{Resource: made.FunctionArn, TagKeys: []string{"a"}})
	b.ok(err)
	got, err := b.ListTags(b.Context(), &lambda.ListTagsInput{Resource: made.FunctionArn})
	b.ok(err)
	b.want("tags", got.Tags, map[string]string{"b": "2"})

	b.may(`["sqs:*"]`)
	l := b.queue("q", nil)
	l.mapped(func(in *lambda.CreateEventSourceMappingInput) { in.Tags = map[string]string{"a": "1"} })
	arn := aws.String("arn:aws:lambda:us-east-1:000000000000:event-source-mapping:" + l.id)
	_, err = b.TagResource(b.Context(), &lambda.TagResourceInput{Resource: arn, Tags: map[string]string{"b": "2"}})
	b.ok(err)
	got, err = b.ListTags(b.Context(), &lambda.ListTagsInput{Resource: arn})
	b.ok(err)
	b.want("tags of a mapping", got.Tags, map[string]string{"a": "1", "b": "2"})
}

func TestPermissionForAnAliasHoldsForItAlone(t *testing.T) {
	b := story(t)
	b.runnable()
	f, live := aws.String("f"), aws.String("live")
	_, err := b.PublishVersion(b.Context(), &lambda.PublishVersionInput{FunctionName: f})
	b.ok(err)
	_, err = b.CreateAlias(b.Context(), &lambda.CreateAliasInput{FunctionName: f, Name: live, FunctionVersion: aws.String("1")})
	b.ok(err)
	other := lambda.NewFromConfig(b.cloud.As("222222222222", "secret", ""))
	call := func(qualifier string) error {
		_, err := other.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("arn:aws:lambda:us-east-1:000000000000:function:f" + qualifier)})
		return err
	}
	b.refused(call(":live"), "AccessDeniedException", "lambda:InvokeFunction")
	add := &lambda.AddPermissionInput{
		FunctionName: f, Qualifier: live, StatementId: aws.String("s"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("222222222222"),
	}
	added, err := b.AddPermission(b.Context(), add)
	b.ok(err)
	if !strings.Contains(*added.Statement, `"Resource":"arn:aws:lambda:us-east-1:000000000000:function:f:live"`) {
		t.Errorf("statement %s", *added.Statement)
	}
	b.ok(call(":live"))
	b.refused(call(":1"), "AccessDeniedException", "function:f:1")
	b.refused(call(""), "AccessDeniedException", "function:f")
	_, err = b.GetPolicy(b.Context(), &lambda.GetPolicyInput{FunctionName: f})
	b.refused(err, "ResourceNotFoundException", "does not exist")
	got, err := b.GetPolicy(b.Context(), &lambda.GetPolicyInput{FunctionName: f, Qualifier: live})
	b.ok(err)
	_, err = b.RemovePermission(b.Context(), &lambda.RemovePermissionInput{FunctionName: f, Qualifier: live, StatementId: aws.String("s"), RevisionId: got.RevisionId})
	b.ok(err)
	b.refused(call(":live"), "AccessDeniedException", "lambda:InvokeFunction")
	add.Qualifier = aws.String("$LATEST")
	_, err = b.AddPermission(b.Context(), add)
	b.refused(err, "InvalidParameterValueException", "We currently do not support adding policies for $LATEST.")
}

func TestConditionsOfPermissions(t *testing.T) {
	b := story(t)
	_, err := b.CreateFunction(b.Context(), b.input())
	b.ok(err)
	for i, c := range []struct {
		action, want string
		change       func(*lambda.AddPermissionInput)
	}{
		{"lambda:InvokeFunctionUrl", `{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}`, func(in *lambda.AddPermissionInput) { in.FunctionUrlAuthType = types.FunctionUrlAuthTypeNone }},
		{"lambda:InvokeFunction", `{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}`, func(in *lambda.AddPermissionInput) { in.InvokedViaFunctionUrl = aws.Bool(true) }},
		{"lambda:InvokeFunction", `{"StringEquals":{"lambda:EventSourceToken":"amzn1"}}`, func(in *lambda.AddPermissionInput) { in.EventSourceToken = aws.String("amzn1") }},
		{"lambda:InvokeFunction", `{"StringEquals":{"aws:PrincipalOrgID":"o-0123456789"}}`, func(in *lambda.AddPermissionInput) { in.PrincipalOrgID = aws.String("o-0123456789") }},
	} {
		in := &lambda.AddPermissionInput{FunctionName: aws.String("f"), StatementId: aws.String(string(rune('a' + i))), Action: &c.action, Principal: aws.String("*")}
		c.change(in)
		out, err := b.AddPermission(b.Context(), in)
		b.ok(err)
		if !strings.Contains(*out.Statement, `"Condition":`+c.want) {
			t.Errorf("%s, want %s", *out.Statement, c.want)
		}
	}
	_, err = b.AddPermission(b.Context(), &lambda.AddPermissionInput{
		FunctionName: aws.String("f"), StatementId: aws.String("x"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("*"),
		FunctionUrlAuthType: types.FunctionUrlAuthTypeNone,
	})
	b.refused(err, "InvalidParameterValueException", "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action")
}
