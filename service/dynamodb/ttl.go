package dynamodb

import "github.com/brume-cloud/brume/state/kv"

func (t *table) watchExpiry(kv.Tx, item, item) {}
