package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/brume-cloud/brume/plane/websocket"
	"github.com/brume-cloud/brume/state/clock"
)

// rig is a server that accepts connections, and what was told of them.
type rig struct {
	*websocket.Plane
	url   string
	heard chan string
	next  atomic.Int64
}

func newRig(t *testing.T) *rig {
	r := &rig{Plane: websocket.New(clock.New()), heard: make(chan string, 3000)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		id := strconv.FormatInt(r.next.Add(1), 10)
		err := r.Accept(w, req, websocket.Opening{ID: id, Protocol: req.URL.Query().Get("protocol"), Events: websocket.Events{
			Message: func(_ context.Context, text []byte) { r.heard <- id + ":" + string(text) },
			Closed: func(_ context.Context, status int, reason string) {
				r.heard <- fmt.Sprint(id, " ended: ", status, " ", reason)
			},
		}})
		if err != nil {
			r.heard <- "refused: " + err.Error()
		}
	}))
	r.url = "ws" + strings.TrimPrefix(server.URL, "http")
	t.Cleanup(func() { r.Shutdown(); server.Close() })
	return r
}

func (r *rig) dial(t testing.TB) net.Conn {
	t.Helper()
	c, _, _, err := ws.Dial(t.Context(), r.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (r *rig) hears(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-r.heard:
		if got != want {
			t.Errorf("heard %q, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("never heard %q", want)
	}
}

func write(t *testing.T, c net.Conn, f ws.Frame) {
	t.Helper()
	if err := ws.WriteFrame(c, ws.MaskFrameInPlace(f)); err != nil {
		t.Fatal(err)
	}
}

func TestMessagesGoBothWaysInOrder(t *testing.T) {
	r := newRig(t)
	c := r.dial(t)
	for i := range 3 {
		write(t, c, ws.NewTextFrame([]byte(strconv.Itoa(i))))
		r.hears(t, fmt.Sprint("1:", i))
	}
	if err := r.Send("1", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if got, err := wsutil.ReadServerText(c); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	if err := r.Send("2", nil); !errors.Is(err, websocket.ErrGone) {
		t.Errorf("to nobody: %v", err)
	}
}

func TestMessageInPartsIsOneAndPingsAreAnsweredWithin(t *testing.T) {
	r := newRig(t)
	c := r.dial(t)
	write(t, c, ws.NewFrame(ws.OpText, false, []byte("a")))
	write(t, c, ws.NewPingFrame([]byte("are you there?")))
	write(t, c, ws.NewFrame(ws.OpContinuation, true, []byte("b")))
	r.hears(t, "1:ab")
	if f, err := ws.ReadFrame(c); err != nil || f.Header.OpCode != ws.OpPong || string(f.Payload) != "are you there?" {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestConnectionsEndWithTheirReason(t *testing.T) {
	for name, k := range map[string]struct {
		send []ws.Frame
		want string
		code ws.StatusCode
	}{
		"by the client":   {[]ws.Frame{ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "bye"))}, "1000 bye", ws.StatusNormalClosure},
		"without a code":  {[]ws.Frame{ws.NewCloseFrame(nil)}, "1005 Client-side close frame status not set", 0},
		"binary":          {[]ws.Frame{ws.NewBinaryFrame([]byte("x"))}, "1003 Binary frames are not supported", ws.StatusUnsupportedData},
		"no UTF-8":        {[]ws.Frame{ws.NewTextFrame([]byte{0xff})}, "1007 Invalid UTF-8 in a text message", ws.StatusInvalidFramePayloadData},
		"frame too long":  {[]ws.Frame{ws.NewTextFrame(make([]byte, websocket.MaxFrame+1))}, "1009 Message too big", ws.StatusMessageTooBig},
		"message too big": {parts(websocket.MaxMessage/websocket.MaxFrame + 1), "1009 Message too big", ws.StatusMessageTooBig},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c := r.dial(t)
			for _, f := range k.send {
				if ws.WriteFrame(c, ws.MaskFrame(f)) != nil {
					break // the server has had enough
				}
			}
			r.hears(t, "1 ended: "+k.want)
			f, err := ws.ReadFrame(c)
			if code, _ := ws.ParseCloseFrameData(f.Payload); err != nil || f.Header.OpCode != ws.OpClose || code != k.code {
				t.Errorf("the client is told %d, %v", code, err)
			}
		})
	}
}

// parts is a message of n of the largest frames.
func parts(n int) []ws.Frame {
	all := []ws.Frame{ws.NewFrame(ws.OpText, false, bytes.Repeat([]byte("x"), websocket.MaxFrame))}
	for range n - 1 {
		all = append(all, ws.NewFrame(ws.OpContinuation, false, bytes.Repeat([]byte("x"), websocket.MaxFrame)))
	}
	return all
}

func TestServerEndsAConnection(t *testing.T) {
	r := newRig(t)
	c := r.dial(t)
	if err := r.Close("1", websocket.GoingAway, "Going away"); err != nil {
		t.Fatal(err)
	}
	if f, err := ws.ReadFrame(c); err != nil || f.Header.OpCode != ws.OpClose {
		t.Fatalf("%+v, %v", f, err)
	}
	write(t, c, ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusGoingAway, "")))
	r.hears(t, "1 ended: 1001 Going away")
	if err := r.Close("1", websocket.Normal, ""); !errors.Is(err, websocket.ErrGone) {
		t.Errorf("again: %v", err)
	}
}

func TestClientThatGoesIsNoticed(t *testing.T) {
	r := newRig(t)
	r.dial(t).Close()
	r.hears(t, "1 ended: 1006 Connection closed abnormally")
}

func TestRequestThatAsksForNoConnectionIsRefused(t *testing.T) {
	r := newRig(t)
	res, err := http.Get("http" + strings.TrimPrefix(r.url, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUpgradeRequired && res.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", res.StatusCode)
	}
	if got := <-r.heard; !strings.HasPrefix(got, "refused: ") {
		t.Errorf("heard %q", got)
	}
}

// TestIdleConnectionsAreCheap holds the plane to its goal, 150 MiB for 10,000, with
// both ends of 1,000 connections in one process.
func TestIdleConnectionsAreCheap(t *testing.T) {
	const n, most = 1000, 15 << 10
	r := newRig(t)
	r.dial(t)
	before := used()
	for range n {
		c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "ws://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		answer := make([]byte, 512)
		if k, err := c.Read(answer); err != nil || !bytes.Contains(answer[:k], []byte(" 101 ")) {
			t.Fatalf("%s, %v", answer, err)
		}
	}
	per := (used() - before) / n
	t.Logf("%d bytes per connection, with the client's end", per)
	if per > most {
		t.Errorf("a connection takes %d bytes, more than %d", per, most)
	}
}

// used is the memory of heap and stacks, after a collection.
func used() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
