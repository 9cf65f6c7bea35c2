package s3

import (
	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/sweep"
)

// sweep finds the blobs that a crash left behind, or a saved state kept.
func (s *Service) sweep() *sweep.Sweep {
	return &sweep.Sweep{
		Kind: kindCollect, Armed: armed.Key(kv.Scope{}, kv.String(kindCollect)),
		Store: s.Store, Blobs: s.Blobs, Clock: s.Clock, Saved: s.Saved, Keep: keepHeld,
	}
}

func keepHeld(tx kv.Tx, some sweep.Set) {
	for id := range some {
		if held.Has(tx, heldKey(id)) {
			delete(some, id)
		}
	}
}
