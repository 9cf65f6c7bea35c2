package s3

import (
	"context"
	"errors"
	"net/http"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// DeleteObject deletes a version for good, or, without one, makes the object
// seem deleted where the bucket keeps versions.
func (s *Service) DeleteObject(ctx context.Context, in *api.DeleteObjectInput) (*api.DeleteObjectOutput, error) {
	out := new(api.DeleteObjectOutput)
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		done, err := s.delete(ctx, tx, b, deletionOf(in))
		if err == nil && done.marker {
			out.DeleteMarker = new(true)
		}
		out.VersionId = done.version
		return err
	})
	return out, err
}

// deletion is a request to delete one object, and under which conditions.
type deletion struct {
	objectID
	bypass   bool // of governance mode
	etag     *string
	modified *time.Time
	size     *int64
}

// deleted is what a deletion did.
type deleted struct {
	marker  bool    // it made a delete marker, or deleted one
	version *string // the version that was deleted, or the delete marker that was made
}

func (d *deletion) check(o *object, ok bool) error {
	if d.etag == nil && d.modified == nil && d.size == nil {
		return nil
	}
	switch {
	case !ok || o.Marker:
		return errNoKey(d.key)
	case d.etag != nil && !o.matches(*d.etag):
		return errCondition("If-Match")
	case d.modified != nil && !o.Modified.Truncate(time.Second).Equal(d.modified.Truncate(time.Second)):
		return errCondition("x-amz-if-match-last-modified-time")
	case d.size != nil && *d.size != o.Size:
		return errCondition("x-amz-if-match-size")
	}
	return nil
}

func (s *Service) delete(ctx context.Context, tx kv.Tx, b *bucket, d deletion) (out deleted, err error) {
	if d.version != nil {
		if _, ok := seqOf(*d.version); !ok && *d.version != nullVersion {
			return out, errArgument("versionId", *d.version, "Invalid version id specified")
		}
	}
	o, ok := b.version(tx, d.key, deref(d.version))
	if err := d.check(o, ok); err != nil {
		return out, err
	}
	if d.version == nil && b.Versioning != "" {
		marker := &object{Key: d.key, Marker: true, Modified: tx.Now()}
		b.add(tx, s.Random, marker)
		s.emit(ctx, tx, b, marker.event("ObjectRemoved:DeleteMarkerCreated"))
		s.replicate(tx, b, marker)
		return deleted{true, new(marker.id())}, nil
	}
	out.version = d.version
	if !ok {
		return out, nil
	}
	if err := o.Lock.held(tx.Now(), d.bypass); err != nil {
		return out, err
	}
	b.remove(tx, o)
	out.marker = o.Marker
	s.emit(ctx, tx, b, o.event("ObjectRemoved:Delete"))
	return out, nil
}

// DeleteObjects deletes many objects. What is wrong with one stops no other.
func (s *Service) DeleteObjects(ctx context.Context, in *api.DeleteObjectsInput) (*api.DeleteObjectsOutput, error) {
	if in.Delete == nil || len(in.Delete.Objects) == 0 || len(in.Delete.Objects) > maxDelete {
		return nil, errMalformedXML()
	}
	var out *api.DeleteObjectsOutput
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		out = new(api.DeleteObjectsOutput)
		for i := range in.Delete.Objects {
			id := &in.Delete.Objects[i]
			done, err := s.deleteOneOf(kv.Join(ctx, s.Store, tx), tx, b, &api.DeleteObjectInput{
				Bucket: in.Bucket, Key: id.Key, VersionId: id.VersionId, RequestPayer: in.RequestPayer, BypassGovernanceRetention: in.BypassGovernanceRetention,
				IfMatch: id.ETag, IfMatchLastModifiedTime: id.LastModifiedTime, IfMatchSize: id.Size,
			})
			if err != nil {
				failed, err := shownError(id, err)
				if err != nil {
					return err
				}
				out.Errors = append(out.Errors, failed)
				continue
			}
			if !deref(in.Delete.Quiet) {
				out.Deleted = append(out.Deleted, shownDeletion(id, done))
			}
		}
		return nil
	})
	return out, err
}

// deleteOneOf deletes one of many objects. Unless nothing can keep the caller
// from it, it is a call of its own within the transaction: what is allowed for
// one key need not be for another.
func (s *Service) deleteOneOf(ctx context.Context, tx kv.Tx, b *bucket, in *api.DeleteObjectInput) (deleted, error) {
	if b.sovereign(&aws.CallFrom(ctx).Caller) {
		return s.delete(ctx, tx, b, deletionOf(in))
	}
	out, err := aws.Invoke[api.DeleteObjectOutput](ctx, s.Via, "s3", "DeleteObject", in)
	if err != nil {
		return deleted{}, err
	}
	return deleted{marker: deref(out.DeleteMarker), version: out.VersionId}, nil
}

// sovereign reports whether nothing in the bucket can be kept from a caller.
func (b *bucket) sovereign(c *aws.Caller) bool {
	return c.Kind == aws.Root && string(c.Account) == b.Account && b.Policy == "" && b.Ownership == ownerEnforced && b.Point.silent(c)
}

func deletionOf(in *api.DeleteObjectInput) deletion {
	return deletion{
		objectID: objectID{in.Key, in.VersionId}, bypass: deref(in.BypassGovernanceRetention),
		etag: in.IfMatch, modified: in.IfMatchLastModifiedTime, size: in.IfMatchSize,
	}
}

func shownDeletion(id *api.ObjectIdentifier, done deleted) api.DeletedObject {
	shown := api.DeletedObject{Key: &id.Key, VersionId: id.VersionId}
	if done.marker {
		shown.DeleteMarker, shown.DeleteMarkerVersionId = new(true), done.version
	}
	return shown
}

// shownError is an error that belongs to one object. A fault of ours is the
// whole request's.
func shownError(id *api.ObjectIdentifier, err error) (api.Error, error) {
	var e *aws.Error
	if !errors.As(err, &e) || e.Status >= http.StatusInternalServerError {
		return api.Error{}, err
	}
	return api.Error{Key: &id.Key, VersionId: id.VersionId, Code: &e.Code, Message: &e.Message}, nil
}
