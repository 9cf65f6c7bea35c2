package sigv4

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"

	"github.com/brume-cloud/brume/aws"
)

const (
	// maxLine bounds a chunk's header line and a trailer. A chunk header with
	// an ECDSA signature takes about 180 bytes.
	maxLine = 4096
	// maxTrailers bounds their number; AWS's clients send one, and its signature.
	maxTrailers = 32
	// minChunk is the least size of a signed chunk with another behind it.
	// AWS: "Transferring Payload in Multiple Chunks".
	minChunk = 8192
	// maxSizeDigits bounds a chunk's size, in hexadecimal digits.
	maxSizeDigits = 15

	signatureName        = "chunk-signature="
	trailerSignatureName = "x-amz-trailer-signature"
)

// chunked decodes aws-chunked framing:
//
//	SIZE;chunk-signature=SIGNATURE \r\n DATA \r\n   …any number of times
//	0;chunk-signature=SIGNATURE \r\n
//	NAME:VALUE \r\n                                 …where trailers are announced
//	x-amz-trailer-signature:SIGNATURE \r\n
//	\r\n
//
// Each signature covers the one before it, so chunks can be neither dropped nor
// moved. It holds one header line in memory, never a chunk.
type chunked struct {
	in       *bufio.Reader
	signed   bool // each chunk must bear a signature
	verify   bool // the signatures can be checked
	trailing bool

	algorithm string // of chunk signatures, such as AWS4-HMAC-SHA256
	stamp     string
	scope     string
	key       key
	scratch   scratch
	previous  []byte    // the signature that the next one covers
	current   []byte    // the signature of the chunk being read
	sum       hash.Hash // of the chunk being read

	inChunk  bool
	small    bool  // the last chunk was too small to have another behind it
	left     int64 // bytes of the chunk that are still to come
	expected int64 // the payload's announced length, or -1
	decoded  int64
	trailers []Trailer
	err      error // what ended the stream
}

func newChunked(a *Auth, from io.Reader, decodedLength int64) *chunked {
	c := &chunked{
		in:        bufio.NewReaderSize(from, maxLine),
		signed:    a.Payload != streamedUnsigned,
		verify:    a.proof == verified && a.Payload != streamedUnsigned,
		trailing:  strings.HasSuffix(a.Payload, "-TRAILER"),
		algorithm: algorithmV4,
		stamp:     a.stamp, scope: a.scope, key: a.key,
		previous: []byte(a.signature),
		sum:      sha256.New(),
		expected: decodedLength,
	}
	if a.Scheme == V4a {
		c.algorithm = algorithmV4a
	}
	// Signed chunks of a request that was not signed prove nothing.
	if c.signed && a.proof == unproven {
		c.err = NotSigned(a.flavor)
	}
	return c
}

func (c *chunked) Trailers() []Trailer { return c.trailers }

// Read gives the payload. Any error but io.EOF means that the payload is not
// what the client signed.
func (c *chunked) Read(p []byte) (int, error) {
	for c.err == nil {
		if !c.inChunk {
			c.err = c.beginChunk()
			continue
		}
		if c.left == 0 {
			c.err = c.endChunk()
			continue
		}
		if len(p) == 0 {
			return 0, nil
		}
		n, err := c.in.Read(p[:min(int64(len(p)), c.left)])
		c.left -= int64(n)
		c.decoded += int64(n)
		if c.verify {
			c.sum.Write(p[:n])
		}
		if err != nil {
			c.err = cutShort(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, c.err
}

// beginChunk reads a chunk's header. The last chunk is empty, and what follows
// it ends the stream.
func (c *chunked) beginChunk() error {
	line, err := c.line()
	if err != nil {
		return err
	}
	size, extension, _ := bytes.Cut(line, []byte(";"))
	n, ok := parseSize(size)
	if !ok {
		return errFraming("a chunk's size is not a hexadecimal number")
	}
	if c.expected >= 0 && n > c.expected-c.decoded {
		return errLength("more bytes than x-amz-decoded-content-length announced")
	}
	signature, found := bytes.CutPrefix(bytes.TrimSpace(extension), []byte(signatureName))
	if c.signed && !found {
		return errFraming("a chunk has no signature")
	}
	c.current = append(c.current[:0], signature...)
	c.sum.Reset()
	if n == 0 {
		return c.finish()
	}
	if c.signed && c.small {
		return errFraming("only the last chunk is allowed to have a size less than 8192 bytes")
	}
	c.inChunk, c.left, c.small = true, n, n < minChunk
	return nil
}

// endChunk checks the chunk that was read.
func (c *chunked) endChunk() error {
	if line, err := c.line(); err != nil {
		return err
	} else if len(line) != 0 {
		return errFraming("a chunk is longer than its size")
	}
	c.inChunk = false
	return c.checkChunk()
}

// finish checks the last chunk, reads the trailers, and gives io.EOF.
func (c *chunked) finish() error {
	if err := c.checkChunk(); err != nil {
		return err
	}
	if err := c.readTrailers(); err != nil {
		return err
	}
	if c.expected >= 0 && c.decoded != c.expected {
		return errLength("fewer bytes than x-amz-decoded-content-length announced")
	}
	if _, err := c.in.ReadByte(); err != io.EOF {
		return errFraming("something follows the last chunk")
	}
	return io.EOF
}

// readTrailers reads up to the empty line that ends the body.
func (c *chunked) readTrailers() error {
	var signature []byte
	c.sum.Reset()
	for {
		line, err := c.line()
		if err == io.ErrUnexpectedEOF && !c.trailing && len(c.trailers) == 0 {
			return nil // some clients leave the last line end out
		}
		if err != nil {
			return err
		}
		if len(line) == 0 {
			break
		}
		rawName, rawValue, ok := bytes.Cut(line, []byte(":"))
		name, value := strings.ToLower(string(bytes.TrimSpace(rawName))), string(bytes.TrimSpace(rawValue))
		switch {
		case !ok || !c.trailing || len(c.trailers) >= maxTrailers || signature != nil:
			return errFraming("the trailer is not well formed")
		case name == trailerSignatureName:
			signature = append(make([]byte, 0, len(value)), value...)
		default:
			c.trailers = append(c.trailers, Trailer{name, value})
			io.WriteString(c.sum, name+":"+value+"\n")
		}
	}
	if !c.verify || !c.trailing {
		return nil
	}
	c.current = append(c.current[:0], signature...)
	return c.check("-TRAILER", "")
}

// checkChunk checks the signature of the chunk whose data c.sum has seen.
func (c *chunked) checkChunk() error {
	if !c.verify {
		return nil
	}
	return c.check("-PAYLOAD", emptyPayload+"\n")
}

// check holds c.current against the string to sign that ends in c.sum.
func (c *chunked) check(kind, headers string) error {
	// AWS: an ECDSA signature varies in length and is padded with asterisks,
	// so that the length of the body can be known before it is signed.
	c.current = bytes.TrimRight(c.current, "*")
	b := append(c.scratch.toSign[:0], c.algorithm...)
	b = append(b, kind...)
	for _, part := range [...]string{c.stamp, c.scope} {
		b = append(append(b, '\n'), part...)
	}
	b = append(append(b, '\n'), c.previous...)
	b = append(append(b, '\n'), headers...)
	c.scratch.payload = c.sum.Sum(c.scratch.payload[:0])
	c.scratch.toSign = hex.AppendEncode(b, c.scratch.payload)
	if !c.key.signs(&c.scratch, c.scratch.toSign, c.current) {
		return errMismatch(S3, textMismatchS3)
	}
	c.previous = append(c.previous[:0], c.current...)
	return nil
}

// line reads one line, without its end. It is valid until the next read.
func (c *chunked) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return nil, errFraming("a chunk's header is too long")
	}
	if err != nil {
		return nil, cutShort(err)
	}
	line, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok {
		return nil, errFraming("a line does not end in CR LF")
	}
	return line, nil
}

// parseSize reads a chunk's size.
func parseSize(s []byte) (int64, bool) {
	s = bytes.TrimSpace(s)
	if len(s) == 0 || len(s) > maxSizeDigits {
		return 0, false
	}
	var n int64
	for _, c := range s {
		if !isHex(c) {
			return 0, false
		}
		n = n<<4 | int64(unhex(c))
	}
	return n, true
}

// cutShort makes the end of the connection within a body an error.
func cutShort(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func errFraming(text string) *aws.Error {
	return errInvalid("InvalidChunkSizeError", "The body is not well formed aws-chunked content: "+text+".")
}

func errLength(text string) *aws.Error {
	return errInvalid("IncompleteBody", "The request body holds "+text+".")
}
