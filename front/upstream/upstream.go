// Package upstream sends requests to HTTP servers that are not in this cloud, such as
// the backends of APIs. What is below localhost is on this machine, whatever its
// resolver says.
package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// MaxBody is how many bytes an answer may have. AWS: "Amazon API Gateway quotas":
// payload size 10 MB.
const MaxBody = 10 << 20

// Errors of Do.
var (
	ErrTimeout     = errors.New("upstream: the backend did not answer in time")
	ErrTooLarge    = errors.New("upstream: the answer is too large")
	ErrUnreachable = errors.New("upstream: the backend cannot be reached")
)

// Client sends requests. It may be used from many goroutines; backends share
// nothing but it, so that one that is slow holds up nobody else.
type Client struct{ http *http.Client }

// Limits on connections.
const (
	idle        = 30 * time.Second // a connection is kept for the next request
	idlePerHost = 64
	dialTimeout = 10 * time.Second
)

// New makes a client.
func New() *Client {
	t := &http.Transport{
		MaxIdleConnsPerHost: idlePerHost, IdleConnTimeout: idle, DisableCompression: true, DialContext: dial,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &Client{&http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// HTTP is the client for those who read answers themselves, such as of issuers of
// tokens. It takes what is answered, a redirect included, as the answer.
func (c *Client) HTTP() *http.Client { return c.http }

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
		address = net.JoinHostPort("localhost", port)
	}
	return (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, network, address)
}

// Request is what to send.
type Request struct {
	Method  string
	URL     string
	Header  http.Header // taken over; Host in it is the Host
	Body    []byte
	Timeout time.Duration // in wall time, for all of it
}

// Answer is what came back: redirects, and errors of the backend, as they are.
type Answer struct {
	Status int
	Header http.Header // without what is of the connection
	Body   []byte
}

// Do sends a request and reads the answer.
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	target, err := url.Parse(r.URL)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, fmt.Errorf("%w: %q is no address", ErrUnreachable, r.URL)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, "", bytes.NewReader(r.Body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	req.URL = target
	if req.Header = r.Header; req.Header == nil {
		req.Header = http.Header{}
	}
	req.Host = req.Header.Get("Host")
	req.Header.Del("Host")
	ours(req.Header)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, failure(ctx, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	body, err := io.ReadAll(io.LimitReader(res.Body, MaxBody+1))
	switch {
	case err != nil:
		return nil, failure(ctx, err)
	case len(body) > MaxBody:
		return nil, ErrTooLarge
	}
	ours(res.Header)
	return &Answer{res.StatusCode, res.Header, body}, nil
}

func failure(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrTimeout
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// hops are the headers of one connection. RFC 9110, section 7.6.1.
var hops = []string{"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length"}

// ours drops the headers of the other connection.
func ours(h http.Header) {
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hops {
		delete(h, name)
	}
}
