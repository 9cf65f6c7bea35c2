package sqs

import (
	"context"
	"net/http"
	"time"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// DeleteMessage deletes a message that was received. Deleting it again is no error.
func (s *Service) DeleteMessage(ctx context.Context, in *sqs.DeleteMessageInput) (*sqs.DeleteMessageOutput, error) {
	err := s.update(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error { return q.delete(tx, in.ReceiptHandle) })
	return &sqs.DeleteMessageOutput{}, err
}

// DeleteMessageBatch deletes up to ten messages.
func (s *Service) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error) {
	entries := in.Entries
	if err := checkBatch("DeleteMessageBatchRequestEntry", len(entries), func(i int) string { return entries[i].Id }); err != nil {
		return nil, err
	}
	out := new(sqs.DeleteMessageBatchOutput)
	err := s.update(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		*out = sqs.DeleteMessageBatchOutput{Successful: []sqs.DeleteMessageBatchResultEntry{}, Failed: []sqs.BatchResultErrorEntry{}}
		for i := range entries {
			if err := q.delete(tx, entries[i].ReceiptHandle); err != nil {
				out.Failed = append(out.Failed, batchFailure(entries[i].Id, err))
				continue
			}
			out.Successful = append(out.Successful, sqs.DeleteMessageBatchResultEntry{Id: entries[i].Id})
		}
		return nil
	})
	return out, err
}

func (q *queue) delete(tx kv.Tx, receipt string) error {
	h, err := q.receipt(receipt)
	if err != nil {
		return err
	}
	key, m := q.flight(tx, h)
	if m == nil {
		return q.deleteLate(tx, h, receipt)
	}
	inflight.Delete(tx, key)
	if m.Moved {
		moved.Delete(tx, q.movedKey(m.ID))
	}
	q.count(tx, done, 1)
	q.discard(tx, m)
	if q.at.fifo() {
		q.removeFIFO(tx, m)
	}
	return nil
}

// deleteLate deletes a message whose visibility timeout has passed. In a
// standard queue that works until it is received again; then the receipt is
// stale, and the call does nothing, as with AWS. In a FIFO queue it is an error.
// AWS: DeleteMessage; "Exactly-once processing in Amazon SQS".
func (q *queue) deleteLate(tx kv.Tx, h handle, receipt string) error {
	if q.at.fifo() {
		if h.due.After(tx.Now()) {
			return nil // deleted before
		}
		return invalid(receipt, "ReceiptHandle", "The receipt handle has expired.")
	}
	key := q.returnedKey(h.id)
	if !returned.Has(tx, key) {
		return nil
	}
	// Its row in ready stays until a receiver comes by and finds it unreturned.
	returned.Delete(tx, key)
	q.count(tx, taken, 1)
	q.count(tx, done, 1)
	q.discard(tx, &message{ID: h.id, Apart: true})
	return nil
}

// ChangeMessageVisibility sets when a message in flight becomes visible again.
func (s *Service) ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput) (*sqs.ChangeMessageVisibilityOutput, error) {
	err := s.update(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		return q.changeVisibility(tx, in.ReceiptHandle, in.VisibilityTimeout)
	})
	return &sqs.ChangeMessageVisibilityOutput{}, err
}

// ChangeMessageVisibilityBatch does so for up to ten messages.
func (s *Service) ChangeMessageVisibilityBatch(ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	entries := in.Entries
	if err := checkBatch("ChangeMessageVisibilityBatchRequestEntry", len(entries), func(i int) string { return entries[i].Id }); err != nil {
		return nil, err
	}
	out := new(sqs.ChangeMessageVisibilityBatchOutput)
	err := s.update(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		*out = sqs.ChangeMessageVisibilityBatchOutput{Successful: []sqs.ChangeMessageVisibilityBatchResultEntry{}, Failed: []sqs.BatchResultErrorEntry{}}
		for i := range entries {
			seconds := int32(q.Visibility / time.Second)
			if v := entries[i].VisibilityTimeout; v != nil {
				seconds = *v
			}
			if err := q.changeVisibility(tx, entries[i].ReceiptHandle, seconds); err != nil {
				out.Failed = append(out.Failed, batchFailure(entries[i].Id, err))
				continue
			}
			out.Successful = append(out.Successful, sqs.ChangeMessageVisibilityBatchResultEntry{Id: entries[i].Id})
		}
		return nil
	})
	return out, err
}

func (q *queue) changeVisibility(tx kv.Tx, receipt string, seconds int32) error {
	timeout := time.Duration(seconds) * time.Second
	if timeout < 0 || timeout > maxVisibility {
		return invalid(seconds, "VisibilityTimeout", "Must be between 0 and 43200.")
	}
	h, err := q.receipt(receipt)
	if err != nil {
		return err
	}
	key, m := q.flight(tx, h)
	if m == nil || q.due(key).Before(tx.Now()) {
		return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", receipt)
	}
	due := tx.Now().Add(timeout)
	if due.After(m.First.Add(maxVisibility)) && m.Receives == 1 {
		return invalid(seconds, "VisibilityTimeout", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].")
	}
	q.touchSweep(tx)
	inflight.Delete(tx, key)
	if timeout == 0 {
		q.land(tx, m)
		return nil
	}
	m.Moved = true
	moved.Put(tx, q.movedKey(m.ID), &pointer{Due: due})
	inflight.Put(tx, q.flightKey(due, m.ID), m)
	return nil
}

// due is when the message with a key in inflight becomes visible.
func (q *queue) due(key kv.Key) time.Time {
	parts := inflight.Parts(key)
	parts.Skip(1)
	return parts.Time()
}

// land ends a flight: the message, whose row in inflight is gone, is visible again.
func (q *queue) land(tx kv.Tx, m *message) {
	if m.Moved {
		moved.Delete(tx, q.movedKey(m.ID))
	}
	if q.at.fifo() {
		q.landFIFO(tx, m)
		return
	}
	q.bringBack(tx, m)
}
