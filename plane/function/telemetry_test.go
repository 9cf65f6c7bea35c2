package function

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// outside is an external extension: it prints the events and the telemetry that it gets.
func outside(api string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return
	}
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var all []struct {
				Type   string
				Record any
			}
			_ = json.NewDecoder(r.Body).Decode(&all)
			for _, i := range all {
				fmt.Println("heard", i.Type, i.Record)
			}
		}))
	}()
	id := ""
	ask := func(method, path, body string) (string, int) {
		req, _ := http.NewRequest(method, "http://"+api+path, strings.NewReader(body))
		req.Header.Set("Lambda-Extension-Name", filepath.Base(os.Args[0]))
		req.Header.Set("Lambda-Extension-Identifier", id)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			os.Exit(0)
		}
		defer res.Body.Close()
		if name := res.Header.Get("Lambda-Extension-Identifier"); name != "" {
			id = name
		}
		b, _ := io.ReadAll(res.Body)
		return string(b), res.StatusCode
	}
	switch os.Getenv("EXTENSION") {
	case "crash":
		os.Exit(5)
	case "fail":
		ask("POST", "/2020-01-01/extension/register", `{"events":[]}`)
		ask("POST", "/2020-01-01/extension/init/error", `{}`) // whose type is in a header that ask does not send
	}
	time.Sleep(100 * time.Millisecond) // the runtime is ready long before
	ask("POST", "/2020-01-01/extension/register", `{"events":["INVOKE","SHUTDOWN"]}`)
	_, status := ask("PUT", "/2022-07-01/telemetry", fmt.Sprintf(`{"schemaVersion":"2022-12-13","types":["platform","function"],
		"destination":{"protocol":"HTTP","URI":"http://sandbox.localdomain:%d"},"buffering":{"timeoutMs":25}}`, l.Addr().(*net.TCPAddr).Port))
	fmt.Println("subscribed", status)
	for {
		event, _ := ask("GET", "/2020-01-01/extension/event/next", "")
		fmt.Println("event", event)
		time.Sleep(5 * time.Millisecond)
		fmt.Println("worked")
	}
}

func extended(t *testing.T) Spec {
	s := testSpec(t)
	s.Layers = []Archive{zipOf(t, map[string]string{"extensions/watch*": own()})}
	return s
}

func TestCallWaitsForExtensions(t *testing.T) {
	bothWays(t, func(t *testing.T, p *Plane) {
		out := invoke(t, p, extended(t), order{Do: "log", Text: "own line\n"})
		log := text(out)
		for _, want := range []string{"subscribed 200", `event {"deadlineMs":`, "worked", "own line"} {
			if !strings.Contains(log, want) {
				t.Errorf("no %q in\n%s", want, log)
			}
		}
	})
}

func TestTelemetryIsDelivered(t *testing.T) {
	p := newPlane(t)
	s := extended(t)
	heard := ""
	wants := []string{"heard platform.initStart", "heard platform.start", "heard function own line", "heard platform.runtimeDone", "heard platform.report"}
	for range 50 {
		heard += text(invoke(t, p, s, order{Do: "log", Text: "own line\n"}))
		missing := 0
		for _, want := range wants {
			if !strings.Contains(heard, want) {
				missing++
			}
		}
		if missing == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond) // real processes deliver in real time
	}
	t.Errorf("heard\n%s", heard)
}

func TestExtensionThatFailsFailsTheFunction(t *testing.T) {
	p := newPlane(t)
	for how, kind := range map[string]string{"crash": "Extension.Crash", "fail": "Extension.UnknownReason"} {
		s := extended(t)
		s.Key = how
		s.Variables = func(context.Context) (map[string]string, error) { return map[string]string{"EXTENSION": how}, nil }
		out := invoke(t, p, s, order{})
		if out.FunctionError == "" || out.ErrorType != kind {
			t.Errorf("%s: %q %s\n%s", how, out.ErrorType, out.Payload, text(out))
		}
	}
}
