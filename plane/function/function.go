// Package function is the plane that runs the code of AWS Lambda functions: as
// processes in sandboxes on this machine, without containers. It knows nothing
// of the Lambda service, which decides what runs, when, and who may.
//
// A call goes to an execution environment: a runtime process that asks for
// events over the public Runtime API. An environment has one call at a time, is
// frozen between calls, is kept warm for the next, and is replaced when it
// crashes or a call times out. Environments live and die with the plane; nothing
// here is stored but unpacked code, which is rebuilt when it is missing.
//
// What a sandbox keeps apart depends on the system: see README.md.
package function

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/brume-cloud/brume/state/clock"
)

// Config is what a plane needs.
type Config struct {
	Dir             string       // the plane's own; unpacked code and scratch space
	Clock           *clock.Clock // stamps log lines; deadlines go by wall time
	Log             *slog.Logger // nil discards
	MaxEnvironments int          // that live at a time; 0 is one for each 64 MiB of the machine's memory, and 50 to 1,000
	Plain           bool         // no namespaces, even where they are possible
	NoSpares        bool         // start no worker ahead
}

// Plane runs functions. Its methods may be called from many goroutines.
type Plane struct {
	config   Config
	wall     wall
	code     *cache
	runtimes finder
	slots    slots // of user ids

	mu       sync.Mutex
	fleets   map[string]*fleet
	all      map[*environment]bool // of functions, forgotten ones too
	live     int
	calls    map[string]int          // that run on demand, by share
	spares   map[string]*environment // by interpreter
	starting map[string]bool         // spares
	closed   bool
	ending   sync.WaitGroup // and starting: what Close waits for
}

// New returns a plane. It looks for no runtime and starts nothing.
func New(c Config) (*Plane, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MaxEnvironments == 0 {
		c.MaxEnvironments = environments(machineMemory())
	}
	p := &Plane{config: c, all: map[*environment]bool{}, calls: map[string]int{}, fleets: map[string]*fleet{}, spares: map[string]*environment{}, starting: map[string]bool{}}
	p.wall = realTime(c.Clock.Wall)
	code := filepath.Join(c.Dir, "code")
	// Code is kept from one plane to the next by nothing but its name; a plane
	// that was killed may have left half of it, so it is unpacked anew.
	if err := errors.Join(os.RemoveAll(code), os.RemoveAll(filepath.Join(c.Dir, "run"))); err != nil {
		return nil, err
	}
	for _, d := range []string{code, filepath.Join(c.Dir, "run"), filepath.Join(c.Dir, "root")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	p.code = &cache{dir: code, max: cacheBytes, unpacked: maxUnpacked, entries: map[string]*entry{}}
	return p, nil
}

// Invoke runs one call and returns what came of it. A function that fails, times
// out or crashes is an Outcome, not an error. The error is ErrBusy when another
// environment is needed and not allowed; wraps ErrUnsupported when this machine
// lacks the runtime, ErrArchive when the code cannot be unpacked; is ctx's when
// ctx ends, which kills the environment.
func (p *Plane) Invoke(ctx context.Context, s Spec, ev Event) (Outcome, error) {
	s.fill()
	out := Outcome{}
	e := p.provisioned(s.Pool)
	if out.Provisioned = e != nil; !out.Provisioned {
		leave, err := p.enter(&s)
		if err != nil {
			return Outcome{}, err
		}
		defer leave()
		if e, err = p.warm(&s); err != nil {
			return Outcome{}, err
		}
	}
	if e == nil {
		start := p.wall.now()
		made, f, err := p.cold(ctx, &s, &ev)
		if err != nil {
			return Outcome{}, err
		}
		e, out.Cold, out.Init = made, true, p.wall.now().Sub(start)
		if f != nil {
			e.sayStart(&ev)
			return p.conclude(e, &ev, out, f)
		}
	}
	e.sayStart(&ev)
	start := p.wall.now()
	res, f := e.run(ctx, &ev)
	out.Duration = p.wall.now().Sub(start)
	if f != nil && f.err == nil && f.status == "timeout" {
		out.Duration = s.Timeout
	}
	out.Payload, out.ContentType, out.Streamed = res.payload, res.contentType, res.streamed
	if res.isError {
		out.fail(res.errorType, res.payload)
	}
	return p.conclude(e, &ev, out, f)
}

// conclude writes the end of the call's log and keeps the environment for the
// next call, or ends it after a failure.
func (p *Plane) conclude(e *environment, ev *Event, out Outcome, f *failure) (Outcome, error) {
	if f != nil && f.err != nil {
		p.discard(e)
		return Outcome{}, f.err
	}
	e.logs.settle()
	out.LogStream = e.stream
	out.MaxMemoryMB = e.maxMemoryMB()
	status := ""
	if f != nil {
		status = f.status
		if f.payload == nil {
			f.payload = errorPayload(f.kind, f.message)
		}
		out.Payload, out.Streamed, out.ContentType = f.payload, false, "application/json"
		out.fail(f.kind, f.payload)
		e.sayFailure(ev, f)
	}
	out.bill()
	e.sayEnd(ev, &out, status)
	out.Logs = e.logs.take()
	if f != nil {
		p.discard(e)
	} else {
		p.keep(e)
	}
	return out, nil
}

func (o *Outcome) fail(kind string, payload []byte) {
	o.FunctionError = "Unhandled"
	if o.ErrorType = kind; kind == "" {
		o.ErrorType = errorType(payload)
	}
}

// Prepare starts a worker ahead for s's runtime, if the plane may and has none,
// and says at once whether this machine has the runtime: nil, an error that
// wraps ErrUnsupported, or, with a runtime, a warning that another version
// stands in for the one that s asks for.
func (p *Plane) Prepare(s Spec) (warning string, err error) {
	f, err := p.runtimes.find(s.Runtime, s.Architecture)
	if err != nil {
		return "", err
	}
	p.refill(f)
	return f.warning, nil
}

// Forget ends the environments of key, those in a call after it.
func (p *Plane) Forget(key string) {
	p.mu.Lock()
	f := p.fleets[key]
	var idle []*environment
	if f != nil {
		idle, f.idle = f.idle, nil
		delete(p.fleets, key)
	}
	p.mu.Unlock()
	for _, e := range idle {
		p.discard(e)
	}
}

// Close kills every environment, calls or not, and returns when no process of
// theirs is left.
func (p *Plane) Close() error {
	p.mu.Lock()
	p.closed = true
	var all []*environment
	for e := range p.all {
		all = append(all, e)
	}
	for name, e := range p.spares {
		delete(p.spares, name)
		all = append(all, e)
	}
	p.mu.Unlock()
	for _, e := range all {
		p.ending.Go(e.end)
	}
	p.ending.Wait()
	return nil
}

// initLimit: an initialisation gets ten seconds, or the function's
// own time when that is longer.
func initLimit(s *Spec) time.Duration { return max(initTimeout, s.Timeout) }
