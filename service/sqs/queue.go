package sqs

import (
	"context"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateQueue makes a queue, or returns the one that is there with the same attributes.
func (s *Service) CreateQueue(ctx context.Context, in *sqs.CreateQueueInput) (*sqs.CreateQueueOutput, error) {
	call := aws.CallFrom(ctx)
	a := address{kv.Scope{Account: call.Account, Region: call.Region}, in.QueueName}
	if err := a.checkName(in.Attributes); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		q := &queue{
			at: a, ID: s.Random.Uint64(), Created: tx.Now(), Modified: tx.Now(), Tags: in.Tags,
			MaximumSize: maxSize, Retention: defaultRetention, Visibility: defaultVisibility, KMSReuse: defaultKMSReuse, ManagedEncryption: true,
		}
		if err := q.set(tx, in.Attributes); err != nil {
			return err
		}
		if old, ok := queues.Get(tx, a.key()); ok {
			old.at = a
			return old.agreesWith(q, in.Attributes)
		}
		if gone, ok := removed.Get(tx, removed.Key(a.Scope, kv.String(a.Name))); ok {
			if tx.Now().Sub(gone.At) < deletedInterval {
				return sqs.ErrQueueDeletedRecently("You must wait 60 seconds after deleting a queue before you can create another with the same name.")
			}
			removed.Delete(tx, removed.Key(a.Scope, kv.String(a.Name)))
		}
		queues.Put(tx, a.key(), q)
		return nil
	})
	if err != nil {
		return nil, err
	}
	url := a.url(call)
	return &sqs.CreateQueueOutput{QueueUrl: &url}, nil
}

// checkName checks the name of a new queue, and that it fits the queue's kind.
func (a address) checkName(attributes map[string]string) error {
	base := strings.TrimSuffix(a.Name, fifoSuffix)
	if base == "" || len(a.Name) > maxName || !isWord(base) {
		return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	kind, given := attributes["FifoQueue"]
	switch {
	case kind == "true" && !a.fifo():
		return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
	case given && kind != "true" && a.fifo(), !given && a.fifo():
		return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	case given && kind != "true" && kind != "false":
		return invalidAttribute("FifoQueue")
	case kind == "false": // AWS: FifoQueue is true or not given at all
		return sqs.ErrInvalidAttributeName("Unknown Attribute FifoQueue.")
	}
	return nil
}

// isWord reports whether s has only letters, digits, hyphens and underscores.
func isWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// GetQueueUrl returns the URL of a queue.
func (s *Service) GetQueueUrl(ctx context.Context, in *sqs.GetQueueUrlInput) (*sqs.GetQueueUrlOutput, error) {
	call := aws.CallFrom(ctx)
	a := address{kv.Scope{Account: call.Account, Region: call.Region}, in.QueueName}
	if in.QueueOwnerAWSAccountId != nil {
		a.Account = aws.Account(*in.QueueOwnerAWSAccountId)
	}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		_, err := a.find(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	url := a.url(call)
	return &sqs.GetQueueUrlOutput{QueueUrl: &url}, nil
}

// ListQueues lists queues in the order of their names.
func (s *Service) ListQueues(ctx context.Context, in *sqs.ListQueuesInput) (*sqs.ListQueuesOutput, error) {
	call := aws.CallFrom(ctx)
	sc := kv.Scope{Account: call.Account, Region: call.Region}
	prefix := ""
	if in.QueueNamePrefix != nil {
		prefix = *in.QueueNamePrefix
	}
	p, err := newPage(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(sqs.ListQueuesOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = sqs.ListQueuesOutput{}
		r := kv.TextPrefix(queues.Prefix(sc), prefix)
		p.begin(&r)
		for key := range tx.Scan(r) {
			if len(out.QueueUrls) == p.size {
				out.NextToken = p.token(key)
				return nil
			}
			name := queues.Parts(key)
			out.QueueUrls = append(out.QueueUrls, address{sc, name.String()}.url(call))
		}
		return nil
	})
	return out, err
}

// DeleteQueue deletes a queue and its messages. Deleting one that is not there
// is no error, as with AWS.
func (s *Service) DeleteQueue(ctx context.Context, in *sqs.DeleteQueueInput) (*sqs.DeleteQueueOutput, error) {
	err := s.update(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		q.drop(tx)
		q.forget(tx)
		queues.Delete(tx, q.at.key())
		removed.Put(tx, removed.Key(q.at.Scope, kv.String(q.at.Name)), &deleted{At: tx.Now()})
		return nil
	})
	return &sqs.DeleteQueueOutput{}, err
}

// PurgeQueue deletes all messages of a queue.
func (s *Service) PurgeQueue(ctx context.Context, in *sqs.PurgeQueueInput) (*sqs.PurgeQueueOutput, error) {
	err := s.change(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		if tx.Now().Sub(q.Purged) < purgeInterval {
			return sqs.ErrPurgeQueueInProgress("Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.at.Name)
		}
		q.drop(tx)
		q.Purged = tx.Now()
		return nil
	})
	return &sqs.PurgeQueueOutput{}, err
}

// ListDeadLetterSourceQueues lists the queues that have this one as their
// dead-letter queue.
func (s *Service) ListDeadLetterSourceQueues(ctx context.Context, in *sqs.ListDeadLetterSourceQueuesInput) (*sqs.ListDeadLetterSourceQueuesOutput, error) {
	call := aws.CallFrom(ctx)
	p, err := newPage(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(sqs.ListDeadLetterSourceQueuesOutput)
	err = s.view(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		*out = sqs.ListDeadLetterSourceQueuesOutput{QueueUrls: []string{}}
		r := kv.Prefix(queues.IndexPrefix(&byDeadLetter, q.at.Scope, kv.String(q.at.arn())))
		p.begin(&r)
		for entry, key := range queues.KeysBy(tx, r) {
			if len(out.QueueUrls) == p.size {
				out.NextToken = p.token(entry)
				return nil
			}
			name := queues.Parts(key)
			out.QueueUrls = append(out.QueueUrls, address{q.at.Scope, name.String()}.url(call))
		}
		return nil
	})
	return out, err
}
