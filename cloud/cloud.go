// Package cloud puts a cloud together: it opens the state, makes the services
// over it (services.go is the list of them), and joins them to the gateway.
//
//	sys, err := cloud.Open(cloud.Options{Dir: ".brume"})
//	…
//	err = sys.Serve(ctx, listener)
//	err = sys.Close()
//
// Everything that a System must remember is in its store, its own clock offset
// and fault rules included, so that it comes back from a crash as it was.
package cloud

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/brume-cloud/brume/cloud/control"
	"github.com/brume-cloud/brume/front/fault"
	"github.com/brume-cloud/brume/front/gateway"
	"github.com/brume-cloud/brume/front/logwriter"
	"github.com/brume-cloud/brume/front/meter"
	"github.com/brume-cloud/brume/front/upstream"
	"github.com/brume-cloud/brume/plane/websocket"
	"github.com/brume-cloud/brume/service/apigatewayv2"
	"github.com/brume-cloud/brume/service/cognitoidentity"
	"github.com/brume-cloud/brume/service/cognitoidp"
	"github.com/brume-cloud/brume/service/dynamodb"
	"github.com/brume-cloud/brume/service/s3"
	"github.com/brume-cloud/brume/service/sns"
	"github.com/brume-cloud/brume/service/sqs"
	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv/local"
)

// Options say what kind of cloud to open. The zero value, with a Dir or
// Ephemeral, is a cloud for one developer's machine.
type Options struct {
	Dir        string       // the data directory; made when missing
	Ephemeral  bool         // keep everything in memory, and nothing after Close
	Sync       bool         // survive a power loss, not only the end of the process
	Strict     bool         // refuse access keys that nobody has made; the control API needs a token
	Address    string       // host:port that clients reach this cloud at; DefaultAddress when empty
	Log        *slog.Logger // slog.Default when nil
	RequestLog bool         // log every call, not only those that failed
}

// DefaultAddress is where a cloud is reached unless it is told otherwise.
const DefaultAddress = "localhost:4566"

// System is a running cloud. Its methods may be called from many goroutines.
type System struct {
	opts          Options
	log           *slog.Logger
	store         *local.Store
	blobs         blob.Store // Glacier's own: its collector deletes what no row of Glacier refers to
	objects       blob.Store // S3's own, likewise
	clock         *clock.Clock
	scheduler     *job.Scheduler
	rules         fault.Set  // what the fault rows say
	ruling        sync.Mutex // held while they are read into rules
	meter         *meter.Meter
	s3            *s3.Service
	sqs           *sqs.Service
	streams       *dynamodb.Streams
	sns           *sns.Service
	userPools     *cognitoidp.Service
	identityPools *cognitoidentity.Service
	outside       *upstream.Client // how services reach what is not in this cloud
	apis          *apis
	logs          *logwriter.Writer
	gate          *gateway.Gateway
	secrets       Secrets
	started       time.Time // real time
	names         []string  // of the services that are built
	certs         certificates

	identities *identities
	functions  *functions
	sockets    sockets
	webAPIs    *apigatewayv2.Service

	// turn holds a token while nobody moves the clock or replaces the state,
	// which exclude each other.
	turn chan struct{}

	done       chan struct{} // closed when the shutdown begins: ends long polls
	stop       func()        // closes done, once
	close      func() error  // shuts down, once
	background sync.WaitGroup
}

// Open opens a cloud and starts its jobs. Nothing is served yet.
func Open(o Options) (*System, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Address == "" {
		o.Address = DefaultAddress
	}
	s := &System{opts: o, log: o.Log, clock: clock.New(), turn: make(chan struct{}, 1), done: make(chan struct{})}
	s.turn <- struct{}{}
	s.stop = sync.OnceFunc(func() { close(s.done) })
	s.close = sync.OnceValue(s.shutDown)
	s.started = s.clock.Wall()
	if err := s.openState(); err != nil {
		return nil, err
	}
	s.wire()
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	return s, nil
}

// openState opens what is kept: rows, blobs and secrets.
func (s *System) openState() (err error) {
	kept := local.Options{Dir: s.opts.Dir, Sync: s.opts.Sync, Now: s.clock.Now, Log: s.log}
	if s.opts.Ephemeral {
		s.store, s.blobs, s.objects = local.Memory(kept), new(blob.Memory), new(blob.Memory)
		return s.openSecrets("")
	}
	if s.opts.Dir == "" {
		return errors.New("no data directory: give one, or choose to keep nothing (ephemeral)")
	}
	// Secrets will lie in it: for its owner alone.
	if err := os.MkdirAll(s.opts.Dir, 0o700); err != nil {
		return err
	}
	if s.store, err = local.Open(kept); err != nil {
		return err
	}
	if s.blobs, err = blob.OpenDir(filepath.Join(s.opts.Dir, "blobs"), s.opts.Sync); err == nil {
		s.objects, err = blob.OpenDir(filepath.Join(s.opts.Dir, "objects"), s.opts.Sync)
	}
	if err == nil {
		err = s.openSecrets(s.opts.Dir)
	}
	if err != nil {
		return errors.Join(err, s.store.Close())
	}
	return nil
}

// wire makes the parts and joins them.
func (s *System) wire() {
	s.meter = meter.New(s.store)
	s.certs.dir, s.certs.wall = s.certificateDir(), s.clock.Wall
	s.identities = newIdentities(s)
	s.functions = &functions{system: s}
	s.outside = upstream.New()
	s.sockets = sockets{websocket.New(s.clock)}
	services := makeServices(s)
	s.scheduler = job.New(s.store, s.clock, services.jobs, s.log)
	s.clock.SetStepper(&stepper{s.scheduler, s})
	s.gate = gateway.New(gateway.Options{
		Clock: s.clock, Log: s.log, Identities: newFamiliar(s.identities, s.store), Faults: &s.rules, Meter: s.meter,
		Strict: s.opts.Strict, Address: s.opts.Address, Control: s.control(services.pages), RequestLog: s.opts.RequestLog,
	}, services.endpoints)
	services.within.gate = s.gate
	s.names = services.names
}

// start brings back what rows say of the cloud itself, and sets it going.
func (s *System) start() error {
	ctx := context.Background()
	if err := s.restore(ctx); err != nil {
		return err
	}
	if err := s.scheduler.Start(ctx); err != nil {
		return err
	}
	if !s.opts.Ephemeral { // in memory, a count is as safe in the meter as in the store
		s.background.Go(s.flushMeter)
	}
	return nil
}

// restore derives from the rows what is kept in memory besides.
func (s *System) restore(ctx context.Context) error {
	return errors.Join(s.restoreClock(ctx), s.restoreFaults(ctx), s.webAPIs.Resume(ctx))
}

func (s *System) flushMeter() {
	tick := time.NewTicker(meter.FlushInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
			if err := s.meter.Flush(context.Background()); err != nil {
				s.log.Error("usage could not be written and will be tried again", "error", err)
			}
		}
	}
}

// control returns the control API over the system, and beside it the pages of
// services, which are for everybody.
func (s *System) control(pages map[string]http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", control.New(s, s.secrets.ControlToken))
	for prefix, page := range pages {
		mux.Handle("GET "+prefix, page)
	}
	return mux
}

// Clock returns the cloud's clock. Move it with Advance.
func (s *System) Clock() *clock.Clock { return s.clock }

// Secrets returns what a client needs in order to use a strict cloud.
func (s *System) Secrets() Secrets { return s.secrets }

// Handler returns the cloud as one HTTP handler.
func (s *System) Handler() http.Handler { return s.gate }

// closing is how long Close waits for running jobs.
const closing = 5 * time.Second

// Close ends long polls and jobs, and closes the state. Requests should have
// ended before; those that have not fail. Closing again does nothing.
func (s *System) Close() error { return s.close() }

func (s *System) shutDown() error {
	s.stop()
	s.sockets.Shutdown()
	s.background.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	err := errors.Join(s.scheduler.Stop(ctx), s.functions.Close())
	s.logs.Settle()
	return errors.Join(err, s.meter.Flush(ctx), s.store.Close())
}

// Address returns the host and port that clients reach the cloud at.
func (s *System) Address() string { return s.opts.Address }
