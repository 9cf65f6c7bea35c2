// Package sqs is Amazon Simple Queue Service: standard and FIFO queues.
//
// It is the reference for all services: a set of methods over transactions, with
// nothing kept in memory.
//
// # Where a message lives
//
// A message is in exactly one table at a time, and moves between them in one
// transaction:
//
//	delayed   (queue, due, stamp)    until its delay is over
//	ready     (queue, stamp)         waiting to be received; a log in commit order
//	inflight  (queue, due, id)       received, until deleted or due again
//	fifo      (queue, group, stamp)  all messages of a FIFO queue, in flight or not
//
// Nothing moves by itself: whoever receives first brings back what is due
// (sweep.go). Receivers claim the messages at the head of ready, each other ones,
// so many can work side by side.
// Rows that are gone are never scanned again: the head of ready and the time up
// to which delayed and inflight were swept are remembered (head, sweep).
//
// Differences from AWS are in the README.
package sqs

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv"
)

// Deps are what the service stands on.
type Deps struct {
	Store  kv.Store
	Clock  *clock.Clock    // for long polls; transactions have their own time
	Random aws.Random      // ids
	Done   <-chan struct{} // closed when the server stops: ends long polls
}

// Service implements the API.
type Service struct {
	sqs.Unimplemented
	Deps
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d} }

// Invalid says in SQS's words what is wrong with a request. Its model requires
// members and names attributes; all other rules are in this package.
func Invalid(_ *schema.Operation, v *wire.Invalid) *aws.Error {
	if first := v.Violations[0]; !first.Required {
		return sqs.ErrInvalidAttributeName("Unknown Attribute %s.", first.Value)
	}
	return missing(v.Violations[0].Member)
}

func missing(parameter string) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, "MissingParameter", "The request must contain the parameter %s.", parameter)
}

// invalid is the error for a parameter whose value is refused.
func invalid(value any, parameter, reason string) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason)
}

func noQueue() *aws.Error {
	return sqs.ErrQueueDoesNotExist("The specified queue does not exist.")
}

// address is where a queue is.
type address struct {
	kv.Scope
	Name string
}

func (a address) arn() string { return aws.NewARN("sqs", a.Region, a.Account, a.Name).String() }

func (a address) fifo() bool { return strings.HasSuffix(a.Name, fifoSuffix) }

// url is the queue's URL, on the host that the caller used.
func (a address) url(c *aws.Call) string {
	scheme := "http://"
	if c.TLS {
		scheme = "https://"
	}
	return scheme + c.Host + "/" + string(a.Account) + "/" + a.Name
}

// addressOf finds the queue that a URL names. The host does not matter: the
// account and the name are the last two parts of the path, the region is the call's.
func addressOf(c *aws.Call, queueURL string) (address, error) {
	path := queueURL
	if u, err := url.Parse(queueURL); err == nil {
		path = u.Path
	}
	rest, name, ok := cutLast(strings.TrimSuffix(path, "/"))
	_, account, _ := cutLast(rest)
	if !ok || name == "" || !aws.Account(account).Valid() {
		return address{}, sqs.ErrInvalidAddress("The address %s is not valid for this endpoint.", queueURL)
	}
	return address{kv.Scope{Account: aws.Account(account), Region: c.Region}, name}, nil
}

func cutLast(path string) (before, after string, found bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// addressOfARN is addressOf for a queue's ARN.
func addressOfARN(arn string) (address, bool) {
	a, err := aws.ParseARN(arn)
	if err != nil || a.Service != "sqs" || !a.Account.Valid() || a.Region == "" {
		return address{}, false
	}
	return address{kv.Scope{Account: a.Account, Region: a.Region}, a.Resource}, true
}

// find returns the queue at an address. It is shared: change one only with
// Service.change.
func (a address) find(tx kv.Tx) (*queue, error) {
	q, ok := queues.GetShared(tx, a.key(), func(q *queue) { q.at = a })
	if !ok {
		return nil, noQueue()
	}
	return q, nil
}

func (a address) key() kv.Key { return queues.Key(a.Scope, kv.String(a.Name)) }

// update runs fn on the queue that a URL names, in a transaction.
func (s *Service) update(ctx context.Context, queueURL string, fn func(tx kv.Tx, q *queue) error) error {
	a, err := addressOf(aws.CallFrom(ctx), queueURL)
	if err != nil {
		return err
	}
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		q, err := a.find(tx)
		if err != nil {
			return err
		}
		return fn(tx, q)
	})
}

// change runs fn on a copy of the queue that a URL names, and stores it.
func (s *Service) change(ctx context.Context, queueURL string, fn func(tx kv.Tx, q *queue) error) error {
	return s.update(ctx, queueURL, func(tx kv.Tx, shared *queue) error {
		q := *shared
		q.Tags = maps.Clone(shared.Tags)
		if err := fn(tx, &q); err != nil {
			return err
		}
		queues.Put(tx, q.at.key(), &q)
		return nil
	})
}

// view is update for operations that only read.
func (s *Service) view(ctx context.Context, queueURL string, fn func(tx kv.Tx, q *queue) error) error {
	a, err := addressOf(aws.CallFrom(ctx), queueURL)
	if err != nil {
		return err
	}
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		q, err := a.find(tx)
		if err != nil {
			return err
		}
		return fn(tx, q)
	})
}
