// Package sns is Amazon Simple Notification Service: topics, subscriptions with
// their filters, and the delivery of what is published.
//
// # How a message travels
//
// Publish writes one row: a job that holds the message. The job's run (fanout.go)
// walks the topic's subscriptions, which lie side by side, filters, and makes
// what each subscriber gets. What goes to another service of this cloud is a
// call in process, made as sns.amazonaws.com in the transaction that deletes
// the job: each copy is delivered exactly once. A topic with few subscribers
// does all this in Publish's own transaction (roster.go). What goes outside, to HTTP
// endpoints, is a job of its own for each subscriber (http.go). Mail, text
// messages and push notifications stay here, in the outbox (outbox.go).
//
// A call that fails on the endpoint's side is tried again by a job of its own,
// in AWS's phases (retry.go); one that can never work goes to the dead-letter
// queue of the subscription (redrive.go).
//
// # Keys
//
// All of a topic's rows begin with the topic's account, region and name, so
// that deleting a topic is deleting ranges. Differences from AWS are in the
// README.
package sns

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/brume-cloud/brume/api/firehose"
	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/pattern"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/memo"
)

// Deps are what the service stands on.
type Deps struct {
	Store  kv.Store
	Random aws.Random  // ids, tokens, signing keys
	Via    aws.Invoker // calls to other services
	Meter  Meter       // counts deliveries; may be nil
	HTTP   HTTP        // deliveries to HTTP endpoints; must not follow redirects
	Log    *slog.Logger

	// Endpoint is the URL, without a slash at its end, at which people and
	// endpoints outside reach this service in a region.
	Endpoint func(aws.Region) string
}

// HTTP sends requests to the outside; *http.Client is one.
type HTTP interface {
	Do(*http.Request) (*http.Response, error)
}

// Service implements the API.
type Service struct {
	sns.Unimplemented
	Deps
	filters  map[string]*memo.Cache[*pattern.Pattern] // by scope
	signers  *memo.Cache[*signer]
	queues   sqs.Client
	lambda   lambda.Client
	firehose firehose.Client
}

// New returns the service.
func New(d Deps) *Service {
	return &Service{
		Deps: d, signers: memo.New[*signer](),
		filters: map[string]*memo.Cache[*pattern.Pattern]{scopeAttributes: memo.New[*pattern.Pattern](), scopeBody: memo.New[*pattern.Pattern]()},
		queues:  sqs.NewClient(d.Via), lambda: lambda.NewClient(d.Via), firehose: firehose.NewClient(d.Via),
	}
}

// Invalid says in SNS's words what is wrong with a request: a parameter that is
// missing, or, deeper within, whatever the model says.
func Invalid(_ *schema.Operation, v *wire.Invalid) *aws.Error {
	first := &v.Violations[0]
	if first.Required && first.Path == first.Member {
		return invalid("%s Reason: no value for required parameter", first.Member)
	}
	return v.WithCode("ValidationError")
}

// Denied is SNS's refusal by policies.
// AWS: every operation's Errors, SNS API Reference ("AuthorizationError").
func Denied(message string) *aws.Error { return sns.ErrAuthorizationErrorException("%s", message) }

// invalid is SNS's error for nearly everything that is wrong with a parameter.
func invalid(format string, args ...any) *aws.Error {
	return sns.ErrInvalidParameterException("Invalid parameter: "+format, args...)
}

func errNoTopic() *aws.Error { return sns.ErrNotFoundException("Topic does not exist") }

func errNoSubscription() *aws.Error { return sns.ErrNotFoundException("Subscription does not exist") }

// scopeOf is the caller's account and region.
func scopeOf(ctx context.Context) kv.Scope {
	c := aws.CallFrom(ctx)
	return kv.Scope{Account: c.Account, Region: c.Region}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
