package function

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brume-cloud/brume/front/listen"
)

// environment is one execution environment: a sandbox with a runtime process
// in it, the runtime's API, and at most one call at a time.
type environment struct {
	plane     *Plane
	runtime   *found
	spec      *Spec       // nil while it is a spare
	objects   atomic.Bool // the log is one of JSON: spec.JSON, for the goroutine that reads it
	sandbox   sandbox
	main      *process
	silence   func() // ends the API
	address   string
	logs      *logs
	stream    string // the log stream's name
	born      time.Time
	giveBack  []func()
	assigned  chan personality // to a spare
	waits     chan struct{}    // closed when a spare has asked for what it is to be
	pending   chan *call
	ready     chan struct{} // closed by the first request for a call
	stopping  chan struct{} // closed when the environment ends
	stopOnce  sync.Once
	waitsOnce sync.Once
	stopTimer func() bool   // of being idle; guarded by the plane's mutex
	changed   chan struct{} // an extension has asked for an event, or ended
	telemetry telemetry
	extraLogs *logs // of external extensions; nil without

	mu         sync.Mutex
	isReady    bool
	initError  *failure
	current    *call
	extensions map[string]*extension
	externals  []external

	extensionError *failure // that one of them has told
	frozen         bool
	memory         memoryUse
}

// call is an event on its way through an environment.
type call struct {
	event    *Event
	deadline time.Time

	answered bool // guarded by the environment's mutex
	result   response
	done     chan struct{} // closed when the runtime asks for the next call
}

// response is what the runtime answered.
type response struct {
	payload     []byte
	contentType string
	streamed    bool
	errorType   string
	isError     bool
}

// newEnvironment starts the API of an environment and makes its sandbox; no
// process runs yet.
func (p *Plane) newEnvironment(f *found) (*environment, error) {
	e := &environment{
		plane: p, runtime: f, born: p.wall.now(),
		assigned: make(chan personality, 1), waits: make(chan struct{}), pending: make(chan *call, 1),
		ready: make(chan struct{}), stopping: make(chan struct{}),
		extensions: map[string]*extension{}, changed: make(chan struct{}, 1), telemetry: telemetry{wall: p.wall},
	}
	var err error
	if e.logs, err = newLogs(p.config.Clock.Now, func(l Line) { e.telemetry.publish("function", "function", l.At, e.recordOf(l.Text)) }, nil); err != nil {
		return nil, err
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	e.stream = hex.EncodeToString(id)
	if e.sandbox, err = p.newSandbox(f); err != nil {
		e.logs.close()
		return nil, fmt.Errorf("function: make a sandbox: %w", err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		e.sandbox.close()
		e.logs.close()
		return nil, err
	}
	e.address = l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	e.silence = stop
	// A runtime's connection is idle while its function works.
	server := listen.Server{Handler: e.routes(), Log: slog.New(slog.DiscardHandler), Idle: connectionIdle}
	go func() { _ = server.Serve(ctx, l) }() // it ends when it is told to
	return e, nil
}

// assign gives the environment the function that it runs.
func (e *environment) assign(ctx context.Context, s *Spec) error {
	e.spec = s
	e.objects.Store(s.JSON)
	e.stream = e.plane.config.Clock.Now().UTC().Format("2006/01/02") + "/[" + s.Version + "]" + e.stream
	code, release, err := e.plane.code.use(ctx, []Archive{s.Code})
	if err != nil {
		return err
	}
	e.giveBack = append(e.giveBack, release)
	v := view{code: code, ephemeral: int64(s.EphemeralMB) << 20, memory: int64(s.MemoryMB) << 20}
	if len(s.Layers) > 0 {
		if v.layers, release, err = e.plane.code.use(ctx, s.Layers); err != nil {
			return err
		}
		e.giveBack = append(e.giveBack, release)
	}
	return e.sandbox.furnish(v)
}

// launch starts the runtime's process for the function, or, when the
// environment is a spare, tells the process that waits.
func (e *environment) launch(own map[string]string) error {
	variables := e.variables(own)
	if err := e.startExtensions(variables); err != nil {
		return err
	}
	if e.main != nil {
		e.assigned <- personality{Variables: variables, Handler: e.spec.Handler, Root: e.sandbox.taskRoot()}
		return nil
	}
	c, err := e.runtime.command(e.sandbox, e.spec.MemoryMB)
	if errors.Is(err, errNoBootstrap) { // the function's fault: a process that has failed
		e.main = &process{exited: make(chan struct{}), err: err}
		close(e.main.exited)
		return nil
	}
	if err != nil {
		return err
	}
	c.env, c.dir = environ(variables), e.sandbox.taskRoot()
	if w := variables["AWS_LAMBDA_EXEC_WRAPPER"]; w != "" {
		c.path, c.args = w, append([]string{w, c.path}, c.args[1:]...)
	}
	return e.startMain(c)
}

func (e *environment) startMain(c command) error {
	c.out = e.logs.w
	p, err := e.sandbox.start(c)
	if err != nil {
		return err
	}
	e.main = p
	return nil
}

// await returns when the runtime has initialised, or why it has not.
func (e *environment) await(ctx context.Context, requestID string, limit time.Duration) *failure {
	expired := make(chan struct{})
	stop := e.plane.wall.after(limit, func() { close(expired) })
	defer stop()
	select {
	case <-e.ready:
	case <-e.main.exited:
	case <-expired:
		return timedOut(requestID, limit)
	case <-ctx.Done():
		return &failure{err: ctx.Err()}
	case <-e.stopping:
		return &failure{err: ErrClosed}
	}
	if f := e.initialised(requestID); f != nil {
		return f
	}
	late, f := e.attend(ctx, true, expired)
	if late {
		return timedOut(requestID, limit)
	}
	e.telemetry.started()
	return f.of(requestID)
}

// initialised tells why the runtime has not.
func (e *environment) initialised(requestID string) *failure {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.initError != nil {
		return e.initError
	}
	if !e.isReady {
		return e.crashed(requestID)
	}
	return nil
}

// crashed tells why the runtime's process has ended; the environment's mutex is
// held.
func (e *environment) crashed(requestID string) *failure {
	select {
	case <-e.stopping: // it was ended
		return &failure{err: ErrClosed}
	default:
		return e.main.failure(requestID, e.memory.exceeded || e.sandbox.starved())
	}
}

// run gives an idle environment one call and waits for what becomes of it. After
// a failure the environment has to be ended.
func (e *environment) run(ctx context.Context, ev *Event) (response, *failure) {
	c := &call{event: ev, deadline: e.plane.wall.now().Add(e.spec.Timeout), done: make(chan struct{})}
	expired := make(chan struct{})
	stop := e.plane.wall.after(e.spec.Timeout, func() { close(expired) })
	defer stop()
	e.freeze(false)
	stopWatch := e.watchMemory()
	defer stopWatch()
	e.pending <- c
	e.tellExtensions(c)
	var f *failure
	select {
	case <-c.done:
		late, failed := e.attend(ctx, false, expired)
		if f = failed.of(ev.RequestID); late {
			f = timedOut(ev.RequestID, e.spec.Timeout)
			e.kill()
		}
	case <-e.main.exited:
		e.mu.Lock()
		f = e.crashed(ev.RequestID)
		e.mu.Unlock()
	case <-expired:
		f = timedOut(ev.RequestID, e.spec.Timeout)
		e.kill()
	case <-ctx.Done():
		f = &failure{err: ctx.Err()}
	case <-e.stopping:
		f = &failure{err: ErrClosed}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current == c {
		e.current = nil
	}
	if f != nil && f.kind == "Runtime.ExitError" && c.answered {
		return c.result, nil // it said why before it exited
	}
	return c.result, f
}

// freeze stops all processes between calls, and lets them go on.
func (e *environment) freeze(on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.frozen == on {
		return
	}
	e.frozen = on
	e.sandbox.freeze(on)
}

func (e *environment) kill() {
	e.sandbox.kill()
	if e.main != nil {
		<-e.main.exited
	}
}

// end kills what runs in the environment and gives back what it holds. It may
// be called more than once.
func (e *environment) end() {
	e.stopOnce.Do(func() {
		close(e.stopping)
		e.telemetry.flush()
		e.shutExtensions()
		e.kill()
		e.telemetry.end()
		e.silence()
		e.sandbox.close()
		e.logs.close()
		if e.extraLogs != nil {
			e.extraLogs.close()
		}
		for _, f := range e.giveBack {
			f()
		}
	})
}

// failure is a call that ended without a response of the runtime.
type failure struct {
	err     error // the plane's own: nothing to tell the function's caller
	kind    string
	message string
	payload []byte
	status  string // in the REPORT line
	line    string // in the log
}

// of puts the request's id into a message that waits for one.
func (f *failure) of(requestID string) *failure {
	if f == nil || f.err != nil || !strings.Contains(f.message, "%s") {
		return f
	}
	told := *f
	told.message = strings.Replace(f.message, "%s", requestID, 1)
	told.line = told.message
	return &told
}

func timedOut(requestID string, after time.Duration) *failure {
	text := fmt.Sprintf("Task timed out after %.2f seconds", after.Seconds())
	return &failure{kind: "Sandbox.Timedout", message: "RequestId: " + requestID + " Error: " + text, status: "timeout", line: text}
}

// failure tells why the process ended while it should not have.
func (p *process) failure(requestID string, memory bool) *failure {
	f := &failure{kind: "Runtime.ExitError", status: "error"}
	text := "Runtime exited without providing a reason"
	switch {
	case memory:
		text = "Runtime exited with error: signal: killed"
		f.kind = "Runtime.OutOfMemory"
	case errors.Is(p.err, errNoBootstrap):
		text = errNoBootstrap.Error()
		f.kind = "Runtime.InvalidEntrypoint"
	case p.err != nil:
		text = "Runtime exited with error: " + p.err.Error()
	}
	f.message = "RequestId: " + requestID + " Error: " + text
	f.line = f.message
	return f
}
