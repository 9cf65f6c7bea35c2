package s3

import (
	"context"
	"slices"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/state/kv"
)

// GetObjectAttributes tells what is asked for of an object, its parts included.
func (s *Service) GetObjectAttributes(ctx context.Context, in *api.GetObjectAttributesInput) (*api.GetObjectAttributesOutput, error) {
	if len(in.ObjectAttributes) == 0 {
		return nil, api.ErrInvalidRequest("Invalid attribute name specified.")
	}
	wants := func(name api.ObjectAttributes) bool { return slices.Contains(in.ObjectAttributes, name) }
	out := new(api.GetObjectAttributesOutput)
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		o, err := b.lookup(tx, in.Key, in.VersionId)
		if err != nil {
			return err
		}
		if err := o.Seal.unlock(customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5}); err != nil {
			return err
		}
		out.LastModified, out.VersionId = &o.Modified, b.shownVersion(o)
		if wants("ETag") {
			out.ETag = &o.ETag // AWS: "GetObjectAttributes": without quotes here
		}
		if wants("ObjectSize") {
			out.ObjectSize = &o.Size
		}
		if wants("StorageClass") {
			out.StorageClass = api.StorageClass(o.shownClass())
		}
		if c := new(api.Checksum); wants("Checksum") && o.Sum.Algorithm != "" {
			c.ChecksumType = o.Sum.kind()
			o.Sum.show([10]**string{&c.ChecksumCRC32, &c.ChecksumCRC32C, &c.ChecksumCRC64NVME, &c.ChecksumSHA1, &c.ChecksumSHA256,
				&c.ChecksumSHA512, &c.ChecksumMD5, &c.ChecksumXXHASH64, &c.ChecksumXXHASH3, &c.ChecksumXXHASH128})
			out.Checksum = c
		}
		if wants("ObjectParts") && o.Parts > 0 {
			out.ObjectParts, err = b.shownParts(tx, o, in)
		}
		return err
	})
	return out, err
}

func (b *bucket) shownParts(tx kv.Tx, o *object, in *api.GetObjectAttributesInput) (*api.GetObjectAttributesParts, error) {
	l, err := listingOf(nil, nil, in.MaxParts, "")
	if err != nil {
		return nil, err
	}
	marker := deref(in.PartNumberMarker)
	out := &api.GetObjectAttributesParts{TotalPartsCount: new(int32(o.Parts)), PartNumberMarker: &marker, MaxParts: new(int32(l.limit)), IsTruncated: new(false)}
	if !o.Sum.Composite { // AWS: parts are only listed when the object's checksum is made of theirs
		return out, nil
	}
	for _, p := range extents.Scan(tx, kv.Prefix(extents.Prefix(b.scope(), b.id(), kv.Uint(o.Content.Parts)))) {
		if p.Number <= int(marker) {
			continue
		}
		if len(out.Parts) == l.limit {
			*out.IsTruncated = true
			break
		}
		shown := api.ObjectPart{PartNumber: new(int32(p.Number)), Size: &p.Size}
		p.Sum.show([10]**string{&shown.ChecksumCRC32, &shown.ChecksumCRC32C, &shown.ChecksumCRC64NVME, &shown.ChecksumSHA1, &shown.ChecksumSHA256,
			&shown.ChecksumSHA512, &shown.ChecksumMD5, &shown.ChecksumXXHASH64, &shown.ChecksumXXHASH3, &shown.ChecksumXXHASH128})
		out.Parts = append(out.Parts, shown)
		out.NextPartNumberMarker = shown.PartNumber
	}
	return out, nil
}
