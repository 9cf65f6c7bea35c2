package sqs

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// Next returns the keys below which a commit may bring more to receive from the
// queue with an ARN, and when the next message that is out of sight comes back
// by itself, zero for never. A queue that is not there may be made.
func (s *Service) Next(ctx context.Context, arn string) (on []kv.Key, due time.Time, err error) {
	a, ok := addressOfARN(arn)
	if !ok {
		return nil, time.Time{}, noQueue()
	}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		on, due = []kv.Key{a.key()}, time.Time{}
		q, err := a.find(tx)
		if err != nil {
			return nil
		}
		log, late, changed := a.sights(q.ID)
		on = append(on, log, late, changed)
		due = q.nextDue(tx)
		return nil
	})
	return on, due, err
}
