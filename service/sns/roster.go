package sns

import (
	"context"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// A topic with few subscribers delivers within Publish's own transaction, which
// saves the job's row and the walk over the subscriptions: the roster has them
// in one row. Order, which FIFO topics promise, is a matter of jobs.
const (
	rosterSize  = 10       // subscribers; a topic with more delivers by jobs
	rosterBytes = 16 << 10 // of their filter policies together
	rosterWalk  = 100      // subscriptions that are looked at, those without confirmation included
)

// roster is the confirmed subscriptions of a topic.
type roster struct {
	Large   bool     `kv:"1"` // there are more than a roster holds, and none is listed
	Members []member `kv:"2"`
}

type member struct {
	ID           string       `kv:"1"`
	Subscription subscription `kv:"2"`
}

func (a address) rosterKey() kv.Key { return rosters.Key(a.Scope, kv.String(a.Name)) }

// enroll writes the topic's roster anew. Whoever changes a subscription does so.
func (a address) enroll(tx kv.Tx) { rosters.Put(tx, a.rosterKey(), a.roll(tx)) }

func (a address) roll(tx kv.Tx) *roster {
	r, walked, size := new(roster), 0, 0
	if a.fifo() {
		return &roster{Large: true}
	}
	for key, sub := range subscriptions.Scan(tx, kv.Prefix(subscriptions.Prefix(a.Scope, kv.String(a.Name)))) {
		if walked++; walked > rosterWalk {
			return &roster{Large: true}
		}
		if sub.Pending {
			continue
		}
		if size += len(sub.Filter); size > rosterBytes || len(r.Members) == rosterSize {
			return &roster{Large: true}
		}
		parts := subscriptions.Parts(key)
		parts.Skip(1)
		r.Members = append(r.Members, member{parts.String(), *sub})
	}
	return r
}

// deliverNow delivers a message to the subscribers of a topic that has few. It
// returns false when that is a job's to do, and has then left nothing.
func (s *Service) deliverNow(ctx context.Context, tx kv.Tx, t *topic, m *message) bool {
	r, ok := rosters.GetShared(tx, t.at.rosterKey(), func(r *roster) {
		for i := range r.Members {
			sub := &r.Members[i].Subscription
			sub.at, sub.id = t.at, r.Members[i].ID
		}
	})
	if !ok || r.Large {
		return false
	}
	mark := tx.Mark()
	b := s.newBroadcast(kv.Join(ctx, s.Store, tx), tx, t, m)
	b.actor = aws.Actor{Hurry: true}
	for i := range r.Members {
		if err := b.deliver(&r.Members[i].Subscription); err != nil {
			tx.Rollback(mark)
			return false
		}
	}
	b.meterOnCommit()
	return true
}
