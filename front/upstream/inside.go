package upstream

import (
	"bytes"
	"net/http"
)

// Inside sends a request to a handler of this process, and returns its answer
// whole. It ends when the request's context does, if the handler minds that.
func Inside(door http.Handler, r *http.Request) *Answer {
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	door.ServeHTTP(w, r)
	ours(w.header)
	return &Answer{w.status, w.header, w.body.Bytes()}
}

// recorder takes an answer in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) { w.status = status }

// Write implements http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

// Flush implements http.Flusher: there is nobody to wait.
func (w *recorder) Flush() {}
