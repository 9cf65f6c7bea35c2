package cloud

import (
	"context"

	"github.com/brume-cloud/brume/service/cognitoidp"
	"github.com/brume-cloud/brume/service/sns"
	"github.com/brume-cloud/brume/state/kv"
)

// Outbox returns the latest mails, text messages and push notifications that
// SNS and Cognito have written in an account and region, the newest first.
func (s *System) Outbox(ctx context.Context, sc kv.Scope, limit int) ([]sns.Letter, error) {
	return s.sns.Outbox(ctx, sc, limit)
}

// OptOut is what happens when the owner of a phone number answers STOP.
func (s *System) OptOut(ctx context.Context, sc kv.Scope, number string) error {
	return s.sns.OptOut(ctx, sc, number)
}

// post puts what Cognito writes to users into the outbox that SNS keeps.
func (s *System) post(ctx context.Context, tx kv.Tx, sc kv.Scope, l *cognitoidp.Letter) {
	letter := &sns.Letter{Protocol: "email", To: l.To, Subject: l.Subject, Body: l.Body}
	if l.SMS {
		letter.Protocol = "sms"
	}
	s.sns.Post(ctx, tx, sc, letter)
}
