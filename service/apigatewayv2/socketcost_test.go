package apigatewayv2_test

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
)

// TestOpenConnectionHoldsNothingOfItsRequest holds idle connections to their goal,
// 150 MiB for 10,000, here with their rows and the clients' ends.
func TestOpenConnectionHoldsNothingOfItsRequest(t *testing.T) {
	const n, most = 500, 15 << 10
	c := newChat(t)
	c.route("$default", false)
	c.deploy()
	dial := func() {
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.cloud.Endpoint, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		io.WriteString(conn, "GET /prod HTTP/1.1\r\nHost: "+c.host()+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		answer := make([]byte, 512)
		if k, err := conn.Read(answer); err != nil || !bytes.Contains(answer[:k], []byte(" 101 ")) {
			t.Fatalf("%s, %v", answer, err)
		}
	}
	for range 20 {
		dial()
	}
	before := used()
	for range n {
		dial()
	}
	if per := (used() - before) / n; per > most {
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
