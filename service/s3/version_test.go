package s3_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/brume-cloud/brume/cloudtest"
)

func (s *shelf) versioning(status types.BucketVersioningStatus) {
	s.Helper()
	if _, err := s.PutBucketVersioning(s.Context(), &s3.PutBucketVersioningInput{Bucket: &s.bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: status}}); err != nil {
		s.Fatal(err)
	}
}

// remove deletes an object, or with an id a version of it.
func (s *shelf) remove(key, version string) *s3.DeleteObjectOutput {
	s.Helper()
	in := &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &key}
	if version != "" {
		in.VersionId = &version
	}
	out, err := s.DeleteObject(s.Context(), in)
	if err != nil {
		s.Fatal(err)
	}
	return out
}

func version(id string) func(*s3.GetObjectInput) {
	return func(in *s3.GetObjectInput) { in.VersionId = &id }
}

// versions lists all versions as key=size, key! for delete markers, with * behind the latest.
func (s *shelf) versions(page int32) string {
	s.Helper()
	var all []string
	in := &s3.ListObjectVersionsInput{Bucket: &s.bucket, MaxKeys: &page}
	for {
		out, err := s.ListObjectVersions(s.Context(), in)
		if err != nil {
			s.Fatal(err)
		}
		star := map[bool]string{true: "*"}
		for _, v := range out.Versions {
			all = append(all, fmt.Sprint(*v.Key, "=", *v.Size, star[*v.IsLatest]))
		}
		for _, m := range out.DeleteMarkers {
			all = append(all, *m.Key+"!"+star[*m.IsLatest])
		}
		if !*out.IsTruncated {
			return strings.Join(all, " ")
		}
		in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker
	}
}

func TestVersionsAreKeptAndComeBack(t *testing.T) {
	s := open(t)
	s.put("k", "0") // before versioning: the null version
	s.versioning("Enabled")
	one, two := *s.put("k", "11").VersionId, *s.put("k", "222").VersionId
	for v, wanted := range map[string]string{one: "11", two: "222", "null": "0", "nonsense": "<InvalidArgument>", two[:16] + one[16:]: "<NoSuchVersion>"} {
		if got := s.get("k", version(v)); got != wanted {
			t.Errorf("%s: %s", v, got)
		}
	}
	marker := s.remove("k", "")
	if !*marker.DeleteMarker || s.get("k") != "<NoSuchKey>" || s.get("k", version(*marker.VersionId)) != "<MethodNotAllowed>" || s.keys() != "" {
		t.Error(marker, s.get("k"))
	}
	s.put("a", "1")
	s.put("z", "4444")
	if got := s.versions(1000); got != "a=1* k=3 k=2 k=1 z=4* k!*" {
		t.Error(got)
	}
	if got := s.versions(1); got != "a=1* k!* k=3 k=2 k=1 z=4*" {
		t.Error(got)
	}
	s.remove("k", *marker.VersionId)
	if got := s.get("k"); got != "222" {
		t.Error("after the delete marker is gone:", got)
	}
	s.remove("k", two)
	if got := s.get("k"); got != "11" {
		t.Error(got)
	}
	s.versioning("Suspended")
	if v := s.put("k", "55555").VersionId; *v != "null" {
		t.Error(*v)
	}
	if got := s.versions(1000); got != "a=1* k=5* k=2 z=4*" {
		t.Error("the former null version must be gone:", got)
	}
	s.remove("k", "")
	if got := s.versions(1000); got != "a=1* k=2 z=4* k!*" {
		t.Error(got)
	}
	s.put("k", "6")
	s.versioning("Enabled")
	s.put("k", "77")
	if got := s.versions(1000); got != "a=1* k=2* k=1 k=2 z=4*" || s.get("k", version("null")) != "6" {
		t.Error(got, s.get("k", version("null")))
	}
}

func TestManyAreDeletedAtOnce(t *testing.T) {
	s := open(t)
	s.put("a", "1")
	s.put("b", "1")
	out, err := s.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: &s.bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{
		{Key: new("a")}, {Key: new("nothing")}, {Key: new("b"), ETag: new("wrong")},
	}}})
	if err != nil || len(out.Deleted) != 2 || len(out.Errors) != 1 || *out.Errors[0].Code != "PreconditionFailed" || s.keys() != "b" {
		t.Error(out, err)
	}
}

func TestCopies(t *testing.T) {
	s := open(t, cloudtest.Dir(t.TempDir()))
	s.create("other")
	large := strings.Repeat("large ", 10_000)
	s.put("dir/a b", large, func(in *s3.PutObjectInput) {
		in.Metadata, in.ContentType, in.Tagging = map[string]string{"m": "1"}, new("text/plain"), new("t=1")
	})
	out, err := s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: new("other"), Key: new("copy"), CopySource: new("shelf/dir/a%20b")})
	if err != nil || out.CopyObjectResult.ETag == nil {
		t.Fatal(err)
	}
	s.remove("dir/a b", "") // the copy shares its bytes
	s.bucket = "other"
	s.cloud.Advance(1)
	if s.get("copy") != large {
		t.Error("the copy lost its bytes")
	}
	head, err := s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: new("copy")})
	if err != nil || head.Metadata["m"] != "1" || *head.ContentType != "text/plain" || *head.TagCount != 1 {
		t.Error(head, err)
	}
	_, err = s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: new("other"), Key: new("copy"), CopySource: new("other/copy")})
	s.want("InvalidRequest", err)
	_, err = s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: new("other"), Key: new("copy"), CopySource: new("other/copy"), MetadataDirective: "REPLACE", Metadata: map[string]string{"n": "2"}})
	s.want("", err)
	head, err = s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: new("copy")})
	if err != nil || head.Metadata["m"] != "" || head.Metadata["n"] != "2" || s.get("copy") != large {
		t.Error(head, err)
	}
	_, err = s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: new("other"), Key: new("x"), CopySource: new("other/copy"), CopySourceIfMatch: new("x")})
	s.want("PreconditionFailed", err)
	_, err = s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: new("other"), Key: new("x"), CopySource: new("other/nothing")})
	s.want("NoSuchKey", err)
	s.remove("copy", "")
	s.cloud.Advance(1)
	if n := s.blobs(); n != 0 {
		t.Errorf("%d blobs of deleted objects are left", n)
	}
}

// blobs counts the blobs in the cloud's directory.
func (s *shelf) blobs() (n int) {
	for _, err := range s.cloud.System().Objects().List() {
		if err != nil {
			s.Fatal(err)
		}
		n++
	}
	return n
}

func TestUploadsInParts(t *testing.T) {
	for _, kind := range []struct {
		algorithm types.ChecksumAlgorithm
		kind      types.ChecksumType
	}{{"", ""}, {"CRC32", "COMPOSITE"}, {"CRC32", "FULL_OBJECT"}, {"CRC32C", "FULL_OBJECT"}, {"CRC64NVME", ""}, {"SHA256", ""}} {
		t.Run(string(kind.algorithm+"/")+string(kind.kind), func(t *testing.T) {
			s := open(t, cloudtest.Dir(t.TempDir()))
			up, err := s.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{
				Bucket: &s.bucket, Key: new("big"), ChecksumAlgorithm: kind.algorithm, ChecksumType: kind.kind, Metadata: map[string]string{"m": "1"},
			})
			if err != nil {
				t.Fatal(err)
			}
			pieces := [][]byte{bytes.Repeat([]byte("a"), 5<<20), bytes.Repeat([]byte("b"), 5<<20+1), []byte("c")}
			var done []types.CompletedPart
			for i, p := range pieces {
				out, err := s.UploadPart(t.Context(), &s3.UploadPartInput{
					Bucket: &s.bucket, Key: new("big"), UploadId: up.UploadId, PartNumber: new(int32(2*i + 1)), Body: bytes.NewReader(p), ChecksumAlgorithm: kind.algorithm,
				})
				if err != nil {
					t.Fatal(err)
				}
				done = append(done, types.CompletedPart{ETag: out.ETag, PartNumber: new(int32(2*i + 1)), ChecksumCRC32: out.ChecksumCRC32, ChecksumSHA256: out.ChecksumSHA256})
			}
			list, err := s.ListParts(t.Context(), &s3.ListPartsInput{Bucket: &s.bucket, Key: new("big"), UploadId: up.UploadId})
			if err != nil || len(list.Parts) != 3 || *list.Parts[1].Size != 5<<20+1 {
				t.Error(list, err)
			}
			if got := s.get("big"); got != "<NoSuchKey>" {
				t.Error("before it is complete:", len(got))
			}
			out, err := s.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: &s.bucket, Key: new("big"), UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done}})
			if err != nil || !strings.HasSuffix(*out.ETag, `-3"`) {
				t.Fatal(out, err)
			}
			again, err := s.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: &s.bucket, Key: new("big"), UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done}})
			if err != nil || *again.ETag != *out.ETag {
				t.Error("once more:", again, err)
			}
			whole := string(bytes.Join(pieces, nil))
			if got := s.get("big", func(in *s3.GetObjectInput) { in.ChecksumMode = "ENABLED" }); got != whole {
				t.Errorf("%d bytes", len(got))
			}
			if got := s.get("big", func(in *s3.GetObjectInput) { in.Range = new("bytes=5242879-10485761") }); got != "a"+string(pieces[1])+"c" {
				t.Errorf("a range over parts: %d bytes", len(got))
			}
			part, err := s.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &s.bucket, Key: new("big"), PartNumber: new(int32(5))})
			if err != nil {
				t.Fatal(err)
			}
			if b, _ := io.ReadAll(part.Body); string(b) != "c" || *part.PartsCount != 3 {
				t.Error(string(b), *part.PartsCount)
			}
			// The checksum of the parts joined is that of the whole.
			copied, err := s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &s.bucket, Key: new("copy"), CopySource: new("shelf/big")})
			if err != nil {
				t.Fatal(err)
			}
			joined, plain := []*string{out.ChecksumCRC32, out.ChecksumCRC32C, out.ChecksumCRC64NVME}, copied.CopyObjectResult
			for i, sum := range []*string{plain.ChecksumCRC32, plain.ChecksumCRC32C, plain.ChecksumCRC64NVME} {
				if out.ChecksumType == "FULL_OBJECT" && (sum == nil) != (joined[i] == nil) || sum != nil && out.ChecksumType == "FULL_OBJECT" && *sum != *joined[i] {
					t.Errorf("%v of the parts, %v of the whole", joined[i], sum)
				}
			}
			reading, err := s.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &s.bucket, Key: new("big")})
			if err != nil {
				t.Fatal(err)
			}
			s.remove("big", "")
			s.remove("copy", "")
			s.cloud.Advance(1)
			if b, err := io.ReadAll(reading.Body); err != nil || string(b) != whole {
				t.Error("who reads already, reads on:", len(b), err)
			}
			reading.Body.Close()
			if n := s.blobs(); n != 0 {
				t.Errorf("%d blobs are left", n)
			}
		})
	}
}

func TestUploadsThatFail(t *testing.T) {
	s := open(t, cloudtest.Dir(t.TempDir()))
	begin := func(key string) *string {
		up, err := s.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		return up.UploadId
	}
	part := func(id *string, n int32, body string) (*string, error) {
		out, err := s.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: &s.bucket, Key: new("k"), UploadId: id, PartNumber: &n, Body: strings.NewReader(body)})
		if err != nil {
			return nil, err
		}
		return out.ETag, nil
	}
	complete := func(id *string, parts ...types.CompletedPart) error {
		_, err := s.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: &s.bucket, Key: new("k"), UploadId: id, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}})
		return err
	}
	id := begin("k")
	one, _ := part(id, 1, strings.Repeat("x", 20_000))
	two, _ := part(id, 2, "y")
	p1, p2 := types.CompletedPart{ETag: one, PartNumber: new(int32(1))}, types.CompletedPart{ETag: two, PartNumber: new(int32(2))}
	s.want("EntityTooSmall", complete(id, p1, p2))
	s.want("InvalidPartOrder", complete(id, p2, p1))
	s.want("InvalidPart", complete(id, types.CompletedPart{ETag: two, PartNumber: new(int32(1))}))
	s.want("NoSuchUpload", complete(new("nothing"), p1))
	_, err := part(id, 10_001, "")
	s.want("InvalidArgument", err)
	begin("a")
	begin("dir/x")
	list, err := s.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &s.bucket, Delimiter: new("/")})
	if err != nil || len(list.Uploads) != 2 || *list.Uploads[0].Key != "a" || len(list.CommonPrefixes) != 1 {
		t.Error(list, err)
	}
	list, err = s.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &s.bucket, MaxUploads: new(int32(1))})
	if err != nil || len(list.Uploads) != 1 || *list.NextKeyMarker != "a" {
		t.Fatal(list, err)
	}
	list, err = s.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &s.bucket, KeyMarker: list.NextKeyMarker, UploadIdMarker: list.NextUploadIdMarker})
	if err != nil || len(list.Uploads) != 2 || *list.Uploads[0].Key != "dir/x" {
		t.Error(list, err)
	}
	// A part that is uploaded again takes the former one's place.
	if _, err := part(id, 1, strings.Repeat("z", 20_000)); err != nil {
		t.Fatal(err)
	}
	s.want("InvalidPart", complete(id, p1))
	if _, err := s.AbortMultipartUpload(t.Context(), &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: new("k"), UploadId: id}); err != nil {
		t.Error(err)
	}
	s.want("NoSuchUpload", complete(id, p1))
	s.cloud.Advance(1)
	if n := s.blobs(); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
}

func TestPartsAreCopied(t *testing.T) {
	s := open(t)
	body := strings.Repeat("0123456789", 600_000)
	s.put("source", body)
	up, err := s.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: new("k")})
	if err != nil {
		t.Fatal(err)
	}
	var done []types.CompletedPart
	for i, r := range []string{"bytes=0-5242879", "bytes=5242880-5999999"} {
		out, err := s.UploadPartCopy(t.Context(), &s3.UploadPartCopyInput{Bucket: &s.bucket, Key: new("k"), UploadId: up.UploadId, PartNumber: new(int32(i + 1)), CopySource: new("/shelf/source"), CopySourceRange: &r})
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, types.CompletedPart{ETag: out.CopyPartResult.ETag, PartNumber: new(int32(i + 1))})
	}
	if _, err := s.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: &s.bucket, Key: new("k"), UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: done}}); err != nil {
		t.Fatal(err)
	}
	if s.get("k") != body {
		t.Error("the copy differs")
	}
}

func TestMFADeleteNeedsADevice(t *testing.T) {
	s := open(t)
	_, err := s.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: &s.bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: "Enabled", MFADelete: "Enabled"}})
	s.want("AccessDenied", err)
	_, err = s.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: &s.bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: "Enabled", MFADelete: "Disabled"}})
	s.want("", err)
}
