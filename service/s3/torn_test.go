package s3_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/brume-cloud/brume/cloudtest"
)

// TestTornUploadsLeaveNothing sends bodies that end early, that lie about their
// digests, or that are refused after they came.
func TestTornUploadsLeaveNothing(t *testing.T) {
	s := open(t, cloudtest.Loopback(), cloudtest.Dir(t.TempDir()))
	s.put("k", "before")
	up, err := s3.NewPresignClient(s.Client).PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k")})
	if err != nil {
		t.Fatal(err)
	}
	_, target, _ := strings.Cut(strings.TrimPrefix(up.URL, "http://"), "/")
	for _, size := range []int{100, 500_000} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.cloud.Endpoint, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "PUT /%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n", target, strings.TrimPrefix(s.cloud.Endpoint, "http://"), size+1)
		conn.Write(bytes.Repeat([]byte("x"), size))
		conn.(*net.TCPConn).CloseWrite()
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		io.ReadAll(conn)
		conn.Close()
	}
	unknown, _ := http.NewRequestWithContext(t.Context(), up.Method, up.URL, io.MultiReader(strings.NewReader("how long is this?")))
	if res, err := s.cloud.Client().Do(unknown); err != nil || res.StatusCode != 501 {
		t.Error("a body of unknown length:", res, err)
	}
	body := strings.Repeat("x", 500_000)
	_, err = s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k"), Body: strings.NewReader(body), ContentMD5: new("1B2M2Y8AsgTpgAmY7PhCfg==")})
	s.want("BadDigest", err)
	_, err = s.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: &s.bucket, Key: new("k"), UploadId: new("nothing"), PartNumber: new(int32(1)), Body: strings.NewReader(body)})
	s.want("NoSuchUpload", err)
	if got := s.get("k"); got != "before" {
		t.Errorf("%d bytes", len(got))
	}
	if n := s.blobs(); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
}

// TestReplacedObjectsGiveTheirSpaceBack puts one key again and again.
func TestReplacedObjectsGiveTheirSpaceBack(t *testing.T) {
	s := open(t, cloudtest.Dir(t.TempDir()))
	for n := range 5 {
		s.put("k", strings.Repeat("x", 100_000+n))
	}
	reading, err := s.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &s.bucket, Key: new("k")})
	if err != nil {
		t.Fatal(err)
	}
	s.put("k", "small")
	s.cloud.Advance(time.Second)
	if n := s.blobs(); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
	if b, err := io.ReadAll(reading.Body); err != nil || len(b) != 100_004 {
		t.Error("who reads already, reads on:", len(b), err)
	}
	reading.Body.Close()
}

// TestSnapshotsKeepTheirBlobs goes back to a state whose objects were deleted since.
func TestSnapshotsKeepTheirBlobs(t *testing.T) {
	s := open(t, cloudtest.Dir(t.TempDir()))
	large := strings.Repeat("x", 100_000)
	s.put("k", large)
	system := s.cloud.System()
	if err := system.SaveSnapshot(t.Context(), "before"); err != nil {
		t.Fatal(err)
	}
	s.remove("k", "")
	s.put("later", large)
	s.cloud.Advance(48 * time.Hour) // the collector came by
	if err := system.LoadSnapshot(t.Context(), "before"); err != nil {
		t.Fatal(err)
	}
	if s.get("k") != large || s.keys() != "k" {
		t.Error("the object did not come back:", s.keys())
	}
}

// TestManyKeysAreListedByJumping lists the common prefixes of many keys.
func TestManyKeysAreListedByJumping(t *testing.T) {
	s := open(t)
	for n := range 2000 {
		s.put(fmt.Sprintf("%d/%04d", n%4, n), "")
	}
	began := time.Now()
	if got := s.keys(func(in *s3.ListObjectsV2Input) { in.Delimiter = new("/") }); got != "[0/] [1/] [2/] [3/]" {
		t.Error(got)
	}
	t.Logf("%v", time.Since(began))
	if got := strings.Count(s.keys(), " "); got != 1999 {
		t.Error(got)
	}
	s.versioning("Enabled")
	out, err := s.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &s.bucket, Delimiter: new("/"), MaxKeys: new(int32(3))})
	if err != nil || len(out.CommonPrefixes) != 3 || !*out.IsTruncated || *out.NextKeyMarker != "2/" {
		t.Error(out, err)
	}
	out, err = s.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &s.bucket, Delimiter: new("/"), KeyMarker: out.NextKeyMarker})
	if err != nil || len(out.CommonPrefixes) != 1 || *out.IsTruncated {
		t.Error(out, err)
	}
}

// TestTheCollectorFindsOrphans leaves a blob without a row, as a crash does.
func TestTheCollectorFindsOrphans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t)
		s.put("k", strings.Repeat("x", 100_000))
		w, err := s.cloud.System().Objects().Create(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte("an upload that never got its row"))
		if _, err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(12 * time.Hour)
		s.cloud.Advance(24 * time.Hour)
		if n := s.blobs(); n != 2 {
			t.Errorf("%d blobs: one that young may be of an upload under way", n)
		}
		time.Sleep(13 * time.Hour)
		s.cloud.Advance(24 * time.Hour)
		if n := s.blobs(); n != 1 || len(s.get("k")) != 100_000 {
			t.Errorf("%d blobs", n)
		}
	})
}
