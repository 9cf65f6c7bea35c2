package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// queueURL is a URL of the queue with an ARN. Its host says nothing.
func queueURL(arn aws.ARN) string {
	return "https://sqs." + string(arn.Region) + "." + arn.Region.DNSSuffix() + "/" + string(arn.Account) + "/" + arn.Resource
}

func (m *mapping) queueURL() string {
	arn, _ := aws.ParseARN(m.Source) // was checked
	return queueURL(arn)
}

// pollQueue makes one batch of a queue's messages and hands it over.
func (x *polling) pollQueue(ctx context.Context) error {
	b := &queueBatching{polling: x}
	if err := b.recall(ctx); err != nil {
		return err
	}
	if x.p.Retry.After(x.now) { // the function was busy
		return &job.Wait{Until: x.p.Retry, On: []kv.Key{x.m.key()}}
	}
	full, err := b.fill(x.asRole(ctx))
	switch {
	case isCode(err, queueMissing):
		return x.rest(ctx, "", time.Time{})
	case err != nil:
		return errors.Join(err, b.keep(ctx))
	case len(b.records) == 0:
		return x.idle(ctx)
	case !full && x.m.Window > 0 && x.now.Before(x.p.Due):
		if err := b.keep(ctx); err != nil {
			return err
		}
		return x.rest(ctx, "", x.p.Due)
	}
	if full {
		if err := x.scale(ctx); err != nil {
			return err
		}
	}
	return b.hand(ctx)
}

// queueMissing is SQS's error for a queue that is not there.
const queueMissing = "QueueDoesNotExist"

// idle ends a lane that has nothing to do, or lets the first one wait.
func (x *polling) idle(ctx context.Context) error {
	if x.Name == firstLane {
		if !x.p.Since.IsZero() || x.p.Troubles > 0 {
			err := x.update(ctx, func(_ kv.Tx, p *poller) error { p.Since, p.Troubles = time.Time{}, 0; return nil })
			if err != nil {
				return err
			}
		}
		return x.rest(ctx, "", time.Time{})
	}
	err := kv.Update(ctx, x.Store, func(tx kv.Tx) error {
		if p, ok := pollers.Get(tx, x.m.pollerKey(x.Name)); ok && p.Nonce == x.Nonce {
			pollers.Delete(tx, x.m.pollerKey(x.Name))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return errOver
}

// scale adds a lane, as the backlog and the limits allow.
// AWS: "Configuring scaling behavior for SQS event source mappings".
func (x *polling) scale(ctx context.Context) error {
	nonce := x.Random.Uint64()
	return kv.Update(ctx, x.Store, func(tx kv.Tx) error {
		first, ok := pollers.Get(tx, x.m.pollerKey(firstLane))
		if !ok {
			return nil
		}
		if first.Since.IsZero() {
			first.Since = tx.Now()
			pollers.Put(tx, x.m.pollerKey(firstLane), first)
		}
		limit := maxPollers
		if x.m.Concurrency > 0 {
			limit = x.m.Concurrency
		}
		limit = min(limit, firstPollers+int(tx.Now().Sub(first.Since)*pollersMinute/time.Minute))
		taken := map[string]bool{}
		for key := range pollers.Scan(tx, kv.Prefix(pollers.Prefix(x.m.at, kv.String(x.m.id)))) {
			taken[laneOf(key)] = true
		}
		for i := 0; i < limit && len(taken) < limit; i++ {
			if name := strconv.Itoa(i); !taken[name] {
				x.m.startLane(tx, name, &poller{}, nonce)
				break
			}
		}
		return nil
	})
}

// queueBatching is a batch in the making.
type queueBatching struct {
	*polling
	records []queueRecord
	size    int  // bytes of records
	stored  bool // some of records are in rows
}

// recall reads the messages that were gathered before. Those that others may
// have received since are forgotten.
func (b *queueBatching) recall(ctx context.Context) error {
	if b.p.Expires.IsZero() {
		return nil
	}
	if !b.now.Before(b.p.Expires) {
		return b.forget(ctx)
	}
	var data []byte
	err := kv.View(ctx, b.Store, func(tx kv.Tx) error {
		data = getBytes(tx, &gathered, b.m.gatheredKey(b.Name))
		return nil
	})
	b.stored, b.size = true, len(data)
	return errors.Join(err, json.Unmarshal(data, &b.records))
}

// forget deletes what is kept of the batch.
func (b *queueBatching) forget(ctx context.Context) error {
	b.stored = false
	return b.update(ctx, func(tx kv.Tx, p *poller) error {
		gathered.DeleteAll(tx, b.m.gatheredKey(b.Name))
		p.Expires, p.Due, p.Retry, p.Refusals = time.Time{}, time.Time{}, time.Time{}, 0
		return nil
	})
}

// keep stores the batch until it is full, or the function less busy.
func (b *queueBatching) keep(ctx context.Context) error {
	if len(b.records) == 0 {
		return nil
	}
	data, err := json.Marshal(b.records)
	if err != nil {
		return err
	}
	if b.p.Expires.IsZero() {
		visibility, err := b.visibility(b.asRole(ctx))
		if err != nil {
			return err
		}
		b.p.Expires = b.now.Add(visibility)
	}
	p := *b.p
	return b.update(ctx, func(tx kv.Tx, stored *poller) error {
		p.Since, p.Troubles = stored.Since, 0 // others change that of the first lane
		*stored = p
		gathered.DeleteAll(tx, b.m.gatheredKey(b.Name))
		putBytes(tx, &gathered, b.m.gatheredKey(b.Name), data)
		return nil
	})
}

// fill receives until the batch is full or the queue empty. Messages that no
// filter wants are deleted.
func (b *queueBatching) fill(ctx context.Context) (full bool, err error) {
	room := maxPayload - len(`{"Records":[]}`)
	for len(b.records) < b.m.Batch {
		if b.size+10*largestMessage > room && len(b.records) > 0 {
			return true, nil // ten more might not go with it
		}
		n := min(b.m.Batch-len(b.records), 10)
		out, err := sqs.NewClient(b.Via).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: b.m.queueURL(), MaxNumberOfMessages: new(int32(n)), WaitTimeSeconds: new(int32(0)),
			MessageSystemAttributeNames: []sqs.MessageSystemAttributeName{sqs.MessageSystemAttributeNameAll}, MessageAttributeNames: []string{"All"},
		})
		if err != nil {
			return false, err
		}
		if len(out.Messages) == 0 {
			return false, nil
		}
		if err := b.take(ctx, out.Messages); err != nil {
			return false, err
		}
	}
	return true, nil
}

// largestMessage is more than most messages come to as records. AWS: a message
// has at most 1 MiB, a batch 6 MB; ten of the largest are handed over in parts.
const largestMessage = 256 << 10

func (b *queueBatching) take(ctx context.Context, messages []sqs.Message) error {
	if b.p.Due.IsZero() {
		b.p.Due = b.now.Add(b.m.Window)
	}
	var unwanted []queueRecord
	for i := range messages {
		r := b.m.record(&messages[i])
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if !b.m.wants(text, "body", r.Body) {
			unwanted = append(unwanted, r)
			continue
		}
		b.records, b.size = append(b.records, r), b.size+len(text)+1
	}
	return b.remove(ctx, unwanted)
}

// visibility is the queue's visibility timeout.
func (x *polling) visibility(ctx context.Context) (time.Duration, error) {
	name := sqs.QueueAttributeNameVisibilityTimeout
	out, err := sqs.NewClient(x.Via).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: x.m.queueURL(), AttributeNames: []sqs.QueueAttributeName{name},
	})
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(out.Attributes[string(name)])
	return time.Duration(n) * time.Second, err
}

// remove deletes messages from the queue.
func (x *polling) remove(ctx context.Context, records []queueRecord) error {
	var failed error
	for some := range slices.Chunk(records, 10) {
		in := &sqs.DeleteMessageBatchInput{QueueUrl: x.m.queueURL()}
		for i := range some {
			in.Entries = append(in.Entries, sqs.DeleteMessageBatchRequestEntry{Id: strconv.Itoa(i), ReceiptHandle: some[i].ReceiptHandle})
		}
		_, err := sqs.NewClient(x.Via).DeleteMessageBatch(ctx, in)
		failed = errors.Join(failed, err)
	}
	return failed
}

// hand hands the batch over, in parts when it is too large for one call. What
// fails comes back into sight by itself; for a function that is busy the batch
// is kept for as long as nobody else can receive it.
func (b *queueBatching) hand(ctx context.Context) error {
	for len(b.records) > 0 {
		part, event, err := b.nextPart()
		if err != nil {
			return err
		}
		_, out, err := b.invoke(ctx, event, longestTrace(part, b.t.f.at.arn()))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrBusy) {
			b.p.Retry = b.now.Add(backoff(b.p.Refusals))
			b.p.Refusals++
			if err := errors.Join(b.note(ctx, resultOf(out, err)), b.keep(ctx)); err != nil {
				return err
			}
			return &job.Wait{Until: b.p.Retry, On: []kv.Key{b.m.key()}}
		}
		if err != nil {
			b.Log.Warn("a function could not be called", "function", b.t.f.at.arn(), "error", err)
		}
		if err := errors.Join(b.remove(b.asRole(ctx), b.done(part, out, err)), b.note(ctx, resultOf(out, err))); err != nil {
			return err
		}
		b.records = b.records[len(part):]
	}
	if b.stored {
		return b.forget(ctx)
	}
	return nil
}

// nextPart is as much of the batch as one event may have.
func (b *queueBatching) nextPart() (part []queueRecord, event []byte, err error) {
	event = []byte(`{"Records":[`)
	for i := range b.records {
		text, err := encode(&b.records[i])
		if err != nil {
			return nil, nil, err
		}
		if i > 0 && len(event)+len(text)+3 > maxPayload {
			break
		}
		if i > 0 {
			event = append(event, ',')
		}
		event, part = append(event, text...), b.records[:i+1]
	}
	return part, append(event, `]}`...), nil
}

// done is the messages of a part that the function is done with.
func (b *queueBatching) done(part []queueRecord, out *Outcome, err error) []queueRecord {
	if err != nil || out.Error != "" {
		return nil
	}
	if !b.m.Report {
		return part
	}
	failed, ok := failures(out.Payload)
	var done []queueRecord
	for _, r := range part {
		if failed[r.MessageID] {
			delete(failed, r.MessageID)
			continue
		}
		done = append(done, r)
	}
	if !ok || len(failed) > 0 { // AWS: an id of no message fails all
		return nil
	}
	return done
}
