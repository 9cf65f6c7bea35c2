package sns

import "github.com/brume-cloud/brume/state/job"

// Kinds of job.
const (
	kindFanout  = "sns.fanout"  // a published message, for all subscribers
	kindDeliver = "sns.deliver" // a message for one subscriber within the cloud that was out of order
	kindPost    = "sns.post"    // a message for one HTTP endpoint
	kindExpire  = "sns.expire"  // the end of a token's time
	kindClear   = "sns.clear"   // the end of a letter's time in the outbox
)

// posts is how many HTTP endpoints are waited for at the same time.
const posts = 64

// Jobs returns the kinds of job of the service.
func (s *Service) Jobs() []job.Kind {
	return []job.Kind{
		{Name: kindFanout, Run: s.fanout},
		{Name: kindDeliver, Run: s.deliverAgain, MaxAttempts: managedAttempts, Backoff: managedBackoff},
		{Name: kindPost, Do: s.post, Concurrency: posts},
		{Name: kindExpire, Run: s.expire},
		{Name: kindClear, Run: s.clearOutbox},
	}
}
