package s3

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/kv"
)

// GetObject returns an object's bytes.
func (s *Service) GetObject(ctx context.Context, in *api.GetObjectInput) (*api.GetObjectOutput, error) {
	if err := checkOverride(aws.CallFrom(ctx), in); err != nil {
		return nil, err
	}
	r, body, err := s.open(ctx, in)
	if err != nil {
		return nil, err
	}
	return r.get(body), nil
}

// open looks up what a GetObject is about, and opens its bytes.
func (s *Service) open(ctx context.Context, in *api.GetObjectInput) (*reply, io.ReadCloser, error) {
	for range looks {
		r, err := s.read(ctx, in)
		if err != nil {
			return nil, nil, err
		}
		body, err := s.openPieces(r.pieces)
		if errors.Is(err, blob.ErrNotFound) {
			continue // it was replaced in between
		}
		s.readOut(ctx, &source{b: r.b, o: r.o, size: r.span.size, now: r.now})
		return r, body, err
	}
	return nil, nil, errLost
}

// HeadObject returns what GetObject does, without the bytes.
func (s *Service) HeadObject(ctx context.Context, in *api.HeadObjectInput) (*api.HeadObjectOutput, error) {
	get := api.GetObjectInput(*in)
	r, err := s.look(ctx, &get)
	if err != nil {
		return nil, err
	}
	g := r.get(nil)
	out := &api.HeadObjectOutput{
		DeleteMarker: g.DeleteMarker, AcceptRanges: g.AcceptRanges, Expiration: g.Expiration, Restore: g.Restore, LastModified: g.LastModified, ContentLength: g.ContentLength,
		ChecksumCRC32: g.ChecksumCRC32, ChecksumCRC32C: g.ChecksumCRC32C, ChecksumCRC64NVME: g.ChecksumCRC64NVME, ChecksumSHA1: g.ChecksumSHA1, ChecksumSHA256: g.ChecksumSHA256,
		ChecksumSHA512: g.ChecksumSHA512, ChecksumMD5: g.ChecksumMD5, ChecksumXXHASH64: g.ChecksumXXHASH64, ChecksumXXHASH3: g.ChecksumXXHASH3, ChecksumXXHASH128: g.ChecksumXXHASH128,
		ChecksumType: g.ChecksumType, ETag: g.ETag, VersionId: g.VersionId, CacheControl: g.CacheControl, ContentDisposition: g.ContentDisposition,
		ContentEncoding: g.ContentEncoding, ContentLanguage: g.ContentLanguage, ContentType: g.ContentType, ContentRange: g.ContentRange, Expires: g.Expires,
		WebsiteRedirectLocation: g.WebsiteRedirectLocation, ServerSideEncryption: g.ServerSideEncryption, Metadata: g.Metadata, SSECustomerAlgorithm: g.SSECustomerAlgorithm,
		SSECustomerKeyMD5: g.SSECustomerKeyMD5, SSEKMSKeyId: g.SSEKMSKeyId, BucketKeyEnabled: g.BucketKeyEnabled, StorageClass: g.StorageClass, ReplicationStatus: g.ReplicationStatus,
		PartsCount: g.PartsCount, TagCount: g.TagCount, ObjectLockMode: g.ObjectLockMode, ObjectLockRetainUntilDate: g.ObjectLockRetainUntilDate,
		ObjectLockLegalHoldStatus: g.ObjectLockLegalHoldStatus, StatusCode: g.StatusCode,
	}
	if r.o.Tier != "" && r.o.archived() {
		out.ArchiveStatus = api.ArchiveStatus(r.o.Tier)
	}
	return out, nil
}

// read looks up what a GetObject is about, and where its bytes are.
func (s *Service) read(ctx context.Context, in *api.GetObjectInput) (r *reply, err error) {
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		if r, err = b.reply(tx, in); err != nil {
			return err
		}
		if err := r.o.readable(tx.Now()); err != nil {
			return err
		}
		r.pieces = b.pieces(tx, r.o.Content, r.span.from, r.span.size)
		return nil
	})
	return r, err
}

// look is read without the bytes.
func (s *Service) look(ctx context.Context, in *api.GetObjectInput) (r *reply, err error) {
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		r, err = b.reply(tx, in)
		return err
	})
	return r, err
}

// reply is the answer to a GetObject in the making.
type reply struct {
	in     *api.GetObjectInput
	b      *bucket
	o      *object
	now    time.Time
	span   span
	parts  int
	pieces []piece
}

func (b *bucket) reply(tx kv.Tx, in *api.GetObjectInput) (*reply, error) {
	o, err := b.lookup(tx, in.Key, in.VersionId)
	if err != nil {
		return nil, err
	}
	c := conditions{in.IfMatch, in.IfNoneMatch, in.IfModifiedSince, in.IfUnmodifiedSince}
	if err := c.forRead(o, b.shownVersion(o)); err != nil {
		return nil, err
	}
	if err := o.Seal.unlock(customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5}); err != nil {
		return nil, err
	}
	o.expiration = b.expiration(tx, o, o.Modified)
	r := &reply{in: in, b: b, o: o, now: tx.Now(), parts: o.Parts}
	if in.PartNumber != nil {
		if in.Range != nil {
			return nil, api.ErrInvalidRequest("Cannot specify both Range header and partNumber query parameter")
		}
		r.span, err = b.partSpan(tx, o, int(*in.PartNumber))
		return r, err
	}
	r.span, err = spanOf(deref(in.Range), o.Size)
	return r, err
}

// get is the answer, with body.
func (r *reply) get(body io.ReadCloser) *api.GetObjectOutput {
	o, in := r.o, r.in
	out := &api.GetObjectOutput{
		Body: body, AcceptRanges: new("bytes"), LastModified: &o.Modified, ContentLength: &r.span.size, ETag: quoted(o.ETag), VersionId: r.b.shownVersion(o),
		ContentType: &o.Type, CacheControl: o.header(cacheControl), ContentDisposition: o.header(disposition), ContentEncoding: o.header(encoding),
		ContentLanguage: o.header(language), Expires: o.header(expires), WebsiteRedirectLocation: o.header(redirect), Metadata: o.Meta,
		ServerSideEncryption: o.Seal.shown(), SSEKMSKeyId: aws.Optional(o.Seal.Key), BucketKeyEnabled: aws.Optional(o.Seal.BucketKey),
		SSECustomerAlgorithm: o.Seal.customerAlgorithm(), SSECustomerKeyMD5: aws.Optional(o.Seal.Customer), StorageClass: api.StorageClass(o.Class),
		ReplicationStatus: api.ReplicationStatus(o.Copied), Restore: o.restoreHeader(r.now), Expiration: o.expiration,
		ObjectLockMode: api.ObjectLockMode(o.Lock.Mode),
	}
	if !o.Lock.Until.IsZero() {
		out.ObjectLockRetainUntilDate = &o.Lock.Until
	}
	if o.Lock.Hold {
		out.ObjectLockLegalHoldStatus = "ON"
	}
	if n := int32(len(o.Tags)); n > 0 {
		out.TagCount = &n
	}
	if r.span.part {
		out.ContentRange = new("bytes " + strconv.FormatInt(r.span.from, 10) + "-" + strconv.FormatInt(r.span.from+r.span.size-1, 10) + "/" + strconv.FormatInt(o.Size, 10))
		out.StatusCode = new(int32(http.StatusPartialContent))
	}
	if in.PartNumber != nil && r.parts > 0 {
		out.PartsCount = new(int32(r.parts))
	}
	if in.ChecksumMode == "ENABLED" && (!r.span.part || r.span.size == o.Size) {
		out.ChecksumType = o.Sum.kind()
		o.Sum.show([10]**string{&out.ChecksumCRC32, &out.ChecksumCRC32C, &out.ChecksumCRC64NVME, &out.ChecksumSHA1, &out.ChecksumSHA256,
			&out.ChecksumSHA512, &out.ChecksumMD5, &out.ChecksumXXHASH64, &out.ChecksumXXHASH3, &out.ChecksumXXHASH128})
	}
	override(out, in)
	return out
}

// override puts the headers that the reader asked for into the answer.
func override(out *api.GetObjectOutput, in *api.GetObjectInput) {
	for _, o := range []struct{ from, to **string }{
		{&in.ResponseContentType, &out.ContentType}, {&in.ResponseCacheControl, &out.CacheControl}, {&in.ResponseContentDisposition, &out.ContentDisposition},
		{&in.ResponseContentEncoding, &out.ContentEncoding}, {&in.ResponseContentLanguage, &out.ContentLanguage},
	} {
		if *o.from != nil {
			*o.to = *o.from
		}
	}
	if in.ResponseExpires != nil {
		out.Expires = new(in.ResponseExpires.UTC().Format(http.TimeFormat))
	}
}

// overrides reports whether a read asks for other headers than the object's.
func overrides(in *api.GetObjectInput) bool {
	return in.ResponseContentType != nil || in.ResponseCacheControl != nil || in.ResponseContentDisposition != nil ||
		in.ResponseContentEncoding != nil || in.ResponseContentLanguage != nil || in.ResponseExpires != nil
}

// checkOverride refuses other headers for an anonymous read.
// AWS: "GetObject", overriding response header values through the request.
func checkOverride(call *aws.Call, in *api.GetObjectInput) error {
	if call.Caller.Kind == aws.Anonymous && overrides(in) {
		return api.ErrInvalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
	}
	return nil
}
