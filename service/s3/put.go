package s3

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// PutObject stores an object.
func (s *Service) PutObject(ctx context.Context, in *api.PutObjectInput) (*api.PutObjectOutput, error) {
	p, err := promised(in.ContentMD5, sums{in.ChecksumCRC32, in.ChecksumCRC32C, in.ChecksumCRC64NVME, in.ChecksumSHA1, in.ChecksumSHA256,
		in.ChecksumSHA512, in.ChecksumMD5, in.ChecksumXXHASH64, in.ChecksumXXHASH3, in.ChecksumXXHASH128}, in.Trailer)
	if err != nil {
		return nil, err
	}
	if err := p.expect(in.ContentLength, in.DecodedContentLength); err != nil {
		return nil, err
	}
	if in.WriteOffsetBytes != nil {
		return s.extend(ctx, in, p)
	}
	w := &write{in: in, event: "Put", when: conditions{match: in.IfMatch, noneMatch: in.IfNoneMatch}}
	refused := func() error {
		return s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error { return w.prepare(ctx, tx, b) })
	}
	// What can be refused is refused before the body comes, unless it is so
	// small that it has come by now.
	small := p.length > 0 && p.length <= inlineSize
	if !small {
		if err := refused(); err != nil {
			return nil, err
		}
	}
	if w.body, err = s.receive(ctx, in.Body, p); err != nil {
		if small {
			err = cmp.Or(refused(), err)
		}
		return nil, err
	}
	if err := s.commit(ctx, w); err != nil {
		return nil, err
	}
	return w.answer(), nil
}

// write is an object on its way into a bucket.
type write struct {
	in    *api.PutObjectInput // what it will be
	body  *received
	event string // which way it comes: Put, Post, Copy or CompleteMultipartUpload
	when  conditions

	b *bucket
	o *object
}

// prepare finds the bucket and what the object will be, but for its bytes.
func (w *write) prepare(ctx context.Context, tx kv.Tx, b *bucket) error {
	if err := checkKey(w.in.Key); err != nil {
		return err
	}
	o, err := b.describe(ctx, tx, w.in)
	if err != nil {
		return err
	}
	w.b, w.o = b, o
	return w.when.forWrite(tx, b, w.in.Key)
}

// commit puts the object whose bytes have come. A body that does not make it
// into a row is dropped.
func (s *Service) commit(ctx context.Context, w *write) error {
	err := s.update(ctx, w.in.Bucket, w.in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		if err := w.prepare(ctx, tx, b); err != nil {
			return err
		}
		w.o.Size, w.o.Sum, w.o.ETag = w.body.size, w.body.sum, w.o.tagged(w.body.md5)
		if b.isDirectory() {
			w.o.ETag = s.expressTag()
		}
		var err error
		if w.o.Content, err = s.keep(tx, b, w.body); err != nil {
			return err
		}
		s.publish(ctx, tx, w)
		return nil
	})
	if err != nil {
		s.drop(w.body)
	}
	return err
}

// publish makes the object the latest of its key, and tells whom it concerns.
func (s *Service) publish(ctx context.Context, tx kv.Tx, w *write) {
	w.o.Modified = tx.Now()
	w.b.add(tx, s.Random, w.o)
	s.emit(ctx, tx, w.b, event{Name: "ObjectCreated:" + w.event, Key: w.o.Key, Size: w.o.Size, ETag: w.o.ETag, Version: w.o.Version, Seq: w.o.Seq})
	s.replicate(tx, w.b, w.o)
}

// tagged is the ETag of an object of one piece.
// AWS: "Object" (ETag), S3 API Reference: it is no digest of the object when the
// key that encrypts it is not S3's own.
func (o *object) tagged(sum []byte) string {
	if o.Seal.Customer != "" || strings.HasPrefix(o.Seal.Algorithm, "aws:kms") {
		mixed := md5.Sum(append(append([]byte(nil), sum...), o.Seal.Customer+o.Seal.Key...))
		sum = mixed[:]
	}
	return hex.EncodeToString(sum)
}

func quoted(etag string) *string { return new(`"` + etag + `"`) }

func (w *write) answer() *api.PutObjectOutput {
	o := w.o
	out := &api.PutObjectOutput{
		ETag: quoted(o.ETag), VersionId: w.b.putVersion(o), ChecksumType: o.Sum.kind(),
		ServerSideEncryption: o.Seal.shown(), SSEKMSKeyId: aws.Optional(o.Seal.Key), SSEKMSEncryptionContext: aws.Optional(o.Seal.Context), BucketKeyEnabled: aws.Optional(o.Seal.BucketKey),
		SSECustomerAlgorithm: o.Seal.customerAlgorithm(), SSECustomerKeyMD5: aws.Optional(o.Seal.Customer), Expiration: o.expiration,
	}
	o.Sum.show([10]**string{&out.ChecksumCRC32, &out.ChecksumCRC32C, &out.ChecksumCRC64NVME, &out.ChecksumSHA1, &out.ChecksumSHA256,
		&out.ChecksumSHA512, &out.ChecksumMD5, &out.ChecksumXXHASH64, &out.ChecksumXXHASH3, &out.ChecksumXXHASH128})
	return out
}

// putVersion is the version's id in the answer to a write: none while the
// bucket makes no versions.
func (b *bucket) putVersion(o *object) *string {
	if o.Version == "" && b.Versioning != versioningSuspended {
		return nil
	}
	return new(o.id())
}
