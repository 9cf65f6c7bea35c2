package cognitoidp

import (
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// open keeps a sign-in that waits for the answer to a challenge, and returns the
// ticket that goes on with it. What has expired of the same user's goes.
func (s *Service) open(tx kv.Tx, c *client, u *user, a attempt) ticket {
	for key, old := range attempts.Scan(tx, kv.Prefix(u.attempts())) {
		if !tx.Now().Before(old.Until) {
			attempts.Delete(tx, key)
		}
	}
	t := s.newTicket(u)
	a.Client, a.Until = c.ID, tx.Now().Add(time.Duration(*c.settings.AuthSessionValidity)*time.Minute)
	attempts.Put(tx, u.attemptKey(t), &a)
	return t
}

// resume finds the sign-in that a session stands for. step is the challenge that
// is answered. c is nil for whichever client has begun it.
func (u *user) resume(tx kv.Tx, c *client, session string, step cognitoidp.ChallengeNameType) (*attempt, ticket, error) {
	t, ok := parseTicket(session)
	if !ok || t.pool != u.pool.at.ID || t.sub != u.Sub {
		return nil, t, noSession("")
	}
	a, ok := attempts.Get(tx, u.attemptKey(t))
	switch {
	case !ok || c != nil && a.Client != c.ID || a.Step != string(step):
		return nil, t, noSession("")
	case a.Used:
		return nil, t, noSession(", session can only be used once")
	case !tx.Now().Before(a.Until):
		return nil, t, noSession(", session is expired")
	}
	return a, t, nil
}

// use ends a session: its challenge is met.
func (u *user) use(tx kv.Tx, t ticket, a *attempt) {
	attempts.Put(tx, u.attemptKey(t), &attempt{Client: a.Client, Step: a.Step, Until: a.Until, Used: true})
}

func noSession(why string) error {
	return cognitoidp.ErrNotAuthorizedException("Invalid session for the user%s.", why)
}
