package glacier

import (
	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/sweep"
)

// sweep finds the blobs that a crash left behind, or a saved state kept.
func (s *Service) sweep() *sweep.Sweep {
	return &sweep.Sweep{
		Kind: kindCollect, Armed: armed.Key(kv.Scope{}, kv.String(kindCollect)),
		Store: s.Store, Blobs: s.Blobs, Clock: s.Clock, Saved: s.Saved, Keep: keepReferred,
	}
}

// keepReferred looks through all rows that refer to blobs: once a day that costs
// less than a row for every blob would.
func keepReferred(tx kv.Tx, some sweep.Set) {
	for sc := range kv.Scopes(tx) {
		for _, p := range pieces.Scan(tx, kv.Prefix(pieces.Prefix(sc))) {
			delete(some, p.Blob.ID)
		}
		for _, r := range retrievals.Scan(tx, kv.Prefix(retrievals.Prefix(sc))) {
			delete(some, r.Output.ID)
		}
	}
}
