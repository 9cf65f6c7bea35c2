package main

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brume-cloud/brume/front/sigv4"
)

const (
	largeObject = 8 << 20
	listed      = 1000 // objects in the bucket that is listed
)

func s3Workloads() []workload {
	small, large := bytes.Repeat([]byte("x"), bodySize), bytes.Repeat([]byte("x"), largeObject)
	return []workload{
		{name: "s3-put-1k", goal: 3, setup: putter(small)},
		{name: "s3-get-1k", goal: 1.9, setup: getter(small)},
		{name: "s3-list-100", goal: 6, setup: lister(100)},
		{name: "s3-list-1000", goal: 40, setup: lister(listed)},
		{name: "s3-put-8m", setup: putter(large)},
		{name: "s3-get-8m", setup: getter(large), files: true},
		{name: "s3-put-late", goal: 3, setup: intoLate(http.MethodPut, small), late: keys},
		{name: "s3-get-late", goal: 1.9, setup: intoLate(http.MethodGet, nil), late: keys},
		{name: "s3-list-late", goal: 6, setup: listLate, late: keys},
	}
}

// bucket makes a bucket, and returns its path.
func (c *client) bucket() (string, error) {
	path := fmt.Sprintf("/bench-%d", time.Now().UnixNano())
	return path, c.s3(http.MethodPut, path, nil)
}

// s3 makes an S3 call, signed over its body, and reads the answer.
func (c *client) s3(method, path string, body []byte) error {
	_, err := c.s3Raw(method, path, body, io.Discard)
	return err
}

// s3Answer is s3 with an answer, which is XML.
func (c *client) s3Answer(method, path string, body []byte, into any) error {
	var text bytes.Buffer
	if _, err := c.s3Raw(method, path, body, &text); err != nil || into == nil {
		return err
	}
	return xml.Unmarshal(text.Bytes(), into)
}

// put puts a body and returns its ETag.
func (c *client) put(path string, body []byte) (etag string, err error) {
	h, err := c.s3Raw(http.MethodPut, path, body, io.Discard)
	return h.Get("Etag"), err
}

func (c *client) s3Raw(method, path string, body []byte, answer io.Writer) (http.Header, error) {
	r, err := http.NewRequest(method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method == http.MethodPut && len(body) > 0 {
		sum := md5.Sum(body)
		r.Header.Set("Content-Md5", base64.StdEncoding.EncodeToString(sum[:]))
	}
	sigv4.Sign(r, body, sigv4.Credential{AccessKeyID: c.key.id, Secret: c.key.secret}, sigv4.Scope{Region: "us-east-1", Service: "s3", Time: time.Now(), Flavor: sigv4.S3})
	return c.do(r, answer)
}

// do makes a call, and reads the answer.
func (c *client) do(r *http.Request, answer io.Writer) (http.Header, error) {
	res, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		text, _ := io.ReadAll(res.Body)
		return nil, fmt.Errorf("%s %s: %d: %s", r.Method, r.URL.Path, res.StatusCode, text)
	}
	_, err = io.Copy(answer, res.Body)
	return res.Header, err
}

// putter puts new objects.
func putter(body []byte) func(c *client) (func(*client, int) error, error) {
	return func(c *client) (func(*client, int) error, error) {
		bucket, err := c.bucket()
		var n atomic.Int64
		return func(c *client, _ int) error {
			return c.s3(http.MethodPut, fmt.Sprintf("%s/%08d", bucket, n.Add(1)%listed), body)
		}, err
	}
}

// getter gets one of a few objects.
func getter(body []byte) func(c *client) (func(*client, int) error, error) {
	return func(c *client) (func(*client, int) error, error) {
		if c.files {
			return func(c *client, _ int) error { return c.s3(http.MethodGet, "/file", nil) }, nil
		}
		bucket, err := c.bucket()
		for w := range c.connections {
			if err == nil {
				err = c.s3(http.MethodPut, fmt.Sprintf("%s/%d", bucket, w), body)
			}
		}
		return func(c *client, w int) error { return c.s3(http.MethodGet, fmt.Sprintf("%s/%d", bucket, w), nil) }, err
	}
}

// lister lists a page of n keys.
func lister(n int) func(c *client) (func(*client, int) error, error) {
	return func(c *client) (func(*client, int) error, error) {
		bucket, err := c.bucket()
		for i := range listed {
			if err == nil {
				err = c.s3(http.MethodPut, fmt.Sprintf("%s/%08d%s", bucket, i, strings.Repeat("k", 16)), []byte("x"))
			}
		}
		return func(c *client, _ int) error {
			return c.s3(http.MethodGet, fmt.Sprintf("%s?list-type=2&max-keys=%d", bucket, n), nil)
		}, err
	}
}

// lateBucket is the bucket that -keys fills.
const lateBucket = "/bench-late"

func keys(o *options) int { return o.keys }

// fillBucket puts n objects into lateBucket, in no order.
func (c *client) fillBucket(n int) error {
	if n == 0 {
		return nil
	}
	if err := c.s3(http.MethodPut, lateBucket, nil); err != nil {
		return err
	}
	c.late = n
	return c.steps(n, func(i int) error { return c.s3(http.MethodPut, c.lateKey(i), []byte("x")) })
}

// lateKey is one of the keys in lateBucket; i and i+1 lie far from each other.
func (c *client) lateKey(i int) string {
	const stride = 15_485_863 // a prime, so that all keys come
	return fmt.Sprintf("%s/%010d", lateBucket, uint64(i)*stride%uint64(c.late))
}

// intoLate puts or gets objects of the full bucket.
func intoLate(method string, body []byte) func(c *client) (func(*client, int) error, error) {
	return func(c *client) (func(*client, int) error, error) {
		var n atomic.Int64
		return func(c *client, _ int) error { return c.s3(method, c.lateKey(int(n.Add(1))), body) }, nil
	}
}

// listLate lists a page of a hundred keys somewhere in the full bucket.
func listLate(c *client) (func(*client, int) error, error) {
	var n atomic.Int64
	return func(c *client, _ int) error {
		_, after, _ := strings.Cut(c.lateKey(int(n.Add(1))), lateBucket+"/")
		return c.s3(http.MethodGet, lateBucket+"?list-type=2&max-keys=100&start-after="+after, nil)
	}, nil
}

// upload uploads an object of so many GiB in parts, and tells the most memory
// that the server held meanwhile.
func upload(c *client, gib int, out io.Writer) error {
	const part = 64 << 20
	path, err := c.bucket()
	if err != nil {
		return err
	}
	path += "/large"
	var begun struct {
		ID string `xml:"UploadId"`
	}
	if err := c.s3Answer(http.MethodPost, path+"?uploads", nil, &begun); err != nil {
		return err
	}
	body, began, most := bytes.Repeat([]byte("x"), part), time.Now(), peak{}
	n := gib << 30 / part
	tags := make([]string, n)
	err = c.steps(n, func(i int) (err error) {
		tags[i], err = c.put(fmt.Sprintf("%s?partNumber=%d&uploadId=%s", path, i+1, begun.ID), body)
		most.note(c.resident())
		return err
	})
	if err != nil {
		return err
	}
	var parts strings.Builder
	for i, tag := range tags {
		fmt.Fprintf(&parts, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, tag)
	}
	if err := c.s3Answer(http.MethodPost, path+"?uploadId="+begun.ID, []byte("<CompleteMultipartUpload>"+parts.String()+"</CompleteMultipartUpload>"), nil); err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Fprintf(out, "upload of %d GiB: %s, %.0f MiB/s, %.1f MiB resident at most\n", gib, took.Round(time.Second), float64(gib<<10)/took.Seconds(), most.value)
	return nil
}

// peak is the largest of some values.
type peak struct {
	mu    sync.Mutex
	value float64
}

func (p *peak) note(v float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.value = max(p.value, v)
}
