package dynamodb

import "github.com/brume-cloud/brume/state/job"

// Jobs returns the kinds of job that the service owns.
func (s *Service) Jobs() []job.Kind {
	return []job.Kind{
		{Name: forgetKind, Run: s.forget},
		{Name: sweepKind, Run: s.sweep},
		{Name: expireKind, Run: s.expire},
		{Name: copyKind, Run: s.copy},
		{Name: trimKind, Run: s.trim},
		{Name: importKind, Do: s.importObjects, MaxAttempts: exportAttempts},
		{Name: exportKind, Run: s.export, MaxAttempts: exportAttempts},
		{Name: rotateKind, Run: s.rotate},
		{Name: releaseKind, Run: s.release},
		{Name: wearKind, Run: s.wearOff},
		{Name: enableKind, Run: s.enable},
		{Name: sendKind, Run: s.deliver},
		{Name: replicateKind, Run: s.replication},
	}
}
