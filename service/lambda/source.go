package lambda

import (
	"context"
	"errors"
	"strconv"

	"github.com/brume-cloud/brume/api/dynamodbstreams"
	"github.com/brume-cloud/brume/api/kinesis"
	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
)

// checkSource asks, as the function's role, whether the mapping's source can be
// polled.
func (s *Service) checkSource(ctx context.Context, m *mapping, t target) error {
	source, err := aws.ParseARN(m.Source)
	if err != nil || source.Region != m.at.Region {
		return invalid("Unrecognized event source arn : %s", m.Source)
	}
	ctx = s.asRole(ctx, t, source)
	switch source.Service {
	case "sqs":
		return s.checkQueue(ctx, m, t)
	case "kinesis":
		_, err := kinesis.NewClient(s.Via).DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamARN: &m.Source})
		return s.streamRefusal(m, err)
	}
	return s.checkTable(ctx, m)
}

func denied(err error) bool {
	return isCode(err, "AccessDenied") || isCode(err, "AccessDeniedException") || isCode(err, "AuthorizationError")
}

// checkQueue asks what a poller asks. What would change something is asked with
// a parameter that is refused, but only after the permission was seen.
func (s *Service) checkQueue(ctx context.Context, m *mapping, t target) error {
	client, url := sqs.NewClient(s.Via), m.queueURL()
	_, receive := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: new(int32(0))})
	_, remove := client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: "none"})
	name := sqs.QueueAttributeNameVisibilityTimeout
	got, attributes := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: []sqs.QueueAttributeName{name}})
	const text = "The provided execution role does not have permissions to call %s on SQS"
	switch {
	case denied(receive):
		return invalid(text, "ReceiveMessage")
	case denied(remove):
		return invalid(text, "DeleteMessage")
	case denied(attributes):
		return invalid(text, "GetQueueAttributes")
	case isCode(attributes, queueMissing):
		var e *aws.Error
		errors.As(attributes, &e)
		return invalid("Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: %s", e.Message)
	case attributes != nil:
		return attributes
	}
	visibility, err := strconv.Atoi(got.Attributes[string(name)])
	if err == nil && visibility < t.c.Timeout {
		return invalid("Queue visibility timeout: %d seconds is less than Function timeout: %d seconds", visibility, t.c.Timeout)
	}
	return err
}

// checkTable asks for a table's stream as its pollers do.
func (s *Service) checkTable(ctx context.Context, m *mapping) error {
	client := dynamodbstreams.NewClient(s.Via)
	d, err := client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: m.Source})
	if err == nil {
		_, err = client.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{TableName: d.StreamDescription.TableName, Limit: new(int32(1))})
	}
	if err != nil || len(d.StreamDescription.Shards) == 0 {
		return s.streamRefusal(m, err)
	}
	i, err := client.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: m.Source, ShardId: deref(d.StreamDescription.Shards[0].ShardId), ShardIteratorType: dynamodbstreams.ShardIteratorTypeTRIMHORIZON,
	})
	if err == nil {
		_, err = client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: deref(i.ShardIterator), Limit: new(int32(1))})
	}
	return s.streamRefusal(m, err)
}

// streamRefusal says in Lambda's words why a stream cannot be polled.
func (s *Service) streamRefusal(m *mapping, err error) error {
	switch {
	case denied(err):
		return invalid("Cannot access stream %s. Please ensure the role can perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.", m.Source)
	case isCode(err, "ResourceNotFoundException"):
		return invalid("Stream not found: %s", m.Source)
	}
	return err
}
