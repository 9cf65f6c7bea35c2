package apigateway

import (
	"encoding/json"
	"fmt"

	"github.com/brume-cloud/brume/state/kv"
)

// putSnapshot stores what a deployment serves.
func (a address) putSnapshot(tx kv.Tx, deployment string, d *definition) {
	b, err := json.Marshal(d)
	if err != nil {
		kv.Fail(fmt.Errorf("apigateway: a definition: %w", err))
	}
	snapshots.Put(tx, a.snapshotKey(deployment), &snapshot{JSON: b})
}

type served struct{}
