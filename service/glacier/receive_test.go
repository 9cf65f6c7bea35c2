package glacier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/blob"
)

func TestBodyThatBreaksOffIsRefused(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for _, k := range []struct {
		ctx  context.Context
		err  error
		want string
	}{
		{t.Context(), io.ErrUnexpectedEOF, "RequestTimeoutException: Request timed out."},
		{t.Context(), fmt.Errorf("read: %w", os.ErrDeadlineExceeded), "RequestTimeoutException: Request timed out."},
		{t.Context(), aws.Errorf(400, "XAmzContentSHA256Mismatch", "x"), "InvalidSignatureException: The value passed in as x-amz-content-sha256 does not match the computed payload hash."},
		{t.Context(), errors.New("the disk is full"), "the disk is full"},
		{ended, io.ErrUnexpectedEOF, "context canceled"},
	} {
		blobs := new(blob.Memory)
		s := New(Deps{Blobs: blobs})
		body := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(k.err))
		_, err := s.receive(k.ctx, body, promise{treeHash: new(""), most: 10})
		if fmt.Sprint(err) != k.want {
			t.Errorf("%v: %v, want %s", k.err, err, k.want)
		}
		for b := range blobs.List() {
			t.Errorf("%v: left blob %s", k.err, b.ID)
		}
	}
}
