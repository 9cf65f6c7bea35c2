package glacier

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"os"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/blob"
)

// received is a body that was read to its end and is kept as a blob.
type received struct {
	blob     blob.Ref
	treeHash []byte
	leaves   []byte
}

// promise is what a client said of a body before it sent it.
type promise struct {
	treeHash *string // in hexadecimal
	size     int64   // that it must have; 0 when any from 1 to most is right
	most     int64   // bytes
}

// receive reads a body to its end and holds it against what was promised. It
// needs a fixed amount of memory whatever the body's size. That the bytes are
// those of x-amz-content-sha256 the body itself sees to, as it is read.
func (s *Service) receive(ctx context.Context, from io.Reader, p promise) (*received, error) {
	if p.treeHash == nil {
		return nil, missing("x-amz-sha256-tree-hash")
	}
	w, err := s.Blobs.Create(ctx)
	if err != nil {
		return nil, err
	}
	defer w.Abort()
	var sums treeWriter
	n, err := io.CopyBuffer(io.MultiWriter(w, &sums), readerOnly{io.LimitReader(from, p.most+1)}, make([]byte, bufferSize))
	if err != nil {
		return nil, broken(ctx, err)
	}
	if n == 0 || n > p.most || p.size != 0 && n != p.size {
		return nil, invalid("Invalid Content-Length: %d", n)
	}
	r := new(received)
	r.treeHash, r.leaves = sums.sums()
	if err := checkTreeHash(*p.treeHash, r.treeHash); err != nil {
		return nil, err
	}
	r.blob, err = w.Commit()
	return r, err
}

// readerOnly hides what else a reader can do, so that io.CopyBuffer uses its buffer.
type readerOnly struct{ io.Reader }

func checkTreeHash(stated string, computed []byte) error {
	if want := hex.EncodeToString(computed); stated != want {
		return invalid("Checksum mismatch: expected %s, computed %s", stated, want)
	}
	return nil
}

// broken is the error for a body that did not arrive as it was announced.
func broken(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var refused *aws.Error
	if errors.As(err, &refused) {
		// AWS: a body that is not what the signature says is a wrong signature.
		e := Denied("The value passed in as x-amz-content-sha256 does not match the computed payload hash.")
		e.Code = "InvalidSignatureException"
		return e
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		return glacier.ErrRequestTimeoutException(
			&glacier.RequestTimeoutException{Type: new(client), Code: new("RequestTimeoutException")}, "Request timed out.")
	}
	return err
}

// discard gives a body back that no row refers to.
func (s *Service) discard(r *received) {
	_ = s.Blobs.Delete(r.blob.ID) // the collector finds what stays
}
