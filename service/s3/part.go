package s3

import (
	"context"
	"errors"
	"strconv"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/kv"
)

// UploadPart uploads a part.
func (s *Service) UploadPart(ctx context.Context, in *api.UploadPartInput) (*api.UploadPartOutput, error) {
	p, err := promised(in.ContentMD5, sums{in.ChecksumCRC32, in.ChecksumCRC32C, in.ChecksumCRC64NVME, in.ChecksumSHA1, in.ChecksumSHA256,
		in.ChecksumSHA512, in.ChecksumMD5, in.ChecksumXXHASH64, in.ChecksumXXHASH3, in.ChecksumXXHASH128}, in.Trailer)
	if err != nil {
		return nil, err
	}
	if err := p.expect(in.ContentLength, in.DecodedContentLength); err != nil {
		return nil, err
	}
	a := &arrival{at: target{in.Bucket, in.ExpectedBucketOwner}, key: in.Key, upload: in.UploadId, number: int(in.PartNumber)}
	a.customerKey = customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5}
	if err := s.expect(ctx, a); err != nil {
		return nil, err
	}
	if a.u.Stated && p.chosen != "" && p.chosen != a.u.Object.Sum.Algorithm {
		return nil, api.ErrInvalidRequest("Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s", a.u.Object.Sum.Algorithm, p.chosen)
	}
	p.kept = a.u.Object.Sum.Algorithm
	body, err := s.receive(ctx, in.Body, p)
	if err != nil {
		return nil, err
	}
	if err := s.putPart(ctx, a, body); err != nil {
		return nil, err
	}
	l := &a.u.Object.Seal
	out := &api.UploadPartOutput{
		ETag: quoted(a.p.ETag), ServerSideEncryption: l.shown(), SSEKMSKeyId: aws.Optional(l.Key), BucketKeyEnabled: aws.Optional(l.BucketKey),
		SSECustomerAlgorithm: l.customerAlgorithm(), SSECustomerKeyMD5: aws.Optional(l.Customer),
	}
	a.p.Sum.show([10]**string{&out.ChecksumCRC32, &out.ChecksumCRC32C, &out.ChecksumCRC64NVME, &out.ChecksumSHA1, &out.ChecksumSHA256,
		&out.ChecksumSHA512, &out.ChecksumMD5, &out.ChecksumXXHASH64, &out.ChecksumXXHASH3, &out.ChecksumXXHASH128})
	return out, nil
}

// arrival is a part on its way into an upload.
type arrival struct {
	at     target
	key    string
	upload string
	number int
	customerKey

	u *upload
	p *part
}

// expect looks up the upload that a part is for.
func (s *Service) expect(ctx context.Context, a *arrival) error {
	if a.number < 1 || a.number > maxPart {
		return errArgument("partNumber", strconv.Itoa(a.number), "Part number must be an integer between 1 and 10000, inclusive")
	}
	return s.view(ctx, a.at.bucket, a.at.owner, func(tx kv.Tx, b *bucket) (err error) {
		if a.u, err = b.upload(tx, a.key, a.upload); err != nil {
			return err
		}
		return a.u.Object.Seal.unlock(a.customerKey)
	})
}

// putPart puts a part whose bytes have come, in the place of a former one.
func (s *Service) putPart(ctx context.Context, a *arrival, body *received) error {
	err := s.update(ctx, a.at.bucket, a.at.owner, func(tx kv.Tx, b *bucket) error {
		u, err := b.upload(tx, a.key, a.upload)
		if err != nil {
			return err
		}
		key := b.partKey(u.Number, a.number)
		if old, ok := parts.Get(tx, key); ok {
			b.release(tx, old.Content)
			b.billPart(tx, u, old, false)
		}
		a.p = &part{Number: a.number, Size: body.size, ETag: body.etag(), Sum: body.sum, Modified: tx.Now()}
		if a.p.Content, err = s.keep(tx, b, body); err != nil {
			return err
		}
		b.billPart(tx, u, a.p, true)
		parts.Put(tx, key, a.p)
		return nil
	})
	if err != nil {
		s.drop(body)
	}
	return err
}

// UploadPartCopy makes a part of an object, or of a range of it.
func (s *Service) UploadPartCopy(ctx context.Context, in *api.UploadPartCopyInput) (*api.UploadPartCopyOutput, error) {
	from, err := parseSource(in.CopySource)
	if err != nil {
		return nil, err
	}
	from.conditions = conditions{in.CopySourceIfMatch, in.CopySourceIfNoneMatch, in.CopySourceIfModifiedSince, in.CopySourceIfUnmodifiedSince}
	from.customerKey = customerKey{in.CopySourceSSECustomerAlgorithm, in.CopySourceSSECustomerKey, in.CopySourceSSECustomerKeyMD5}
	from.owner, from.span = in.ExpectedSourceBucketOwner, deref(in.CopySourceRange)
	a := &arrival{at: target{in.Bucket, in.ExpectedBucketOwner}, key: in.Key, upload: in.UploadId, number: int(in.PartNumber)}
	a.customerKey = customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5}
	if err := s.expect(ctx, a); err != nil {
		return nil, err
	}
	src, body, err := s.fetch(ctx, &from, a.u.Object.Sum.Algorithm)
	if err != nil {
		return nil, err
	}
	if err := s.putPart(ctx, a, body); err != nil {
		return nil, err
	}
	l := &a.u.Object.Seal
	r := &api.CopyPartResult{ETag: quoted(a.p.ETag), LastModified: &a.p.Modified}
	if a.u.Stated {
		a.p.Sum.show([10]**string{&r.ChecksumCRC32, &r.ChecksumCRC32C, &r.ChecksumCRC64NVME, &r.ChecksumSHA1, &r.ChecksumSHA256,
			&r.ChecksumSHA512, &r.ChecksumMD5, &r.ChecksumXXHASH64, &r.ChecksumXXHASH3, &r.ChecksumXXHASH128})
	}
	return &api.UploadPartCopyOutput{
		CopyPartResult: r, CopySourceVersionId: src.b.shownVersion(src.o), ServerSideEncryption: l.shown(), SSEKMSKeyId: aws.Optional(l.Key),
		BucketKeyEnabled: aws.Optional(l.BucketKey), SSECustomerAlgorithm: l.customerAlgorithm(), SSECustomerKeyMD5: aws.Optional(l.Customer),
	}, nil
}

// fetch copies the bytes of an origin.
func (s *Service) fetch(ctx context.Context, from *origin, algorithm string) (src *source, body *received, err error) {
	for range looks {
		err = kv.View(ctx, s.Store, func(tx kv.Tx) (err error) {
			src, err = from.find(ctx, tx)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		open, err := s.openPieces(src.pieces)
		if errors.Is(err, blob.ErrNotFound) {
			continue // it was replaced in between
		}
		if err != nil {
			return nil, nil, err
		}
		defer open.Close()
		s.readOut(ctx, src)
		body, err = s.own(ctx, open, algorithm)
		return src, body, err
	}
	return nil, nil, errLost
}

// ListParts lists the parts that an upload has.
func (s *Service) ListParts(ctx context.Context, in *api.ListPartsInput) (*api.ListPartsOutput, error) {
	l, err := listingOf(nil, nil, in.MaxParts, "")
	if err != nil {
		return nil, err
	}
	marker := deref(in.PartNumberMarker)
	out := &api.ListPartsOutput{Key: &in.Key, UploadId: &in.UploadId, PartNumberMarker: &marker, MaxParts: new(int32(l.limit)), IsTruncated: new(false)}
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		u, err := b.upload(tx, in.Key, in.UploadId)
		if err != nil {
			return err
		}
		out.Bucket = &b.Name
		out.Owner, out.Initiator, out.StorageClass = b.ownerOf(&u.Object), &api.Initiator{ID: &u.Initiator}, api.StorageClass(u.Object.shownClass())
		if u.Stated {
			out.ChecksumAlgorithm, out.ChecksumType = api.ChecksumAlgorithm(u.Object.Sum.Algorithm), u.Object.Sum.kind()
		}
		out.AbortDate, out.AbortRuleId = b.abortion(tx, in.Key, u.Began)
		r := kv.Prefix(parts.Prefix(b.scope(), b.id(), kv.Uint(u.Number)))
		r.From = b.partKey(u.Number, max(int(marker), 0)+1)
		for _, p := range parts.Scan(tx, r) {
			if len(out.Parts) == l.limit {
				*out.IsTruncated = true
				break
			}
			out.Parts = append(out.Parts, p.shown(u.Stated))
			out.NextPartNumberMarker = new(int32(p.Number))
		}
		return nil
	})
	return out, err
}

// shown is the part as ListParts shows it.
func (p *part) shown(sums bool) api.Part {
	out := api.Part{PartNumber: new(int32(p.Number)), ETag: quoted(p.ETag), Size: &p.Size, LastModified: &p.Modified}
	if sums {
		p.Sum.show([10]**string{&out.ChecksumCRC32, &out.ChecksumCRC32C, &out.ChecksumCRC64NVME, &out.ChecksumSHA1, &out.ChecksumSHA256,
			&out.ChecksumSHA512, &out.ChecksumMD5, &out.ChecksumXXHASH64, &out.ChecksumXXHASH3, &out.ChecksumXXHASH128})
	}
	return out
}
