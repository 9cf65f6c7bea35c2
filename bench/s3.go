package main

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
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
		{name: "s3-get-8m", setup: getter(large)},
	}
}

// bucket makes a bucket, and returns its path.
func (c *client) bucket() (string, error) {
	path := fmt.Sprintf("/bench-%d", time.Now().UnixNano())
	return path, c.s3(http.MethodPut, path, nil)
}

// s3 makes an S3 call, signed over its body, and reads the answer.
func (c *client) s3(method, path string, body []byte) error {
	r, err := http.NewRequest(method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if method == http.MethodPut && len(body) > 0 {
		sum := md5.Sum(body)
		r.Header.Set("Content-Md5", base64.StdEncoding.EncodeToString(sum[:]))
	}
	sigv4.Sign(r, body, sigv4.Credential{AccessKeyID: c.key.id, Secret: c.key.secret}, sigv4.Scope{Region: "us-east-1", Service: "s3", Time: time.Now(), Flavor: sigv4.S3})
	res, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("%s %s: %d: %s", method, path, res.StatusCode, text)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
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
