package sns

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// postTimeout is how long an endpoint may take to answer.
// AWS: "Amazon SNS message delivery timeouts".
const postTimeout = 15 * time.Second

// outgoing is the payload of kindPost: a message as one HTTP endpoint gets it.
// It says all that is sent, because a subscription that has ended is still told so.
type outgoing struct {
	at address `kv:"-"` // of the topic

	Topic        string `kv:"1"`
	Subscription string `kv:"2"`
	Endpoint     string `kv:"3"`
	Kind         string `kv:"4"` // Notification or the like
	MessageID    string `kv:"5"`
	Body         string `kv:"6"`
	Raw          bool   `kv:"7"`
	ContentType  string `kv:"8"`
	Tried        int    `kv:"9"`  // so many times already
	Message      []byte `kv:"10"` // the message itself, for the dead-letter queue
}

// sendOutside puts the job that posts the message to an HTTP endpoint.
func (b *broadcast) sendOutside(sub *subscription) (err error) {
	out := outgoing{Kind: typeNotification, Raw: sub.Raw}
	if sub.Raw {
		out.Body = b.m.bodyFor(sub.Protocol)
	} else if out.Body, err = b.notification(sub); err != nil {
		return err
	}
	p := sub.plan(b.t)
	out.ContentType = p.contentType
	if sub.DeadLetter != "" {
		out.Message = kv.Append(nil, b.m)
	}
	if p.throttle == nil || p.throttle.PerSecond <= 0 {
		b.putPost(sub, &out)
		return nil
	}
	out.complete(b, sub)
	key := paces.Key(sub.at.Scope, kv.String(sub.at.Name), kv.String(sub.id))
	due := b.tx.Now()
	if last, ok := paces.Get(b.tx, key); ok && last.Next.After(due) {
		due = last.Next
	}
	paces.Put(b.tx, key, &pace{Next: due.Add(time.Duration(float64(time.Second) / p.throttle.PerSecond))})
	job.Put(b.tx, out.job(sub.at, due))
	return nil
}

func (b *broadcast) putPost(sub *subscription, out *outgoing) {
	out.complete(b, sub)
	job.PutNow(b.tx, out.job(sub.at, b.tx.Now()))
}

func (o *outgoing) complete(b *broadcast, sub *subscription) {
	o.Topic, o.Subscription, o.Endpoint, o.MessageID = sub.at.Name, sub.id, sub.Endpoint, b.m.ID
}

func (o *outgoing) job(at address, due time.Time) *job.Job {
	return &job.Job{Kind: kindPost, Scope: at.Scope, ID: o.MessageID + "/" + o.Subscription, Due: due, Payload: kv.Append(nil, o)}
}

// post posts a message to an HTTP endpoint. The end that it returns is the next
// attempt, or the dead-letter queue, when this one failed.
func (s *Service) post(ctx context.Context, j *job.Job) (done func(kv.Tx) error, err error) {
	var out outgoing
	if err := kv.Decode(j.Payload, &out); err != nil {
		return nil, err
	}
	a := address{j.Scope, out.Topic}
	out.at = a
	if out.Kind == typeNotification {
		var there bool
		err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
			there = subscriptions.Has(tx, a.subscriptionKey(out.Subscription))
			return nil
		})
		if err != nil || !there {
			return nil, err
		}
	}
	refused := s.attempt(ctx, &out)
	if refused == nil {
		return nil, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err() // the server is stopping: that was no attempt
	}
	ctx = context.WithoutCancel(ctx)
	return func(tx kv.Tx) error { return s.afterRefusal(kv.Join(ctx, s.Store, tx), tx, &out, refused) }, nil
}

// refusal is a failed attempt. One for good is not worth trying again.
type refusal struct {
	error
	forGood bool
}

// attempt sends the request.
// AWS: "Parsing Amazon SNS message formats": the headers; "Amazon SNS message
// delivery retries": 4xx but 429 is the client's error, and is not retried.
func (s *Service) attempt(ctx context.Context, out *outgoing) *refusal {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, out.Endpoint, strings.NewReader(out.Body))
	if err != nil {
		return &refusal{err, true}
	}
	h := req.Header
	h.Set("x-amz-sns-message-type", out.Kind)
	h.Set("x-amz-sns-message-id", out.MessageID)
	h.Set("x-amz-sns-topic-arn", out.at.arn())
	if out.Kind != typeSubscriptionConfirmation {
		h.Set("x-amz-sns-subscription-arn", out.at.arn()+":"+out.Subscription)
	}
	if out.Raw {
		h.Set("x-amz-sns-rawdelivery", "true")
	}
	h.Set("Content-Type", out.ContentType)
	h.Set("User-Agent", "Amazon Simple Notification Service Agent")
	s.metered(out.at.Scope, protocolHTTP, 1)
	res, err := s.HTTP.Do(req)
	if err != nil {
		return &refusal{err, false}
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer)) // so that the connection can be used again
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return nil
	}
	passing := res.StatusCode >= 500 || res.StatusCode < 200 || res.StatusCode == http.StatusTooManyRequests
	return &refusal{errors.New("the endpoint answered " + strconv.Itoa(res.StatusCode)), !passing}
}

// maxAnswer is how much of an endpoint's answer is read, to throw it away.
const maxAnswer = 64 << 10

// afterRefusal puts the next attempt, or gives up.
func (s *Service) afterRefusal(ctx context.Context, tx kv.Tx, out *outgoing, cause *refusal) error {
	a := out.at
	t, err := a.find(tx)
	if err != nil {
		return nil // the topic is gone
	}
	sub, ok := a.subscription(tx, out.Subscription)
	plan := t.plan()
	if ok {
		plan = sub.plan(t)
	}
	next := *out
	next.Tried++
	if !cause.forGood && next.Tried <= plan.retries.Number {
		due := tx.Now().Add(plan.retries.wait(next.Tried))
		j := next.job(a, due)
		j.ID += "/" + strconv.Itoa(next.Tried)
		job.Put(tx, j)
		return nil
	}
	if !ok || out.Kind != typeNotification {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "an HTTP endpoint did not take a message", slog.String("type", out.Kind), slog.String("endpoint", out.Endpoint), slog.Any("cause", cause.error))
		return nil
	}
	m := &message{ID: out.MessageID}
	if len(out.Message) > 0 {
		if err := kv.Decode(out.Message, m); err != nil {
			return err
		}
	}
	return s.newBroadcast(ctx, tx, t, m).giveUp(sub, cause.error)
}
