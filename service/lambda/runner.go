package lambda

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/brume-cloud/brume/front/logwriter"
)

// Runner runs functions.
type Runner interface {
	// Run makes one call. A function that fails is an Outcome; the error wraps
	// ErrBusy when no more calls are possible now, ErrCannotRun when this
	// machine lacks what the function needs.
	Run(context.Context, Program, Request) (Outcome, error)
	// Stream makes one call, and returns when the function begins to answer or has
	// ended. Its errors are those of Run.
	Stream(context.Context, Program, Request) (*Stream, error)
	// Provision keeps n environments ready in the pool of each program, and ends
	// those that the owner had in others. It returns when it is done.
	Provision(ctx context.Context, owner string, programs []Program, n int) error
	// Provisioned is how many environments of a pool are ready.
	Provisioned(pool string) int
}

// Stream is an answer that may still be written. The function is held up while
// nobody reads, but for its timeout.
type Stream struct {
	ContentType string
	Body        io.ReadCloser
	Failed      bool                    // before it answered: Body is empty
	End         func() (Outcome, error) // waits for the end of the call, whose Payload is that of an error
}

// Errors of a Runner.
var (
	ErrBusy      = errors.New("lambda: all environments are busy")
	ErrCannotRun = errors.New("lambda: cannot run here")
)

// Program is what to run.
type Program struct {
	Key                   string // changes with everything below
	Name, Version, Region string
	Runtime, Architecture string
	Handler               string
	Code                  Code
	Layers                []Code // unpacked over each other in order
	Variables             func(context.Context) (map[string]string, error)
	MemoryMB, EphemeralMB int
	Timeout               time.Duration
	JSON                  bool   // the log
	ApplicationLevel      string // the least, of a log in JSON
	SystemLevel           string
	Share                 string // whose concurrency calls count in, but for those in Pool
	MaxCalls              int    // of the share, at a time
	Pool                  string // of provisioned environments, the first choice; empty for none
}

// Code is a zip, and the sum that names what is in it.
type Code struct {
	Sum string
	Zip func(context.Context) ([]byte, error)
}

// Request is a call.
type Request struct {
	ID, FunctionARN string
	Payload         []byte
	ClientContext   string // JSON
	TraceID         string // X-Ray's header
}

// Outcome is what came of a call.
type Outcome struct {
	Payload     []byte
	ContentType string // of Payload, as the function's runtime said it
	Error       string // "" or Unhandled
	ErrorType   string // "Sandbox.Timedout", or the function's own
	Logs        []logwriter.Line
	LogStream   string
	Billed      time.Duration // whole milliseconds
	Provisioned bool          // by an environment of the pool
}
