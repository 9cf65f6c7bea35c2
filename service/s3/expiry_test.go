package s3_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// TestExpiryReplacesTheNullVersionOnce has a lifecycle make a delete marker in
// the place of a null version whose own time has come as well. Its bytes are
// given up once: a copy shares them.
func TestExpiryReplacesTheNullVersionOnce(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		large := strings.Repeat("x", 100_000)
		s.put("k", large)
		if _, err := s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &s.bucket, Key: new("z"), CopySource: new("shelf/k")}); err != nil {
			t.Fatal(err)
		}
		s.versioning("Enabled")
		s.put("k", "22")
		s.versioning("Suspended")
		s.lifecycle(types.LifecycleRule{
			Filter: &types.LifecycleRuleFilter{Prefix: new("k")}, Expiration: &types.LifecycleExpiration{Days: new(int32(1))},
			NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: new(int32(1))},
		})
		s.cloud.Advance(day + time.Hour)
		if got := s.versions(1000); got != "k=2 z=100000* k!*" {
			t.Error(got)
		}
		if got := s.get("k", version("null")); got != "<MethodNotAllowed>" {
			t.Error("the delete marker:", got)
		}
		if got := s.get("z"); got != large {
			t.Error("the copy:", len(got), "bytes")
		}
	})
}

// TestDeleteMarkersAreNoncurrentSinceTheirSuccessor keeps a delete marker for
// the days that a rule says, counted from when it was replaced.
func TestDeleteMarkersAreNoncurrentSinceTheirSuccessor(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		s.versioning("Enabled")
		s.put("k", "1")
		s.remove("k", "")
		s.cloud.Advance(5 * day)
		s.put("k", "22")
		s.lifecycle(types.LifecycleRule{NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: new(int32(2))}})
		s.cloud.Advance(day + time.Hour)
		if got := s.versions(1000); got != "k=2* k!" {
			t.Error("after a day:", got)
		}
		s.cloud.Advance(2 * day)
		if got := s.versions(1000); got != "k=2*" {
			t.Error("after three:", got)
		}
	})
}

// TestADeleteMarkerIsNotCopied names one by its version.
func TestADeleteMarkerIsNotCopied(t *testing.T) {
	s := open(t)
	s.versioning("Enabled")
	s.put("k", "1")
	marker := s.remove("k", "")
	for source, wanted := range map[string]string{"shelf/k": "NoSuchKey", "shelf/k?versionId=" + *marker.VersionId: "InvalidRequest"} {
		_, err := s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &s.bucket, Key: new("z"), CopySource: &source})
		s.want(wanted, err)
	}
}
