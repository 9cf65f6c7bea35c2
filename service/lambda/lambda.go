// Package lambda is AWS Lambda: functions, and calls of them.
//
// A function is a row, a version of its configuration another, and the zip of
// its code some more. What runs the code is the Runner; the service says what
// runs, when, for whom and with whose credentials. A call that nobody waits for
// is a job and rows with its payload (event.go).
//
// Differences from AWS are in the README.
package lambda

import (
	"context"
	"log/slog"
	"time"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/logwriter"
	"github.com/brume-cloud/brume/state/kv"
)

// Deps are what the service stands on.
type Deps struct {
	Store    kv.Store
	Random   aws.Random  // ids
	Via      aws.Invoker // calls to S3 and STS, and to destinations
	Meter    Meter       // counts calls; may be nil
	Log      *slog.Logger
	Logs     *logwriter.Writer // what functions print
	Runner   Runner
	Endpoint func(aws.Region) string // the URL that functions reach this cloud at
	Sources  Sources
	Pace     Pace // nil lets calls come as fast as they will
}

// Sources tells of the queues and streams that mappings poll.
type Sources interface {
	// Next returns the keys below which a commit may bring more to receive from
	// the source with an ARN, and when more comes without one; zero for never.
	// part is a shard, or empty for all of the source. A source that is not
	// there has keys as well, if it may come back.
	Next(ctx context.Context, arn, part string) (on []kv.Key, due time.Time, err error)
}

// Service implements the API. What it does not override answers NotImplemented.
type Service struct {
	lambda.Unimplemented
	Deps
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d} }

// user is the type of errors that are the caller's fault.
const user = "User"

func invalid(format string, args ...any) *aws.Error {
	return lambda.ErrInvalidParameterValueException(&lambda.InvalidParameterValueException{Type: new(user)}, format, args...)
}

func notFound(arn string) *aws.Error {
	return lambda.ErrResourceNotFoundException(&lambda.ResourceNotFoundException{Type: new(user)}, "Function not found: %s", arn)
}

// unbuilt refuses a setting that Brume does not know how to keep.
func unbuilt(setting string) *aws.Error {
	e := aws.NotImplemented("lambda", setting)
	e.Message = "Brume does not implement " + setting + " of functions yet. Leave it out, or see the README of service/lambda."
	return e
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// view runs fn on the version that name and qualifier tell.
func (s *Service) view(ctx context.Context, name string, qualifier *string, fn func(tx kv.Tx, f *function, c *configuration) error) error {
	a, err := addressOf(aws.CallFrom(ctx), name, qualifier)
	if err != nil {
		return err
	}
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		f, c, err := a.version(tx)
		if err != nil {
			return err
		}
		return fn(tx, f, c)
	})
}

// change runs fn on a function and its $LATEST, which it may change, and stores both.
func (s *Service) change(ctx context.Context, name string, fn func(tx kv.Tx, f *function, c *configuration) error) error {
	a, err := addressOf(aws.CallFrom(ctx), name, nil)
	if err != nil {
		return err
	}
	if a.Qualifier != "" && a.Qualifier != latest {
		return invalid("The function's name must not have a qualifier: only $LATEST can be changed.")
	}
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		f, c, err := a.version(tx)
		if err != nil {
			return err
		}
		if err := fn(tx, f, c); err != nil {
			return err
		}
		functions.Put(tx, a.key(), f)
		versions.Put(tx, f.versionKey(c.Number), c)
		return nil
	})
}
