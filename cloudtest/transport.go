package cloudtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// transport is an http.RoundTripper that gives requests to a handler in the
// same process. What goes between them goes over channels and memory only, so
// that a test in a synctest bubble sees when everybody waits.
type transport struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper. It returns when the handler has
// written its answer, has flushed the beginning of it, or has written much.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	x := &exchange{header: http.Header{}, begun: make(chan struct{}), cancel: cancel}
	x.body.more, x.body.room = make(chan struct{}, 1), make(chan struct{}, 1)
	go x.run(t.handler, received(r.WithContext(ctx)))
	select {
	case <-x.begun:
		return x.response(r), nil
	case <-r.Context().Done():
		cancel()
		x.body.close() // nobody will read it
		return nil, r.Context().Err()
	}
}

// received makes of a client's request the one that a server sees.
func received(r *http.Request) *http.Request {
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:1"
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if in.ContentLength == 0 && in.Body != http.NoBody {
		in.ContentLength = -1
	}
	if in.ContentLength > 0 {
		in.Header.Set("Content-Length", strconv.FormatInt(in.ContentLength, 10))
	}
	if r.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true}
	}
	return in
}

// exchange is the http.ResponseWriter of one request.
type exchange struct {
	header http.Header
	status int           // 0 until the header is written
	sent   http.Header   // header, as it was then
	begun  chan struct{} // closed when the client gets its response
	once   sync.Once
	body   stream
	cancel context.CancelFunc
}

// held is how much of an answer is held back until the handler ends or
// flushes.
const held = 64 << 10

func (x *exchange) run(h http.Handler, r *http.Request) {
	err := io.EOF
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			err = io.ErrUnexpectedEOF
		}
		x.WriteHeader(http.StatusOK)
		x.body.end(err)
		x.begin()
		r.Body.Close()
		x.cancel()
	}()
	h.ServeHTTP(x, r)
}

func (x *exchange) begin() { x.once.Do(func() { close(x.begun) }) }

// Header implements http.ResponseWriter.
func (x *exchange) Header() http.Header { return x.header }

// WriteHeader implements http.ResponseWriter.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= http.StatusOK {
		x.status, x.sent = status, x.header.Clone()
	}
}

// Write implements io.Writer.
func (x *exchange) Write(p []byte) (int, error) {
	x.WriteHeader(http.StatusOK)
	full, err := x.body.write(p)
	if err != nil {
		return 0, err
	}
	if full {
		x.begin()
		x.body.waitForRoom()
	}
	return len(p), nil
}

// Flush implements http.Flusher.
func (x *exchange) Flush() {
	x.WriteHeader(http.StatusOK)
	x.begin()
}

func (x *exchange) response(r *http.Request) *http.Response {
	res := &http.Response{
		Status: strconv.Itoa(x.status) + " " + http.StatusText(x.status), StatusCode: x.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: x.sent, Body: &answer{x}, ContentLength: -1, Request: r,
	}
	if n, err := strconv.ParseInt(x.sent.Get("Content-Length"), 10, 64); err == nil {
		res.ContentLength = n
	}
	if r.Method == http.MethodHead {
		x.cancel()
		res.Body = http.NoBody
	}
	return res
}

// answer is the body as the client reads it. To close it is to go away.
type answer struct{ x *exchange }

func (a *answer) Read(p []byte) (int, error) { return a.x.body.read(p) }

func (a *answer) Close() error {
	a.x.cancel()
	a.x.body.close()
	return nil
}

var errClosed = errors.New("cloudtest: the client has closed the response")

// stream is bytes on their way from the handler to the client.
type stream struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	err    error // after what is in buf; nil while the handler writes
	closed bool
	more   chan struct{} // holds a token when there may be something to read
	room   chan struct{} // likewise, when there may be room to write
}

func (s *stream) write(p []byte) (full bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false, errClosed
	}
	s.buf.Write(p)
	signal(s.more)
	return s.buf.Len() > held, nil
}

// waitForRoom keeps a handler that is faster than its client from piling up
// bytes.
func (s *stream) waitForRoom() {
	for s.full() {
		<-s.room
	}
}

func (s *stream) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Len() > held && !s.closed
}

// end tells the reader what comes after the last byte.
func (s *stream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	signal(s.more)
}

// close tells both sides that nothing will be read any more.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.err = true, errClosed
	s.buf.Reset()
	signal(s.more)
	signal(s.room)
}

func (s *stream) read(p []byte) (int, error) {
	for {
		if n, err := s.tryRead(p); n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
		<-s.more
	}
}

func (s *stream) tryRead(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buf.Len() > 0 {
		signal(s.room)
		return s.buf.Read(p)
	}
	if s.err != nil {
		signal(s.more) // for whoever reads on
	}
	return 0, s.err
}

// signal leaves a token, unless there is one already.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
