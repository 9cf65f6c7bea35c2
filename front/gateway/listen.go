package gateway

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits that keep a bad client from harming others.
const (
	maxHeader      = 64 << 10         // bytes of request line and headers
	headerTimeout  = 20 * time.Second // to send them
	idleTimeout    = 2 * time.Minute  // of a connection between requests
	sniffTimeout   = 10 * time.Second // to send the first byte of a connection
	maxSniffing    = 1024             // connections that have not sent their first byte
	tlsRecordStart = 0x16             // the first byte of a TLS handshake
)

// NewServer returns the HTTP server for handler: HTTP/1.1 and HTTP/2, both
// with and without TLS.
func NewServer(handler http.Handler, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Sniff returns a listener that gives out TLS connections for clients that
// begin with a TLS handshake, and plain ones for the others: one port serves both.
func Sniff(l net.Listener, config func() (*tls.Config, error)) net.Listener {
	s := &sniffer{Listener: l, config: config, ready: make(chan net.Conn), done: make(chan struct{}), slots: make(chan struct{}, maxSniffing)}
	go s.accept()
	return s
}

type sniffer struct {
	net.Listener
	config func() (*tls.Config, error)
	ready  chan net.Conn
	slots  chan struct{} // bounds the goroutines that wait for a first byte
	done   chan struct{}
	once   sync.Once
	err    error // why accepting ended, written before done is closed
}

func (s *sniffer) accept() {
	for {
		c, err := s.Listener.Accept()
		if isTemporary(err) { // too many open files, or a client that left already
			time.Sleep(acceptPause)
			continue
		}
		if err != nil {
			s.once.Do(func() { s.err = err; close(s.done) }) // not after Close: Accept may be reading it
			return
		}
		select {
		case s.slots <- struct{}{}:
			go s.sniff(c)
		default:
			c.Close() // too many silent connections
		}
	}
}

// isTemporary reports whether accepting may succeed later. What the method is
// deprecated for, timeouts, does not come from a listener.
func isTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// acceptPause keeps a server that is out of files from spinning.
const acceptPause = 50 * time.Millisecond

func (s *sniffer) sniff(c net.Conn) {
	defer func() { <-s.slots }()
	p := &peeked{Conn: c, r: bufio.NewReaderSize(c, 16)}
	c.SetReadDeadline(time.Now().Add(sniffTimeout)) //nolint:errcheck // the read reports it
	first, err := p.r.Peek(1)
	c.SetReadDeadline(time.Time{}) //nolint:errcheck // likewise
	if err != nil {
		c.Close()
		return
	}
	var out net.Conn = p
	if first[0] == tlsRecordStart {
		config, err := s.config()
		if err != nil {
			c.Close()
			return
		}
		out = tls.Server(p, config)
	}
	select {
	case s.ready <- out:
	case <-s.done:
		c.Close()
	}
}

// Accept implements net.Listener.
func (s *sniffer) Accept() (net.Conn, error) {
	select {
	case c := <-s.ready:
		return c, nil
	case <-s.done:
		if s.err != nil {
			return nil, s.err
		}
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (s *sniffer) Close() error {
	err := s.Listener.Close()
	s.once.Do(func() { close(s.done) })
	return err
}

// peeked is a connection whose first bytes were read ahead.
type peeked struct {
	net.Conn
	r *bufio.Reader // nil once what it held is read
}

func (p *peeked) Read(b []byte) (int, error) {
	if p.r == nil {
		return p.Conn.Read(b)
	}
	if p.r.Buffered() == 0 {
		p.r = nil
		return p.Conn.Read(b)
	}
	return p.r.Read(b[:min(len(b), p.r.Buffered())])
}

// ReadFrom lets the operating system send files.
func (p *peeked) ReadFrom(from io.Reader) (int64, error) {
	if to, ok := p.Conn.(io.ReaderFrom); ok {
		return to.ReadFrom(from)
	}
	return io.Copy(struct{ io.Writer }{p.Conn}, from)
}

// Serve serves l until ctx ends, then lets running requests finish for grace.
func Serve(ctx context.Context, srv *http.Server, l net.Listener, grace time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := srv.Shutdown(stop); errors.Is(err, context.DeadlineExceeded) {
		return srv.Close()
	} else if err != nil {
		return err
	}
	return nil
}
