package s3_test

import (
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/brume-cloud/brume/cloud"
	"github.com/brume-cloud/brume/cloudtest"
)

// flip changes a byte of every blob in a cloud's directory whose content begins
// with a text.
func flip(t *testing.T, dir, begin string) (n int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "objects"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(string(b), begin) {
			return err
		}
		n++
		b[len(b)/2] ^= 1
		return os.WriteFile(path, b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDamageIsFound(t *testing.T) {
	dir := t.TempDir()
	s := open(t, cloudtest.Dir(dir))
	s.put("small", "small")
	s.put("good", "good"+strings.Repeat("x", 100_000))
	s.put("bad", "bad"+strings.Repeat("x", 600_000))
	s.versioning("Enabled")
	s.put("old", "worse"+strings.Repeat("x", 100_000))
	s.put("old", "")
	up, err := s.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: new("half")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: &s.bucket, Key: new("half"), UploadId: up.UploadId, PartNumber: new(int32(1)), Body: strings.NewReader("part" + strings.Repeat("x", 100_000))}); err != nil {
		t.Fatal(err)
	}
	scrub := func() string {
		done, err := s.cloud.System().Scrub(t.Context())
		if err != nil || done.Objects != 5 || done.Bytes != 900_021 {
			t.Error(done, err)
		}
		var all []string
		for _, d := range done.Damaged {
			all = append(all, d.Bucket+"/"+d.Key)
		}
		return strings.Join(all, " ")
	}
	if got := scrub(); got != "" {
		t.Error("damage of sound objects:", got)
	}
	if flip(t, dir, "bad")+flip(t, dir, "worse")+flip(t, dir, "part") != 3 {
		t.Fatal("no blobs")
	}
	if got := scrub(); got != "shelf/bad shelf/old shelf/half" {
		t.Error(got)
	}
	if _, err := s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: new("shelf"), Key: new("copy"), CopySource: new("shelf/good")}); err != nil {
		t.Error(err)
	}
	if len(s.get("good")) != 100_004 {
		t.Error("a sound object")
	}
	out, err := s.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &s.bucket, Key: new("bad")})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if b, err := io.ReadAll(out.Body); err == nil || len(b) == 600_003 {
		t.Error("damaged bytes pass for whole:", len(b), err)
	}
}

// TestDamageIsFoundInTime lets the job find it, which tells the log.
func TestDamageIsFoundInTime(t *testing.T) {
	dir := t.TempDir()
	t.Run("Fill", func(t *testing.T) {
		s := open(t, cloudtest.Dir(dir))
		s.put("good", "good"+strings.Repeat("x", 100_000))
		s.put("bad", "bad"+strings.Repeat("x", 100_000))
	})
	if flip(t, dir, "bad") != 1 {
		t.Fatal("no blob")
	}
	var log lines
	sys, err := cloud.Open(cloud.Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := sys.Advance(t.Context(), 8*24*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if err := sys.Close(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 2 || strings.Count(log.String(), "bucket=shelf key=bad") != 2 {
		t.Error(log.String())
	}
}

// lines is a log that may be written from anywhere.
type lines struct {
	mu sync.Mutex
	strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Builder.Write(p)
}
