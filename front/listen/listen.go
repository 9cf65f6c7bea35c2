// Package listen serves a handler on one port, over HTTP/1.1 and HTTP/2, with TLS and
// without.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/brume-cloud/brume/front/http1"
)

// Limits that keep a bad client from harming others.
const (
	maxHeader      = 64 << 10         // bytes of request line and headers
	headerTimeout  = 20 * time.Second // to send them
	idleTimeout    = 2 * time.Minute  // of a connection between requests, unless the server says another
	firstTimeout   = 10 * time.Second // to send the first byte of a connection
	tlsRecordStart = 0x16             // the first byte of a TLS handshake
)

// Server serves a handler over HTTP/1.1 and HTTP/2, both with and without TLS,
// all on one port. http1 takes what it can, net/http the rest.
type Server struct {
	Handler http.Handler
	Log     *slog.Logger
	TLS     func() (*tls.Config, error) // made when it is first needed; nil for no TLS
	Grace   time.Duration               // for running requests, once the server is to end
	Idle    time.Duration               // of a connection between requests; 0 is two minutes
}

// Serve serves l until ctx ends, then lets running requests finish.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	rest := &handed{conns: make(chan net.Conn), done: make(chan struct{}), at: l.Addr()}
	full := s.full()
	plain := &http1.Server{
		Handler: s.Handler, FirstTimeout: firstTimeout, HeaderTimeout: headerTimeout, IdleTimeout: s.idle(), Log: s.Log,
		Rest: func(c net.Conn, first []byte) { rest.give(s.secure(c, first)) },
	}
	go full.Serve(rest) //nolint:errcheck // it ends with rest
	failed := make(chan error, 1)
	go func() { failed <- accept(l, plain.ServeConn) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		l.Close()
		<-failed
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Grace)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { _ = plain.Shutdown(stop) })
	wg.Go(func() {
		if full.Shutdown(stop) != nil {
			full.Close()
		}
	})
	wg.Wait()
	return err
}

func (s *Server) idle() time.Duration {
	if s.Idle > 0 {
		return s.Idle
	}
	return idleTimeout
}

// full is net/http's server, for all that http1 hands over.
func (s *Server) full() *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           s.Handler,
		Protocols:         protocols,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       s.idle(),
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
}

// secure makes a TLS connection of one that begins with a TLS handshake. It
// returns nil when that is not to be had.
func (s *Server) secure(c net.Conn, first []byte) net.Conn {
	if len(first) == 0 || first[0] != tlsRecordStart {
		return c
	}
	if s.TLS != nil {
		config, err := s.TLS()
		if err == nil {
			return tls.Server(c, config)
		}
		s.Log.Error("TLS is not to be had", "error", err)
	}
	c.Close()
	return nil
}

// accept gives all connections of l to serve, until l is closed or fails.
func accept(l net.Listener, serve func(net.Conn)) error {
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			serve(c)
		case isTemporary(err): // too many open files, or a client that left already
			time.Sleep(acceptPause)
		default:
			return err
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

// handed is a listener whose connections were accepted elsewhere.
type handed struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	at    net.Addr
}

// give has c accepted, unless it is nil or nobody accepts any more.
func (h *handed) give(c net.Conn) {
	if c == nil {
		return
	}
	select {
	case h.conns <- c:
	case <-h.done:
		c.Close()
	}
}

// Accept implements net.Listener.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handed) Close() error {
	h.once.Do(func() { close(h.done) })
	return nil
}

// Addr implements net.Listener.
func (h *handed) Addr() net.Addr { return h.at }
