package dynamodb

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// Next returns the keys below which a commit may bring more to read from the
// stream with an ARN: changes to one shard and to that shard itself, or, where
// shard is empty, new shards. No change comes without a commit: due is zero.
func (s *Streams) Next(ctx context.Context, arn, shard string) (on []kv.Key, due time.Time, err error) {
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		on = nil
		found, err := streamOf(tx, arn)
		if err != nil {
			return err
		}
		if shard == "" {
			on = append(on, found.at.streamKey(found.label), shards.Prefix(found.at.Scope, kv.Uint(found.ID)))
			return nil
		}
		n, err := shardNumber(shard)
		if err == nil {
			on = append(on, found.log(n), found.shardKey(n))
		}
		return err
	})
	return on, due, err
}
