package s3

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/sigv4"
	"github.com/brume-cloud/brume/state/blob"
)

// promise is what a request says of its body before it comes.
type promise struct {
	md5     string // Content-MD5; may be empty
	stated  sum    // the checksum in a header
	trailed string // the algorithm of the checksum in the trailer
	chosen  string // the algorithm of the checksum that comes; empty: none does
	kept    string // the algorithm of the one to be kept; empty: chosen, or S3's default
	limit   int64  // bytes; 0: what one request may bring
	length  int64  // bytes at most, as the client states it; 0: it does not
}

// promised reads what a request says of its body. trailer is X-Amz-Trailer.
func promised(contentMD5 *string, all sums, trailer *string) (p promise, err error) {
	p.md5 = deref(contentMD5)
	if raw, err := base64.StdEncoding.DecodeString(p.md5); contentMD5 != nil && (err != nil || len(raw) != md5.Size) {
		return p, aws.Errorf(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.")
	}
	if p.stated, err = all.stated(); err != nil {
		return p, err
	}
	p.chosen = p.stated.Algorithm
	for name := range strings.SplitSeq(deref(trailer), ",") {
		if rest, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(name)), checksumHeader); ok {
			a, ok := algorithmNamed(rest)
			if !ok {
				return p, api.ErrInvalidRequest("The value specified in the x-amz-trailer header is not supported")
			}
			p.trailed, p.chosen = a.name, a.name
		}
	}
	return p, nil
}

// expect notes the length of the body that will come, and refuses one that is
// too large. decoded is the length without the chunks' framing, where it has one.
func (p *promise) expect(length, decoded *int64) error {
	if decoded != nil {
		length = decoded
	}
	if length == nil {
		return nil
	}
	if p.length = *length; p.length <= maxPut {
		return nil
	}
	return api.ErrEntityTooLarge(&api.EntityTooLarge{ProposedSize: length, MaxSizeAllowed: new(int64(maxPut))}, "Your proposed upload exceeds the maximum allowed size")
}

// received is a body that has come, and is what was promised. A blob is
// committed: whoever does not put it into a row drops it.
type received struct {
	size  int64
	md5   []byte
	sum   sum
	small []byte // up to inlineSize
	blob  blob.Ref

	shared bool // the blob is another object's as well
}

func (r *received) etag() string { return hex.EncodeToString(r.md5) }

// drop gives a body back that no row refers to.
func (s *Service) drop(r *received) {
	if r.blob.ID != "" && !r.shared {
		_ = s.Blobs.Delete(r.blob.ID) // the collector finds what stays
	}
}

// receive reads a body to its end and holds it against what was promised. It
// needs a fixed amount of memory whatever the body's size.
func (s *Service) receive(ctx context.Context, from io.Reader, p promise) (*received, error) {
	p.kept = cmp.Or(p.kept, p.chosen, defaultAlgorithm)
	kept, ok := algorithmNamed(p.kept)
	stated, okay := algorithmNamed(cmp.Or(p.chosen, p.kept))
	if !ok || !okay {
		return nil, api.ErrInvalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
	}
	in := intake{Service: s, from: from, md5: md5.New(), sum: kept.make(), limit: p.limit, head: inlineSize + 1}
	if p.length > 0 {
		in.head = min(in.head, p.length+1)
	}
	if stated.name != kept.name {
		in.stated = stated.make()
	}
	if in.limit == 0 {
		in.limit = maxPut
	}
	r := new(received)
	if err := in.read(ctx, r); err != nil {
		s.drop(r)
		return nil, err
	}
	r.md5 = in.md5.Sum(nil)
	r.sum = sum{Algorithm: kept.name, Value: base64.StdEncoding.EncodeToString(in.sum.Sum(nil))}
	came := r.sum
	if in.stated != nil {
		came = sum{Algorithm: stated.name, Value: base64.StdEncoding.EncodeToString(in.stated.Sum(nil))}
	}
	if err := r.check(p, came, from); err != nil {
		s.drop(r)
		return nil, err
	}
	return r, nil
}

// check holds what came against what was promised.
func (r *received) check(p promise, came sum, from io.Reader) error {
	if p.md5 != "" && p.md5 != base64.StdEncoding.EncodeToString(r.md5) {
		return aws.Errorf(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
	}
	if p.stated.Value != "" && p.stated.Value != came.Value {
		return errBadChecksum(came.Algorithm)
	}
	if p.trailed == "" {
		return nil
	}
	body, ok := from.(sigv4.Body)
	if !ok {
		return nil
	}
	for _, t := range body.Trailers() {
		if t.Name == checksumHeader+strings.ToLower(p.trailed) {
			if t.Value != came.Value {
				return errBadChecksum(p.trailed)
			}
			return nil
		}
	}
	return aws.Errorf(http.StatusBadRequest, "MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema.")
}

// intake is a body being read.
type intake struct {
	*Service
	from  io.Reader
	md5   hash.Hash
	sum   hash.Hash
	limit int64
	head  int64 // of which a buffer is made before it is known whether the body is small

	stated hash.Hash // for the checksum that comes, where another is kept
}

func (in *intake) read(ctx context.Context, r *received) error {
	head := make([]byte, in.head)
	n, err := fill(in.from, head)
	r.size = int64(n)
	if err == io.EOF {
		r.small = head[:n]
		in.digest(r.small)
		return in.checkSize(r.size)
	}
	if err != nil {
		return broken(err)
	}
	w, err := in.Blobs.Create(ctx)
	if err != nil {
		return err
	}
	defer w.Abort()
	buf := make([]byte, bufferSize)
	rest := head
	for {
		in.digest(rest)
		if _, err := w.Write(rest); err != nil {
			return err
		}
		if err := in.checkSize(r.size); err != nil {
			return err
		}
		n, err := in.from.Read(buf)
		rest = buf[:n]
		r.size += int64(n)
		if n == 0 && err == io.EOF {
			break
		}
		if err != nil && err != io.EOF {
			return broken(err)
		}
	}
	r.blob, err = w.Commit()
	return err
}

// fill reads until b is full. It returns io.EOF for a body that has ended in
// order; io.ReadFull would take one that was cut short for such a one.
func fill(from io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var k int
		k, err = from.Read(b[n:])
		n += k
	}
	if n == len(b) && err == io.EOF {
		err = nil // the next read says it again
	}
	return n, err
}

func (in *intake) digest(b []byte) {
	in.md5.Write(b)
	in.sum.Write(b)
	if in.stated != nil {
		in.stated.Write(b)
	}
}

func (in *intake) checkSize(n int64) error {
	if n <= in.limit {
		return nil
	}
	return api.ErrEntityTooLarge(&api.EntityTooLarge{ProposedSize: &n, MaxSizeAllowed: &in.limit}, "Your proposed upload exceeds the maximum allowed size")
}

// broken is the answer to a body that did not come as announced.
func broken(err error) error {
	if public := (*aws.Error)(nil); errors.As(err, &public) {
		return public
	}
	if errors.Is(err, errDamaged) { // it was to be copied
		return err
	}
	return aws.Errorf(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
}

// own receives bytes that are here already, such as those of a copy.
func (s *Service) own(ctx context.Context, from io.Reader, chosen string) (*received, error) {
	return s.receive(ctx, from, promise{kept: chosen, limit: maxObject})
}

func emptyBody() io.Reader { return bytes.NewReader(nil) }
