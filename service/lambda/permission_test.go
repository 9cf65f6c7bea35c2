package lambda_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	cwltypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
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
