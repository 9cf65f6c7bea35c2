package s3_test

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestAppendedBytesFollowThoseThatAreThere(t *testing.T) {
	s := directory(t)
	add := func(body string, offset int64) (*s3.PutObjectOutput, error) {
		return s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("log"), Body: strings.NewReader(body), WriteOffsetBytes: &offset})
	}
	_, err := add("x", 1) // there is nothing to append to
	s.want("InvalidWriteOffset", err)
	first, err := add("one ", 0)
	s.want("", err)
	_, err = add("x", 0)
	s.want("InvalidWriteOffset", err)
	long := strings.Repeat("two ", 10_000) // more than a row takes
	second, err := add(long, 4)
	if err != nil || *second.ETag == *first.ETag || *second.Size != int64(4+len(long)) {
		t.Fatal(second, err)
	}
	_, err = add("", *second.Size)
	s.want("", err)
	if _, err = add("three", *second.Size); err != nil {
		t.Fatal(err)
	}
	whole := "one " + long + "three"
	if got := s.get("log"); got != whole { // the SDK holds it against the checksum
		t.Error(len(got))
	}
	if got := s.get("log", func(in *s3.GetObjectInput) { in.Range = new("bytes=2-8") }); got != whole[2:9] {
		t.Error(got)
	}
	head, err := s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: new("log"), ChecksumMode: "ENABLED", PartNumber: new(int32(1))})
	if err != nil || *head.PartsCount != 3 {
		t.Error(head, err)
	}
	h := crc32.ChecksumIEEE([]byte(whole))
	head, err = s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: new("log"), ChecksumMode: "ENABLED"})
	if err != nil || head.ChecksumCRC32 == nil || *head.ChecksumCRC32 != base64Of(h) || head.ChecksumType != "FULL_OBJECT" {
		t.Error(head.ChecksumCRC32, h, err)
	}
	_, err = s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("log"), WriteOffsetBytes: new(int64(len(whole))), IfMatch: first.ETag})
	s.want("PreconditionFailed", err)
	_, err = s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("sha"), ChecksumAlgorithm: "SHA256"})
	s.want("", err)
	_, err = s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("sha"), WriteOffsetBytes: new(int64(0))})
	s.want("InvalidRequest", err)
	_, err = s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("shelf"), Key: new("k"), WriteOffsetBytes: new(int64(0))})
	s.want("NotImplemented", err)
}

func TestPartsOfDirectoryBucketsHaveNoGaps(t *testing.T) {
	s := directory(t)
	made, err := s.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: new("k")})
	if err != nil {
		t.Fatal(err)
	}
	var all []types.CompletedPart
	for _, n := range []int32{1, 2, 3} {
		up, err := s.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: &s.bucket, Key: new("k"), UploadId: made.UploadId, PartNumber: &n, Body: strings.NewReader(strings.Repeat("x", 5<<20))})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, types.CompletedPart{PartNumber: &n, ETag: up.ETag, ChecksumCRC32: up.ChecksumCRC32})
	}
	complete := func(parts ...types.CompletedPart) error {
		_, err := s.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: &s.bucket, Key: new("k"), UploadId: made.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		return err
	}
	s.want("InvalidPartOrder", complete(all[0], all[2]))
	s.want("", complete(all[:2]...))
	s.put("k", "end", func(in *s3.PutObjectInput) { in.WriteOffsetBytes = new(int64(10 << 20)) })
	if got := s.get("k"); got != strings.Repeat("x", 10<<20)+"end" {
		t.Error(len(got))
	}
}

func base64Of(sum uint32) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum))
}
