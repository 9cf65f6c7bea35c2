package sns

import (
	"context"
	"log/slog"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/pattern"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// fanSize is how many subscriptions one transaction serves. What is left is
// another job's, so that no topic is too large.
const fanSize = 200

// broadcast is one message on its way to subscribers, with what it has in
// common for all of them.
type broadcast struct {
	*Service
	ctx  context.Context // carries tx
	tx   kv.Tx
	t    *topic
	m    *message
	arn  string // the topic's
	note envelope

	read  bool // body was tried
	body  *pattern.Node
	actor aws.Actor       // for whom act is
	act   context.Context // acting as actor
	made  []tally         // deliveries
}

func (s *Service) newBroadcast(ctx context.Context, tx kv.Tx, t *topic, m *message) *broadcast {
	return &broadcast{Service: s, ctx: ctx, tx: tx, t: t, m: m, arn: t.at.arn()}
}

// fanout delivers a published message to the topic's subscribers. A topic that
// is gone by now has none.
func (s *Service) fanout(ctx context.Context, tx kv.Tx, j *job.Job) error {
	m := new(message)
	if err := kv.Decode(j.Payload, m); err != nil {
		return err
	}
	a := address{j.Scope, m.Topic}
	t, ok := topics.Get(tx, a.key())
	if !ok {
		return nil
	}
	t.at = a
	subscribers, last := a.subscribers(tx, j.ID)
	if last != "" {
		rest := *j
		rest.ID = last
		job.PutNow(tx, &rest)
	}
	b := s.newBroadcast(ctx, tx, t, m)
	for _, sub := range subscribers {
		if err := b.deliver(sub); err != nil {
			return err
		}
	}
	b.meterOnCommit()
	return nil
}

// subscribers are the confirmed subscriptions behind the one with id after, as
// many as one transaction serves; last is set when there are more.
func (a address) subscribers(tx kv.Tx, after string) (out []*subscription, last string) {
	prefix := subscriptions.Prefix(a.Scope, kv.String(a.Name))
	r := kv.Prefix(prefix)
	if after != "" {
		r.From = prefix.With(kv.String(after)).After()
	}
	for key, sub := range subscriptions.Scan(tx, r) {
		if len(out) == fanSize && !a.fifo() {
			return out, out[fanSize-1].id
		}
		if sub.Pending {
			continue
		}
		parts := subscriptions.Parts(key)
		parts.Skip(1)
		sub.at, sub.id = a, parts.String()
		out = append(out, sub)
	}
	return out, ""
}

// deliver gives the message to one subscriber, or sees to it that it gets it
// later. An error means that the whole fan-out failed.
func (b *broadcast) deliver(sub *subscription) error {
	if !b.passes(sub) {
		return nil
	}
	if sub.outside() {
		return b.sendOutside(sub)
	}
	if b.mustWait(sub) {
		b.putAgain(sub)
		return nil
	}
	switch err := b.sendInside(sub); {
	case err == nil:
		return nil
	case aws.MayPass(err):
		b.putAgain(sub)
		return nil
	default:
		return b.giveUp(sub, err)
	}
}

// passes asks the subscription's filter.
func (b *broadcast) passes(sub *subscription) bool {
	if sub.Filter == "" {
		return true
	}
	f, err := b.filterOf(sub)
	if err != nil { // it was checked when it was set
		b.Log.Error("a stored filter policy does not parse", "subscription", sub.arn(), "error", err)
		return false
	}
	if sub.FilterScope != scopeBody {
		return matchAttributes(f, b.m.Attributes)
	}
	if _, own := b.m.Bodies[sub.Protocol]; own {
		body, ok := pattern.ParseNode(b.m.bodyFor(sub.Protocol))
		return ok && body.IsObject() && f.Match(body)
	}
	if !b.read {
		b.read = true
		b.body, _ = pattern.ParseNode(b.m.Body)
	}
	return b.body != nil && b.body.IsObject() && f.Match(b.body)
}

// filterOf returns the subscription's filter, parsed.
func (s *Service) filterOf(sub *subscription) (*pattern.Pattern, error) {
	cache := s.filters[sub.FilterScope]
	if f, ok := cache.Find(sub.Filter); ok {
		return f, nil
	}
	f, err := parseFilter(sub.Filter, sub.FilterScope)
	if err == nil {
		cache.Keep(sub.Filter, f)
	}
	return f, err
}

// again is the payload of kindDeliver.
type again struct {
	Message      message `kv:"1"`
	Subscription string  `kv:"2"`
}

// putAgain puts the job that delivers the message to one subscriber.
func (b *broadcast) putAgain(sub *subscription) {
	j := job.Job{Kind: kindDeliver, Scope: sub.at.Scope, ID: b.m.ID, Payload: kv.Append(nil, &again{*b.m, sub.id})}
	if sub.at.fifo() {
		j.Lane = sub.id + "/" + b.m.Group
		b.wait(sub, 1)
	}
	job.PutNow(b.tx, &j)
}

// mustWait reports whether earlier messages of the group still wait for the
// subscriber: order goes before speed.
func (b *broadcast) mustWait(sub *subscription) bool {
	return sub.at.fifo() && lanes.Has(b.tx, b.laneKey(sub))
}

func (b *broadcast) laneKey(sub *subscription) kv.Key {
	return lanes.Key(sub.at.Scope, kv.String(sub.at.Name), kv.String(sub.id), kv.String(b.m.Group))
}

// wait counts the group's messages that wait for the subscriber.
func (b *broadcast) wait(sub *subscription, n int) {
	key := b.laneKey(sub)
	l, ok := lanes.Get(b.tx, key)
	if !ok {
		l = new(lane)
	}
	if l.Waiting += n; l.Waiting <= 0 {
		lanes.Delete(b.tx, key)
		return
	}
	lanes.Put(b.tx, key, l)
}

// deliverAgain delivers a message to a subscriber that did not work before.
func (s *Service) deliverAgain(ctx context.Context, tx kv.Tx, j *job.Job) error {
	var a again
	if err := kv.Decode(j.Payload, &a); err != nil {
		return err
	}
	at := address{j.Scope, a.Message.Topic}
	t, err := at.find(tx)
	if err != nil {
		return nil // the topic is gone
	}
	sub, ok := at.subscription(tx, a.Subscription)
	if !ok {
		return nil
	}
	b := s.newBroadcast(ctx, tx, t, &a.Message)
	if err := b.sendInside(sub); err != nil {
		if aws.MayPass(err) && j.Attempt+1 < managedAttempts {
			return err
		}
		if err := b.giveUp(sub, err); err != nil {
			return err
		}
	}
	if at.fifo() {
		b.wait(sub, -1)
	}
	b.meterOnCommit()
	return nil
}

// giveUp is the end of a delivery that cannot succeed: the message goes to the
// subscription's dead-letter queue, or nowhere.
func (b *broadcast) giveUp(sub *subscription, cause error) error {
	b.t.at.count(b.tx, failed, 1)
	where := "dropped"
	if sub.DeadLetter != "" {
		switch err := b.sendToDeadLetters(sub); {
		case err == nil:
			where = "moved to the dead-letter queue"
		case aws.MayPass(err):
			return err
		default:
			where = "dropped: the dead-letter queue refused it: " + err.Error()
		}
	}
	message, arn := b.m.ID, sub.arn()
	b.tx.OnCommit(func(uint64) {
		b.Log.LogAttrs(context.WithoutCancel(b.ctx), slog.LevelWarn, "a notification could not be delivered", slog.String("subscription", arn),
			slog.String("message", message), slog.String("then", where), slog.Any("cause", cause))
	})
	return nil
}
