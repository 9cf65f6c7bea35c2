package lambda_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// event calls f and does not wait.
func (b *bench) event(payload string) {
	b.Helper()
	_, err := b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(payload), InvocationType: types.InvocationTypeEvent})
	b.ok(err)
}

// message is the next message of the queue.
func (l *line) message() sqstypes.Message {
	l.Helper()
	got, err := l.queues.ReceiveMessage(l.Context(), &sqs.ReceiveMessageInput{QueueUrl: &l.url, MessageAttributeNames: []string{"All"}})
	l.ok(err)
	if len(got.Messages) == 0 {
		l.Fatal("no message")
	}
	return got.Messages[0]
}

// report is what destinations are told.
type report struct {
	RequestContext struct {
		FunctionARN, Condition string
		ApproximateInvokeCount int
	}
	RequestPayload, ResponsePayload json.RawMessage
	ResponseContext                 struct {
		StatusCode                     int
		ExecutedVersion, FunctionError string
	}
}

func (l *line) report() string {
	l.Helper()
	var r report
	l.ok(json.Unmarshal([]byte(*l.message().Body), &r))
	return fmt.Sprint(r.RequestContext, string(r.RequestPayload), r.ResponseContext, string(r.ResponsePayload))
}

func TestDestinationsAreToldWhatBecameOfAnEvent(t *testing.T) {
	b := story(t)
	b.may(`["sqs:*","lambda:*"]`)
	b.runnable()
	good, bad := b.queue("good", nil), b.queue("bad", nil)
	made, err := b.PutFunctionEventInvokeConfig(b.Context(), &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: aws.String("f"), MaximumRetryAttempts: aws.Int32(1), MaximumEventAgeInSeconds: aws.Int32(3600),
		DestinationConfig: &types.DestinationConfig{OnSuccess: &types.OnSuccess{Destination: &good.arn}, OnFailure: &types.OnFailure{Destination: &bad.arn}},
	})
	b.ok(err)
	arn := "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST"
	b.want("arn", *made.FunctionArn, arn)
	b.event(`{"a":1}`)
	b.cloud.Advance(0)
	b.want("success", good.report(), "{"+arn+` Success 1}{"a":1}{200 $LATEST }{"a":1}`)
	b.event(`{"Fail":"oh"}`)
	b.cloud.Advance(30 * time.Second)
	b.want("not yet", bad.left(), 0)
	b.cloud.Advance(time.Hour)
	b.want("failure", bad.report(), "{"+arn+` RetriesExhausted 2}{"Fail":"oh"}{200 $LATEST Unhandled}{"errorType":"Test","errorMessage":"oh"}`)
	_, err = b.PutFunctionConcurrency(b.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(0)})
	b.ok(err)
	b.event(`{}`)
	b.cloud.Advance(2 * time.Hour)
	b.want("too old", bad.report(), "{"+arn+` EventAgeExceeded 0}{}{0  }`)
}

func TestFailedEventsAreBuriedAsTheyWere(t *testing.T) {
	b := story(t)
	b.may(`["sqs:*"]`)
	dead := b.queue("dead", nil)
	b.runnable(func(in *lambda.CreateFunctionInput) {
		in.DeadLetterConfig = &types.DeadLetterConfig{TargetArn: &dead.arn}
	})
	b.event(`{"Fail":"oh"}`)
	b.cloud.Advance(time.Hour)
	m := dead.message()
	b.want("body", *m.Body, `{"Fail":"oh"}`)
	b.want("attributes", *m.MessageAttributes["ErrorCode"].StringValue+*m.MessageAttributes["ErrorCode"].DataType+*m.MessageAttributes["ErrorMessage"].StringValue, "200Numberoh")
	b.want("id", len(*m.MessageAttributes["RequestID"].StringValue), 36)
}

func TestEventConfigsAreSetReadListedAndDeleted(t *testing.T) {
	b := story(t)
	f := aws.String("f")
	_, err := b.CreateFunction(b.Context(), b.input())
	b.ok(err)
	q := b.queue("q", nil)
	_, err = b.GetFunctionEventInvokeConfig(b.Context(), &lambda.GetFunctionEventInvokeConfigInput{FunctionName: f})
	b.refused(err, "ResourceNotFoundException", "doesn't have an EventInvokeConfig")
	put := func(in *lambda.PutFunctionEventInvokeConfigInput) error {
		in.FunctionName = f
		_, err := b.PutFunctionEventInvokeConfig(b.Context(), in)
		return err
	}
	const bad = "InvalidParameterValueException"
	to := func(arn string) *types.DestinationConfig {
		return &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: &arn}}
	}
	b.refused(put(&lambda.PutFunctionEventInvokeConfigInput{}), bad, "at least one")
	b.refused(put(&lambda.PutFunctionEventInvokeConfigInput{DestinationConfig: to(q.arn)}), bad, "does not have permissions to call SendMessage on "+q.arn)
	b.may(`["sqs:*","sns:*","lambda:*"]`)
	b.refused(put(&lambda.PutFunctionEventInvokeConfigInput{DestinationConfig: to(q.arn + "x")}), bad, "is invalid")
	b.refused(put(&lambda.PutFunctionEventInvokeConfigInput{DestinationConfig: to("arn:aws:sns:us-east-1:000000000000:none")}), bad, "is invalid")
	b.refused(put(&lambda.PutFunctionEventInvokeConfigInput{DestinationConfig: to("arn:aws:dynamodb:us-east-1:000000000000:table/t")}), bad, "is invalid")
	b.ok(put(&lambda.PutFunctionEventInvokeConfigInput{DestinationConfig: to(q.arn), MaximumRetryAttempts: aws.Int32(0)}))
	changed, err := b.UpdateFunctionEventInvokeConfig(b.Context(), &lambda.UpdateFunctionEventInvokeConfigInput{FunctionName: f, MaximumEventAgeInSeconds: aws.Int32(60)})
	b.ok(err)
	b.want("changed", fmt.Sprint(*changed.MaximumRetryAttempts, *changed.MaximumEventAgeInSeconds, *changed.DestinationConfig.OnFailure.Destination), "0 60"+q.arn)
	list, err := b.ListFunctionEventInvokeConfigs(b.Context(), &lambda.ListFunctionEventInvokeConfigsInput{FunctionName: f})
	b.ok(err)
	b.want("list", len(list.FunctionEventInvokeConfigs), 1)
	_, err = b.DeleteFunctionEventInvokeConfig(b.Context(), &lambda.DeleteFunctionEventInvokeConfigInput{FunctionName: f})
	b.ok(err)
	_, err = b.GetFunctionEventInvokeConfig(b.Context(), &lambda.GetFunctionEventInvokeConfigInput{FunctionName: f})
	b.refused(err, "ResourceNotFoundException", "doesn't have an EventInvokeConfig")
}
