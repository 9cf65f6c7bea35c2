package s3

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/kv"
)

// origin is the object that a copy is made of.
type origin struct {
	bucket, key string
	version     *string
	conditions
	customerKey
	owner *string // who must own its bucket
	span  string  // the range to be copied; empty: the whole
}

// parseSource reads x-amz-copy-source: BUCKET/KEY?versionId=ID, encoded as a URL.
// An access point is an ARN, and its key is behind "/object/".
func parseSource(header string) (o origin, err error) {
	path, query, found := strings.Cut(header, "?versionId=")
	if found {
		o.version = &query
	}
	if path, err = url.PathUnescape(path); err == nil {
		separator := "/"
		if path = strings.TrimPrefix(path, "/"); strings.HasPrefix(path, "arn:") {
			separator = "/object/"
		}
		o.bucket, o.key, found = strings.Cut(path, separator)
	}
	if err != nil || !found || o.bucket == "" || o.key == "" {
		return o, errArgument("x-amz-copy-source", header, "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	return o, nil
}

// source is an origin that was found.
type source struct {
	b      *bucket
	o      *object
	pieces []piece
	size   int64
	now    time.Time // when it was found
}

// find looks the origin up. Its bucket may be in another region.
func (from *origin) find(ctx context.Context, tx kv.Tx) (*source, error) {
	b, err := reach(tx, aws.CallFrom(ctx).Region, from.bucket)
	if err != nil {
		return nil, err
	}
	if from.owner != nil && *from.owner != b.Account {
		return nil, errDenied()
	}
	if o, ok := b.version(tx, from.key, deref(from.version)); ok && o.Marker && from.version != nil {
		return nil, api.ErrInvalidRequest("The source of a copy request may not specifically refer to a delete marker by version id.")
	}
	o, err := b.lookup(tx, from.key, from.version)
	if err != nil {
		return nil, err
	}
	if err := from.forCopy(o); err != nil {
		return nil, err
	}
	if err := o.Seal.unlock(from.customerKey); err != nil {
		return nil, err
	}
	if o.archived() && !o.restored(tx.Now()) {
		return nil, api.ErrObjectNotInActiveTierError("The source object of the COPY operation is not in the active tier and is only stored in Amazon S3 Glacier.")
	}
	span, err := spanOf(from.span, o.Size)
	if err != nil || from.span != "" && !span.part {
		return nil, errArgument("x-amz-copy-source-range", from.span, "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
	}
	return &source{b, o, b.pieces(tx, o.Content, span.from, span.size), span.size, tx.Now()}, nil
}

// CopyObject makes an object of another.
func (s *Service) CopyObject(ctx context.Context, in *api.CopyObjectInput) (*api.CopyObjectOutput, error) {
	if v := replicaOf(ctx, "CopyObject"); v != nil {
		return &api.CopyObjectOutput{}, s.take(ctx, in, v)
	}
	from, err := parseSource(in.CopySource)
	if err != nil {
		return nil, err
	}
	from.conditions = conditions{in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.CopySourceIfModifiedSince, in.CopySourceIfUnmodifiedSince}
	from.customerKey = customerKey{in.CopySourceSSECustomerAlgorithm, in.CopySourceSSECustomerKey, in.CopySourceSSECustomerKeyMD5}
	from.owner = in.ExpectedSourceBucketOwner
	for range looks {
		out, err := s.copy(ctx, in, &from)
		if !errors.Is(err, errGone) && !errors.Is(err, blob.ErrNotFound) {
			return out, err
		}
	}
	return nil, errLost
}

func (s *Service) copy(ctx context.Context, in *api.CopyObjectInput, from *origin) (*api.CopyObjectOutput, error) {
	var src *source
	w := &write{event: "Copy", when: conditions{match: in.IfMatch, noneMatch: in.IfNoneMatch}}
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) (err error) {
		if src, err = from.find(ctx, tx); err != nil {
			return err
		}
		if src.o.Size > maxPut {
			return api.ErrInvalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: %d", int64(maxPut))
		}
		if src.b.ID == b.ID && changesNothing(in, from) {
			return api.ErrInvalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
		}
		w.in = copied(in, src.o)
		return w.prepare(ctx, tx, b)
	})
	if err != nil {
		return nil, err
	}
	if w.body, err = s.bytesOf(ctx, src, string(in.ChecksumAlgorithm)); err != nil {
		return nil, err
	}
	if err := s.commit(ctx, w); err != nil {
		return nil, err
	}
	return w.copyAnswer(src), nil
}

// bytesOf is the source's bytes for a copy. A blob is not copied: both objects
// refer to it, provided that its digests serve the copy as well.
func (s *Service) bytesOf(ctx context.Context, src *source, algorithm string) (*received, error) {
	s.readOut(ctx, src)
	o := src.o
	plain := o.Content.Blob.ID != "" && o.Seal.Customer == "" && o.Seal.Algorithm == sealS3
	if plain && !o.Sum.Composite && (algorithm == "" || algorithm == o.Sum.Algorithm) {
		digest, err := hex.DecodeString(o.ETag)
		return &received{size: o.Size, md5: digest, sum: o.Sum, blob: o.Content.Blob, shared: true}, err
	}
	body, err := s.openPieces(src.pieces)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	r, err := s.own(ctx, body, cmp.Or(algorithm, o.Sum.Algorithm))
	if err == nil && r.sum.Algorithm == o.Sum.Algorithm && !o.Sum.Composite && r.sum.Value != o.Sum.Value {
		s.drop(r)
		return nil, errDamaged
	}
	return r, err
}

// errDamaged tells that the bytes read are not those that were stored.
var errDamaged = errors.New("s3: the bytes of an object do not match its checksum")

// copied is the request that would put the copy. What the directives leave to
// the source comes from there.
func copied(in *api.CopyObjectInput, o *object) *api.PutObjectInput {
	p := &api.PutObjectInput{
		Bucket: in.Bucket, Key: in.Key, ACL: in.ACL, GrantFullControl: in.GrantFullControl, GrantRead: in.GrantRead, GrantReadACP: in.GrantReadACP, GrantWriteACP: in.GrantWriteACP,
		CacheControl: in.CacheControl, ContentDisposition: in.ContentDisposition, ContentEncoding: in.ContentEncoding, ContentLanguage: in.ContentLanguage,
		ContentType: in.ContentType, Expires: in.Expires, Metadata: in.Metadata, StorageClass: in.StorageClass, WebsiteRedirectLocation: in.WebsiteRedirectLocation,
		ServerSideEncryption: in.ServerSideEncryption, SSEKMSKeyId: in.SSEKMSKeyId, SSEKMSEncryptionContext: in.SSEKMSEncryptionContext, BucketKeyEnabled: in.BucketKeyEnabled,
		SSECustomerAlgorithm: in.SSECustomerAlgorithm, SSECustomerKey: in.SSECustomerKey, SSECustomerKeyMD5: in.SSECustomerKeyMD5, Tagging: in.Tagging,
		ObjectLockMode: in.ObjectLockMode, ObjectLockRetainUntilDate: in.ObjectLockRetainUntilDate, ObjectLockLegalHoldStatus: in.ObjectLockLegalHoldStatus,
		ExpectedBucketOwner: in.ExpectedBucketOwner,
	}
	if in.MetadataDirective != "REPLACE" {
		p.CacheControl, p.ContentDisposition, p.ContentEncoding = o.header(cacheControl), o.header(disposition), o.header(encoding)
		p.ContentLanguage, p.Expires, p.ContentType, p.Metadata = o.header(language), o.header(expires), &o.Type, o.Meta
	}
	if in.TaggingDirective != "REPLACE" {
		q := url.Values{}
		for k, v := range o.Tags {
			q.Set(k, v)
		}
		p.Tagging = new(q.Encode())
	}
	return p
}

// changesNothing reports whether an object would be copied to itself as it is.
func changesNothing(in *api.CopyObjectInput, from *origin) bool {
	return from.key == in.Key && from.version == nil && in.MetadataDirective != "REPLACE" && in.TaggingDirective != "REPLACE" &&
		in.StorageClass == "" && in.WebsiteRedirectLocation == nil && in.ServerSideEncryption == "" && in.SSECustomerKey == nil && in.ChecksumAlgorithm == "" &&
		!from.given()
}

func (w *write) copyAnswer(src *source) *api.CopyObjectOutput {
	o, done := w.o, w.answer()
	return &api.CopyObjectOutput{
		CopyObjectResult: &api.CopyObjectResult{
			ETag: done.ETag, LastModified: &o.Modified, ChecksumType: done.ChecksumType, ChecksumCRC32: done.ChecksumCRC32, ChecksumCRC32C: done.ChecksumCRC32C,
			ChecksumCRC64NVME: done.ChecksumCRC64NVME, ChecksumSHA1: done.ChecksumSHA1, ChecksumSHA256: done.ChecksumSHA256, ChecksumSHA512: done.ChecksumSHA512,
			ChecksumMD5: done.ChecksumMD5, ChecksumXXHASH64: done.ChecksumXXHASH64, ChecksumXXHASH3: done.ChecksumXXHASH3, ChecksumXXHASH128: done.ChecksumXXHASH128,
		},
		CopySourceVersionId: src.b.shownVersion(src.o), VersionId: done.VersionId, Expiration: done.Expiration,
		ServerSideEncryption: done.ServerSideEncryption, SSEKMSKeyId: done.SSEKMSKeyId, SSEKMSEncryptionContext: done.SSEKMSEncryptionContext,
		BucketKeyEnabled: done.BucketKeyEnabled, SSECustomerAlgorithm: done.SSECustomerAlgorithm, SSECustomerKeyMD5: done.SSECustomerKeyMD5,
	}
}
