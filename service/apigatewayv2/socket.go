package apigatewayv2

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// Sockets holds the open connections of WebSocket APIs. Send and Close fail where a
// connection is not open.
type Sockets interface {
	// Accept answers a request with a connection, or with an error.
	Accept(w http.ResponseWriter, r *http.Request, o Opening) error
	Send(id string, text []byte) error
	Close(id string, status int, reason string) error
	// Active is when a message last went either way, or a ping came, by the clock.
	Active(id string) (at time.Time, ok bool)
}

// Opening is a connection to be opened. Message is called for one message after the
// other; Closed once, after the last.
type Opening struct {
	ID       string
	Protocol string // the subprotocol; empty for none
	Message  func(ctx context.Context, text []byte)
	Closed   func(ctx context.Context, status int, reason string)
}

// Limits of connections. AWS: "Quotas for configuring and running a WebSocket API".
const (
	maxIdle    = 10 * time.Minute
	maxLife    = 2 * time.Hour
	maxMessage = 128 << 10 // bytes
)

// How connections end that this side ends.
const (
	goingAway  = 1001
	normally   = 1000
	goneAway   = "Going away"
	goneNormal = "Connection Closed Normally"
)

// connection is the row of an open connection. It is there from when $connect has
// succeeded until the connection has ended.
type connection struct {
	Account    string    `kv:"1"`
	Region     string    `kv:"2"`
	API        string    `kv:"3"`
	Stage      string    `kv:"4"`
	ID         string    `kv:"5"`
	Host       string    `kv:"6"` // that the client used
	SourceIP   string    `kv:"7"`
	UserAgent  string    `kv:"8"`
	Connected  time.Time `kv:"9"`
	Authorizer []byte    `kv:"10"` // what an authorizer found out, in JSON; empty for nothing

	// Who opened it, where the route is for those who sign.
	CallerAccount string `kv:"13"`
	CallerID      string `kv:"14"`
	CallerARN     string `kv:"15"`
	AccessKey     string `kv:"16"`

	// Once it has ended.
	Status int    `kv:"11"`
	Reason string `kv:"12"`
}

func (c *connection) at() address {
	return address{kv.Scope{Account: aws.Account(c.Account), Region: aws.Region(c.Region)}, c.API}
}

func (c *connection) key() kv.Key { return connectionKey(c.API, c.Stage, c.ID) }

// The jobs of connections.
const (
	idleKind       = "apigatewayv2.idle"       // ends those that are idle or old
	disconnectKind = "apigatewayv2.disconnect" // tells of the end of one
)

// Jobs returns the kinds of job that the service owns.
func (s *Service) Jobs() []job.Kind {
	return []job.Kind{{Name: idleKind, Do: s.expire}, {Name: disconnectKind, Do: s.disconnected, Concurrency: maxDisconnects, MaxAttempts: 1}}
}

// maxDisconnects is how many ends are told of at the same time.
const maxDisconnects = 64

// token is a new id in the form of those of connections, messages and requests by them.
func (s *Service) token() string {
	var b []byte
	b = binary.BigEndian.AppendUint64(b, s.Random.Uint64())
	b = binary.BigEndian.AppendUint64(b, s.Random.Uint64())
	return base64.URLEncoding.EncodeToString(b[:11])
}

// connect stores a connection, and when to look whether it is idle.
func (s *Service) connect(ctx context.Context, c *connection) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		c.Connected = tx.Now()
		connections.Put(tx, c.key(), c)
		c.watch(tx, c.Connected)
		return nil
	})
}

// watch puts the job that looks at the connection when it may have been idle for
// too long since a time, or is too old.
func (c *connection) watch(tx kv.Tx, since time.Time) {
	due := since.Add(maxIdle)
	if end := c.Connected.Add(maxLife); end.Before(due) {
		due = end
	}
	job.Put(tx, &job.Job{Kind: idleKind, Scope: c.at().Scope, ID: c.ID, Due: due, Payload: kv.Append(nil, c)})
}

// expire is the job that ends connections that are idle or old, or whose stage is gone.
func (s *Service) expire(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	var c connection
	if err := kv.Decode(j.Payload, &c); err != nil {
		return nil, err
	}
	active, ok := s.Sockets.Active(c.ID)
	if !ok {
		return nil, nil // its end is being told, or has been
	}
	var now time.Time
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		now = tx.Now()
		_, ok = stages.get(tx, c.at().Scope, c.API, c.Stage)
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case !ok, now.Sub(active) >= maxIdle, now.Sub(c.Connected) >= maxLife:
		_ = s.Sockets.Close(c.ID, goingAway, goneAway) // it may have ended by itself
		return nil, nil
	}
	return func(tx kv.Tx) error {
		c.watch(tx, active)
		return nil
	}, nil
}

// hangUp has the connections looked at of an API, or of a stage of it, that is gone.
func hangUp(tx kv.Tx, prefix kv.Key) {
	for _, c := range connections.Scan(tx, kv.Prefix(prefix)) {
		job.PutNow(tx, &job.Job{Kind: idleKind, Scope: c.at().Scope, ID: c.ID, Payload: kv.Append(nil, c)})
	}
}

// closed notes that a connection has ended, which its API is then told.
func (s *Service) closed(ctx context.Context, c *connection, status int, reason string) {
	s.billConnection(c)
	err := kv.Update(context.WithoutCancel(ctx), s.Store, func(tx kv.Tx) error {
		c.leave(tx, status, reason)
		return nil
	})
	if err != nil {
		s.Log.Error("the end of a connection could not be noted", "connection", c.ID, "error", err)
	}
}

// leave deletes the row of a connection that has ended, and puts the job that tells of it.
func (c *connection) leave(tx kv.Tx, status int, reason string) {
	if !connections.Has(tx, c.key()) {
		return
	}
	connections.Delete(tx, c.key())
	ended := *c
	ended.Status, ended.Reason = status, reason
	job.PutNow(tx, &job.Job{Kind: disconnectKind, Scope: c.at().Scope, ID: c.ID, Payload: kv.Append(nil, &ended)})
}

// Resume tells APIs that the connections have ended whose rows are there although
// they are not open: a former process held them.
func (s *Service) Resume(ctx context.Context) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		for _, c := range connections.Scan(tx, kv.Prefix(connections.Prefix(anywhere))) {
			if _, open := s.Sockets.Active(c.ID); !open {
				c.leave(tx, goingAway, goneAway)
			}
		}
		return nil
	})
}
