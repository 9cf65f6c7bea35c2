package sns

import (
	"context"
	"log/slog"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// Letter is something for a person or a device that never leaves this cloud: a
// mail, a text message or a push notification. Letters are kept for a week.
type Letter struct {
	ID         string            `kv:"1" json:"id"`
	At         time.Time         `kv:"2" json:"at"`
	Protocol   string            `kv:"3" json:"protocol"` // email, email-json, sms or application
	To         string            `kv:"4" json:"to"`       // address, number or endpoint ARN
	From       string            `kv:"5" json:"from,omitempty"`
	Subject    string            `kv:"6" json:"subject,omitempty"`
	Body       string            `kv:"7" json:"body"`
	Attributes map[string]string `kv:"8" json:"attributes,omitempty"`
}

// letterAge is how long a letter is kept.
const letterAge = 7 * 24 * time.Hour

// Outbox returns the latest letters of an account in a region, the newest first.
func (s *Service) Outbox(ctx context.Context, sc kv.Scope, limit int) ([]Letter, error) {
	var letters []Letter
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		letters = nil
		r := kv.Prefix(outbox.Prefix(sc))
		r.Reverse = true
		for _, l := range outbox.Scan(tx, r) {
			if len(letters) == limit {
				break
			}
			letters = append(letters, *l)
		}
		return nil
	})
	return letters, err
}

// Post puts a letter of another service into the outbox, in a transaction of its.
func (s *Service) Post(ctx context.Context, tx kv.Tx, sc kv.Scope, l *Letter) {
	s.put(ctx, tx, sc, l)
}

// put puts a letter into the outbox, and tells of it in the log.
func (s *Service) put(ctx context.Context, tx kv.Tx, sc kv.Scope, l *Letter) {
	l.At = tx.Now()
	if l.ID == "" {
		l.ID = aws.UUID(s.Random)
	}
	outbox.PutStamped(tx, outbox.Prefix(sc, kv.Time(l.At)), l)
	// The same day's letters are cleared by the same job.
	const day = 24 * time.Hour
	due := l.At.Truncate(day).Add(letterAge + day)
	job.Put(tx, &job.Job{Kind: kindClear, Scope: sc, Due: due})
	tx.OnCommit(func(uint64) {
		s.Log.LogAttrs(context.WithoutCancel(ctx), slog.LevelInfo, "message kept in the outbox", slog.String("protocol", l.Protocol),
			slog.String("to", l.To), slog.String("subject", l.Subject), slog.String("message", l.ID))
	})
}

// clearOutbox deletes letters that are old enough.
func (s *Service) clearOutbox(_ context.Context, tx kv.Tx, j *job.Job) error {
	prefix := outbox.Prefix(j.Scope)
	tx.DeleteRange(kv.Range{From: prefix, To: prefix.With(kv.Time(tx.Now().Add(-letterAge)))})
	return nil
}

// write puts a letter about the message into the outbox of the topic's account.
func (b *broadcast) write(l *Letter) { b.put(b.ctx, b.tx, b.t.at.Scope, l) }

// mail writes the message to a subscriber by mail or as a text message.
// AWS: a mail's footer has the link to unsubscribe.
func (b *broadcast) mail(sub *subscription) {
	body := b.m.bodyFor(sub.Protocol)
	l := &Letter{ID: b.m.ID, Protocol: sub.Protocol, To: sub.Endpoint, Subject: b.m.Subject, Body: body}
	switch sub.Protocol {
	case protocolEmail:
		if l.Subject == "" {
			l.Subject = "AWS Notification Message"
		}
		l.From = b.t.get("DisplayName")
		l.Body += "\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:\n" +
			b.Endpoint(b.t.at.Region) + unsubscribeQuery + sub.arn()
	case protocolEmailJSON:
		if text, err := b.notification(sub); err == nil {
			l.Body = text
		}
	case protocolSMS:
		if isOptedOut(b.tx, b.t.at.Scope, sub.Endpoint) {
			return
		}
		l.From, l.Subject, l.Body = b.t.get("DisplayName"), "", cutSMS(body)
	}
	b.write(l)
}
