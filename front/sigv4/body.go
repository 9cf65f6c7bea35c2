package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"github.com/brume-cloud/brume/aws"
)

// The words for bodies that are sent in chunks (content-encoding aws-chunked).
// AWS: "Signature Calculations for the Authorization Header: Transferring
// Payload in Multiple Chunks", and "… Including Trailing Headers".
const (
	streamedV4         = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	streamedV4Trailer  = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	streamedV4a        = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
	streamedV4aTrailer = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
	streamedUnsigned   = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// Body is the payload of a streamed request, freed of its framing and verified
// as it is read. What it has given out is only proven once it returns io.EOF:
// until then a reader must not act on it for good.
type Body interface {
	io.Reader
	// Trailers are the headers that followed the payload, names in lower case,
	// in the order in which they came. It is complete after io.EOF.
	Trailers() []Trailer
}

// Trailer is one header that followed the payload, such as
// x-amz-checksum-crc32c.
type Trailer struct{ Name, Value string }

// Chunked reports whether the body is sent in signed or unsigned chunks, and so
// is shorter than its Content-Length: x-amz-decoded-content-length is its own.
func (a *Auth) Chunked() bool {
	switch a.Payload {
	case streamedV4, streamedV4Trailer, streamedV4a, streamedV4aTrailer, streamedUnsigned:
		return true
	}
	return false
}

// Body wraps the body of a request that Verify has accepted (or that is
// anonymous). decodedLength is the length that the client announced for the
// payload, or -1 where it did not.
func (a *Auth) Body(from io.Reader, decodedLength int64) Body {
	switch {
	case a.Chunked():
		return newChunked(a, from, decodedLength)
	case isDigest(a.Payload):
		return &digested{from: from, want: a.Payload, sum: sha256.New()}
	}
	return plain{from}
}

// plain is a body that nobody signed.
type plain struct{ io.Reader }

func (plain) Trailers() []Trailer { return nil }

// digested is a body whose SHA-256 the client stated, and signed.
type digested struct {
	from io.Reader
	want string
	sum  hash.Hash
}

func (d *digested) Read(p []byte) (int, error) {
	n, err := d.from.Read(p)
	d.sum.Write(p[:n])
	if err == io.EOF && !d.matches() {
		return n, errPayloadMismatch()
	}
	return n, err
}

func (d *digested) matches() bool {
	var sum [sha256.Size]byte
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], d.sum.Sum(sum[:0]))
	return bytes.EqualFold(text[:], []byte(d.want))
}

func (d *digested) Trailers() []Trailer { return nil }

func errPayloadMismatch() *aws.Error {
	return errInvalid("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
}
