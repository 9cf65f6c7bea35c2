// Package cloudtest runs a whole cloud inside a Go test:
//
//	func TestOrders(t *testing.T) {
//		cloud := cloudtest.Start(t)
//		queues := sqs.NewFromConfig(cloud.Config())
//		…
//		cloud.Advance(24 * time.Hour) // everything that falls due within the day happens now
//	}
//
// The cloud is in memory, and so is the way to it: no port, no process, no
// credentials, nothing from the environment, so tests can run in parallel and
// within testing/synctest. It ends with the test.
//
// It imports the AWS SDK for its Config, which outside of tests nothing in this
// module may.
package cloudtest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/brume-cloud/brume/cloud"
	"github.com/brume-cloud/brume/front/fault"
	"github.com/brume-cloud/brume/state/clock"
)

// Cloud is a cloud for one test.
type Cloud struct {
	// Endpoint is the cloud's URL. It leads somewhere only by Client, unless
	// the cloud was started with Loopback.
	Endpoint string

	t       testing.TB
	options options
	system  *cloud.System
	client  *http.Client
	stop    func() error // ends serving, nil when nothing is served
}

type options struct {
	cloud    cloud.Options
	loopback bool
	noRetry  bool
}

// Option is a wish for Start.
type Option func(*options)

// Dir keeps the cloud in a directory, such as t.TempDir(), so that it can be
// restarted.
func Dir(dir string) Option {
	return func(o *options) { o.cloud.Dir, o.cloud.Ephemeral = dir, false }
}

// Loopback makes the cloud listen on a port of its own on 127.0.0.1, for
// clients that are not in the test's process. Endpoint tells where.
func Loopback() Option { return func(o *options) { o.loopback = true } }

// NoRetries makes clients report the first error instead of trying again.
func NoRetries() Option { return func(o *options) { o.noRetry = true } }

// Strict makes the cloud refuse access keys that nobody has made. Config then
// uses the root key of account 000000000000.
func Strict() Option { return func(o *options) { o.cloud.Strict = true } }

// Start starts a cloud, which is empty unless it has a Dir that is not. It
// ends when the test does.
func Start(t testing.TB, opts ...Option) *Cloud {
	t.Helper()
	o := options{cloud: cloud.Options{
		Ephemeral: true,
		Address:   cloud.DefaultAddress,
		Log:       slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}}
	for _, opt := range opts {
		opt(&o)
	}
	c := &Cloud{t: t, options: o}
	c.open()
	t.Cleanup(c.close)
	return c
}

func (c *Cloud) open() {
	c.t.Helper()
	var l net.Listener
	if c.options.loopback {
		var err error
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			c.t.Fatalf("cloudtest: listen: %v", err)
		}
		c.options.cloud.Address = l.Addr().String()
	}
	system, err := cloud.Open(c.options.cloud)
	if err != nil {
		c.t.Fatalf("cloudtest: %v", err)
	}
	c.system = system
	c.Endpoint = "http://" + c.options.cloud.Address
	if l == nil {
		c.client = &http.Client{Transport: &transport{system.Handler()}}
		return
	}
	c.client = &http.Client{Transport: &http.Transport{}} // not the default one, which asks the environment for a proxy
	c.serve(l)
}

func (c *Cloud) serve(l net.Listener) {
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- c.system.Serve(ctx, l) }()
	c.stop = func() error {
		c.client.CloseIdleConnections()
		cancel()
		return <-served
	}
}

func (c *Cloud) close() {
	var stopped error
	if c.stop != nil {
		stopped = c.stop()
	}
	if err := errors.Join(stopped, c.system.Close()); err != nil {
		c.t.Errorf("cloudtest: close: %v", err)
	}
}

// Restart ends the cloud and starts it again on what it kept. It is for clouds
// with a Dir: another one comes back empty. Take a new Config afterwards.
func (c *Cloud) Restart() {
	c.t.Helper()
	c.close()
	c.open()
}

// Client returns the HTTP client that reaches the cloud, whatever the host of
// the URL is.
func (c *Cloud) Client() *http.Client { return c.client }

// Handler returns the cloud as an HTTP handler.
func (c *Cloud) Handler() http.Handler { return c.system.Handler() }

// Clock returns the clock that the cloud goes by.
func (c *Cloud) Clock() *clock.Clock { return c.system.Clock() }

// Advance moves the clock forward and runs, in order, all that falls due on
// the way.
func (c *Cloud) Advance(d time.Duration) {
	c.t.Helper()
	if err := c.system.Advance(c.t.Context(), d); err != nil {
		c.t.Fatalf("cloudtest: advance the clock: %v", err)
	}
}

// Fault makes calls fail as rule says, until remove is called.
func (c *Cloud) Fault(rule fault.Rule) (remove func()) {
	c.t.Helper()
	added, err := c.system.AddFault(c.t.Context(), rule)
	if err != nil {
		c.t.Fatalf("cloudtest: %v", err)
	}
	return func() {
		c.t.Helper()
		if err := c.system.RemoveFault(c.t.Context(), added.ID); err != nil {
			c.t.Fatalf("cloudtest: %v", err)
		}
	}
}

// System returns the cloud itself, for what Cloud has no words for.
func (c *Cloud) System() *cloud.System { return c.system }
