package http1

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of what is plain.
const (
	headSize = 8 << 10 // of request line and headers
	bodySize = 1 << 20
)

// head returns the request's head without consuming it; whole is false when it
// is too large, does not come in time, or is no head at all.
func (c *conn) head() (head []byte, whole bool) {
	if b, _ := c.in.Peek(1); b[0] < 'A' || b[0] > 'Z' {
		return nil, false // TLS, for one
	}
	for n := c.in.Buffered(); ; n = max(n+1, c.in.Buffered()) {
		if n > headSize {
			return nil, false
		}
		if n > c.in.Buffered() {
			c.setLimit(c.srv.HeaderTimeout)
		}
		b, err := c.in.Peek(n)
		if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 {
			return b[:i+2], true
		}
		if err != nil || !mayBecomePlain(b) {
			return nil, false
		}
	}
}

// mayBecomePlain looks at the lines of a head that have come so far, so that
// nobody waits for the end of what is malformed at its beginning.
func mayBecomePlain(b []byte) bool {
	lines := b[:bytes.LastIndexByte(b, '\n')+1]
	if bytes.Count(lines, []byte("\n")) != bytes.Count(lines, []byte("\r\n")) {
		return false
	}
	_, plain := countHosts(lines)
	return plain || len(lines) == 0
}

// isPlain reports whether a head, a line feed at the end of each line, is of a
// request that exchange can serve. It looks for what is not, and leaves it to
// the parser whether the rest is well-formed.
func isPlain(head []byte) bool {
	hosts, plain := countHosts(head)
	return plain && hosts == 1
}

// countHosts counts the Host headers among the lines of a head; plain is false
// when there is something among them that is not.
func countHosts(head []byte) (hosts int, plain bool) {
	line, rest, _ := bytes.Cut(head, []byte("\r\n"))
	if !bytes.HasSuffix(line, []byte(" HTTP/1.1")) || bytes.HasPrefix(line, []byte("CONNECT ")) {
		return 0, false
	}
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || !isToken(name) || bytes.IndexByte(value, '\n') >= 0 {
			return hosts, false // folded, or malformed
		}
		switch len(name) {
		case len("Host"):
			if is(name, "host") {
				hosts++
				if !isHost(bytes.TrimSpace(value)) {
					return hosts, false
				}
			}
		case len("Expect"):
			if is(name, "expect") && !is(bytes.TrimSpace(value), "100-continue") {
				return hosts, false
			}
		case len("Upgrade"):
			if is(name, "upgrade") || is(name, "trailer") {
				return hosts, false
			}
		case len("Connection"):
			if is(name, "connection") && !is(bytes.TrimSpace(value), "keep-alive") {
				return hosts, false
			}
		case len("Transfer-Encoding"):
			if is(name, "transfer-encoding") {
				return hosts, false
			}
		}
	}
	return hosts, true
}

// is compares b to text, which is in lower case.
func is(b []byte, text string) bool {
	if len(b) != len(text) {
		return false
	}
	for i := range b {
		if c := b[i]; c != text[i] && (c < 'A' || c > 'Z' || c+'a'-'A' != text[i]) {
			return false
		}
	}
	return true
}

func isHost(b []byte) bool {
	for _, c := range b {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '-', c == '_', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return len(b) > 0
}

// exchange serves one request, whose head has been looked at. It returns false
// when the connection is not this server's any more.
func (c *conn) exchange(head []byte) bool {
	size := len(head) + len("\r\n")
	r, err := http.ReadRequest(c.in)
	if err != nil || r.ContentLength > bodySize || r.ContentLength < 0 {
		// Reading has moved on, but the head still lies in the buffer.
		c.handOver(head[:size])
		return false
	}
	r.RemoteAddr, c.posted = c.remote, r.Method == http.MethodPost
	c.call = &call{c: c}
	c.body = body{c: c, ReadCloser: r.Body, size: r.ContentLength, over: r.Body == http.NoBody}
	if !c.body.over {
		r.Body = &c.body
		c.body.waits = r.Header["Expect"] != nil
	}
	r = r.WithContext(c.call)
	c.res.begin(r)
	aborted := c.handle(r)
	c.call.finish()
	if aborted {
		c.Close()
		return false
	}
	goesOn := c.res.finish()
	if !c.skipBody() || !goesOn {
		c.Close()
		return false
	}
	return true
}

// handle runs the handler, and reports whether it panicked: that ends the
// connection, and nothing else.
func (c *conn) handle(r *http.Request) (aborted bool) {
	defer func() {
		if p := recover(); p != nil {
			aborted = true
			if p != http.ErrAbortHandler {
				c.srv.Log.Error("panic in a handler", "from", c.remote, "panic", p)
			}
		}
	}()
	c.srv.Handler.ServeHTTP(&c.res, r)
	return false
}

// skipTimeout is how long the rest of a body that the handler did not want may
// take to come.
const skipTimeout = 5 * time.Second

// skipBody reads what the handler has left of the body.
func (c *conn) skipBody() bool {
	switch {
	case c.body.over:
		return true
	case c.body.waits: // nobody knows whether it will come after all
		return false
	}
	c.setLimit(skipTimeout)
	_, err := io.Copy(io.Discard, &c.body)
	return err == nil
}

// body is a request's body.
type body struct {
	io.ReadCloser
	c     *conn
	size  int64
	over  bool // all was read
	waits bool // the client waits to be asked for it
}

func (b *body) Read(p []byte) (int, error) {
	if b.waits {
		b.waits = false
		b.c.res.write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
	}
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF && !b.over {
		b.c.call.bodyOver()
	}
	return n, err
}

// AtHand reports whether reading the rest of the body waits for nobody.
func (b *body) AtHand() bool { return int64(b.c.in.Buffered()) >= b.size }

// Close does nothing: what is left of a body is skipped when it is answered.
func (b *body) Close() error { return nil }

// call is the context of a request: it ends with it, or when the client goes
// away. That is watched for from when somebody asks for Done, which nothing
// does that answers at once.
type call struct {
	c *conn

	mu      sync.Mutex
	done    chan struct{} // made when it is asked for
	err     error
	watched chan struct{} // closed when the watch has ended; nil without one
}

func (k *call) Deadline() (time.Time, bool) { return time.Time{}, false }
func (k *call) Value(any) any               { return nil }

func (k *call) Err() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

func (k *call) Done() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.done == nil {
		k.done = make(chan struct{})
		if k.err != nil {
			close(k.done)
		} else {
			k.watch()
		}
	}
	return k.done
}

// bodyOver notes that all of the body was read, and begins the watch if that
// was asked for before.
func (k *call) bodyOver() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.c.body.over = true
	if k.done != nil && k.err == nil {
		k.watch()
	}
}

// watch waits for the next byte of the client in the background: it comes after
// the answer, unless the client sends requests ahead or goes away.
func (k *call) watch() {
	if k.watched != nil || !k.c.body.over || k.c.in.Buffered() > 0 || k.c.isEarly {
		return
	}
	k.watched = make(chan struct{})
	k.c.limit = time.Time{}
	k.c.SetReadDeadline(time.Time{}) //nolint:errcheck // the read reports it
	go func() {
		defer close(k.watched)
		var one [1]byte
		n, err := k.c.Conn.Read(one[:])
		if n == 1 {
			k.c.early, k.c.isEarly = one[0], true
		}
		var late net.Error
		if err != nil && !(errors.As(err, &late) && late.Timeout()) {
			k.end()
		}
	}()
}

func (k *call) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err == nil {
		k.err = context.Canceled
		if k.done != nil {
			close(k.done)
		}
	}
}

// finish ends the context with its request, and the watch.
func (k *call) finish() {
	k.end() // from here on nobody begins a watch
	if k.watched != nil {
		k.c.limit = time.Unix(1, 0)
		k.c.SetReadDeadline(k.c.limit) //nolint:errcheck // the read has ended then
		<-k.watched
	}
}
