package s3_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/front/sigv4"
)

// BenchmarkList lists pages of a bucket of a thousand keys, from the signed
// request to the encoded answer, without a socket.
func BenchmarkList(b *testing.B) {
	c := cloudtest.Start(b, cloudtest.Dir(b.TempDir()))
	client := s3.NewFromConfig(c.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(b.Context(), &s3.CreateBucketInput{Bucket: new("bench")}); err != nil {
		b.Fatal(err)
	}
	for i := range 1000 {
		if _, err := client.PutObject(b.Context(), &s3.PutObjectInput{Bucket: new("bench"), Key: new(fmt.Sprintf("%08d%s", i, strings.Repeat("k", 16))), Body: strings.NewReader("x")}); err != nil {
			b.Fatal(err)
		}
	}
	for _, keys := range []int{100, 1000} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			r, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://localhost:4566/bench?list-type=2&max-keys=%d", keys), nil)
			if err != nil {
				b.Fatal(err)
			}
			sigv4.Sign(r, nil, sigv4.Credential{AccessKeyID: "test", Secret: "test"}, sigv4.Scope{Region: "us-east-1", Service: "s3", Time: time.Now(), Flavor: sigv4.S3})
			b.ReportAllocs()
			for b.Loop() {
				w := &counted{header: http.Header{}}
				c.System().Handler().ServeHTTP(w, r)
				if w.status != 0 && w.status != http.StatusOK || w.n < keys*100 {
					b.Fatalf("status %d, %d bytes", w.status, w.n)
				}
			}
		})
	}
}

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

// counted is a response that is only counted.
type counted struct {
	header http.Header
	status int
	n      int
}

func (w *counted) Header() http.Header { return w.header }
func (w *counted) WriteHeader(s int)   { w.status = s }
func (w *counted) Write(p []byte) (int, error) {
	w.n += len(p)
	return io.Discard.Write(p)
}
