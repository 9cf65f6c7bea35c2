package websocket

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// readBuffer is small, because every connection has one: larger messages are read
// past it.
const readBuffer = 256

// connection is an open one.
type connection struct {
	id     string
	conn   net.Conn // nil until the client has been answered
	events Events
	plane  *Plane
	active atomic.Int64 // nanoseconds since 1970

	writing sync.Mutex
	ending  atomic.Pointer[ending] // set once this side wants the end
	silent  atomic.Bool            // nobody is told of what comes

	mu      sync.Mutex
	room    sync.Cond
	waiting []func() // events that nobody has been told of
	busy    bool     // somebody tells them
}

// ending is how a connection ends. It is an error, because reading ends with it.
type ending struct {
	status int
	reason string
}

// Error implements error.
func (e *ending) Error() string { return e.reason }

func newConnection(p *Plane, o Opening) *connection {
	c := &connection{id: o.ID, events: o.Events, plane: p}
	c.room.L = &c.mu
	c.touch()
	return c
}

func (c *connection) touch() { c.active.Store(c.plane.clock.Now().UnixNano()) }

// run reads the connection to its end.
func (c *connection) run(in io.Reader) {
	end := c.read(bufio.NewReaderSize(in, readBuffer))
	c.plane.remove(c)
	c.conn.Close()
	c.tell(func() { c.events.Closed(c.plane.ctx, end.status, end.reason) })
}

// read hands messages on until the connection ends, and returns how it did.
func (c *connection) read(in *bufio.Reader) *ending {
	var message []byte
	state := ws.StateServerSide
	for {
		h, err := ws.ReadHeader(in)
		if err == nil {
			err = check(h, state, len(message))
		}
		var payload []byte
		if err == nil {
			payload, err = body(in, h)
		}
		if err != nil {
			return c.broken(err)
		}
		if h.OpCode.IsControl() {
			if end := c.control(h.OpCode, payload); end != nil {
				return end
			}
			continue
		}
		c.touch()
		message = append(message, payload...)
		if state = state.Clear(ws.StateFragmented); !h.Fin {
			state = state.Set(ws.StateFragmented)
			continue
		}
		if !utf8.Valid(message) {
			return c.refuse(&ending{int(ws.StatusInvalidFramePayloadData), "Invalid UTF-8 in a text message"})
		}
		whole := message
		message = nil
		c.tell(func() { c.events.Message(c.plane.ctx, whole) })
	}
}

// check refuses frames that no client may send.
// AWS: "WebSocket API close codes": binary frames are not supported.
func check(h ws.Header, state ws.State, before int) error {
	if err := ws.CheckHeader(h, state); err != nil {
		return &ending{int(ws.StatusProtocolError), err.Error()}
	}
	switch {
	case h.OpCode == ws.OpBinary:
		return &ending{int(ws.StatusUnsupportedData), "Binary frames are not supported"}
	case h.Length > MaxFrame, int64(before)+h.Length > MaxMessage:
		return &ending{int(ws.StatusMessageTooBig), "Message too big"}
	}
	return nil
}

func body(in io.Reader, h ws.Header) ([]byte, error) {
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(in, payload); err != nil {
		return nil, err
	}
	ws.Cipher(payload, h.Mask, 0)
	return payload, nil
}

// control answers a control frame. It returns how the connection ends, if it does.
func (c *connection) control(op ws.OpCode, payload []byte) *ending {
	switch op {
	case ws.OpPing:
		c.touch()
		_ = c.write(ws.OpPong, payload) // where it fails, reading does
	case ws.OpClose:
		if ours := c.ending.Load(); ours != nil {
			return ours // the client answers
		}
		status, reason := ws.ParseCloseFrameData(payload)
		if len(payload) == 0 {
			_ = c.write(ws.OpClose, nil) // the client may have gone
			return &ending{None, "Client-side close frame status not set"}
		}
		if err := ws.CheckCloseFrameData(status, reason); err != nil {
			return c.refuse(&ending{int(ws.StatusProtocolError), err.Error()})
		}
		_ = c.write(ws.OpClose, payload[:2]) // the client may have gone
		return &ending{int(status), reason}
	}
	return nil
}

// broken is how a connection ends that cannot be read on.
func (c *connection) broken(err error) *ending {
	var wrong *ending
	switch ours := c.ending.Load(); {
	case ours != nil:
		return ours // the client did not answer in time, or went
	case errors.As(err, &wrong):
		return c.refuse(wrong)
	}
	return &ending{Abnormal, "Connection closed abnormally"}
}

// refuse tells the client why the connection ends.
func (c *connection) refuse(e *ending) *ending {
	_ = c.write(ws.OpClose, ws.NewCloseFrameBody(ws.StatusCode(e.status), e.reason)) // the client may have gone
	return e
}

// end asks the client to end the connection, which it does soon or is left.
func (c *connection) end(status int, reason string) error {
	if !c.ending.CompareAndSwap(nil, &ending{status, reason}) {
		return ErrGone
	}
	err := c.write(ws.OpClose, ws.NewCloseFrameBody(ws.StatusCode(status), reason))
	_ = c.conn.SetReadDeadline(c.plane.clock.Wall().Add(timeout)) // where it fails, reading has ended
	return err
}

// abandon ends the connection at once. Nobody is told but the client.
func (c *connection) abandon() {
	c.silent.Store(true)
	if c.conn == nil {
		return
	}
	_ = c.conn.SetWriteDeadline(c.plane.clock.Wall()) // what is being written is not waited for
	_ = c.conn.SetReadDeadline(c.plane.clock.Wall())
}

// write writes a frame.
func (c *connection) write(op ws.OpCode, payload []byte) error {
	frame, err := ws.CompileFrame(ws.NewFrame(op, true, payload))
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.silent.Load() {
		return ErrGone
	}
	_ = c.conn.SetWriteDeadline(c.plane.clock.Wall().Add(timeout)) // where it fails, writing does
	if _, err := c.conn.Write(frame); err != nil {
		c.conn.Close() // half a frame cannot be mended
		return ErrGone
	}
	if op.IsData() {
		c.touch()
	}
	return nil
}

// tell has an event told after those before. A connection whose events are not
// taken up is not read on.
func (c *connection) tell(event func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting) >= maxWaiting {
		c.room.Wait()
	}
	c.waiting = append(c.waiting, event)
	if !c.busy {
		c.busy = true
		c.plane.running.Go(c.work)
	}
}

// work tells events until there are none.
func (c *connection) work() {
	for {
		c.mu.Lock()
		if len(c.waiting) == 0 {
			c.waiting, c.busy = nil, false
			c.mu.Unlock()
			return
		}
		event := c.waiting[0]
		c.waiting = c.waiting[1:]
		c.room.Signal()
		c.mu.Unlock()
		if !c.silent.Load() {
			event()
		}
	}
}
