package s3

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

type event struct {
	Name, Key, ETag, Version, Class string
	Size                            int64
	Seq                             uint64
	Expires                         time.Time
}

func (s *Service) emit(ctx context.Context, tx kv.Tx, b *bucket, e event) {}
func (s *Service) replicate(tx kv.Tx, b *bucket, o *object)               {}
func (b *bucket) expiration(tx kv.Tx, o *object, from time.Time) *string  { return nil }
func (b *bucket) abortion(tx kv.Tx, key string, from time.Time) (*time.Time, *string) {
	return nil, nil
}
