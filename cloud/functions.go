package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/brume-cloud/brume/front/logwriter"
	"github.com/brume-cloud/brume/plane/function"
	"github.com/brume-cloud/brume/service/lambda"
)

// functions runs the functions of Lambda on a plane, which is made at the first
// call: a cloud without functions does not pay for one.
type functions struct {
	system *System

	mu        sync.Mutex
	plane     *function.Plane
	temporary string // removed at the end
	closed    bool
	warned    map[string]bool // by runtime
}

// Run implements lambda.Runner.
func (f *functions) Run(ctx context.Context, p lambda.Program, r lambda.Request) (lambda.Outcome, error) {
	return f.run(ctx, p, r, nil)
}

// run makes a call. A function that streams its answer writes it to stream, unless that is nil.
func (f *functions) run(ctx context.Context, p lambda.Program, r lambda.Request, stream io.Writer) (lambda.Outcome, error) {
	plane, err := f.open()
	if err != nil {
		return lambda.Outcome{}, err
	}
	spec := specOf(p)
	f.warn(plane, spec)
	out, err := plane.Invoke(ctx, spec, function.Event{RequestID: r.ID, FunctionARN: r.FunctionARN, Payload: r.Payload, ClientContext: r.ClientContext, TraceID: r.TraceID, Stream: stream})
	if err != nil {
		return lambda.Outcome{}, runError(err)
	}
	result := lambda.Outcome{
		Payload: out.Payload, ContentType: out.ContentType, Error: out.FunctionError, ErrorType: out.ErrorType, LogStream: out.LogStream,
		Billed: out.Billed, Provisioned: out.Provisioned,
	}
	for _, l := range out.Logs {
		result.Logs = append(result.Logs, logwriter.Line(l))
	}
	return result, nil
}

// Provision implements lambda.Runner.
func (f *functions) Provision(ctx context.Context, owner string, programs []lambda.Program, n int) error {
	plane, err := f.open()
	if err != nil {
		return err
	}
	var specs []function.Spec
	for _, p := range programs {
		specs = append(specs, specOf(p))
	}
	return runError(plane.Provision(ctx, owner, specs, n))
}

// Provisioned implements lambda.Runner.
func (f *functions) Provisioned(pool string) int {
	plane, err := f.open()
	if err != nil {
		return 0
	}
	return plane.Provisioned(pool)
}

// runError is the plane's error in Lambda's words.
func runError(err error) error {
	switch {
	case errors.Is(err, function.ErrBusy):
		return lambda.ErrBusy
	case errors.Is(err, function.ErrUnsupported):
		return fmt.Errorf("%w: %w", lambda.ErrCannotRun, err)
	}
	return err
}

func specOf(p lambda.Program) function.Spec {
	spec := function.Spec{
		Key: p.Key, Function: p.Name, Version: p.Version, Region: p.Region, Runtime: p.Runtime, Architecture: p.Architecture, Handler: p.Handler,
		Code:      archive(p.Code),
		Variables: p.Variables, MemoryMB: p.MemoryMB, EphemeralMB: p.EphemeralMB, Timeout: p.Timeout,
		Share: p.Share, MaxCalls: p.MaxCalls, Pool: p.Pool,
		JSON: p.JSON, ApplicationLevel: p.ApplicationLevel, SystemLevel: p.SystemLevel,
	}
	for _, layer := range p.Layers {
		spec.Layers = append(spec.Layers, archive(layer))
	}
	return spec
}

func archive(c lambda.Code) function.Archive {
	return function.Archive{Hash: c.Sum, Open: func(ctx context.Context) (function.ZIP, error) {
		data, err := c.Zip(ctx)
		return zipped{bytes.NewReader(data)}, err
	}}
}

// warn logs once for a runtime that another version stands in for it.
func (f *functions) warn(plane *function.Plane, s function.Spec) {
	f.mu.Lock()
	known := f.warned[s.Runtime]
	f.warned[s.Runtime] = true
	f.mu.Unlock()
	if known {
		return
	}
	if warning, err := plane.Prepare(s); err == nil && warning != "" {
		f.system.log.Warn(warning, "runtime", s.Runtime)
	}
}

func (f *functions) open() (*function.Plane, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, function.ErrClosed
	}
	if f.plane != nil {
		return f.plane, nil
	}
	dir := filepath.Join(f.system.opts.Dir, "functions")
	if f.system.opts.Ephemeral {
		var err error
		if dir, err = os.MkdirTemp("", "brume-functions-"); err != nil {
			return nil, err
		}
		f.temporary = dir
	}
	// Processes have directories of their own and other working directories.
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	f.warned = map[string]bool{}
	f.plane, err = function.New(function.Config{Dir: dir, Clock: f.system.clock, Log: f.system.log})
	return f.plane, err
}

// Close kills what runs.
func (f *functions) Close() error {
	f.mu.Lock()
	plane, temporary := f.plane, f.temporary
	f.closed = true
	f.mu.Unlock()
	var err error
	if plane != nil {
		err = plane.Close()
	}
	if temporary != "" {
		err = errors.Join(err, os.RemoveAll(temporary))
	}
	return err
}

// zipped is a zip in memory.
type zipped struct{ *bytes.Reader }

// Close implements function.ZIP.
func (zipped) Close() error { return nil }
