package cloud

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/brume-cloud/brume/service/lambda"
)

// Stream implements lambda.Runner: it returns when the function begins to answer,
// or has ended without.
func (f *functions) Stream(ctx context.Context, p lambda.Program, r lambda.Request) (*lambda.Stream, error) {
	read, write := io.Pipe()
	a := &answering{PipeWriter: write, begun: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(a.ended)
		a.out, a.err = f.run(ctx, p, r, a)
		_ = write.Close() // frees a writer, too, that nobody reads from
	}()
	select {
	case <-a.begun:
		return &lambda.Stream{ContentType: a.contentType, Body: read, End: a.end}, nil
	case <-a.ended:
	}
	if a.err != nil {
		return nil, a.err
	}
	whole := &lambda.Stream{ContentType: a.out.ContentType, Body: read, End: a.end}
	switch {
	case a.hasBegun(): // and ended since
		whole.ContentType = a.contentType
	case a.out.Error != "":
		whole.Failed = true
	default:
		whole.Body = io.NopCloser(bytes.NewReader(a.out.Payload))
	}
	return whole, nil
}

// answering is where a function writes its answer to. What it writes waits for
// its reader, and for nobody else.
type answering struct {
	*io.PipeWriter
	once        sync.Once
	begun       chan struct{} // closed when contentType is known
	contentType string

	ended chan struct{} // closed when out and err are known
	out   lambda.Outcome
	err   error
}

// ContentType is told by the plane before the first byte.
func (a *answering) ContentType(t string) {
	a.once.Do(func() {
		a.contentType = t
		close(a.begun)
	})
}

func (a *answering) hasBegun() bool {
	select {
	case <-a.begun:
		return true
	default:
		return false
	}
}

func (a *answering) end() (lambda.Outcome, error) {
	<-a.ended
	return a.out, a.err
}
