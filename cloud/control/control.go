// Package control is the API by which people and programs control a cloud
// itself: its clock, its faults, its snapshots. It is HTTP with JSON bodies
// below /_brume/; docs/control-api.md tells it to its users.
//
// It can do anything to the cloud, so it is careful about who asks: see
// access.go.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/fault"
	"github.com/brume-cloud/brume/front/meter"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv/local"
)

// Cloud is what is controlled.
type Cloud interface {
	Time
	Faults
	States
	About() About
	Usage(ctx context.Context) ([]meter.Line, error)
	Scrub(ctx context.Context) (Scrub, error)
}

// Time is the clock.
type Time interface {
	Clock() *clock.Clock
	Advance(ctx context.Context, d time.Duration) error
}

// Faults are the injected faults.
type Faults interface {
	Faults(ctx context.Context) ([]fault.Rule, error)
	AddFault(ctx context.Context, r fault.Rule) (fault.Rule, error)
	RemoveFault(ctx context.Context, id string) error
	ClearFaults(ctx context.Context) error
}

// States are the present state and the saved ones.
type States interface {
	Snapshots(ctx context.Context) ([]local.SnapshotInfo, error)
	SaveSnapshot(ctx context.Context, name string) error
	LoadSnapshot(ctx context.Context, name string) error
	RemoveSnapshot(ctx context.Context, name string) error
	Reset(ctx context.Context) error
}

// About is what a cloud says of itself.
type About struct {
	Status   string    `json:"status"` // ok
	Version  string    `json:"version"`
	Started  time.Time `json:"started"`            // real time
	Data     string    `json:"data,omitempty"`     // the data directory; empty when in memory
	Auth     string    `json:"auth"`               // open or strict
	Services []string  `json:"services,omitempty"` // that are built
}

// New returns the API over c. With a token, whoever has it may ask from
// anywhere, and nobody else may ask at all.
func New(c Cloud, token string) http.Handler {
	mux := http.NewServeMux()
	handle(mux, "GET /_brume/health", func(context.Context, *none) (About, error) { return c.About(), nil })
	handle(mux, "GET /_brume/usage", func(ctx context.Context, _ *none) (Usage, error) { return readUsage(ctx, c) })
	handle(mux, "POST /_brume/reset", func(ctx context.Context, _ *none) (none, error) { return none{}, c.Reset(ctx) })
	handle(mux, "POST /_brume/scrub", func(ctx context.Context, _ *none) (Scrub, error) { return c.Scrub(ctx) })
	timeRoutes(mux, c)
	faultRoutes(mux, c)
	stateRoutes(mux, c)
	mux.HandleFunc("/_brume/", func(w http.ResponseWriter, r *http.Request) {
		fail(w, aws.Errorf(http.StatusNotFound, "NotFound", "the control API has no %s %s: docs/control-api.md lists what it has", r.Method, r.URL.Path))
	})
	return guard(mux, token)
}

// none is an empty body.
type none struct{}

// Usage is the answer to GET usage.
type Usage struct {
	Usage []meter.Line `json:"usage"`
}

func readUsage(ctx context.Context, c Cloud) (Usage, error) {
	lines, err := c.Usage(ctx)
	return Usage{append([]meter.Line{}, lines...)}, err
}

// maxBody is more than any request needs.
const maxBody = 64 << 10

// handle routes a pattern to fn, which gets the decoded body and whose result
// is the answer. Path values reach it through ctx.
func handle[I, O any](mux *http.ServeMux, pattern string, fn func(ctx context.Context, in *I) (O, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		in := new(I)
		if err := decode(w, r, in); err != nil {
			fail(w, err)
			return
		}
		out, err := fn(context.WithValue(r.Context(), pathKey{}, r), in)
		if err != nil {
			fail(w, err)
			return
		}
		answer(w, http.StatusOK, out)
	})
}

type pathKey struct{}

// pathValue returns what the request's path has for a wildcard of the pattern.
func pathValue(ctx context.Context, name string) string {
	return ctx.Value(pathKey{}).(*http.Request).PathValue(name)
}

func decode(w http.ResponseWriter, r *http.Request, in any) error {
	if r.Body == nil {
		return nil
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil && !errors.Is(err, io.EOF) {
		return aws.Errorf(http.StatusBadRequest, "BadRequest", "the body is not what this call takes: %v", err)
	}
	return nil
}

func answer(w http.ResponseWriter, status int, out any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(out) // a client that went away needs no answer
}

// fail answers with an error. Whoever controls the cloud owns it, so nothing
// is kept from them.
func fail(w http.ResponseWriter, err error) {
	status, text := http.StatusInternalServerError, err.Error()
	var public *aws.Error
	switch {
	case errors.As(err, &public):
		status, text = public.Status, public.Message
	case errors.Is(err, local.ErrName):
		status = http.StatusBadRequest
	case errors.Is(err, local.ErrAbsent):
		status, text = http.StatusNotFound, text+": list them to see their names"
	case errors.Is(err, local.ErrExists):
		status, text = http.StatusConflict, text+": delete it first, or take another name"
	}
	answer(w, status, map[string]string{"error": text})
}
