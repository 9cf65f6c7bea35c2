package s3_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/brume-cloud/brume/cloudtest"
)

// TestOneOfManyWins lets many put the same key at the same time.
func TestOneOfManyWins(t *testing.T) {
	s := open(t, cloudtest.Dir(t.TempDir()))
	const writers = 16
	var won sync.Map
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() {
			body := strings.Repeat(fmt.Sprint(n%10), 20_000)
			_, err := s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("new"), Body: strings.NewReader(body), IfNoneMatch: new("*")})
			if err == nil {
				won.Store(n, body)
			} else if code(err) != "PreconditionFailed" {
				t.Error(err)
			}
			if _, err := s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("any"), Body: strings.NewReader(body)}); err != nil {
				t.Error(err)
			}
			if got := s.get("any"); len(got) != 20_000 || strings.Trim(got, got[:1]) != "" {
				t.Errorf("a mixture of %d bytes", len(got))
			}
		})
	}
	all.Wait()
	n := 0
	won.Range(func(_, body any) bool {
		n++
		if s.get("new") != body {
			t.Error("not what the winner put")
		}
		return true
	})
	if n != 1 {
		t.Errorf("%d of %d made the same new object", n, writers)
	}
	s.cloud.Advance(1)
	if n := s.blobs(); n != 2 {
		t.Errorf("%d blobs for two objects", n)
	}
}

// TestVersionsOfManyWriters keeps a version of each.
func TestVersionsOfManyWriters(t *testing.T) {
	s := open(t)
	s.versioning(types.BucketVersioningStatusEnabled)
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() { s.put("k", strings.Repeat("x", n+1)) })
	}
	all.Wait()
	if got := len(strings.Fields(s.versions(7))); got != 20 {
		t.Errorf("%d versions", got)
	}
}
