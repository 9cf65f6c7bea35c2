package logs

import "github.com/brume-cloud/brume/state/job"

// Jobs returns the kinds of job that the service owns.
func (s *Service) Jobs() []job.Kind {
	return []job.Kind{
		{Name: expireKind, Run: s.expire},
		{Name: purgeKind, Run: s.purgeStream},
		{Name: deliverKind, Run: s.deliver, MaxAttempts: maxRounds},
	}
}
