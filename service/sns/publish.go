package sns

import (
	"context"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// Publish publishes a message to a topic, to a device or to a phone.
func (s *Service) Publish(ctx context.Context, in *sns.PublishInput) (*sns.PublishOutput, error) {
	d, err := newDraft(&sns.PublishBatchRequestEntry{
		Message: in.Message, Subject: in.Subject, MessageAttributes: in.MessageAttributes,
		MessageDeduplicationId: in.MessageDeduplicationId, MessageGroupId: in.MessageGroupId,
	})
	if err != nil {
		return nil, err
	}
	target := deref(in.TopicArn)
	if target == "" {
		target = deref(in.TargetArn)
	}
	switch {
	case in.PhoneNumber != nil:
		return s.publishToPhone(ctx, *in.PhoneNumber, in.MessageStructure, d)
	case target == "":
		return nil, invalid("TopicArn or TargetArn Reason: no value for required parameter")
	case isARN(target, "sns", "endpoint/"):
		return s.publishToEndpoint(ctx, target, in.MessageStructure, d)
	}
	if err := d.split(in.MessageStructure, true); err != nil {
		return nil, err
	}
	a, err := topicAt(ctx, target, "TopicArn")
	if err != nil {
		return nil, err
	}
	var m message
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		m = d.message
		t, err := a.find(tx)
		if err != nil {
			return err
		}
		return s.accept(ctx, tx, t, &m)
	})
	if err != nil {
		return nil, err
	}
	out := &sns.PublishOutput{MessageId: &m.ID}
	if a.fifo() {
		number := m.sequenceNumber()
		out.SequenceNumber = &number
	}
	return out, nil
}

// PublishBatch publishes up to ten messages to a topic, all of them or none.
// AWS: one that is malformed fails the whole request.
func (s *Service) PublishBatch(ctx context.Context, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
	a, err := topicAt(ctx, in.TopicArn, "TopicArn")
	if err != nil {
		return nil, err
	}
	entries := in.PublishBatchRequestEntries
	if err := checkBatch(entries); err != nil {
		return nil, err
	}
	drafts := make([]*draft, len(entries))
	size := 0
	for i := range entries {
		if drafts[i], err = newDraft(&entries[i]); err != nil {
			return nil, err
		}
		size += drafts[i].size
		if err := drafts[i].split(entries[i].MessageStructure, true); err != nil {
			return nil, err
		}
	}
	if size > maxMessage {
		return nil, sns.ErrBatchRequestTooLongException("The length of all the batch messages put together is more than the limit.")
	}
	out := new(sns.PublishBatchOutput)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		*out = sns.PublishBatchOutput{Successful: []sns.PublishBatchResultEntry{}, Failed: []sns.BatchResultErrorEntry{}}
		t, err := a.find(tx)
		if err != nil {
			return err
		}
		for i, d := range drafts {
			m := d.message
			if err := s.accept(ctx, tx, t, &m); err != nil {
				return err
			}
			result := sns.PublishBatchResultEntry{Id: &entries[i].Id, MessageId: &m.ID}
			if a.fifo() {
				number := m.sequenceNumber()
				result.SequenceNumber = &number
			}
			out.Successful = append(out.Successful, result)
		}
		return nil
	})
	return out, err
}

func checkBatch(entries []sns.PublishBatchRequestEntry) error {
	switch {
	case len(entries) == 0:
		return sns.ErrEmptyBatchRequestException("The batch request doesn't contain any entries.")
	case len(entries) > maxBatch:
		return sns.ErrTooManyEntriesInBatchRequestException("The batch request contains more entries than permissible.")
	}
	seen := map[string]bool{}
	for i := range entries {
		id := entries[i].Id
		switch {
		case seen[id]:
			return sns.ErrBatchEntryIdsNotDistinctException("Two or more batch entries in the request have the same Id.")
		case len(id) > maxBatchID:
			return sns.ErrInvalidBatchEntryIdException("The Id of a batch entry in the batch request is too long: %s", id)
		case id == "" || !isWord(id, ""):
			return sns.ErrInvalidBatchEntryIdException("The Id of a batch entry in the batch request contains an impermissible character: %s", id)
		}
		seen[id] = true
	}
	return nil
}

// accept takes a message for delivery to the topic's subscribers.
func (s *Service) accept(ctx context.Context, tx kv.Tx, t *topic, m *message) error {
	if err := t.checkKind(m); err != nil {
		return err
	}
	if key := t.Attributes["KmsMasterKeyId"]; key != "" {
		if err := s.checkKey(kv.Join(ctx, s.Store, tx), key); err != nil {
			return err
		}
	}
	m.ID, m.Topic, m.Sent, m.Trace = aws.UUID(s.Random), t.at.Name, tx.Now(), aws.TraceOf(ctx)
	j := job.Job{Kind: kindFanout, Scope: t.at.Scope}
	if t.at.fifo() {
		if t.isRepeated(tx, m) {
			return nil
		}
		j.Lane = t.at.Name + "/" + m.Group
	} else if s.deliverNow(ctx, tx, t, m) {
		return nil
	}
	j.Payload = kv.Append(nil, m)
	job.PutNow(tx, &j)
	return nil
}
