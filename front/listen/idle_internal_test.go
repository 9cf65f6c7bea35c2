package listen

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestConnectionsMayBeIdleAsLongAsTheServerSays(t *testing.T) {
	for _, c := range []struct {
		idle, wait time.Duration
		open       bool
	}{{0, time.Minute, true}, {0, 3 * time.Minute, false}, {time.Hour, 50 * time.Minute, true}, {time.Hour, 61 * time.Minute, false}} {
		synctest.Test(t, func(t *testing.T) {
			l := &handed{conns: make(chan net.Conn), done: make(chan struct{}), at: &net.TCPAddr{}}
			ctx, cancel := context.WithCancel(t.Context())
			s := &Server{Log: slog.New(slog.DiscardHandler), Grace: time.Second, Idle: c.idle, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })}
			served := make(chan error, 1)
			go func() { served <- s.Serve(ctx, l) }()
			client, server := net.Pipe()
			l.give(server)
			r := bufio.NewReader(client)
			ask := func() error {
				if _, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
					return err
				}
				res, err := http.ReadResponse(r, nil)
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
				}
				return err
			}
			if err := ask(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(c.wait)
			if err := ask(); (err == nil) != c.open {
				t.Errorf("idle for %v of %v: %v", c.wait, c.idle, err)
			}
			client.Close()
			cancel()
			if err := <-served; err != nil {
				t.Error(err)
			}
		})
	}
}
