package upstream_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/brume-cloud/brume/front/upstream"
)

func backend(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL
}

func TestARequestReachesTheBackend(t *testing.T) {
	url := backend(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Location", "/elsewhere")
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "1")
		w.WriteHeader(http.StatusFound)
		fmt.Fprint(w, r.Method, " ", r.Host, " ", r.URL, " ", r.Header["X-A"], r.Header["X-Hop"], r.Header["Accept-Encoding"], " ", string(body))
	})
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	a, err := upstream.New().Do(t.Context(), upstream.Request{
		Method: "PUT", URL: "http://my.host.localhost:" + port + "/a%20b?c=d", Timeout: time.Minute, Body: []byte("text"),
		Header: http.Header{"X-A": {"1", "2"}, "Host": {"other"}, "Connection": {"X-Hop"}, "X-Hop": {"1"}, "Content-Length": {"99"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(a.Body), "PUT other /a%20b?c=d [1 2] [] [] text"; got != want {
		t.Errorf("the backend saw %q, want %q", got, want)
	}
	if a.Status != http.StatusFound || a.Header.Get("Location") != "/elsewhere" || a.Header.Get("X-Hop") != "" {
		t.Errorf("answer %d %v", a.Status, a.Header)
	}
}

func TestBackendsThatFail(t *testing.T) {
	done := make(chan struct{})
	slow := backend(t, func(http.ResponseWriter, *http.Request) { <-done })
	defer close(done)
	large := backend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, upstream.MaxBody+1)) })
	for _, c := range []struct {
		url  string
		want error
	}{
		{slow, upstream.ErrTimeout}, {large, upstream.ErrTooLarge}, {"http://127.0.0.1:1/", upstream.ErrUnreachable}, {"file:///etc/passwd", upstream.ErrUnreachable}, {"/", upstream.ErrUnreachable},
	} {
		timeout := time.Minute
		if c.want == upstream.ErrTimeout {
			timeout = time.Millisecond
		}
		if _, err := upstream.New().Do(t.Context(), upstream.Request{Method: "GET", URL: c.url, Timeout: timeout}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.url, err, c.want)
		}
	}
}
