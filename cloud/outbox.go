package cloud

import (
	"context"

	"github.com/brume-cloud/brume/service/sns"
	"github.com/brume-cloud/brume/state/kv"
)

// Outbox returns the latest mails, text messages and push notifications that
// SNS has written in an account and region, the newest first.
func (s *System) Outbox(ctx context.Context, sc kv.Scope, limit int) ([]sns.Letter, error) {
	return s.sns.Outbox(ctx, sc, limit)
}

// OptOut is what happens when the owner of a phone number answers STOP.
func (s *System) OptOut(ctx context.Context, sc kv.Scope, number string) error {
	return s.sns.OptOut(ctx, sc, number)
}
