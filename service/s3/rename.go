package s3

import (
	"context"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/state/kv"
)

// RenameObject gives an object of a directory bucket another key. Its bytes stay
// where they are, and all else stays what it is.
// AWS: "Renaming objects in directory buckets".
func (s *Service) RenameObject(ctx context.Context, in *api.RenameObjectInput) (*api.RenameObjectOutput, error) {
	from, err := parseSource(in.RenameSource)
	if err == nil {
		err = checkKey(in.Key)
	}
	switch {
	case err != nil:
		return nil, err
	case from.bucket != in.Bucket || from.version != nil:
		return nil, api.ErrInvalidRequest("The source and the destination of a rename must be in the same bucket.")
	case strings.HasSuffix(from.key, "/") || strings.HasSuffix(in.Key, "/"):
		return nil, api.ErrInvalidRequest("Objects whose keys end with the delimiter / cannot be renamed.")
	case from.key == in.Key:
		return nil, api.ErrInvalidRequest("The source and the destination of a rename must differ.")
	}
	err = s.update(ctx, in.Bucket, nil, func(tx kv.Tx, b *bucket) error {
		if !b.isDirectory() {
			return errMethod()
		}
		done, err := b.renamed(tx, &rename{From: from.key, To: in.Key}, deref(in.ClientToken))
		if done || err != nil {
			return err
		}
		return b.rename(tx, in, from.key)
	})
	return &api.RenameObjectOutput{}, err
}

// renamed tells whether a request with this token was answered before, and notes
// the token when not.
func (b *bucket) renamed(tx kv.Tx, r *rename, token string) (bool, error) {
	if token == "" {
		return false, nil
	}
	all := renames.IndexPrefix(&renamesByTime, b.scope())
	n := 0
	for _, key := range renames.KeysBy(tx, kv.Range{From: all, To: all.With(kv.Time(tx.Now().Add(-tokenKept)))}) {
		renames.Delete(tx, key)
		if n++; n == sessionSweep {
			break
		}
	}
	key := b.renameKey(token)
	if old, ok := renames.Get(tx, key); ok && tx.Now().Sub(old.At) < tokenKept {
		if old.From != r.From || old.To != r.To {
			return false, api.ErrIdempotencyParameterMismatch("Parameters on this idempotent request are inconsistent with parameters used in previous request(s).")
		}
		return true, nil
	}
	r.At = tx.Now()
	renames.Put(tx, key, r)
	return false, nil
}

// rename moves the row of an object, if the conditions on both keys hold.
func (b *bucket) rename(tx kv.Tx, in *api.RenameObjectInput, from string) error {
	o, err := b.lookup(tx, from, nil)
	if err != nil {
		return err
	}
	c := conditions{in.SourceIfMatch, in.SourceIfNoneMatch, in.SourceIfModifiedSince, in.SourceIfUnmodifiedSince}
	if err := c.hold(o, "x-amz-rename-source-"); err != nil {
		return err
	}
	c = conditions{in.DestinationIfMatch, in.DestinationIfNoneMatch, in.DestinationIfModifiedSince, in.DestinationIfUnmodifiedSince}
	old, ok := b.latest(tx, in.Key)
	switch {
	case ok:
		if err := c.hold(old, ""); err != nil {
			return err
		}
		b.erase(tx, old)
		o.Seq = max(o.Seq, old.Seq+1)
	case c.match != nil:
		return errNoKey(in.Key)
	case c.modified != nil:
		return errCondition("If-Modified-Since")
	}
	objects.Delete(tx, b.objectKey(from))
	o.Key = in.Key
	objects.Put(tx, b.objectKey(o.Key), o)
	return nil
}

// tokenKept is how long a client's token is remembered.
const tokenKept = time.Hour
