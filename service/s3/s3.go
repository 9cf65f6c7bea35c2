// Package s3 is Amazon Simple Storage Service: buckets, and objects in them.
//
// # Where an object lives
//
//	object    (bucket, key)            the latest version, unless it is a delete marker
//	version   (bucket, key, ^seq)      older versions and delete markers, newest first
//	body      (bucket, row)            the bytes of a small object
//	extent    (bucket, row, from)      the parts of one that was uploaded in parts
//
// So a listing is a walk over what there is, and a put costs the same whatever
// the bucket holds. Bytes that are too many for a row are a blob: it is written
// and committed before the row that refers to it, and deleted by a job that is
// put in the transaction in which the last such row goes (content.go). What a
// crash leaves behind in between, the collector finds (collect.go).
//
// # What an upload does
//
// The body is read once, through a buffer of fixed size, by receive.go, which
// makes all digests on the way. Nothing is written to the store before the
// whole body is there and has been proven.
//
// S3 Control is the second API of this package (control.go).
//
// Differences from AWS are in the README.
package s3

import (
	"context"
	"log/slog"
	"net/http"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv"
)

// Deps are what the service stands on.
type Deps struct {
	Store  kv.Store
	Blobs  blob.Store   // nobody else's: the collector deletes what no row here refers to
	Clock  *clock.Clock // for the real time; transactions have their own
	Random aws.Random
	Via    aws.Invoker // calls to other services, and to this one for websites
	Meter  Meter
	Log    *slog.Logger

	// Saved reports whether saved states exist, whose rows may refer to blobs
	// that the present ones no longer do: while there are any, none is deleted.
	Saved func() (bool, error)
}

// Service implements the API.
type Service struct {
	api.Unimplemented
	Deps
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d} }

// Invalid says in S3's words what is wrong with a request.
func Invalid(_ *schema.Operation, v *wire.Invalid) *aws.Error {
	first := &v.Violations[0]
	switch {
	case first.Member == "Key" && first.Required:
		return aws.Errorf(http.StatusBadRequest, "UserKeyMustBeSpecified", "The bucket POST must contain the specified field name.  If it is specified, please check the order of the fields.")
	case first.Member == "LocationConstraint":
		return aws.Errorf(http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid")
	case first.Member == "StorageClass":
		return aws.Errorf(http.StatusBadRequest, "InvalidStorageClass", "The storage class you specified is not valid")
	case first.Required:
		return errMalformedXML()
	}
	return api.ErrInvalidArgument(&api.InvalidArgument{ArgumentName: &first.Member, ArgumentValue: &first.Value}, "%s: %s", first.Member, first.Rule)
}

func errMalformedXML() *aws.Error {
	return aws.Errorf(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

// errArgument is the error for most of what is wrong with a parameter.
func errArgument(name, value, format string, args ...any) *aws.Error {
	return api.ErrInvalidArgument(&api.InvalidArgument{ArgumentName: &name, ArgumentValue: &value}, format, args...)
}

func errNoBucket(name string) *aws.Error {
	return api.ErrNoSuchBucket(&api.NoSuchBucket{BucketName: &name}, "The specified bucket does not exist")
}

// errBucket is an error about a bucket that has no details but its name.
func errBucket(status int, code, message, name string) *aws.Error {
	e := errNoBucket(name)
	e.Status, e.Code, e.Message = status, code, message
	return e
}

func errNoKey(key string) *aws.Error {
	return api.ErrNoSuchKey(&api.NoSuchKey{Key: &key}, "The specified key does not exist.")
}

// find returns the bucket of a name, for a caller who expects it to be owner's.
func find(ctx context.Context, tx kv.Tx, name string, owner *string) (*bucket, error) {
	call := aws.CallFrom(ctx)
	b, err := reach(tx, call.Region, name)
	if err != nil {
		return nil, err
	}
	if owner != nil && *owner != b.Account {
		return nil, aws.Errorf(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	// AWS: "Making requests using the AWS SDKs and endpoints": a request belongs
	// to the bucket's region. Those whose signature names none go anywhere.
	if call.Signed != "" && string(call.Signed) != b.Region {
		return nil, api.ErrPermanentRedirect(&api.PermanentRedirect{Endpoint: new(b.Name + ".s3." + b.Region + "." + aws.Region(b.Region).DNSSuffix()), Bucket: &name, Region: &b.Region},
			"The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.")
	}
	return b, nil
}

// view runs fn on a bucket, in a transaction that only reads.
func (s *Service) view(ctx context.Context, name string, owner *string, fn func(tx kv.Tx, b *bucket) error) error {
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		b, err := find(ctx, tx, name, owner)
		if err != nil {
			return err
		}
		s.follow(aws.CallFrom(ctx), b)
		return fn(tx, b)
	})
}

// update is view for operations that write.
func (s *Service) update(ctx context.Context, name string, owner *string, fn func(tx kv.Tx, b *bucket) error) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		b, err := find(ctx, tx, name, owner)
		if err != nil {
			return err
		}
		s.follow(aws.CallFrom(ctx), b)
		return fn(tx, b)
	})
}

func deref[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}
