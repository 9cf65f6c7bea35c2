package function

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/brume-cloud/brume/state/clock"
)

// zipOf makes an archive of files; a name that ends in * is a program.
func zipOf(t testing.TB, files map[string]string) Archive {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range files {
		h := &zip.FileHeader{Name: strings.TrimSuffix(name, "*"), Method: zip.Store}
		h.SetMode(0o644)
		if strings.HasSuffix(name, "*") {
			h.SetMode(0o755)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write([]byte(text))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return archiveOf(b.Bytes())
}

func archiveOf(b []byte) Archive {
	return Archive{Hash: fmt.Sprintf("%x", b[:min(len(b), 64)]) + fmt.Sprint(len(b)) + lastBytes(b), Open: func(context.Context) (ZIP, error) { return memoryZIP{bytes.NewReader(b)}, nil }}
}

func lastBytes(b []byte) string { return fmt.Sprintf("%x", b[max(0, len(b)-512):]) }

type memoryZIP struct{ *bytes.Reader }

func (memoryZIP) Close() error { return nil }

var own = sync.OnceValue(func() string {
	b, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		exe, _ := os.Executable()
		b, _ = os.ReadFile(exe)
	}
	return string(b)
})

func newPlane(t testing.TB, change ...func(*Config)) *Plane {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("functions do not run on Windows")
	}
	c := Config{Dir: t.TempDir(), Clock: clock.New(), NoSpares: true}
	for _, f := range change {
		f(&c)
	}
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func testSpec(t testing.TB) Spec {
	return Spec{
		Key: "f", Function: "f", Region: "eu-west-1", Runtime: "provided.al2023", Handler: "h",
		Code: zipOf(t, map[string]string{"bootstrap*": own()}), Timeout: 20 * time.Second, MemoryMB: 256,
	}
}

var serial struct {
	sync.Mutex
	n int
}

func event(o any) Event {
	serial.Lock()
	defer serial.Unlock()
	serial.n++
	b, _ := json.Marshal(o)
	return Event{RequestID: fmt.Sprintf("request-%d", serial.n), FunctionARN: "arn:aws:lambda:eu-west-1:1:function:f", Payload: b}
}

func invoke(t testing.TB, p *Plane, s Spec, o any) Outcome {
	t.Helper()
	out, err := p.Invoke(t.Context(), s, event(o))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func text(out Outcome) string {
	var b strings.Builder
	for _, l := range out.Logs {
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}

// bothWays runs a story in each kind of sandbox that this machine has.
func bothWays(t *testing.T, f func(t *testing.T, p *Plane)) {
	for _, plain := range []bool{false, true} {
		t.Run(fmt.Sprintf("plain=%v", plain), func(t *testing.T) {
			f(t, newPlane(t, func(c *Config) { c.Plain = plain }))
		})
	}
}

func TestEnvironmentIsReused(t *testing.T) {
	bothWays(t, func(t *testing.T, p *Plane) {
		s := testSpec(t)
		first, second := invoke(t, p, s, order{Text: "a"}), invoke(t, p, s, order{Text: "b"})
		if !first.Cold || first.Init == 0 || second.Cold || second.Init != 0 {
			t.Errorf("cold %v %v, then %v %v", first.Cold, first.Init, second.Cold, second.Init)
		}
		if !strings.Contains(string(second.Payload), `"calls":2`) || first.LogStream != second.LogStream {
			t.Errorf("second answer %s", second.Payload)
		}
		for _, want := range []string{"INIT_START", "\ninitialised\n", "\nSTART RequestId: request-", " Version: $LATEST\n", "\nEND RequestId: ", "\tMemory Size: 256 MB\tMax Memory Used: ", "\tInit Duration: "} {
			if !strings.Contains(text(first), want) {
				t.Errorf("no %q in\n%s", want, text(first))
			}
		}
		if strings.Contains(text(second), "Init") {
			t.Errorf("a warm call's log:\n%s", text(second))
		}
	})
}

func TestEnvironmentsScaleOutAndAreLimited(t *testing.T) {
	p := newPlane(t)
	s := testSpec(t)
	s.Share, s.MaxCalls = "f", 1
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := p.Invoke(ctx, s, event(order{Do: "hang"}))
		done <- err
	}()
	for p.busy("f") == 0 && len(done) == 0 {
		runtime.Gosched()
	}
	if _, err := p.Invoke(t.Context(), s, event(order{})); err != ErrBusy {
		t.Errorf("error %v", err)
	}
	s.MaxCalls = 2
	if out := invoke(t, p, s, order{}); !out.Cold {
		t.Error("an environment had two calls at a time")
	}
	cancel()
	if err := <-done; err != context.Canceled {
		t.Errorf("error %v", err)
	}
}

func (p *Plane) busy(key string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.fleets[key]; f != nil {
		return len(f.all) - len(f.idle)
	}
	return 0
}

func TestFailuresReadAsAWSWritesThem(t *testing.T) {
	for _, c := range []struct {
		name            string
		order           order
		change          func(*Spec)
		kind, log, body string
	}{
		{"error", order{Do: "error", Text: "no"}, nil, "My.Error", "\tMax Memory Used: ", `{"errorType":"My.Error","errorMessage":"no"}`},
		{"exit 1", order{Do: "exit", N: 1}, nil, "Runtime.ExitError", "\nRequestId: ID Error: Runtime exited with error: exit status 1\n", `"errorMessage":"RequestId: ID Error: Runtime exited with error: exit status 1"`},
		{"exit 0", order{Do: "exit"}, nil, "Runtime.ExitError", "Status: error\tError Type: Runtime.ExitError", "Runtime exited without providing a reason"},
		{"time", order{Do: "hang"}, func(s *Spec) { s.Timeout = time.Second }, "Sandbox.Timedout", "Z ID Task timed out after 1.00 seconds\n", `RequestId: ID Error: Task timed out after 1.00 seconds`},
		{"large", order{Do: "large", N: 7 << 20}, nil, "Function.ResponseSizeTooLarge", "END", "Response payload size exceeded maximum allowed payload size (6291556 bytes)."},
		{"init", order{}, func(s *Spec) { s.Handler = "bad.init" }, "Bad.Init", "", `"Bad.Init"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothWays(t, func(t *testing.T, p *Plane) {
				s := testSpec(t)
				if c.change != nil {
					c.change(&s)
				}
				ev := event(c.order)
				out, err := p.Invoke(t.Context(), s, ev)
				if err != nil {
					t.Fatal(err)
				}
				fill := strings.NewReplacer("ID", ev.RequestID)
				_, want := "", fill.Replace(c.body)
				if c.name == "large" || c.name == "init" {
					want = c.body
				}
				log := c.log
				if c.name != "large" {
					log = fill.Replace(c.log)
				}
				if out.FunctionError != "Unhandled" || out.ErrorType != c.kind || !strings.Contains(string(out.Payload), want) {
					t.Errorf("%q %q %.300s", out.FunctionError, out.ErrorType, out.Payload)
				}
				if !strings.Contains(text(out), log) {
					t.Errorf("no %q in\n%s", log, text(out))
				}
				if after := invoke(t, p, testSpec(t), order{}); c.name != "init" && after.FunctionError != "" {
					t.Errorf("the next call failed: %s", after.Payload)
				}
			})
		})
	}
}

func TestMemoryIsLimited(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is watched on Linux only")
	}
	bothWays(t, func(t *testing.T, p *Plane) {
		s := testSpec(t)
		s.MemoryMB = 128
		out := invoke(t, p, s, order{Do: "memory"})
		if out.ErrorType != "Runtime.OutOfMemory" || out.MaxMemoryMB != 128 || !strings.Contains(string(out.Payload), "signal: killed") {
			t.Errorf("%q %s, %d MB", out.ErrorType, out.Payload, out.MaxMemoryMB)
		}
	})
}

func TestLogsAreWholeAndBounded(t *testing.T) {
	p := newPlane(t)
	s := testSpec(t)
	var want strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	if out := invoke(t, p, s, order{Do: "log", Text: want.String() + "no newline"}); !strings.Contains(text(out), want.String()+"no newline\nEND") {
		t.Error("lines are missing")
	}
	out := invoke(t, p, s, order{Do: "flood", N: 20_000})
	if n := len(text(out)); n > maxLogCall+1<<20 || !strings.Contains(text(out), "more bytes of log were dropped") || !strings.Contains(text(out), "REPORT") {
		t.Errorf("%d bytes of log", n)
	}
	if out := invoke(t, p, s, order{Do: "log", Text: "again\n"}); !strings.Contains(text(out), "\nagain\n") {
		t.Error("the log stays full")
	}
}

func TestEventAndVariablesReachTheRuntime(t *testing.T) {
	bothWays(t, func(t *testing.T, p *Plane) {
		t.Setenv("SECRET_OF_THE_SERVER", "1")
		s := testSpec(t)
		s.Variables = func(context.Context) (map[string]string, error) {
			return map[string]string{"MINE": "x", "AWS_ACCESS_KEY_ID": "key", "AWS_LAMBDA_FUNCTION_NAME": "forged"}, nil
		}
		ev := event(order{Do: "headers"})
		ev.TraceID, ev.ClientContext, ev.CognitoIdentity = "Root=1-2-3", `{"custom":{}}`, `{"cognitoIdentityId":"i"}`
		out, err := p.Invoke(t.Context(), s, ev)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{ev.RequestID, ev.FunctionARN, "Root=1-2-3", `{\"custom\":{}}`, "cognitoIdentityId", "Lambda-Runtime-Deadline-Ms"} {
			if !strings.Contains(string(out.Payload), want) {
				t.Errorf("no %s in %s", want, out.Payload)
			}
		}
		out = invoke(t, p, s, order{Do: "variables"})
		for _, want := range []string{`"MINE=x"`, `"AWS_ACCESS_KEY_ID=key"`, `"AWS_LAMBDA_FUNCTION_NAME=f"`, `"_HANDLER=h"`, `"AWS_REGION=eu-west-1"`, `"LAMBDA_TASK_ROOT=`} {
			if !strings.Contains(string(out.Payload), want) {
				t.Errorf("no %s in %s", want, out.Payload)
			}
		}
		if strings.Contains(string(out.Payload), "SECRET_OF_THE_SERVER") {
			t.Error("the server's environment leaks")
		}
	})
}

func TestResponseStreams(t *testing.T) {
	p := newPlane(t)
	var b bytes.Buffer
	ev := event(order{Do: "stream"})
	ev.Stream = &b
	out, err := p.Invoke(t.Context(), testSpec(t), ev)
	if err != nil || !out.Streamed || b.String() != "one,two" || out.ContentType != "text/plain" {
		t.Errorf("%v %+v %q", err, out, b.String())
	}
	if out := invoke(t, p, testSpec(t), order{Do: "stream"}); out.Streamed || string(out.Payload) != "one,two" {
		t.Errorf("collected: %+v", out)
	}
}

func TestInternalExtensionSeesEachCall(t *testing.T) {
	p := newPlane(t)
	s := testSpec(t)
	s.Handler = "with.extension"
	for range 2 {
		ev := event(order{Do: "extension"})
		out, err := p.Invoke(t.Context(), s, ev)
		if err != nil || !strings.Contains(string(out.Payload), `"eventType":"INVOKE"`) || !strings.Contains(string(out.Payload), ev.RequestID) {
			t.Errorf("%v %s", err, out.Payload)
		}
	}
}

func TestCodeWithoutBootstrap(t *testing.T) {
	p := newPlane(t)
	s := testSpec(t)
	s.Code = zipOf(t, map[string]string{"main.txt": "no program"})
	out := invoke(t, p, s, order{})
	if out.ErrorType != "Runtime.InvalidEntrypoint" || !strings.Contains(string(out.Payload), "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]") {
		t.Errorf("%+v", out)
	}
}

func TestCloseEndsCalls(t *testing.T) {
	p := newPlane(t)
	s := testSpec(t)
	done := make(chan error, 1)
	go func() {
		_, err := p.Invoke(t.Context(), s, event(order{Do: "hang"}))
		done <- err
	}()
	for p.busy(s.Key) == 0 && len(done) == 0 {
		runtime.Gosched()
	}
	p.Forget(s.Key) // Close has to find it nevertheless
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != ErrClosed {
		t.Errorf("error %v", err)
	}
}
