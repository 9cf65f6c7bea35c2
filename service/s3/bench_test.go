package s3_test

import (
	"fmt"
	"io"
	"net/http"
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
