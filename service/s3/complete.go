package s3

import (
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CompleteMultipartUpload makes an object of the parts of an upload. Their bytes
// stay where they are.
func (s *Service) CompleteMultipartUpload(ctx context.Context, in *api.CompleteMultipartUploadInput) (*api.CompleteMultipartUploadOutput, error) {
	if in.MultipartUpload == nil || len(in.MultipartUpload.Parts) == 0 || len(in.MultipartUpload.Parts) > maxPart {
		return nil, errMalformedXML()
	}
	c := &completion{in: in, write: write{event: "CompleteMultipartUpload", when: conditions{match: in.IfMatch, noneMatch: in.IfNoneMatch}}}
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		u, err := b.upload(tx, in.Key, in.UploadId)
		if o, ok := b.latest(tx, in.Key); err != nil && ok && o.Upload == in.UploadId {
			c.b, c.o = b, o // a client that did not get its answer asks again
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.when.forWrite(tx, b, in.Key); err != nil {
			return err
		}
		c.tx, c.b, c.u, c.o = tx, b, u, &u.Object
		c.o.Key = in.Key
		if err := c.choose(); err != nil {
			return err
		}
		if err := c.check(); err != nil {
			return err
		}
		if b.isDirectory() {
			c.o.ETag = s.expressTag() + "-" + strconv.Itoa(c.o.Parts)
		}
		c.move()
		s.publish(ctx, tx, &c.write)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.shown(aws.CallFrom(ctx)), nil
}

// completion is an upload being completed.
type completion struct {
	write
	in     *api.CompleteMultipartUploadInput
	tx     kv.Tx
	u      *upload
	chosen []*part
}

// choose finds the parts that the request lists.
func (c *completion) choose() error {
	have := map[int]*part{}
	for _, p := range parts.Scan(c.tx, kv.Prefix(parts.Prefix(c.b.scope(), c.b.id(), kv.Uint(c.u.Number)))) {
		have[p.Number] = p
	}
	c.chosen = nil
	listed := c.in.MultipartUpload.Parts
	if !slices.IsSortedFunc(listed, func(a, b api.CompletedPart) int {
		return cmp.Or(cmp.Compare(deref(a.PartNumber), deref(b.PartNumber)), -1)
	}) {
		return aws.Errorf(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
	}
	for i := range listed {
		l := &listed[i]
		number := int(deref(l.PartNumber))
		p := have[number]
		if c.b.isDirectory() && number != i+1 {
			// AWS: "Using multipart uploads with directory buckets": without gaps.
			return aws.Errorf(http.StatusBadRequest, "InvalidPartOrder", "The list of parts was not in consecutive order. Parts in directory buckets must be numbered from 1, without gaps.")
		}
		switch {
		case p == nil, strings.Trim(deref(l.ETag), `"`) != p.ETag, !p.agrees(l):
			return api.ErrInvalidPart(&api.InvalidPart{UploadId: &c.in.UploadId, PartNumber: l.PartNumber, ETag: l.ETag},
				"One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
		case i < len(listed)-1 && p.Size < minPartSize:
			return api.ErrEntityTooSmall(&api.EntityTooSmall{ProposedSize: &p.Size, MinSizeAllowed: new(int64(minPartSize)), PartNumber: l.PartNumber, ETag: l.ETag},
				"Your proposed upload is smaller than the minimum allowed size")
		}
		c.chosen = append(c.chosen, p)
	}
	return nil
}

// agrees reports whether a part has the checksum that the request lists for it.
func (p *part) agrees(l *api.CompletedPart) bool {
	listed := sums{l.ChecksumCRC32, l.ChecksumCRC32C, l.ChecksumCRC64NVME, l.ChecksumSHA1, l.ChecksumSHA256,
		l.ChecksumSHA512, l.ChecksumMD5, l.ChecksumXXHASH64, l.ChecksumXXHASH3, l.ChecksumXXHASH128}
	for i, a := range algorithms() {
		if listed[i] != nil && a.name == p.Sum.Algorithm && *listed[i] != p.Sum.Value {
			return false
		}
	}
	return true
}

// check makes the object's digests and holds them against what the request says.
func (c *completion) check() error {
	o := c.o
	digest := md5.New()
	whole := joint{}
	whole.a, _ = algorithmNamed(o.Sum.Algorithm)
	var values []string
	o.Size = 0
	for _, p := range c.chosen {
		raw, _ := hex.DecodeString(p.ETag) // of our own making
		digest.Write(raw)
		values = append(values, p.Sum.Value)
		if !o.Sum.Composite {
			whole.add(p.Sum.Value, p.Size)
		}
		o.Size += p.Size
	}
	o.Parts = len(c.chosen)
	o.ETag = hex.EncodeToString(digest.Sum(nil)) + "-" + strconv.Itoa(o.Parts)
	if o.Sum.Composite {
		o.Sum = composite(o.Sum.Algorithm, values)
	} else {
		o.Sum = whole.sum()
	}
	in := c.in
	stated := sums{in.ChecksumCRC32, in.ChecksumCRC32C, in.ChecksumCRC64NVME, in.ChecksumSHA1, in.ChecksumSHA256,
		in.ChecksumSHA512, in.ChecksumMD5, in.ChecksumXXHASH64, in.ChecksumXXHASH3, in.ChecksumXXHASH128}
	for i, a := range algorithms() {
		if stated[i] != nil && (a.name == o.Sum.Algorithm || c.u.Stated) && strings.TrimSuffix(*stated[i], "-"+strconv.Itoa(o.Parts)) != strings.TrimSuffix(o.Sum.Value, "-"+strconv.Itoa(o.Parts)) {
			return errBadChecksum(a.name)
		}
	}
	if in.ChecksumType != "" && c.u.Stated && in.ChecksumType != o.Sum.kind() {
		return api.ErrInvalidRequest("The upload was created using the %s checksum mode. The complete request must use the same checksum mode.", o.Sum.kind())
	}
	if in.MpuObjectSize != nil && *in.MpuObjectSize != o.Size {
		return api.ErrInvalidRequest("The provided 'x-amz-mp-object-size' header value %d does not match what was computed: %d", *in.MpuObjectSize, o.Size)
	}
	if o.Size > maxObject {
		return api.ErrEntityTooLarge(&api.EntityTooLarge{ProposedSize: &o.Size, MaxSizeAllowed: new(int64(maxObject))}, "Your proposed upload exceeds the maximum allowed size")
	}
	return nil
}

// move makes the chosen parts the object's, and drops the others.
func (c *completion) move() {
	row, from := c.u.Number, int64(0)
	for _, p := range c.chosen {
		c.b.billPart(c.tx, c.u, p, false)
		extents.Put(c.tx, c.b.extentKey(row, from), p)
		parts.Delete(c.tx, c.b.partKey(row, p.Number))
		from += p.Size
	}
	c.o.Content, c.o.Upload = content{Parts: row}, c.u.ID
	c.b.dropUpload(c.tx, c.b.uploadKey(c.u.Key, c.u.ID), c.u)
}

func (c *completion) shown(call *aws.Call) *api.CompleteMultipartUploadOutput {
	o, done := c.o, c.answer()
	scheme := "http://"
	if call.TLS {
		scheme = "https://"
	}
	return &api.CompleteMultipartUploadOutput{
		Location: new(scheme + call.Host + "/" + c.b.Name + "/" + o.Key), Bucket: &c.b.Name, Key: &c.in.Key, ETag: done.ETag, Expiration: done.Expiration,
		ChecksumCRC32: done.ChecksumCRC32, ChecksumCRC32C: done.ChecksumCRC32C, ChecksumCRC64NVME: done.ChecksumCRC64NVME, ChecksumSHA1: done.ChecksumSHA1,
		ChecksumSHA256: done.ChecksumSHA256, ChecksumSHA512: done.ChecksumSHA512, ChecksumMD5: done.ChecksumMD5, ChecksumXXHASH64: done.ChecksumXXHASH64,
		ChecksumXXHASH3: done.ChecksumXXHASH3, ChecksumXXHASH128: done.ChecksumXXHASH128, ChecksumType: done.ChecksumType,
		ServerSideEncryption: done.ServerSideEncryption, SSEKMSKeyId: done.SSEKMSKeyId, BucketKeyEnabled: done.BucketKeyEnabled, VersionId: done.VersionId,
	}
}
