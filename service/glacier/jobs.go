package glacier

import "github.com/brume-cloud/brume/state/job"

// Kinds of job.
const (
	kindInventory = "glacier.inventory" // a vault's daily inventory
	kindForget    = "glacier.forget"    // archives that no inventory has any more
	kindRetrieve  = "glacier.retrieve"  // the completion of an archive retrieval
	kindList      = "glacier.list"      // the completion of an inventory retrieval
	kindExpire    = "glacier.expire"    // the end of a completed retrieval
	kindNotify    = "glacier.notify"    // the news of a completion, for one topic
	kindUnlock    = "glacier.unlock"    // the end of a lock id's time
	kindRepeat    = "glacier.repeat"    // the end of a finished multipart upload's memory
	kindDelete    = "glacier.delete"    // a blob that no row refers to
	kindCollect   = "glacier.collect"   // blobs that a crash left behind, or a saved state kept
)

// Jobs returns the kinds of job of the service.
func (s *Service) Jobs() []job.Kind {
	return []job.Kind{
		{Name: kindInventory, Run: s.takeInventory},
		{Name: kindForget, Run: s.forgetGhosts},
		{Name: kindRetrieve, Run: s.completeArchive},
		{Name: kindList, Do: s.completeInventory},
		{Name: kindExpire, Run: s.expire},
		{Name: kindNotify, Run: s.notify},
		{Name: kindUnlock, Run: s.unlock},
		{Name: kindRepeat, Run: s.forgetUpload},
		{Name: kindDelete, Do: s.deleteNow},
		s.sweep().Job(),
	}
}
