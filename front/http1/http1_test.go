package http1

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// echo answers with what it got, in the way that the path says.
func echo(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/unread") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(r.Body)
	var text strings.Builder
	fmt.Fprintln(&text, r.Method, r.RequestURI, r.Host, r.ContentLength, r.Proto, err != nil)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(&text, "%s: %q\n", name, r.Header[name])
	}
	text.Write(body)
	switch strings.TrimPrefix(r.URL.Path, "/") {
	case "empty":
		w.WriteHeader(http.StatusNoContent)
	case "unchanged":
		w.Header().Set("Etag", `"1"`)
		w.WriteHeader(http.StatusNotModified)
	case "injected":
		w.Header()["X-Evil"] = []string{"a\r\nX-Injected: b"}
		w.Header()["X Bad\r\n"] = []string{"c"}
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, text.String())
	case "last":
		w.Header().Set("Connection", "close")
		io.WriteString(w, text.String())
	case "long":
		io.WriteString(w, strings.Repeat(text.String(), 4000))
	case "parts":
		for i := range 3 {
			fmt.Fprint(w, i, text.String())
			w.(http.Flusher).Flush()
		}
	case "measured":
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "0123456789too much")
	case "short":
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "short")
	case "panic":
		panic(http.ErrAbortHandler)
	default:
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, text.String())
	}
}

var discard = slog.New(slog.DiscardHandler)

// handing is a listener for what is handed over.
type handing struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newHanding() *handing { return &handing{conns: make(chan net.Conn), done: make(chan struct{})} }

func (h *handing) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}
func (h *handing) Close() error   { h.once.Do(func() { close(h.done) }); return nil }
func (h *handing) Addr() net.Addr { return &net.TCPAddr{} }

// servers answer the same connections: one as this package does, one as net/http.
type servers struct {
	own        *Server
	full       *http.Server
	rest       *handing
	handedOver atomic.Bool
}

func start(h http.Handler) *servers {
	s := &servers{rest: newHanding()}
	s.full = &http.Server{Handler: h, ErrorLog: slog.NewLogLogger(discard.Handler(), slog.LevelDebug)}
	s.own = &Server{Handler: h, FirstTimeout: time.Minute, HeaderTimeout: time.Minute, IdleTimeout: time.Minute, Log: discard, Rest: func(c net.Conn, _ []byte) {
		s.handedOver.Store(true)
		s.rest.conns <- c
	}}
	go s.full.Serve(s.rest)
	return s
}

func (s *servers) stop() {
	s.own.Shutdown(context.Background())
	s.full.Close()
	s.rest.Close()
}

// talk sends bytes to a connection and returns all answers, in a comparable form.
func talk(serve func(net.Conn), sent []byte) string {
	client, server := net.Pipe()
	serve(server)
	var sending sync.WaitGroup
	sending.Go(func() {
		client.Write(sent)
		time.Sleep(time.Second) // virtual: until nothing more comes
		client.Close()
	})
	defer sending.Wait()
	var out strings.Builder
	in := bufio.NewReader(client)
	method := ""
	if f := strings.Fields(string(sent)); len(f) > 0 {
		method = f[0]
	}
	for {
		res, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			return out.String()
		}
		body, err := io.ReadAll(res.Body)
		res.Header.Del("Date")
		fmt.Fprintln(&out, res.StatusCode, res.ContentLength, res.TransferEncoding, res.Close, err != nil, len(body))
		for _, name := range slices.Sorted(maps.Keys(res.Header)) {
			fmt.Fprintf(&out, "%s: %q\n", name, res.Header[name])
		}
		if res.StatusCode != http.StatusBadRequest {
			fmt.Fprintf(&out, "%s\n", body[:min(len(body), 500)])
		}
	}
}

// same checks that both servers answer alike, and returns whether this
// package's answered by itself.
func same(t *testing.T, sent []byte) (alone bool) {
	synctest.Test(t, func(t *testing.T) {
		s := start(http.HandlerFunc(echo))
		own := talk(s.own.ServeConn, sent)
		alone = !s.handedOver.Load()
		full := talk(func(c net.Conn) { s.rest.conns <- c }, sent)
		s.stop()
		if answered(own) != answered(full) {
			t.Errorf("%q\nanswered\n%s\nand by net/http\n%s", sent, own, full)
		}
	})
	return alone
}

// answered leaves out the refusal of garbage behind the last request: servers
// look at it sooner or later, and at one fault or another of it first.
func answered(all string) string {
	for _, refusal := range []string{"\n400 -1 ", "\n505 -1 "} {
		all, _, _ = strings.Cut("\n"+strings.TrimPrefix(all, "\n"), refusal)
	}
	return strings.Trim(all, "\n")
}

const get = "GET %s HTTP/1.1\r\nHost: localhost:4566\r\n%s\r\n"

func post(path, body string, more ...string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n%s\r\n%s", path, len(body), strings.Join(more, ""), body)
}

// requests are bytes of clients; those under plain are answered here.
func requests(plain bool) []string {
	if plain {
		return []string{
			fmt.Sprintf(get, "/", ""), fmt.Sprintf(get, "/x?y=%20z", "X-A: 1\r\nx-a:  2 \r\nCookie: c\r\n"), post("/p", "hello"), post("/p", ""),
			post("/a", "one") + post("/b", "two") + fmt.Sprintf(get, "/c", ""), post("/a", "one") + "\r\n" + post("/b", "two"), fmt.Sprintf(get, "/empty", ""), fmt.Sprintf(get, "/unchanged", ""),
			fmt.Sprintf(get, "/injected", ""), post("/last", "x") + post("/never", "y"), fmt.Sprintf(get, "/long", ""), fmt.Sprintf(get, "/parts", ""),
			fmt.Sprintf(get, "/measured", ""), fmt.Sprintf(get, "/short", ""), fmt.Sprintf(get, "/panic", "") + fmt.Sprintf(get, "/", ""),
			strings.Replace(fmt.Sprintf(get, "/head", ""), "GET", "HEAD", 1),
			post("/unread", strings.Repeat("x", 100)) + post("/next", "y"), "", "GET / HT", post("/p", "hello")[:50], post("/p", strings.Repeat("x", 900<<10)),
			post("/p", "hello", "Expect: 100-continue\r\n") + post("/q", "x"), post("/unread", "hello", "Expect: 100-Continue\r\n") + post("/q", "x"), post("/p", "", "Expect: 100-continue\r\n"),
			fmt.Sprintf(get, "/", "Connection: keep-alive\r\n"), "PUT http://other/p?q HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
			post("/p", "x", "X-Amz-Date: 1\r\n") + "GARBAGE\r\n\r\n",
		}
	}
	return []string{
		"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: something\r\n\r\nhi", fmt.Sprintf(get, "/", "Connection: close\r\n"),
		fmt.Sprintf(get, "/", "Upgrade: x\r\nConnection: upgrade\r\n"), fmt.Sprintf(get, "/", "X-A: 1\r\n folded\r\n"), fmt.Sprintf(get, "/", "No Colon\r\n"),
		fmt.Sprintf(get, "/", "Bad Name: x\r\n"), fmt.Sprintf(get, "/", "X: \x01\r\n"), fmt.Sprintf(get, "/", "X-Large: "+strings.Repeat("x", 9<<10)+"\r\n"),
		"hello\r\n\r\n", "\x16\x03\x01", "GET / HTTP/1.1\nHost: a\n\n", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "GET \x7f HTTP/1.1\r\nHost: a\r\n\r\n", post("/p", "x") + "GET / HTTP/1.0\r\n\r\n",
	}
}

func TestAnswersAsNetHTTP(t *testing.T) {
	for _, plain := range []bool{true, false} {
		for _, sent := range requests(plain) {
			whole := strings.Contains(sent, "\r\n\r\n")
			if alone := same(t, []byte(sent)); alone != plain && whole && !strings.Contains(sent, "GARBAGE") && !strings.HasPrefix(sent, "POST /p") {
				t.Errorf("%.60q was answered here: %v", sent, alone)
			}
		}
	}
}

func FuzzAnswersAsNetHTTP(f *testing.F) {
	for _, plain := range []bool{true, false} {
		for _, sent := range requests(plain) {
			if len(sent) < 4<<10 {
				f.Add([]byte(sent))
			}
		}
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		if len(sent) > 16<<10 || bytes.Contains(sent, []byte("PRI")) || bytes.Contains(sent, []byte("/unread")) {
			return
		}
		same(t, sent)
	})
}

// TestContextEnds: a call that waits learns that its client has gone, and one
// that does not ask costs nothing.
func TestContextEnds(t *testing.T) {
	for _, body := range []string{"", "body"} {
		synctest.Test(t, func(t *testing.T) {
			ended := make(chan error, 2)
			s := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Context().Err() != nil {
					t.Error("the context ended before it began")
				}
				done := r.Context().Done() // before the body is read
				io.Copy(io.Discard, r.Body)
				select {
				case <-done:
					ended <- r.Context().Err()
				case <-time.After(time.Minute):
					ended <- nil
				}
			}))
			client, server := net.Pipe()
			s.own.ServeConn(server)
			io.WriteString(client, post("/", body))
			synctest.Wait()
			client.Close()
			if err := <-ended; err != context.Canceled {
				t.Errorf("body %q: the context ended with %v", body, err)
			}
			s.stop()
		})
	}
}

// TestEarlyByte: what a client sends while its call waits is the next request.
func TestEarlyByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			select {
			case <-r.Context().Done():
			case <-time.After(time.Second):
			}
			io.WriteString(w, r.URL.Path)
		}))
		client, server := net.Pipe()
		s.own.ServeConn(server)
		go func() {
			io.WriteString(client, post("/one", "x"))
			io.WriteString(client, post("/two", "y"))
		}()
		in := bufio.NewReader(client)
		for _, want := range []string{"/one", "/two"} {
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := io.ReadAll(res.Body); string(got) != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		client.Close()
		s.stop()
	})
}

// TestShutdown closes idle connections and waits for the others, for a while.
func TestShutdown(t *testing.T) {
	for _, patient := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(10 * time.Second)
				io.WriteString(w, "late")
			}))
			idle, a := net.Pipe()
			active, b := net.Pipe()
			s.own.ServeConn(a)
			s.own.ServeConn(b)
			io.WriteString(active, fmt.Sprintf(get, "/", ""))
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), map[bool]time.Duration{true: time.Minute, false: time.Second}[patient])
			defer cancel()
			ended := make(chan error)
			go func() { ended <- s.own.Shutdown(ctx) }()
			if _, err := idle.Read(make([]byte, 1)); err != io.EOF {
				t.Error("idle:", err)
			}
			got, _ := io.ReadAll(active)
			if err := <-ended; (err == nil) != patient || strings.Contains(string(got), "late") != patient {
				t.Errorf("patient %v: %v, %q", patient, err, got)
			}
			s.full.Close()
			s.rest.Close()
			time.Sleep(time.Minute) // the handler's end
		})
	}
}

// TestFile sends a file over a real connection, where the kernel copies it.
func TestFile(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(name)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		io.Copy(w, f)
	}))
	defer s.stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.own.ServeConn(c)
		}
	}()
	defer l.Close()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for range 3 {
		res, err := client.Get("http://" + l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		if res.Body.Close(); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
}
