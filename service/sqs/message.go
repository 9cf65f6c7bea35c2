package sqs

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// draft is a message that is to be sent, alone or in a batch.
type draft struct {
	message
	delay  *int32
	system string // MD5 of the system attributes
	sum    string // MD5 of the attributes
	size   int    // body and attributes, in bytes
}

// SendMessage puts a message into a queue.
func (s *Service) SendMessage(ctx context.Context, in *sqs.SendMessageInput) (*sqs.SendMessageOutput, error) {
	d := draft{message: message{Body: in.MessageBody, Group: deref(in.MessageGroupId), Dedup: deref(in.MessageDeduplicationId)}, delay: in.DelaySeconds}
	if err := d.prepare(in.MessageAttributes, in.MessageSystemAttributes); err != nil {
		return nil, err
	}
	var receipt sendReceipt
	var version uint64 // stays 0 in a transaction that commits later
	err := s.update(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		m := d
		if err := q.admit(&m); err != nil {
			return err
		}
		receipt = s.send(ctx, tx, q, &m)
		tx.OnCommit(func(v uint64) { version = v })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sqs.SendMessageOutput{
		MessageId: &receipt.id, SequenceNumber: receipt.sequence(version), MD5OfMessageBody: strptr(hex.EncodeToString(d.BodySum)),
		MD5OfMessageAttributes: aws.Optional(d.sum), MD5OfMessageSystemAttributes: aws.Optional(d.system),
	}, nil
}

// SendMessageBatch sends up to ten messages in one transaction. Those that are
// refused are reported; the others are sent all the same.
func (s *Service) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
	entries := in.Entries
	if err := checkBatch("SendMessageBatchRequestEntry", len(entries), func(i int) string { return entries[i].Id }); err != nil {
		return nil, err
	}
	drafts, refused := make([]draft, len(entries)), make([]error, len(entries))
	size := 0
	for i := range entries {
		e := &entries[i]
		drafts[i] = draft{message: message{Body: e.MessageBody, Group: deref(e.MessageGroupId), Dedup: deref(e.MessageDeduplicationId)}, delay: e.DelaySeconds}
		refused[i] = drafts[i].prepare(e.MessageAttributes, e.MessageSystemAttributes)
		size += drafts[i].size
	}
	if size > maxSize {
		return nil, sqs.ErrBatchRequestTooLong("Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxSize, size)
	}
	out := new(sqs.SendMessageBatchOutput)
	err := s.update(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		*out = sqs.SendMessageBatchOutput{Successful: []sqs.SendMessageBatchResultEntry{}, Failed: []sqs.BatchResultErrorEntry{}}
		for i := range drafts {
			m, err := drafts[i], refused[i]
			if err == nil {
				err = q.admit(&m)
			}
			if err != nil {
				out.Failed = append(out.Failed, batchFailure(entries[i].Id, err))
				continue
			}
			receipt := s.send(ctx, tx, q, &m)
			n := len(out.Successful)
			out.Successful = append(out.Successful, sqs.SendMessageBatchResultEntry{
				Id: entries[i].Id, MessageId: receipt.id, MD5OfMessageBody: hex.EncodeToString(m.BodySum),
				MD5OfMessageAttributes: aws.Optional(m.sum), MD5OfMessageSystemAttributes: aws.Optional(m.system),
			})
			tx.OnCommit(func(version uint64) { out.Successful[n].SequenceNumber = receipt.sequence(version) })
		}
		return nil
	})
	return out, err
}

// prepare checks what does not depend on the queue, and computes the digests.
func (d *draft) prepare(attributes map[string]sqs.MessageAttributeValue, system map[string]sqs.MessageSystemAttributeValue) error {
	if d.Body == "" {
		return missing("MessageBody")
	}
	if r, ok := forbidden(d.Body); ok {
		return sqs.ErrInvalidMessageContents("Invalid binary character '#x%X' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF", r)
	}
	sum := md5.Sum([]byte(d.Body))
	d.BodySum = sum[:]
	d.size = len(d.Body)
	if len(attributes) > 0 {
		if err := d.setAttributes(attributes); err != nil {
			return err
		}
	}
	for name, v := range system {
		if name != string(sqs.MessageSystemAttributeNameForSendsAWSTraceHeader) || v.StringValue == nil || v.DataType != "String" {
			return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "Message system attribute name '%s' is invalid.", name)
		}
		d.Trace = *v.StringValue
		d.system = digest(map[string]attribute{name: {Type: v.DataType, Text: d.Trace}})
	}
	return nil
}

// forbidden finds a character that no message may have.
// AWS: SendMessage, "characters outside the allowed set".
func forbidden(s string) (rune, bool) {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf || c == '\n' || c == '\t' || c == '\r' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r < ' ' || r == 0xFFFE || r == 0xFFFF {
			return r, true
		}
		i += size
	}
	return 0, false
}

// admit checks a message against the queue that it is for.
func (q *queue) admit(d *draft) error {
	if d.size > q.MaximumSize {
		return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.MaximumSize)
	}
	if d.delay != nil {
		delay := time.Duration(*d.delay) * time.Second
		if delay < 0 || delay > maxDelay {
			return invalid(*d.delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
		}
		if q.at.fifo() && delay != 0 {
			return invalid(*d.delay, "DelaySeconds", "The request include parameter that is not valid for this queue type")
		}
	}
	if d.Group != "" && !validID(d.Group) {
		return invalid(d.Group, "MessageGroupId", "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length")
	}
	if d.Dedup != "" && !validID(d.Dedup) {
		return invalid(d.Dedup, "MessageDeduplicationId", "MessageDeduplicationId can only include alphanumeric and punctuation characters. 1 to 128 in length")
	}
	if !q.at.fifo() {
		if d.Dedup != "" {
			return invalid(d.Dedup, "MessageDeduplicationId", "The request include parameter that is not valid for this queue type")
		}
		return nil
	}
	if d.Group == "" {
		return missing("MessageGroupId")
	}
	if d.Dedup == "" {
		if !q.ContentDedup {
			return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
		}
		sum := sha256.Sum256([]byte(d.Body))
		d.Dedup = hex.EncodeToString(sum[:])
	}
	return nil
}

// validID checks a deduplication, group or attempt id: printable ASCII without spaces.
func validID(s string) bool {
	if len(s) > maxID {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// sendReceipt is what the sender is told.
type sendReceipt struct {
	id    string
	fifo  bool
	stamp kv.Stamp // with a Version when the message is a duplicate of an earlier one
}

// sequence is the sequence number of a message in a FIFO queue.
func (r *sendReceipt) sequence(version uint64) *string {
	if !r.fifo {
		return nil
	}
	if r.stamp.Version == 0 {
		r.stamp.Version = version
	}
	return strptr(sequenceNumber(r.stamp))
}

// sequenceNumber has twenty digits and grows with every message.
func sequenceNumber(s kv.Stamp) string {
	return fmt.Sprintf("%020d", s.Version<<16|uint64(s.Seq))
}

// send puts an admitted message into q.
func (s *Service) send(ctx context.Context, tx kv.Tx, q *queue, d *draft) sendReceipt {
	m := &d.message
	call := aws.CallFrom(ctx)
	m.ID, m.Sent, m.Sender = aws.UUID(s.Random), tx.Now(), sender(call)
	if m.Trace == "" {
		m.Trace = call.Trace
	}
	if q.at.fifo() {
		return q.sendFIFO(tx, m)
	}
	q.keepApart(tx, m)
	delay := q.Delay
	if d.delay != nil {
		delay = time.Duration(*d.delay) * time.Second
	}
	if delay > 0 {
		q.postpone(tx, m, tx.Now().Add(delay))
	} else {
		q.enter(tx, m)
	}
	return sendReceipt{id: m.ID}
}

// sender is the SenderId attribute.
func sender(c *aws.Call) string {
	if c.Caller.Kind == aws.ServicePrincipal {
		return c.Caller.Service
	}
	if c.Caller.UserID == "" {
		return string(c.Account)
	}
	return c.Caller.UserID
}

// keepApart moves a large body to a row of its own.
func (q *queue) keepApart(tx kv.Tx, m *message) {
	if len(m.Body) < apartSize {
		return
	}
	bodies.Put(tx, bodies.Key(q.at.Scope, kv.Uint(q.ID), kv.String(m.ID)), &large{m.Body})
	m.Body, m.Apart = "", true
}

// enter makes a message visible in a queue that it is new to.
func (q *queue) enter(tx kv.Tx, m *message) {
	if q.at.fifo() {
		q.enterFIFO(tx, m)
		return
	}
	ready.PutStamped(tx, ready.Prefix(q.at.Scope, kv.Uint(q.ID)), m)
	q.count(tx, entered, 1)
	q.arm(tx, m)
}

// postpone keeps a message back until due.
func (q *queue) postpone(tx kv.Tx, m *message, due time.Time) {
	q.touchSweep(tx)
	delayed.PutStamped(tx, delayed.Prefix(q.at.Scope, kv.Uint(q.ID), kv.Time(due)), m)
	q.count(tx, waiting, 1)
	q.arm(tx, m)
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func strptr(s string) *string { return &s }

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
