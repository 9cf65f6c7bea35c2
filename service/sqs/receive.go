package sqs

import (
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// ReceiveMessage takes up to ten messages out of sight, and waits for one when
// there are none and the caller or the queue says so.
func (s *Service) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
	r, err := newReceive(in)
	if err != nil {
		return nil, err
	}
	if r.at, err = addressOf(aws.CallFrom(ctx), in.QueueUrl); err != nil {
		return nil, err
	}
	got, err := s.receive(ctx, r)
	if err != nil {
		return nil, err
	}
	return r.answer(got), nil
}

// receive is the parameters of one ReceiveMessage.
type receive struct {
	at         address
	max        int
	visibility *time.Duration
	wait       *time.Duration
	attempt    string
	system     []string
	attributes []string

	// Set by take.
	queue    uint64
	patience time.Duration // how long to wait for a message
	nextDue  time.Time     // when something that is out of sight comes back
}

func newReceive(in *sqs.ReceiveMessageInput) (*receive, error) {
	r := &receive{max: 1, attempt: deref(in.ReceiveRequestAttemptId), attributes: in.MessageAttributeNames}
	for _, n := range in.MessageSystemAttributeNames {
		r.system = append(r.system, string(n))
	}
	for _, n := range in.AttributeNames {
		r.system = append(r.system, string(n))
	}
	if n := in.MaxNumberOfMessages; n != nil {
		if r.max = int(*n); r.max < 1 || r.max > maxReceive {
			return nil, invalid(*n, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
		}
	}
	if v := in.VisibilityTimeout; v != nil {
		d := time.Duration(*v) * time.Second
		if r.visibility = &d; d < 0 || d > maxVisibility {
			return nil, invalid(*v, "VisibilityTimeout", "Must be between 0 and 43200, if provided.")
		}
	}
	if w := in.WaitTimeSeconds; w != nil {
		d := time.Duration(*w) * time.Second
		if r.wait = &d; d < 0 || d > maxWait {
			return nil, invalid(*w, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
		}
	}
	if r.attempt != "" && !validID(r.attempt) {
		return nil, invalid(r.attempt, "ReceiveRequestAttemptId", "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length")
	}
	return r, nil
}

// receive takes messages, waiting as long as r allows. A receive that waits
// holds no transaction: it wakes when a message becomes visible, or is due to.
func (s *Service) receive(ctx context.Context, r *receive) ([]delivery, error) {
	got, err := s.take(ctx, r)
	if err != nil || len(got) > 0 || r.patience <= 0 {
		return got, err
	}
	deadline := s.Clock.Now().Add(r.patience)
	sight := s.watch(r.at, r.queue)
	defer sight.close()
	for {
		if got, err = s.take(ctx, r); err != nil || len(got) > 0 {
			return got, err
		}
		now := s.Clock.Now()
		if !now.Before(deadline) {
			return nil, nil
		}
		until := deadline
		if !r.nextDue.IsZero() && r.nextDue.Before(until) {
			until = r.nextDue
		}
		timer := s.Clock.NewTimer(until)
		select {
		case <-sight.ready.C:
		case <-sight.delayed.C:
		case <-sight.moved.C:
		case <-timer.C:
		case <-s.Done:
			timer.Stop()
			return nil, nil
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		timer.Stop()
	}
}

// sight watches what can make a queue's messages visible, or due earlier.
type sight struct{ ready, delayed, moved *kv.Watch }

func (w *sight) close() {
	w.ready.Close()
	w.delayed.Close()
	w.moved.Close()
}

func (s *Service) watch(at address, id uint64) *sight {
	log, late, changed := at.sights(id)
	return &sight{ready: s.Store.Watch(log), delayed: s.Store.Watch(late), moved: s.Store.Watch(changed)}
}

// sights is where commits make messages visible, or due earlier.
func (a address) sights(id uint64) (log, late, changed kv.Key) {
	log = ready.Prefix(a.Scope, kv.Uint(id))
	if a.fifo() {
		log = groupsReady.Prefix(a.Scope, kv.Uint(id))
	}
	return log, delayed.Prefix(a.Scope, kv.Uint(id)), moved.Prefix(a.Scope, kv.Uint(id))
}

// delivery is a message together with its receipt.
type delivery struct {
	message
	handle   string
	sequence string
}

// take tries once to take messages. What is due is brought back first, in a
// transaction of its own.
func (s *Service) take(ctx context.Context, r *receive) ([]delivery, error) {
	for {
		got, swept, err := s.tryTake(ctx, r)
		if err != nil || len(got) > 0 || swept == 0 {
			return got, err
		}
	}
}

func (s *Service) tryTake(ctx context.Context, r *receive) (got []delivery, swept int, err error) {
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		got, swept = nil, 0
		q, err := r.at.find(tx)
		if err != nil {
			return err
		}
		r.queue = q.ID
		if r.patience = q.Wait; r.wait != nil {
			r.patience = *r.wait
		}
		if swept = q.sweep(tx); swept > 0 {
			return nil
		}
		t := &taking{Service: s, tx: tx, q: q, receive: r, visibility: q.Visibility}
		if r.visibility != nil {
			t.visibility = *r.visibility
		}
		if got, err = t.run(); err != nil {
			return err
		}
		if len(got) == 0 && r.patience > 0 {
			r.nextDue = q.nextDue(tx)
		}
		return nil
	})
	return got, swept, err
}

// taking is one run of a receive's transaction.
type taking struct {
	*Service
	*receive
	tx         kv.Tx
	q          *queue
	visibility time.Duration
}

func (t *taking) run() ([]delivery, error) {
	if t.q.inFlight(t.tx) >= maxInFlight {
		return nil, sqs.ErrOverLimit("Too many messages in flight: a queue has at most %d. Delete messages that are done, or let them become visible again.", maxInFlight)
	}
	if t.q.at.fifo() {
		return t.fifo()
	}
	return t.standard(), nil
}

// standard takes messages of a standard queue.
func (t *taking) standard() (got []delivery) {
	log := ready.Prefix(t.q.at.Scope, kv.Uint(t.q.ID))
	for key, m := range ready.Claim(t.tx, log, func() kv.Key { return t.q.head(t.tx, log) }) {
		if got = t.takeReady(got, key, m); len(got) == t.max {
			break
		}
	}
	t.noteHead(log)
	return got
}

// takeReady moves one message from ready to inflight, unless it turns out to be
// too old, deleted, or due for the dead-letter queue.
func (t *taking) takeReady(got []delivery, key kv.Key, m *message) []delivery {
	ready.Delete(t.tx, key)
	if m.Receives > 0 && !t.q.unreturn(t.tx, m) {
		return got // deleted with the receipt of an earlier receive; counted then
	}
	t.q.count(t.tx, taken, 1)
	switch {
	case t.q.expired(m, t.tx.Now()):
		t.q.discard(t.tx, m)
		t.q.count(t.tx, done, 1)
		return got
	case t.q.exhausted(m) && t.q.deadLetter(t.tx, m):
		t.q.count(t.tx, done, 1)
		return got
	}
	return append(got, t.deliver(m))
}

// deliver puts a message in flight, or straight back when it is to stay visible.
func (t *taking) deliver(m *message) delivery {
	m.Receives++
	if m.First.IsZero() {
		m.First = t.tx.Now()
	}
	due := t.tx.Now().Add(t.visibility)
	d := delivery{message: *m, handle: handle{t.q.ID, due, m.ID, m.Receives}.String()}
	if t.q.at.fifo() {
		d.sequence = sequenceNumber(m.stamp())
	}
	if t.visibility == 0 && !t.q.at.fifo() {
		t.q.bringBack(t.tx, m)
	} else {
		inflight.Put(t.tx, t.q.flightKey(due, m.ID), m)
	}
	if m.Apart {
		if b, ok := bodies.Get(t.tx, bodies.Key(t.q.at.Scope, kv.Uint(t.q.ID), kv.String(m.ID))); ok {
			d.Body = b.Body
		}
	}
	return d
}

func (q *queue) flightKey(due time.Time, id string) kv.Key {
	return inflight.Key(q.at.Scope, kv.Uint(q.ID), kv.Time(due), kv.String(id))
}

// head tells where the queue's log began when that was last noted.
func (q *queue) head(tx kv.Tx, log kv.Key) kv.Key {
	if h, ok := heads.Peek(tx, heads.Key(q.at.Scope, kv.Uint(q.ID))); ok {
		return log.With(kv.At(kv.Stamp{Version: h.Version, Seq: h.Seq}))
	}
	return nil
}

// noteHead notes where the log begins, now and then: so that whoever looks
// into it after a restart does not walk over all that was ever deleted.
func (t *taking) noteHead(log kv.Key) {
	if t.Random.Uint64()%headEvery != 0 {
		return
	}
	if oldest := t.tx.Oldest(log); oldest != nil {
		t.q.setHead(t.tx, ready.Parts(oldest))
	}
}

// setHead notes that nothing lies before the row with these parts. Whatever
// comes later has a later stamp, so that stays true, and the write needs no
// conflict.
func (q *queue) setHead(tx kv.Tx, parts kv.Reader) {
	parts.Skip(1)
	s := parts.Stamp()
	heads.Put(tx, heads.Key(q.at.Scope, kv.Uint(q.ID)), &mark{Version: s.Version, Seq: s.Seq})
}

// answer puts what was taken into the API's form.
func (r *receive) answer(got []delivery) *sqs.ReceiveMessageOutput {
	out := new(sqs.ReceiveMessageOutput)
	for i := range got {
		d := &got[i]
		chosen := d.selectAttributes(r.attributes)
		out.Messages = append(out.Messages, sqs.Message{
			MessageId: &d.ID, ReceiptHandle: &d.handle, Body: &d.Body, MD5OfBody: strptr(hex.EncodeToString(d.BodySum)),
			Attributes: d.systemAttributes(r.system), MessageAttributes: apiAttributes(chosen), MD5OfMessageAttributes: aws.Optional(digest(chosen)),
		})
	}
	return out
}

// systemAttributes returns the system attributes that the receiver asks for.
func (d *delivery) systemAttributes(names []string) map[string]string {
	if len(names) == 0 {
		return nil
	}
	all := map[string]string{
		"SenderId":                         d.Sender,
		"SentTimestamp":                    millis(d.Sent),
		"ApproximateReceiveCount":          strconv.Itoa(d.Receives),
		"ApproximateFirstReceiveTimestamp": millis(d.First),
		"SequenceNumber":                   d.sequence,
		"MessageDeduplicationId":           d.Dedup,
		"MessageGroupId":                   d.Group,
		"AWSTraceHeader":                   d.Trace,
		"DeadLetterQueueSourceArn":         d.Source,
	}
	for name, v := range all {
		if v == "" || !slices.Contains(names, name) && !slices.Contains(names, "All") {
			delete(all, name)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

func badReceipt(text string) error {
	e := sqs.ErrReceiptHandleIsInvalid("The input receipt handle \"%s\" is not a valid receipt handle.", text)
	e.Status = http.StatusBadRequest
	return e
}
