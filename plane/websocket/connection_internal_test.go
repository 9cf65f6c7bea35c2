package websocket

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"testing"

	"github.com/gobwas/ws"

	"github.com/brume-cloud/brume/state/clock"
)

// FuzzRead has a connection read what any client might send. It must end, and hand
// on no more than a message may have.
func FuzzRead(f *testing.F) {
	for _, frames := range [][]ws.Frame{
		{ws.NewTextFrame([]byte("hello"))},
		{ws.NewFrame(ws.OpText, false, []byte("a")), ws.NewPingFrame(nil), ws.NewFrame(ws.OpContinuation, true, []byte("b"))},
		{ws.NewBinaryFrame(nil)},
		{ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "bye"))},
		{ws.NewCloseFrame([]byte{1})},
	} {
		var in bytes.Buffer
		for _, frame := range frames {
			if err := ws.WriteFrame(&in, ws.MaskFrame(frame)); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(in.Bytes())
	}
	f.Add([]byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, in []byte) {
		ours, theirs := net.Pipe()
		go func() { // what is answered is read and forgotten
			for buf := make([]byte, 1<<10); ; {
				if _, err := theirs.Read(buf); err != nil {
					return
				}
			}
		}()
		c := newConnection(New(clock.New()), Opening{Events: Events{
			Message: func(_ context.Context, text []byte) {
				if len(text) > MaxMessage {
					t.Errorf("a message of %d bytes", len(text))
				}
			},
			Closed: func(context.Context, int, string) {},
		}})
		c.conn = ours
		c.run(bytes.NewReader(in))
		c.plane.running.Wait()
		theirs.Close()
		if end := c.read(bufio.NewReader(bytes.NewReader(nil))); end.status != Abnormal {
			t.Errorf("nothing at all ends with %d", end.status)
		}
	})
}
