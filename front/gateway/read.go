package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/sigv4"
)

// Limits on bodies that are held in memory. Operations that stream theirs have
// the limits of their service.
const (
	defaultBodyLimit = 16 << 20
	bodyTimeout      = 2 * time.Minute
	firstRead        = 64 << 10 // allocated before anything has come, at most
)

var errTooLarge = aws.Errorf(http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "The request body is larger than the service accepts.")

var errNotGzip = aws.Errorf(http.StatusBadRequest, "SerializationException", "The request body is not gzip, as its Content-Encoding says.")

// read reads the whole body, unless the operation streams it.
func (x *exchange) read(context.Context) error {
	r := x.req.Request
	if x.req.Body != nil || r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	if x.op != nil && x.op.StreamsInput() {
		x.req.Stream, x.BytesIn = &patient{Reader: r.Body, of: http.NewResponseController(x.w)}, max(r.ContentLength, 0)
		return nil
	}
	limit := int64(defaultBodyLimit)
	switch {
	case x.req.As != nil:
		limit = x.req.As.BodyLimit
	case x.endpoint != nil && x.endpoint.BodyLimit > 0:
		limit = x.endpoint.BodyLimit
	}
	body, err := x.readBody(limit)
	if err != nil {
		return err
	}
	if err := x.checkMD5(body); err != nil {
		return err
	}
	if x.op != nil && x.endpoint != nil && x.endpoint.Proof != nil {
		if err := x.endpoint.Proof(x.op.Name, r.Header, body); err != nil {
			return err
		}
	}
	x.BytesIn = int64(len(body))
	x.signed = body
	x.req.Body = body
	if x.req.As == nil && strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
		x.req.Body, err = gunzip(body, limit)
	}
	return err
}

// checkMD5 holds a body against its Content-MD5, which S3 looks at. Bodies that
// are streamed are for the service to check.
func (x *exchange) checkMD5(body []byte) error {
	stated := x.req.Header.Get("Content-Md5")
	if x.flavor != sigv4.S3 || stated == "" {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(stated)
	sum := md5.Sum(body)
	switch {
	case err != nil || len(raw) != len(sum):
		return aws.Errorf(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.")
	case !bytes.Equal(raw, sum[:]):
		return aws.Errorf(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	}
	return nil
}

// patient is a body that may take as long as it likes, so long as it goes on:
// after bodyTimeout without a byte it fails.
type patient struct {
	io.Reader
	of    *http.ResponseController
	until time.Time // the deadline that is set
}

// deadlineSlack is how late a deadline may be, so that it is not set for each read.
const deadlineSlack = 10 * time.Second

func (p *patient) Read(b []byte) (int, error) {
	if until := time.Now().Add(bodyTimeout); until.Sub(p.until) > deadlineSlack {
		p.until = until
		p.of.SetReadDeadline(until) //nolint:errcheck // within a process there is none
	}
	n, err := p.Reader.Read(b)
	if err == io.EOF {
		p.of.SetReadDeadline(time.Time{}) //nolint:errcheck // likewise
	}
	return n, err
}

// readBody reads the body in its time. When it fails the deadline stays: what
// is left of the body has no more time.
func (x *exchange) readBody(limit int64) ([]byte, error) {
	r := x.req.Request
	if b, ok := r.Body.(interface{ AtHand() bool }); ok && b.AtHand() {
		return readAll(r.Body, r.ContentLength, limit)
	}
	deadline := http.NewResponseController(x.w)
	deadline.SetReadDeadline(time.Now().Add(bodyTimeout)) //nolint:errcheck // within a process there is none
	body, err := readAll(r.Body, r.ContentLength, limit)
	if err == nil {
		deadline.SetReadDeadline(time.Time{}) //nolint:errcheck // likewise
	}
	return body, err
}

// readAll reads up to limit bytes. declared is the length that the client
// states, or -1: memory is only taken for what has really come.
func readAll(from io.Reader, declared, limit int64) ([]byte, error) {
	if declared > limit {
		return nil, errTooLarge
	}
	size := min(max(declared, 512), firstRead)
	if declared >= 0 {
		size = min(declared, firstRead) + 1 // room to see the end without growing
	}
	body := make([]byte, 0, size)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return nil, errTooLarge
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, aws.Errorf(http.StatusBadRequest, "RequestTimeout", "The request body did not arrive: %v", err)
		}
	}
}

// gunzip expands a compressed body. The limit holds for what comes out.
func gunzip(body []byte, limit int64) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, errNotGzip
	}
	plain, err := readAll(z, -1, limit)
	if err != nil && err != errTooLarge {
		return nil, errNotGzip
	}
	return plain, err
}
