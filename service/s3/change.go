package s3

import (
	"context"

	"github.com/brume-cloud/brume/state/kv"
)

// objectID names a version of an object; without a version, the latest.
type objectID struct {
	key     string
	version *string
}

// change runs fn on an object and puts it back.
func (s *Service) change(ctx context.Context, at target, id objectID, fn func(tx kv.Tx, b *bucket, o *object) error) error {
	return s.update(ctx, at.bucket, at.owner, func(tx kv.Tx, b *bucket) error {
		o, err := b.lookup(tx, id.key, id.version)
		if err != nil {
			return err
		}
		if err := fn(tx, b, o); err != nil {
			return err
		}
		b.save(tx, o)
		return nil
	})
}

// event is what happened to the object.
func (o *object) event(name string) event {
	return event{Name: name, Key: o.Key, Size: o.Size, ETag: o.ETag, Version: o.Version, Seq: o.Seq}
}
