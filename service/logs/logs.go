// Package logs is Amazon CloudWatch Logs: log groups, their streams, and the
// events that functions and clients write into them.
//
// # Where an event lies
//
// PutLogEvents cuts its batch into blocks of at most blockSpan of time and
// blockSize bytes, mostly one. A block is appended twice, with stamps and
// without reading what others write:
//
//	block  (group, first event's time, stamp, stream)   the events
//	span   (group, stream, first event's time, stamp)   where the block is
//
// So a group is read in the order of time, and so is each of its streams. Since
// no block is longer than blockSpan, a search that begins at some time begins
// with the blocks of blockSpan before it. read.go merges blocks that overlap,
// holding no more than a page of events.
//
// Rows begin with the id of their group, so that a group's deletion is a few
// deletions of ranges. Those of a deleted stream, and of events past their
// retention, are taken away by jobs (remove.go), and are not shown before that.
//
// Differences from AWS are in the README.
package logs

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/service/logs/pattern"
	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/memo"
)

// Deps are what the service stands on.
type Deps struct {
	Store  kv.Store
	Random aws.Random  // ids
	Via    aws.Invoker // deliveries to other services
	Meter  Meter       // counts what is ingested; may be nil
	Settle func()      // waits until what other services have said is written; may be nil
}

// Service implements the API. What it does not override answers NotImplemented.
type Service struct {
	logs.Unimplemented
	Deps
	patterns *memo.Cache[*pattern.Pattern]
}

// New returns the service.
func New(d Deps) *Service {
	if d.Settle == nil {
		d.Settle = func() {}
	}
	return &Service{Deps: d, patterns: memo.New[*pattern.Pattern]()}
}

// Invalid says in the words of CloudWatch Logs what is wrong with a request.
func Invalid(_ *schema.Operation, v *wire.Invalid) *aws.Error {
	return v.WithCode("InvalidParameterException")
}

func invalid(format string, args ...any) *aws.Error {
	return logs.ErrInvalidParameterException(format, args...)
}

func noGroup() *aws.Error {
	return logs.ErrResourceNotFoundException("The specified log group does not exist.")
}

func noStream() *aws.Error {
	return logs.ErrResourceNotFoundException("The specified log stream does not exist.")
}

// address is where a group is.
type address struct {
	kv.Scope
	Name string
}

func here(ctx context.Context, name string) address {
	c := aws.CallFrom(ctx)
	return address{kv.Scope{Account: c.Account, Region: c.Region}, name}
}

// arn is the group's ARN, without the :* that policies write behind it.
func (a address) arn() string {
	return aws.NewARN("logs", a.Region, a.Account, groupPrefix+a.Name).String()
}

const groupPrefix = "log-group:"

// addressOfARN reads a group's ARN, with or without :* at its end.
func addressOfARN(arn string) (address, bool) {
	a, err := aws.ParseARN(arn)
	if err != nil || a.Service != "logs" {
		return address{}, false
	}
	name, ok := strings.CutPrefix(strings.TrimSuffix(a.Resource, ":*"), groupPrefix)
	return address{kv.Scope{Account: a.Account, Region: a.Region}, name}, ok && name != ""
}

// identified is the group that a name, or a name or ARN, is given for.
func identified(ctx context.Context, name, identifier *string) (address, error) {
	switch {
	case name != nil && identifier != nil:
		return address{}, invalid("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
	case name != nil:
		return here(ctx, *name), nil
	case identifier == nil:
		return address{}, invalid("Either LogGroup name or LogGroup identifier must be specified.")
	}
	if strings.HasPrefix(*identifier, "arn:") {
		a, ok := addressOfARN(*identifier)
		if !ok {
			return a, invalid("The log group identifier %s is not valid.", *identifier)
		}
		return a, nil
	}
	return here(ctx, *identifier), nil
}

// find returns the group at an address. It is shared: change one only with
// Service.change.
func (a address) find(tx kv.Tx) (*group, error) {
	g, ok := groups.GetShared(tx, a.key(), func(g *group) { g.at = a })
	if !ok {
		return nil, noGroup()
	}
	return g, nil
}

func (a address) key() kv.Key { return groups.Key(a.Scope, kv.String(a.Name)) }

// update runs fn on a group, in a transaction.
func (s *Service) update(ctx context.Context, a address, fn func(tx kv.Tx, g *group) error) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		g, err := a.find(tx)
		if err != nil {
			return err
		}
		return fn(tx, g)
	})
}

// change runs fn on a copy of a group, and stores it.
func (s *Service) change(ctx context.Context, a address, fn func(tx kv.Tx, g *group) error) error {
	return s.update(ctx, a, func(tx kv.Tx, shared *group) error {
		g := *shared
		g.Tags, g.Subscriptions = maps.Clone(shared.Tags), slices.Clone(shared.Subscriptions)
		if err := fn(tx, &g); err != nil {
			return err
		}
		groups.Put(tx, g.at.key(), &g)
		return nil
	})
}

// view is update for operations that only read.
func (s *Service) view(ctx context.Context, a address, fn func(tx kv.Tx, g *group) error) error {
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		g, err := a.find(tx)
		if err != nil {
			return err
		}
		return fn(tx, g)
	})
}

// compile is pattern.Parse, remembered.
func (s *Service) compile(text string) (*pattern.Pattern, error) {
	if p, ok := s.patterns.Find(text); ok {
		return p, nil
	}
	p, err := pattern.Parse(text)
	if err != nil {
		return nil, invalid("%v", err)
	}
	s.patterns.Keep(text, p)
	return p, nil
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
