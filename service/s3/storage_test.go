package s3_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/brume-cloud/brume/cloudtest"
)

// used is how much of a dimension the account has used.
func (s *shelf) used(dimension string) (n int64) {
	s.Helper()
	lines, err := s.cloud.System().Usage(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	for _, l := range lines {
		if l.Service == "s3" && l.Dimension == dimension {
			n += l.Amount
		}
	}
	return n
}

// uses checks some dimensions.
func (s *shelf) uses(want map[string]int64) {
	s.Helper()
	for d, n := range want {
		if got := s.used(d); got != n {
			s.Errorf("%s: %d, want %d", d, got, n)
		}
	}
}

func class(c types.StorageClass) func(*s3.PutObjectInput) {
	return func(in *s3.PutObjectInput) { in.StorageClass = c }
}

func TestStorageIsMeteredByTheHour(t *testing.T) {
	bubble(t, func(s *shelf) {
		s.put("a", strings.Repeat("x", 1000))
		s.cloud.Advance(90 * time.Minute)
		s.uses(map[string]int64{"TimedStorage-ByteHrs": 1500})
		s.put("a", strings.Repeat("x", 200)) // in its place
		s.cloud.Advance(30 * time.Minute)
		s.put("b", strings.Repeat("x", 100))
		s.uses(map[string]int64{"TimedStorage-ByteHrs": 1600})
		s.cloud.Advance(time.Hour)
		s.remove("a", "")
		s.cloud.Advance(time.Hour)
		s.uses(map[string]int64{"TimedStorage-ByteHrs": 2000})
		s.remove("b", "")
		s.cloud.Advance(1000 * day)
		s.uses(map[string]int64{"TimedStorage-ByteHrs": 2000})

		s.versioning("Enabled")
		first := s.put("v", "1234567890")
		s.put("v", "12345")
		s.remove("v", "")
		s.cloud.Advance(time.Hour)
		s.uses(map[string]int64{"TimedStorage-ByteHrs": 2015})
		s.remove("v", *first.VersionId)
		s.cloud.Advance(time.Hour)
		s.uses(map[string]int64{"TimedStorage-ByteHrs": 2020})
	})
}

func TestStorageIsMeteredByClass(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		s.lifecycle(types.LifecycleRule{Transitions: []types.Transition{{Days: new(int32(30)), StorageClass: "STANDARD_IA"}, {Days: new(int32(60)), StorageClass: "GLACIER"}}})
		const size = 200_000
		s.put("k", strings.Repeat("x", size))
		s.cloud.Advance(60 * day)
		s.uses(map[string]int64{"TimedStorage-ByteHrs": size * 30 * 24, "TimedStorage-SIA-ByteHrs": size * 30 * 24, "TimedStorage-GlacierByteHrs": 0, "Requests-Tier4": 1, "Requests-Tier3": 1, "EarlyDelete-SIA": 0})
		s.cloud.Advance(day)
		s.uses(map[string]int64{"TimedStorage-SIA-ByteHrs": size * 30 * 24, "TimedStorage-GlacierByteHrs": (size + 32<<10) * 24, "TimedStorage-ByteHrs": size*30*24 + (8<<10)*24})

		if _, err := s.RestoreObject(t.Context(), &s3.RestoreObjectInput{Bucket: &s.bucket, Key: new("k"), RestoreRequest: &types.RestoreRequest{Days: new(int32(1)), GlacierJobParameters: &types.GlacierJobParameters{Tier: "Bulk"}}}); err != nil {
			t.Fatal(err)
		}
		s.cloud.Advance(4 * day) // there after twelve hours, until the midnight after another day
		s.uses(map[string]int64{"Bulk-Retrieval-Bytes": size, "TimedStorage-ByteHrs": size*30*24 + (8<<10)*5*24 + size*36})
		s.remove("k", "") // 5 of 90 days
		s.uses(map[string]int64{"EarlyDelete-ByteHrs": size * 85 * 24})

		s.put("small", "x", class("ONEZONE_IA"))
		s.cloud.Advance(time.Hour)
		s.uses(map[string]int64{"TimedStorage-ZIA-ByteHrs": 1, "TimedStorage-ZIA-SmObjects": 128<<10 - 1})
	})
}

func TestPartsAreMeteredUntilTheyAreAnObject(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		up, err := s.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: new("k"), StorageClass: "GLACIER_IR"})
		if err != nil {
			t.Fatal(err)
		}
		part := func(n int32, size int) types.CompletedPart {
			out, err := s.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: &s.bucket, Key: new("k"), UploadId: up.UploadId, PartNumber: &n, Body: strings.NewReader(strings.Repeat("x", size))})
			if err != nil {
				t.Fatal(err)
			}
			return types.CompletedPart{PartNumber: &n, ETag: out.ETag}
		}
		part(1, 5000)
		one := part(1, 150_000)
		part(2, 7)
		s.cloud.Advance(time.Hour)
		s.uses(map[string]int64{"TimedStorage-GIR-ByteHrs": 150_007})
		if _, err := s.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: &s.bucket, Key: new("k"), UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{one}}}); err != nil {
			t.Fatal(err)
		}
		s.cloud.Advance(time.Hour)
		s.uses(map[string]int64{"TimedStorage-GIR-ByteHrs": 300_007, "TimedStorage-GIR-SmObjects": 0})
	})
}

func TestReadingInfrequentClassesIsMetered(t *testing.T) {
	s := open(t)
	s.put("ia", strings.Repeat("x", 1000), class("STANDARD_IA"))
	s.put("s", strings.Repeat("x", 1000))
	s.get("ia")
	s.get("s")
	s.get("ia", func(in *s3.GetObjectInput) { in.Range = new("bytes=0-9") })
	if _, err := s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &s.bucket, Key: new("copy"), CopySource: new(s.bucket + "/ia")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: new("ia")}); err != nil {
		t.Fatal(err)
	}
	s.uses(map[string]int64{"Retrieval-SIA": 2010})
}

func TestStorageIsMeteredAcrossARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, cloudtest.Dir(t.TempDir()))
		s.put("k", "0123456789")
		s.cloud.Advance(time.Hour)
		s.cloud.Restart()
		s.cloud.Advance(time.Hour)
		s.uses(map[string]int64{"TimedStorage-ByteHrs": 20})
	})
}
