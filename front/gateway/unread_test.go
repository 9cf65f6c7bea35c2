package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/front/listen"
)

// TestRefusedWhileSending: a client that listens only when it has sent its
// whole request gets the answer, and may go on with the connection.
func TestRefusedWhileSending(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.Loopback())
	chunks := strings.Repeat("100000\r\n"+strings.Repeat(" ", 1<<20)+"\r\n", 24) + "0\r\n\r\n"
	unknown := strings.NewReplacer("AmazonSQS.", "Nothing.")
	for name, k := range map[string]struct {
		send   string
		status int
	}{
		"too large":         {head("Content-Length: 20000000") + strings.Repeat(" ", 20_000_000), 413},
		"too large, chunks": {head("Transfer-Encoding: chunked") + chunks, 413},
		"unknown service":   {unknown.Replace(head("Content-Length: 9000000")) + strings.Repeat(" ", 9_000_000), 400},
		"a small body":      {unknown.Replace(head("Content-Length: 9")) + strings.Repeat(" ", 9), 400},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", strings.TrimPrefix(c.Endpoint, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			answers := bufio.NewReader(conn)
			for _, step := range []struct {
				send   string
				status int
			}{{k.send, k.status}, {head("Content-Length: 2") + "{}", 200}} {
				if n, err := io.WriteString(conn, step.send); err != nil {
					t.Fatalf("cut off after %d of %d bytes: %v", n, len(step.send), err)
				}
				res, err := http.ReadResponse(answers, nil)
				if err != nil {
					t.Fatal(err)
				}
				if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != step.status {
					t.Fatal(res.Status, err, string(body))
				}
			}
		})
	}
}

// TestRefusedAndGoesOn: who sends without end, or stops to send, is cut off.
func TestRefusedAndGoesOn(t *testing.T) {
	for name, k := range map[string]struct {
		declared, sent int64
		wait           time.Duration
	}{
		"without end": {1 << 40, 1 << 40, 0},
		"stops":       {1 << 40, 1 << 10, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := cloudtest.Start(t)
				l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
				ctx, cancel := context.WithCancel(t.Context())
				served := make(chan error, 1)
				go func() {
					served <- (&listen.Server{Handler: c.Handler(), Log: slogDiscard, Grace: time.Second}).Serve(ctx, l)
				}()
				client, server := net.Pipe()
				l.conns <- server
				sent := make(chan int64)
				began := time.Now()
				go func() {
					io.WriteString(client, head(fmt.Sprint("Content-Length: ", k.declared)))
					n, _ := io.CopyN(client, zeros{}, k.sent)
					sent <- n
				}()
				answer, _ := io.ReadAll(client)
				if d := time.Since(began).Truncate(time.Second); d != k.wait || !strings.HasPrefix(string(answer), "HTTP/1.1 413 ") {
					t.Errorf("closed after %v: %s", d, answer)
				}
				if n := <-sent; n != k.sent && (n < 64<<20 || n > 65<<20) {
					t.Errorf("%d bytes were read", n)
				}
				client.Close()
				cancel()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// zeros has no end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
