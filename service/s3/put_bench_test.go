package s3_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/front/sigv4"
)

// BenchmarkObject puts and gets objects of 1 KiB, from the signed request to the
// encoded answer, without a socket.
func BenchmarkObject(b *testing.B) {
	c := cloudtest.Start(b, cloudtest.Dir(b.TempDir()))
	client := s3.NewFromConfig(c.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(b.Context(), &s3.CreateBucketInput{Bucket: new("bench")}); err != nil {
		b.Fatal(err)
	}
	body := bytes.Repeat([]byte("0123456789abcdef"), 64)
	signed := func(method, key string, body []byte) *http.Request {
		r, err := http.NewRequest(method, "http://localhost:4566/bench/"+key, bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		if body != nil {
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		}
		sigv4.Sign(r, body, sigv4.Credential{AccessKeyID: "test", Secret: "test"}, sigv4.Scope{Region: "us-east-1", Service: "s3", Time: time.Now(), Flavor: sigv4.S3})
		return r
	}
	serve := func(b *testing.B, requests []*http.Request, body []byte) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			r := requests[i%len(requests)]
			if body != nil {
				r.Body = io.NopCloser(bytes.NewReader(body))
			}
			w := &counted{header: http.Header{}}
			c.System().Handler().ServeHTTP(w, r)
			if w.status != 0 && w.status != http.StatusOK {
				b.Fatalf("status %d", w.status)
			}
		}
	}
	var puts, gets []*http.Request
	for i := range 1000 {
		puts = append(puts, signed(http.MethodPut, strconv.Itoa(i), body))
		gets = append(gets, signed(http.MethodGet, strconv.Itoa(i), nil))
	}
	b.Run("put", func(b *testing.B) { serve(b, puts, body) })
	b.Run("get", func(b *testing.B) {
		for _, r := range puts {
			r.Body = io.NopCloser(bytes.NewReader(body))
			c.System().Handler().ServeHTTP(&counted{header: http.Header{}}, r)
		}
		serve(b, gets, nil)
	})
}
