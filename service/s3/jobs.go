package s3

import "github.com/brume-cloud/brume/state/job"

// Kinds of job.
const (
	kindDelete     = "s3.delete"     // a blob that no row refers to
	kindRestore    = "s3.restore"    // the end of a restore
	kindRestoreEnd = "s3.restoreend" // the end of a restored copy's time
)

// Jobs returns the kinds of job of the service.
func (s *Service) Jobs() []job.Kind {
	return []job.Kind{
		{Name: kindDelete, Do: s.deleteBlob},
		{Name: kindRestore, Run: s.endRestore},
		{Name: kindRestoreEnd, Run: s.endCopy},
	}
}
