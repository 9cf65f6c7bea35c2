package function

import (
	"context"
	"errors"
	"io"
	"time"
)

// Spec says what to run. Two specs with the same Key share environments, so
// the key has to change with everything that a running environment cannot take
// up: code, layers, handler, variables, memory, timeout.
type Spec struct {
	Key      string // of a published configuration, e.g. ARN, version and revision
	Function string // its name
	Version  string // "$LATEST" or a number
	Region   string

	Runtime      string // "python3.12", "nodejs22.x", "provided.al2023" …
	Architecture string // "x86_64" or "arm64"; empty is this machine's
	Handler      string
	Code         Archive
	Layers       []Archive // unpacked over each other in order, at /opt

	// Variables returns the function's own variables and its credentials. It is
	// called when an environment starts, not for each call.
	Variables func(context.Context) (map[string]string, error)

	MemoryMB    int           // 0 is 128
	EphemeralMB int           // the size of /tmp; 0 is 512
	Timeout     time.Duration // of a call; 0 is 3 s

	// Share names what the calls of some functions are counted in together, and
	// MaxCalls how many of them may run at a time, but for those that provisioned
	// environments take. Without a name it is left to the plane.
	Share    string
	MaxCalls int
	Pool     string // of provisioned environments, the first choice; empty for none

	JSON             bool   // the log has records rather than text
	ApplicationLevel string // the least level of the function's own lines in a JSON log: TRACE, DEBUG, INFO, WARN, ERROR or FATAL
	SystemLevel      string // and that of the platform's: DEBUG, INFO or WARN
}

// Archive is a zip that is opened only when it is not unpacked yet.
type Archive struct {
	Hash string // names the content; any string
	Open func(context.Context) (ZIP, error)
}

// ZIP is an opened archive. Close is called once.
type ZIP interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Event is one call of a function.
type Event struct {
	RequestID   string
	FunctionARN string // as invoked, with the qualifier
	Payload     []byte

	TraceID         string // the X-Ray header; empty for none
	ClientContext   string // JSON, decoded
	CognitoIdentity string // JSON

	// Stream gets the response while it is written, when the function streams.
	// Without it a streamed response is collected like any other.
	Stream io.Writer
}

// Outcome is what came of a call that reached the function's code, or would
// have if the code could be started.
type Outcome struct {
	Payload       []byte // nil when Streamed
	ContentType   string // of the response, as the runtime said it
	Streamed      bool   // the payload went to Event.Stream
	FunctionError string // "" or "Unhandled"
	ErrorType     string // "Runtime.ExitError", "Sandbox.Timedout", or the function's own

	Logs      []Line // with the platform's START, END and REPORT
	LogStream string // of the environment

	Cold        bool
	Init        time.Duration // 0 unless Cold
	Duration    time.Duration
	Billed      time.Duration // whole milliseconds; with Init
	MaxMemoryMB int
	Provisioned bool // the environment was
}

// Line is one line of log, without its newline.
type Line struct {
	At   time.Time // by the cloud's clock
	Text string
}

var (
	// ErrBusy says that as many calls run as the share has, or as the plane has
	// environments.
	ErrBusy = errors.New("function: all environments are busy")
	// ErrClosed says that the plane is closed.
	ErrClosed = errors.New("function: the plane is closed")
	// ErrUnsupported says that this machine cannot run the function; the error
	// that wraps it names what to install.
	ErrUnsupported = errors.New("function: cannot run here")
	// ErrArchive says that code or a layer cannot be unpacked.
	ErrArchive = errors.New("function: bad archive")
)

func (s *Spec) fill() {
	if s.MemoryMB == 0 {
		s.MemoryMB = 128
	}
	if s.EphemeralMB == 0 {
		s.EphemeralMB = 512
	}
	if s.Timeout == 0 {
		s.Timeout = 3 * time.Second
	}
	if s.Version == "" {
		s.Version = "$LATEST"
	}
}
