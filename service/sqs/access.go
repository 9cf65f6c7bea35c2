package sqs

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Access implements aws.Guard: which queue a call is about, and the queue's policy.
// AWS: "Actions, resources, and condition keys for Amazon SQS".
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	access := aws.Access{Action: "sqs:" + strings.TrimSuffix(operation, "Batch"), Resource: "*"}
	a, ok := subject(aws.CallFrom(ctx), input)
	if !ok {
		return []aws.Access{access}, nil
	}
	access.Resource, access.Owner = a.arn(), a.Account
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if q, err := a.find(tx); err == nil {
			access.Policy = q.Policy
		}
		return nil
	})
	return []aws.Access{access}, err
}

// subject is the queue that an input names. The operation itself refuses an
// address that is none.
func subject(c *aws.Call, input any) (address, bool) {
	switch in := input.(type) {
	case *sqs.CreateQueueInput:
		return address{kv.Scope{Account: c.Account, Region: c.Region}, in.QueueName}, true
	case *sqs.GetQueueUrlInput:
		owner := c.Account
		if in.QueueOwnerAWSAccountId != nil {
			owner = aws.Account(*in.QueueOwnerAWSAccountId)
		}
		return address{kv.Scope{Account: owner, Region: c.Region}, in.QueueName}, true
	case *sqs.StartMessageMoveTaskInput:
		return addressOfARN(in.SourceArn)
	case *sqs.ListMessageMoveTasksInput:
		return addressOfARN(in.SourceArn)
	case *sqs.ListQueuesInput, *sqs.CancelMessageMoveTaskInput:
		return address{}, false
	}
	a, err := addressOf(c, queueURL(input))
	return a, err == nil
}

func queueURL(input any) string {
	switch in := input.(type) {
	case *sqs.SendMessageInput:
		return in.QueueUrl
	case *sqs.ReceiveMessageInput:
		return in.QueueUrl
	case *sqs.DeleteMessageInput:
		return in.QueueUrl
	case *sqs.SendMessageBatchInput:
		return in.QueueUrl
	case *sqs.DeleteMessageBatchInput:
		return in.QueueUrl
	case *sqs.ChangeMessageVisibilityInput:
		return in.QueueUrl
	case *sqs.ChangeMessageVisibilityBatchInput:
		return in.QueueUrl
	case *sqs.GetQueueAttributesInput:
		return in.QueueUrl
	case *sqs.SetQueueAttributesInput:
		return in.QueueUrl
	case *sqs.DeleteQueueInput:
		return in.QueueUrl
	case *sqs.PurgeQueueInput:
		return in.QueueUrl
	case *sqs.AddPermissionInput:
		return in.QueueUrl
	case *sqs.RemovePermissionInput:
		return in.QueueUrl
	case *sqs.TagQueueInput:
		return in.QueueUrl
	case *sqs.UntagQueueInput:
		return in.QueueUrl
	case *sqs.ListQueueTagsInput:
		return in.QueueUrl
	case *sqs.ListDeadLetterSourceQueuesInput:
		return in.QueueUrl
	}
	return ""
}
