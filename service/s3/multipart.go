package s3

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

func errNoUpload(id string) error {
	return api.ErrNoSuchUpload(&api.NoSuchUpload{UploadId: &id}, "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
}

// CreateMultipartUpload begins an upload in parts.
func (s *Service) CreateMultipartUpload(ctx context.Context, in *api.CreateMultipartUploadInput) (*api.CreateMultipartUploadOutput, error) {
	if err := checkKey(in.Key); err != nil {
		return nil, err
	}
	kept, err := partSums(string(in.ChecksumAlgorithm), string(in.ChecksumType))
	if err != nil {
		return nil, err
	}
	u := new(upload)
	out := &api.CreateMultipartUploadOutput{Key: &in.Key, ChecksumAlgorithm: in.ChecksumAlgorithm}
	err = s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		o, err := b.describe(ctx, tx, begun(in))
		if err != nil {
			return err
		}
		o.Sum = kept
		*u = upload{Number: s.Random.Uint64(), Began: tx.Now(), Initiator: aws.CallFrom(ctx).Caller.ARN, Object: *o, Stated: in.ChecksumAlgorithm != ""}
		// Ids begin with the time, so that a key's uploads lie in the order of it.
		u.ID = hex.EncodeToString(kv.NewKey(kv.Time(u.Began))) + aws.Text(s.Random, aws.AlphaNumeric, uploadDigits)
		uploads.Put(tx, b.uploadKey(in.Key, u.ID), u)
		out.UploadId, out.Bucket = &u.ID, &b.Name // AWS: never the ARN or alias of an access point
		out.ServerSideEncryption, out.SSEKMSKeyId, out.BucketKeyEnabled = o.Seal.shown(), aws.Optional(o.Seal.Key), aws.Optional(o.Seal.BucketKey)
		out.SSECustomerAlgorithm, out.SSECustomerKeyMD5 = o.Seal.customerAlgorithm(), aws.Optional(o.Seal.Customer)
		out.AbortDate, out.AbortRuleId = b.abortion(tx, in.Key, u.Began)
		return nil
	})
	if in.ChecksumAlgorithm != "" {
		out.ChecksumType = kept.kind()
	}
	return out, err
}

const uploadDigits = 32

// partSums is which checksum the object will have, and of what kind.
// AWS: "Checking object integrity in Amazon S3", full object and composite
// checksum types.
func partSums(name, kind string) (sum, error) {
	if name == "" {
		if kind != "" {
			return sum{}, api.ErrInvalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
		}
		return sum{Algorithm: defaultAlgorithm}, nil
	}
	a, ok := algorithmNamed(name)
	if !ok {
		return sum{}, api.ErrInvalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
	}
	composite := kind == "COMPOSITE" || kind == "" && a.name != defaultAlgorithm
	if composite && a.name == defaultAlgorithm || !composite && a.crc == 0 {
		return sum{}, api.ErrInvalidRequest("The %s checksum type cannot be used with the %s checksum algorithm.", kind, strings.ToLower(a.name))
	}
	return sum{Algorithm: a.name, Composite: composite}, nil
}

// begun is the request that would put the object as a whole.
func begun(in *api.CreateMultipartUploadInput) *api.PutObjectInput {
	return &api.PutObjectInput{
		Bucket: in.Bucket, Key: in.Key, ACL: in.ACL, GrantFullControl: in.GrantFullControl, GrantRead: in.GrantRead, GrantReadACP: in.GrantReadACP, GrantWriteACP: in.GrantWriteACP,
		CacheControl: in.CacheControl, ContentDisposition: in.ContentDisposition, ContentEncoding: in.ContentEncoding, ContentLanguage: in.ContentLanguage,
		ContentType: in.ContentType, Expires: in.Expires, Metadata: in.Metadata, StorageClass: in.StorageClass, WebsiteRedirectLocation: in.WebsiteRedirectLocation,
		ServerSideEncryption: in.ServerSideEncryption, SSEKMSKeyId: in.SSEKMSKeyId, SSEKMSEncryptionContext: in.SSEKMSEncryptionContext, BucketKeyEnabled: in.BucketKeyEnabled,
		SSECustomerAlgorithm: in.SSECustomerAlgorithm, SSECustomerKey: in.SSECustomerKey, SSECustomerKeyMD5: in.SSECustomerKeyMD5, Tagging: in.Tagging,
		ObjectLockMode: in.ObjectLockMode, ObjectLockRetainUntilDate: in.ObjectLockRetainUntilDate, ObjectLockLegalHoldStatus: in.ObjectLockLegalHoldStatus,
		ExpectedBucketOwner: in.ExpectedBucketOwner,
	}
}

// upload finds an upload.
func (b *bucket) upload(tx kv.Tx, key, id string) (*upload, error) {
	u, ok := uploads.Get(tx, b.uploadKey(key, id))
	if !ok {
		return nil, errNoUpload(id)
	}
	u.Key, u.ID = key, id
	return u, nil
}

// dropUpload deletes an upload with all its parts.
func (b *bucket) dropUpload(tx kv.Tx, at kv.Key, u *upload) {
	of := parts.Prefix(b.scope(), b.id(), kv.Uint(u.Number))
	for _, p := range parts.Scan(tx, kv.Prefix(of)) {
		b.release(tx, p.Content)
		b.billPart(tx, u, p, false)
	}
	parts.DeleteAll(tx, of)
	uploads.Delete(tx, at)
}

// AbortMultipartUpload gives an upload up, and the space of its parts back.
func (s *Service) AbortMultipartUpload(ctx context.Context, in *api.AbortMultipartUploadInput) (*api.AbortMultipartUploadOutput, error) {
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		u, err := b.upload(tx, in.Key, in.UploadId)
		if err == nil && in.IfMatchInitiatedTime != nil && !in.IfMatchInitiatedTime.Equal(u.Began.Truncate(time.Second)) {
			err = errCondition("x-amz-if-match-initiated-time")
		}
		if err != nil {
			return err
		}
		b.dropUpload(tx, b.uploadKey(in.Key, in.UploadId), u)
		return nil
	})
	return &api.AbortMultipartUploadOutput{}, err
}

// ListMultipartUploads lists the uploads that are under way.
func (s *Service) ListMultipartUploads(ctx context.Context, in *api.ListMultipartUploadsInput) (*api.ListMultipartUploadsOutput, error) {
	l, err := listingOf(in.Prefix, in.Delimiter, in.MaxUploads, in.EncodingType)
	if err != nil {
		return nil, err
	}
	l.after = deref(in.KeyMarker)
	out := &api.ListMultipartUploadsOutput{
		KeyMarker: new(l.shown(l.after)), UploadIdMarker: new(deref(in.UploadIdMarker)), Prefix: l.shownPointer(in.Prefix), Delimiter: l.shownPointer(in.Delimiter),
		MaxUploads: new(int32(l.limit)), EncodingType: in.EncodingType, IsTruncated: new(false),
	}
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		out.Bucket = &b.Name
		var prefixes []string
		for key, u := range uploads.Scan(tx, b.uploadsFrom(&l, deref(in.UploadIdMarker))) {
			rd := uploads.Parts(key)
			rd.Skip(1)
			u.Key, u.ID = rd.String(), rd.String()
			common := l.common(u.Key)
			if common != "" && slices.Contains(prefixes, common) {
				continue
			}
			if len(out.Uploads)+len(prefixes) == l.limit {
				*out.IsTruncated = true
				break
			}
			if common != "" {
				prefixes = append(prefixes, common)
				out.NextKeyMarker, out.NextUploadIdMarker = new(l.shown(common)), new("")
				continue
			}
			out.Uploads = append(out.Uploads, b.shownUpload(&l, u))
			out.NextKeyMarker, out.NextUploadIdMarker = new(l.shown(u.Key)), &u.ID
		}
		if !*out.IsTruncated {
			out.NextKeyMarker, out.NextUploadIdMarker = nil, nil
		}
		out.CommonPrefixes = l.shownPrefixes(prefixes)
		return nil
	})
	return out, err
}

// uploadsFrom is the range of uploads behind the markers of a listing.
func (b *bucket) uploadsFrom(l *listing, id string) kv.Range {
	r := kv.Prefix(uploads.Prefix(b.scope(), b.id()))
	if end, ok := after(l.prefix); ok && l.prefix != "" {
		r.To = uploads.Key(b.scope(), b.id(), kv.String(end))
	}
	from, inclusive := l.begin()
	switch {
	case inclusive:
		r.From = uploads.Key(b.scope(), b.id(), kv.String(from))
	case id != "":
		r.From = behind(b.uploadKey(from, id))
	default: // behind all uploads of the key
		r.From = kv.Prefix(uploads.Prefix(b.scope(), b.id(), kv.String(from))).To
	}
	return r
}

func (b *bucket) shownUpload(l *listing, u *upload) api.MultipartUpload {
	shown := api.MultipartUpload{
		Key: new(l.shown(u.Key)), UploadId: &u.ID, Initiated: &u.Began, StorageClass: api.StorageClass(u.Object.shownClass()),
		Owner: b.ownerOf(&u.Object), Initiator: &api.Initiator{ID: &u.Initiator},
	}
	if u.Stated {
		shown.ChecksumAlgorithm, shown.ChecksumType = api.ChecksumAlgorithm(u.Object.Sum.Algorithm), u.Object.Sum.kind()
	}
	return shown
}
