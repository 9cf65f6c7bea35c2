// Package websocket holds the open connections of WebSocket APIs (RFC 6455). It
// takes over requests that ask for one, reads messages and hands them on, and
// writes what it is given.
//
// An idle connection costs a goroutine that waits to read, and a few hundred bytes:
// nothing else is held until a message comes. Connections are of this process; who
// needs to know of them after it keeps rows.
package websocket

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"github.com/brume-cloud/brume/state/clock"
)

// Limits. AWS: "Quotas for configuring and running a WebSocket API in API Gateway".
const (
	MaxFrame   = 32 << 10  // bytes that a client may send in one
	MaxMessage = 128 << 10 // bytes, in either direction

	maxWaiting = 64               // messages of a connection that nobody has taken up yet; then it is not read
	timeout    = 10 * time.Second // to take what is written, and to answer a close
)

// Statuses that connections are closed with. RFC 6455, section 7.4.1.
const (
	Normal    = int(ws.StatusNormalClosure)
	GoingAway = int(ws.StatusGoingAway)
	None      = int(ws.StatusNoStatusRcvd) // the client said none
	Abnormal  = int(ws.StatusAbnormalClosure)
)

// ErrGone is of a connection that is not open, or is no more.
var ErrGone = errors.New("websocket: the connection is gone")

// Events are told what comes by a connection: its messages, one after the other, and
// its end, once, after the last of them.
type Events struct {
	Message func(ctx context.Context, text []byte)
	Closed  func(ctx context.Context, status int, reason string)
}

// Opening is a connection to be opened.
type Opening struct {
	ID       string // unique
	Protocol string // the subprotocol that was agreed on; empty for none
	Header   http.Header
	Events
}

// Plane is the open connections. Make it with New.
type Plane struct {
	clock *clock.Clock // by which connections are idle

	ctx    context.Context // of events
	cancel context.CancelFunc

	mu      sync.Mutex
	open    map[string]*connection
	closed  bool
	running sync.WaitGroup
}

// New makes a plane that goes by a clock.
func New(c *clock.Clock) *Plane {
	p := &Plane{clock: c, open: map[string]*connection{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Accept answers a request with a connection. It returns at once; on an error it
// has answered with that, and no event will come.
func (p *Plane) Accept(w http.ResponseWriter, r *http.Request, o Opening) error {
	c := newConnection(p, o)
	c.writing.Lock() // until there is something to write to
	defer c.writing.Unlock()
	if !p.add(c) {
		c.silent.Store(true)
		http.Error(w, ErrGone.Error(), http.StatusServiceUnavailable)
		return ErrGone
	}
	up := ws.HTTPUpgrader{Header: o.Header, Timeout: timeout}
	if o.Protocol != "" {
		up.Protocol = func(asked string) bool { return asked == o.Protocol }
	}
	conn, rw, _, err := up.Upgrade(r, w)
	if err == nil && !p.start(c, conn, rw.Reader) {
		err = ErrGone
	}
	if err != nil {
		c.silent.Store(true)
		p.remove(c)
		if conn != nil {
			conn.Close()
		}
	}
	return err
}

// add makes the connection known before the client can speak of it.
func (p *Plane) add(c *connection) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.open[c.id] = c
	return true
}

// start begins to read the connection, of which something may have been read.
func (p *Plane) start(c *connection, conn net.Conn, read *bufio.Reader) bool {
	_ = conn.SetDeadline(time.Time{}) // where it fails, reading does
	var in io.Reader = conn
	if n := read.Buffered(); n > 0 {
		early, _ := read.Peek(n)
		in = io.MultiReader(bytes.NewReader(bytes.Clone(early)), conn)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	c.conn = conn
	p.running.Go(func() { c.run(in) })
	return true
}

func (p *Plane) find(id string) (*connection, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.open[id]; ok {
		return c, nil
	}
	return nil, ErrGone
}

// Send writes a text message. It waits for a client that reads slowly, but not long.
func (p *Plane) Send(id string, text []byte) error {
	c, err := p.find(id)
	if err != nil {
		return err
	}
	return c.write(ws.OpText, text)
}

// Close ends a connection, and says why. Its Closed comes when the client has answered.
func (p *Plane) Close(id string, status int, reason string) error {
	c, err := p.find(id)
	if err != nil {
		return err
	}
	return c.end(status, reason)
}

// Active is when a message last went either way, or a ping came.
func (p *Plane) Active(id string) (at time.Time, ok bool) {
	c, err := p.find(id)
	if err != nil {
		return at, false
	}
	return time.Unix(0, c.active.Load()).UTC(), true
}

// Shutdown ends all connections at once, and what their events have begun. It
// returns when they are gone; nobody is told.
func (p *Plane) Shutdown() {
	p.mu.Lock()
	p.closed = true
	for _, c := range p.open {
		c.abandon()
	}
	p.mu.Unlock()
	p.cancel()
	p.running.Wait()
}

func (p *Plane) remove(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c.id)
}
