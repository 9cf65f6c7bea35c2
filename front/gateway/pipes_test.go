package gateway_test

import (
	"log/slog"
	"net"
	"sync"
	"syscall"
)

var slogDiscard = slog.New(slog.DiscardHandler)

// pipes is a listener in memory, which fails at first as often as it is told.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	fail  int
}

func (p *pipes) Accept() (net.Conn, error) {
	if p.fail > 0 {
		p.fail--
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }
