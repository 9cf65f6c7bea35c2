package function

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// extension is a process, or a part of the runtime's, that registered for the
// events of the environment.
type extension struct {
	name   string
	id     string
	events []string
	inbox  chan []byte
	asked  bool // for an event that it has not got; guarded by the environment's mutex
}

func (e *environment) extensionRoutes(mux *http.ServeMux) {
	const at = "/2020-01-01/extension/"
	mux.HandleFunc("POST "+at+"register", e.register)
	mux.HandleFunc("GET "+at+"event/next", e.nextEvent)
	mux.HandleFunc("POST "+at+"init/error", e.extensionFailed)
	mux.HandleFunc("PUT /2022-07-01/telemetry", e.subscribe)
	mux.HandleFunc("POST "+at+"exit/error", e.extensionFailed)
}

func (e *environment) register(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Events []string `json:"events"`
	}
	name := r.Header.Get("Lambda-Extension-Name")
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in); err != nil || name == "" {
		refuse(w, http.StatusBadRequest, "Extension.InvalidExtensionName", "empty extension name, or a body that is not JSON")
		return
	}
	for _, ev := range in.Events {
		if ev != "INVOKE" && ev != "SHUTDOWN" {
			refuse(w, http.StatusBadRequest, "Extension.InvalidEventType", "ShutdownEvent: "+ev+" is not a valid event")
			return
		}
	}
	x := &extension{name: name, id: rand.Text(), events: in.Events, inbox: make(chan []byte, 4)}
	e.mu.Lock()
	s := e.spec
	if s == nil || e.isReady && !e.awaits(name) {
		e.mu.Unlock()
		refuse(w, http.StatusForbidden, "Extension.InvalidStateTransition", "extensions register while the environment initialises")
		return
	}
	e.extensions[x.id] = x
	e.mu.Unlock()
	w.Header().Set("Lambda-Extension-Identifier", x.id)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{
		"functionName": s.Function, "functionVersion": s.Version, "handler": s.Handler,
	})
}

func (e *environment) nextEvent(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	x := e.extensions[r.Header.Get("Lambda-Extension-Identifier")]
	if x != nil {
		x.asked = true
	}
	e.mu.Unlock()
	if x == nil {
		refuse(w, http.StatusForbidden, "Extension.UnknownExtensionIdentifier", "Unknown extension identifier")
		return
	}
	e.notice()
	select {
	case b := <-x.inbox:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Lambda-Extension-Event-Identifier", rand.Text())
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		_, _ = w.Write(b)
	case <-r.Context().Done():
	}
}

func (e *environment) extensionFailed(w http.ResponseWriter, r *http.Request) {
	kind := oneLine(r.Header.Get("Lambda-Extension-Function-Error-Type"))
	if kind == "" {
		kind = "Extension.UnknownReason"
	}
	e.sayExtension("", "Error", kind)
	e.mu.Lock()
	e.extensionError = &failure{kind: kind, message: "RequestId: %s Error: " + kind, status: "error"}
	e.mu.Unlock()
	e.notice()
	accept(w)
}

// tellExtensions gives those who asked for it the event of a call. One that
// does not fetch its events loses them.
func (e *environment) tellExtensions(c *call) {
	e.tell("INVOKE", map[string]any{
		"eventType": "INVOKE", "deadlineMs": c.deadline.UnixMilli(), "requestId": c.event.RequestID,
		"invokedFunctionArn": c.event.FunctionARN, "tracing": map[string]string{"type": "X-Amzn-Trace-Id", "value": c.event.TraceID},
	})
}

func (e *environment) tell(kind string, event map[string]any) (told bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var b []byte
	for _, x := range e.extensions {
		if !slices.Contains(x.events, kind) {
			continue
		}
		if b == nil {
			b, _ = json.Marshal(event)
		}
		select {
		case x.inbox <- b:
			told = true
			x.asked = false
		default:
		}
	}
	return told
}

// startExtensions starts the programs in the layers' extensions directory.
func (e *environment) startExtensions(variables map[string]string) error {
	for _, name := range e.sandbox.list(filepath.Join(e.sandbox.layersRoot(), "extensions")) {
		path := filepath.Join(e.sandbox.layersRoot(), "extensions", name)
		if !e.sandbox.executable(path) {
			continue
		}
		if err := e.hearExtensions(); err != nil {
			return err
		}
		c := command{path: path, args: []string{path}, env: environ(variables), dir: e.sandbox.layersRoot(), out: e.extraLogs.w}
		p, err := e.sandbox.start(c)
		if err != nil {
			return err
		}
		e.mu.Lock()
		e.externals = append(e.externals, external{name, p})
		e.mu.Unlock()
		go func() {
			<-p.exited
			e.notice()
		}()
		e.sayExtension(name, "Started", "")
	}
	return nil
}

// awaits says whether an external extension of that name has not registered yet,
// with the mutex held: the initialisation waits for it, though the runtime is ready.
func (e *environment) awaits(name string) bool {
	for _, x := range e.extensions {
		if x.name == name {
			return false
		}
	}
	return slices.ContainsFunc(e.externals, func(x external) bool { return x.name == name })
}

// hearExtensions opens the log of extensions: its lines are in that of the function,
// and told apart by telemetry.
func (e *environment) hearExtensions() (err error) {
	if e.extraLogs != nil {
		return nil
	}
	heard := func(l Line) { e.telemetry.publish("extension", "extension", l.At, e.recordOf(l.Text)) }
	e.extraLogs, err = newLogs(e.plane.config.Clock.Now, heard, e.logs)
	return err
}

// shutExtensions tells extensions that the environment ends, and lets them take
// leave for a moment.
//
// AWS: Lambda execution environment, Shutdown phase: the runtime gets SIGTERM
// only when there are extensions.
func (e *environment) shutExtensions() {
	deadline := e.plane.wall.now().Add(shutdownFor)
	told := e.tell("SHUTDOWN", map[string]any{"eventType": "SHUTDOWN", "shutdownReason": "spindown", "deadlineMs": deadline.UnixMilli()})
	if !told {
		return
	}
	e.freeze(false)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := e.plane.wall.after(shutdownFor, cancel)
	defer stop()
	if e.main != nil && e.main.pid > 0 {
		terminateGroup(e.main.pid)
	}
	e.sandbox.settled(ctx)
}

// names lists a directory of the machine.
func names(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, d := range entries {
		out = append(out, d.Name())
	}
	return out
}
