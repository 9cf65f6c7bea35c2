package lambda_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// traced makes a call with X-Ray's header, as SDKs within functions do.
func traced(header string) func(*lambda.Options) {
	return lambda.WithAPIOptions(smithyhttp.SetHeaderValue("X-Amzn-Trace-Id", header))
}

func TestLoopIsStopped(t *testing.T) {
	b := story(t)
	b.may(`["sqs:*"]`)
	b.runnable()
	f := aws.String("f")
	call := func(header string) (string, error) {
		out, err := b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: f, Payload: []byte(`{"Trace":true}`)}, traced(header))
		if err != nil {
			return "", err
		}
		return string(out.Payload), nil
	}
	header, err := call("Root=1-2-3;Lineage=other:4")
	b.ok(err)
	m := regexp.MustCompile(`^"(Root=1-2-3;Lineage=(.{8}):)1\|other:4"$`).FindStringSubmatch(header)
	if m == nil {
		t.Fatalf("header %s", header)
	}
	header, err = call(m[1] + "15|other:4")
	b.ok(err)
	b.want("counted", header, `"`+m[1]+`16|other:4"`)
	_, err = call(m[1] + "16")
	b.refused(err, "RecursiveInvocationException", "recursive loop")

	// A message that has come round too often is left to its queue.
	dead := b.queue("dead", nil)
	l := b.queue("q", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + dead.arn + `","maxReceiveCount":1}`})
	l.mapped()
	_, err = l.queues.SendMessage(b.Context(), &sqs.SendMessageInput{
		QueueUrl: &l.url, MessageBody: aws.String("round"), MessageSystemAttributes: map[string]sqstypes.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(m[1] + "16")},
		},
	})
	b.ok(err)
	b.cloud.Advance(time.Hour)
	b.want("dead", dead.left(), 1)
	b.want("never called", b.bodies(), "")

	// An event goes where failures go.
	lost := b.queue("lost", nil)
	_, err = b.PutFunctionEventInvokeConfig(b.Context(), &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: f, DestinationConfig: &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: &lost.arn}},
	})
	b.ok(err)
	_, err = b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: f, InvocationType: types.InvocationTypeEvent}, traced(m[1]+"16"))
	b.ok(err)
	b.cloud.Advance(0)
	b.want("lost", lost.left(), 1)

	_, err = b.PutFunctionRecursionConfig(b.Context(), &lambda.PutFunctionRecursionConfigInput{FunctionName: f, RecursiveLoop: types.RecursiveLoopAllow})
	b.ok(err)
	got, err := b.GetFunctionRecursionConfig(b.Context(), &lambda.GetFunctionRecursionConfigInput{FunctionName: f})
	b.ok(err)
	b.want("config", got.RecursiveLoop, "Allow")
	header, err = call(m[1] + "16")
	b.want("allowed", fmt.Sprint(header, err), `"`+m[1]+`17"<nil>`)
}

func TestMessageKeepsTheTraceOfItsSender(t *testing.T) {
	b := story(t)
	l := b.queue("q", nil)
	_, err := l.queues.SendMessage(b.Context(), &sqs.SendMessageInput{QueueUrl: &l.url, MessageBody: aws.String("a")},
		sqs.WithAPIOptions(smithyhttp.SetHeaderValue("X-Amzn-Trace-Id", "Root=1-2-3;Lineage=x:1")))
	b.ok(err)
	got, err := l.queues.ReceiveMessage(b.Context(), &sqs.ReceiveMessageInput{QueueUrl: &l.url, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"AWSTraceHeader"}})
	b.ok(err)
	b.want("trace", got.Messages[0].Attributes["AWSTraceHeader"], "Root=1-2-3;Lineage=x:1")
}

func TestTopicHandsTheTraceOn(t *testing.T) {
	for _, subscribers := range []int{1, 11} { // more than ten are told by jobs
		topicHandsTheTraceOn(t, subscribers)
	}
}

func topicHandsTheTraceOn(t *testing.T, subscribers int) {
	b := story(t)
	l := b.queue("q", map[string]string{"Policy": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:*","Resource":"*"}}`})
	topics := sns.NewFromConfig(b.cloud.Config())
	topic, err := topics.CreateTopic(b.Context(), &sns.CreateTopicInput{Name: aws.String("t")})
	b.ok(err)
	_, err = topics.Subscribe(b.Context(), &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: &l.arn})
	b.ok(err)
	for i := range subscribers - 1 {
		_, err = topics.Subscribe(b.Context(), &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(fmt.Sprint(l.arn, i))})
		b.ok(err)
	}
	_, err = topics.Publish(b.Context(), &sns.PublishInput{TopicArn: topic.TopicArn, Message: aws.String("m")},
		sns.WithAPIOptions(smithyhttp.SetHeaderValue("X-Amzn-Trace-Id", "Root=1-2-3;Lineage=x:1")))
	b.ok(err)
	b.cloud.Advance(0)
	got, err := l.queues.ReceiveMessage(b.Context(), &sqs.ReceiveMessageInput{QueueUrl: &l.url, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"AWSTraceHeader"}})
	b.ok(err)
	b.want("trace", got.Messages[0].Attributes["AWSTraceHeader"], "Root=1-2-3;Lineage=x:1")
}
