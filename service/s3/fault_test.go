package s3_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/brume-cloud/brume/front/fault"
)

// TestEventsOutliveAQueuesTrouble delivers what a queue refused for a while.
func TestEventsOutliveAQueuesTrouble(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		queues := sqs.NewFromConfig(s.cloud.Config())
		q, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: new("q"), Attributes: map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{Bucket: &s.bucket, SkipDestinationValidation: new(true), NotificationConfiguration: &types.NotificationConfiguration{
			QueueConfigurations: []types.QueueConfiguration{{QueueArn: new("arn:aws:sqs:us-east-1:000000000000:q"), Events: []types.Event{"s3:ObjectCreated:*"}}},
		}}); err != nil {
			t.Fatal(err)
		}
		remove := s.cloud.Fault(fault.Rule{Kind: fault.Error, Service: "sqs", Operation: "SendMessage", Code: "ServiceUnavailable", Status: 503})
		s.put("k", "x")
		s.cloud.Advance(5 * time.Second)
		remove()
		s.cloud.Advance(time.Minute)
		out, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl, MaxNumberOfMessages: 10})
		if err != nil || len(out.Messages) != 1 {
			t.Error(out, err)
		}
		// A write that is refused leaves neither an object nor an event.
		remove = s.cloud.Fault(fault.Rule{Kind: fault.Throttle, Service: "s3", Operation: "PutObject"})
		_, err = s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("never")})
		if err == nil {
			t.Error("a throttled put")
		}
		remove()
		if got := s.keys(); got != "k" {
			t.Error(got)
		}
	})
}
