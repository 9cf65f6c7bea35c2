package function

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// telemetry passes on what happens in an environment to the extensions that have
// subscribed to it.
//
// AWS: "Lambda Telemetry API reference".
type telemetry struct {
	wall wall
	ends sync.WaitGroup // of senders

	mu      sync.Mutex
	backlog []item // of the initialisation, for those who subscribe within it
	ready   bool   // nobody can subscribe any more
	subs    []*subscription
}

// item is an event, and which of the types it is of: platform, function or extension.
type item struct {
	of   string
	text json.RawMessage
}

// subscription is one extension's.
type subscription struct {
	types    []string
	address  string
	maxItems int
	maxBytes int
	timeout  time.Duration

	pending []json.RawMessage
	bytes   int
	stop    func() bool            // the timer of the first that is pending
	batches chan []json.RawMessage // to its sender
	sending int                    // batches that are not delivered yet
}

// Limits of AWS's, and of this plane.
const (
	telemetryBacklog = 1000
	telemetryBatches = 64 // that wait for a slow receiver; more are dropped
	telemetryPatient = 2 * time.Second
)

// order is the body of a subscription.
type telemetryOrder struct {
	Schema      string   `json:"schemaVersion"`
	Types       []string `json:"types"`
	Destination struct{ Protocol, URI string }
	Buffering   struct{ MaxItems, MaxBytes, TimeoutMs int }
}

// subscribe answers the Telemetry API.
func (e *environment) subscribe(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	x, late := e.extensions[r.Header.Get("Lambda-Extension-Identifier")], e.isReady && len(e.externals) == 0
	e.mu.Unlock()
	var in telemetryOrder
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in)
	at, errURI := url.Parse(in.Destination.URI)
	switch {
	case x == nil:
		refuse(w, http.StatusForbidden, "Extension.UnknownExtensionIdentifier", "Unknown extension identifier")
	case late || e.telemetry.over():
		refuse(w, http.StatusForbidden, "Telemetry.NotAllowed", "Telemetry API can only be subscribed to during initialization")
	case err != nil || !slices.Contains([]string{"2022-07-01", "2022-12-13", "2025-01-29"}, in.Schema) || len(in.Types) == 0:
		refuse(w, http.StatusBadRequest, "ValidationError", "The body has to have a schemaVersion and types")
	case slices.ContainsFunc(in.Types, func(t string) bool { return t != "platform" && t != "function" && t != "extension" }):
		refuse(w, http.StatusBadRequest, "ValidationError", "types are platform, function and extension")
	case in.Destination.Protocol != "HTTP" || errURI != nil || at.Scheme != "http" || at.Hostname() != "sandbox" && at.Hostname() != "sandbox.localdomain":
		refuse(w, http.StatusBadRequest, "ValidationError", "the destination has to be HTTP at sandbox.localdomain")
	default:
		at.Host = "127.0.0.1:" + at.Port()
		e.telemetry.add(&in, at.String())
		e.say(saying{kind: "platform.telemetrySubscription", level: infoLevel, record: map[string]any{"name": x.name, "state": "Subscribed", "types": in.Types}})
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte("OK"))
	}
}

// between is n, or the nearest of the limits; or the default when it is not set.
func between(n, low, high, usual int) int {
	if n == 0 {
		return usual
	}
	return min(max(n, low), high)
}

func (t *telemetry) add(in *telemetryOrder, address string) {
	b := in.Buffering
	s := &subscription{
		types: in.Types, address: address, batches: make(chan []json.RawMessage, telemetryBatches),
		maxItems: between(b.MaxItems, 1000, 10_000, 10_000), maxBytes: between(b.MaxBytes, 256<<10, 1<<20, 256<<10),
		timeout: time.Duration(between(b.TimeoutMs, 25, 30_000, 1000)) * time.Millisecond,
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ready {
		return
	}
	t.subs = append(t.subs, s)
	t.ends.Go(func() { t.send(s) })
	for _, i := range t.backlog {
		t.give(s, i)
	}
}

// over reports whether the initialisation has ended.
func (t *telemetry) over() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ready
}

// publish passes an event on.
func (t *telemetry) publish(of, kind string, at time.Time, record any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ready && len(t.subs) == 0 {
		return
	}
	text, _ := json.Marshal(struct { // cannot fail: records are text and numbers
		Time   string `json:"time"`
		Type   string `json:"type"`
		Record any    `json:"record"`
	}{stamp(at), kind, record})
	i := item{of, text}
	if !t.ready && len(t.backlog) < telemetryBacklog {
		t.backlog = append(t.backlog, i)
	}
	for _, s := range t.subs {
		t.give(s, i)
	}
}

// give puts an event into a buffer, with the mutex held.
func (t *telemetry) give(s *subscription, i item) {
	if !slices.Contains(s.types, i.of) {
		return
	}
	s.pending, s.bytes = append(s.pending, i.text), s.bytes+len(i.text)
	switch {
	case len(s.pending) >= s.maxItems || s.bytes >= s.maxBytes:
		s.pass()
	case len(s.pending) == 1:
		s.stop = t.wall.after(s.timeout, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			s.pass()
		})
	}
}

// pass hands what is pending to the sender.
func (s *subscription) pass() {
	if len(s.pending) == 0 || s.batches == nil {
		return
	}
	if s.stop != nil {
		s.stop()
	}
	select {
	case s.batches <- s.pending:
		s.sending++
	default: // the receiver is too slow
	}
	s.pending, s.bytes = nil, 0
}

// send delivers batches, in order.
func (t *telemetry) send(s *subscription) {
	client := &http.Client{Timeout: telemetryPatient}
	for batch := range s.batches {
		body, _ := json.Marshal(batch) // cannot fail: it is JSON already
		if res, err := client.Post(s.address, "application/json", bytes.NewReader(body)); err == nil {
			_ = res.Body.Close()
		}
		t.mu.Lock()
		s.sending--
		t.mu.Unlock()
	}
	client.CloseIdleConnections()
}

// started ends the initialisation.
func (t *telemetry) started() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ready, t.backlog = true, nil
}

// busy reports whether something is still to be delivered: an extension that is
// frozen takes nothing.
func (t *telemetry) busy() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.subs, func(s *subscription) bool { return s.sending > 0 || len(s.pending) > 0 })
}

// flush hands everything to the senders now.
func (t *telemetry) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.subs {
		s.pass()
	}
}

// end lets the senders go.
func (t *telemetry) end() {
	t.mu.Lock()
	t.ready = true
	for _, s := range t.subs {
		if s.stop != nil {
			s.stop()
		}
		close(s.batches)
		s.batches = nil
	}
	t.subs = nil
	t.mu.Unlock()
	t.ends.Wait()
}
