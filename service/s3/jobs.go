package s3

import "github.com/brume-cloud/brume/state/job"

// Kinds of job.
const (
	kindDelete     = "s3.delete"     // a blob that no row refers to
	kindRestore    = "s3.restore"    // the end of a restore
	kindRestoreEnd = "s3.restoreend" // the end of a restored copy's time
	kindLifecycle  = "s3.lifecycle"  // a bucket's lifecycle, at midnight
	kindNotify     = "s3.notify"     // an event for one receiver
	kindReplicate  = "s3.replicate"  // a version that is to be copied to other buckets
	kindLog        = "s3.log"        // a bucket's access log
	kindInventory  = "s3.inventory"  // a bucket's inventories, at midnight
	kindReport     = "s3.report"     // an inventory's report
	kindTiering    = "s3.tiering"    // a bucket's Intelligent-Tiering, at midnight
	kindCollect    = "s3.collect"    // blobs that a crash left behind
	kindScrub      = "s3.scrub"      // a look at the bytes at rest
)

// Jobs returns the kinds of job of the service.
func (s *Service) Jobs() []job.Kind {
	return []job.Kind{
		{Name: kindDelete, Do: s.deleteBlob},
		{Name: kindRestore, Run: s.endRestore},
		{Name: kindRestoreEnd, Run: s.endCopy},
		{Name: kindLifecycle, Run: s.travel},
		{Name: kindNotify, Run: s.notify},
		{Name: kindReplicate, Run: s.copyOver},
		{Name: kindLog, Do: s.deliverLog},
		{Name: kindInventory, Run: s.count},
		{Name: kindReport, Do: s.report},
		{Name: kindTiering, Run: s.demote},
		s.sweep().Job(),
		{Name: kindScrub, Do: s.scrubSome, Concurrency: 1},
	}
}
