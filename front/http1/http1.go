// Package http1 serves the requests that API clients nearly always send, plain
// HTTP/1.1 with all of the head in one piece and a body of known, moderate
// length, at about half of what net/http's server costs. A connection that
// brings anything else (TLS, HTTP/2, chunks, an upgrade, a large body, a head
// that is malformed in any way) is handed over, to net/http in the end, with all
// that was read of it and for good.
//
// The parser is net/http's. What is saved is a goroutine that waits for the
// client to go away during every request, here started by those calls that
// ask for their context's end; two buffers and a response for each request; and
// a second write for every answer.
package http1

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server serves connections. Its fields are set before the first.
type Server struct {
	Handler       http.Handler
	Rest          func(c net.Conn, first []byte) // takes a connection over, which begins with first; must not wait for its end
	FirstTimeout  time.Duration                  // for the first byte of a connection
	HeaderTimeout time.Duration                  // for a head, from its first byte
	IdleTimeout   time.Duration                  // between requests
	Log           *slog.Logger

	mu      sync.Mutex
	conns   map[*conn]struct{}
	closing atomic.Bool   // set under mu
	left    chan struct{} // closed when closing and the last connection has gone
}

// ServeConn serves c in the background.
func (s *Server) ServeConn(c net.Conn) {
	k := &conn{Conn: c, srv: s, remote: c.RemoteAddr().String(), patience: s.FirstTimeout}
	k.in = bufio.NewReaderSize((*incoming)(k), headSize)
	k.res.c = k
	if !s.add(k) {
		c.Close()
		return
	}
	go k.serve()
}

func (s *Server) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	if s.conns == nil {
		s.conns = map[*conn]struct{}{}
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.closing.Load() && len(s.conns) == 0 {
		close(s.left)
	}
}

// Shutdown closes the connections that wait for a request, and waits until ctx
// ends for the others to answer theirs; then it closes those too, and returns
// ctx's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if s.closing.Swap(true) {
		s.mu.Unlock()
		return errors.New("http1: shut down before")
	}
	s.left = make(chan struct{})
	if len(s.conns) == 0 {
		close(s.left)
	}
	for c := range s.conns {
		if c.state.CompareAndSwap(idle, closed) {
			c.Close()
		}
	}
	s.mu.Unlock()
	select {
	case <-s.left:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
	return ctx.Err()
}

// The states of a connection.
const (
	idle   int32 = iota // waits for a request
	active              // has one
	closed              // by Shutdown
)

// conn is a connection.
type conn struct {
	net.Conn
	srv    *Server
	remote string
	state  atomic.Int32
	in     *bufio.Reader // of incoming
	body   body          // of the present request
	call   *call         // its context
	res    response

	patience time.Duration // with the next request
	posted   bool          // the last request was a POST
	limit    time.Time     // the read deadline that is set; zero for none

	early   byte // came while the handler ran
	isEarly bool
}

// incoming is what the client sends, the early byte included.
type incoming conn

func (c *incoming) Read(b []byte) (int, error) {
	if c.isEarly && len(b) > 0 {
		b[0], c.isEarly = c.early, false
		return 1, nil
	}
	return c.Conn.Read(b)
}

// serve takes requests until one is not plain, or the connection ends.
func (c *conn) serve() {
	defer c.srv.remove(c)
	for c.await() {
		head, whole := c.head()
		if !whole || !isPlain(head) {
			c.handOver(nil)
			return
		}
		if !c.exchange(head) {
			return
		}
		if !c.state.CompareAndSwap(active, idle) || c.srv.closing.Load() {
			c.Close()
			return
		}
	}
}

// await waits for the first byte of a request. Line ends in front of it are
// skipped after a POST: RFC 9112, section 2.2, for clients that end a body so.
func (c *conn) await() bool {
	for {
		if c.in.Buffered() == 0 {
			c.setLimit(c.patience)
		}
		first, err := c.in.Peek(1)
		if err != nil {
			c.Close()
			return false
		}
		if !c.posted || first[0] != '\r' && first[0] != '\n' {
			break
		}
		_, _ = c.in.Discard(1)
	}
	c.patience = c.srv.IdleTimeout
	return c.state.CompareAndSwap(idle, active)
}

// coarse is how much sooner than it says a limit may come: so it need not be
// set anew for every request.
const coarse = time.Second

// setLimit sets the time in which the next reads must come.
func (c *conn) setLimit(d time.Duration) {
	if at := time.Now().Add(d); at.Before(c.limit) || at.Sub(c.limit) > coarse {
		c.limit = at
		c.SetReadDeadline(at) //nolint:errcheck // the read reports it
	}
}

// handOver gives the connection to net/http, with head, which was read already,
// in front.
func (c *conn) handOver(head []byte) {
	c.SetReadDeadline(time.Time{}) //nolint:errcheck // the next read reports it
	rest, _ := c.in.Peek(c.in.Buffered())
	first := append(append([]byte(nil), head...), rest...)
	c.srv.Rest(&replayed{Conn: c.Conn, rest: first}, first)
}

// replayed is a connection with what was read of it put back.
type replayed struct {
	net.Conn
	rest []byte
}

func (r *replayed) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		return r.Conn.Read(b)
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// ReadFrom implements io.ReaderFrom, so that net/http, too, has files copied by
// the kernel.
func (r *replayed) ReadFrom(from io.Reader) (int64, error) {
	if to, ok := r.Conn.(io.ReaderFrom); ok {
		return to.ReadFrom(from)
	}
	return io.Copy(struct{ io.Writer }{r.Conn}, from)
}
