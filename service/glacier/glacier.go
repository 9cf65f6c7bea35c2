// Package glacier is Amazon S3 Glacier, the service of vaults and archives from
// 2012. (The Glacier storage classes are S3's.)
//
// # How an archive lives
//
// Its bytes are blobs, one for each part that was uploaded; rows say which
// blobs, in what order, are a content (content.go). Archives hold contents, and
// so do jobs that have prepared one for download: what nobody holds any more is
// deleted, rows first, blobs by jobs of their own. Nothing is ever copied.
//
// # Time
//
// A retrieval is a row with a due date (retrieval.go): the job of its tier's
// time completes it (complete.go), another one ends it a day later. A vault's
// inventory (inventory.go) is what archives it has as of a date, which a job
// moves forward once a day while something was written; archives deleted since
// stay in the table until then.
//
// # Keys
//
// All rows of a vault begin with its id, so that a vault made anew under the
// same name has none of them. Differences from AWS are in the README.
package glacier

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv"
)

// Deps are what the service stands on.
type Deps struct {
	Store  kv.Store
	Blobs  blob.Store   // nobody else's: the collector deletes what no row here refers to
	Clock  *clock.Clock // for the real time; transactions have their own
	Random aws.Random   // ids
	Via    aws.Invoker  // calls to SNS
	Meter  Meter        // counts retrievals; may be nil
	Log    *slog.Logger

	// Saved reports whether saved states exist, whose rows may refer to blobs
	// that the present ones no longer do: while there are any, none is deleted.
	Saved func() (bool, error)
}

// Service implements the API.
type Service struct {
	glacier.Unimplemented
	Deps
	topics sns.Client
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d, topics: sns.NewClient(d.Via)} }

// Invalid says in Glacier's words what is wrong with a request.
func Invalid(_ *schema.Operation, v *wire.Invalid) *aws.Error {
	first := &v.Violations[0]
	if first.Required {
		return missing(first.Member)
	}
	return invalid("Invalid %s: %s", first.Member, first.Value)
}

// Denied is Glacier's refusal by policies.
// AWS: "Error Responses": AccessDeniedException has a type and a code in its
// body like all others, but is not in the model. Any error's shape fits it.
func Denied(message string) *aws.Error {
	e := invalid("%s", message)
	e.Code, e.Status = "AccessDeniedException", http.StatusForbidden
	e.Detail.(*glacier.InvalidParameterValueException).Code = &e.Code
	return e
}

// client is the type of every error that is the caller's fault.
const client = "Client"

func invalid(format string, args ...any) *aws.Error {
	return glacier.ErrInvalidParameterValueException(
		&glacier.InvalidParameterValueException{Type: new(client), Code: new("InvalidParameterValueException")}, format, args...)
}

func missing(parameter string) *aws.Error {
	return glacier.ErrMissingParameterValueException(
		&glacier.MissingParameterValueException{Type: new(client), Code: new("MissingParameterValueException")}, "Required parameter missing: %s", parameter)
}

func notFound(format string, args ...any) *aws.Error {
	return glacier.ErrResourceNotFoundException(
		&glacier.ResourceNotFoundException{Type: new(client), Code: new("ResourceNotFoundException")}, format, args...)
}

func tooMany(format string, args ...any) *aws.Error {
	return glacier.ErrLimitExceededException(
		&glacier.LimitExceededException{Type: new(client), Code: new("LimitExceededException")}, format, args...)
}

func enforced() *aws.Error {
	return glacier.ErrPolicyEnforcedException(
		&glacier.PolicyEnforcedException{Type: new(client), Code: new("PolicyEnforcedException")}, "InitiateJob request denied by current data retrieval policy.")
}

// ownAccount stands in a path for the caller's account.
const ownAccount = "-"

// scopeOf is where the state of the account in a request's path is. Whether
// the caller may be there was the gateway's to ask.
func scopeOf(ctx context.Context, account string) kv.Scope {
	call := aws.CallFrom(ctx)
	sc := kv.Scope{Account: call.Account, Region: call.Region}
	if account != ownAccount {
		sc.Account = aws.Account(account)
	}
	return sc
}

// date writes an instant as Glacier does; nil for none.
func date(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC().Format("2006-01-02T15:04:05.000Z"))
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// idAlphabet is what ids are made of.
const idAlphabet = aws.AlphaNumeric + "-_"

// newID makes an id. It does not begin with a hyphen, which command lines would
// take for an option.
func (s *Service) newID(length int) string {
	return aws.Text(s.Random, aws.AlphaNumeric, 1) + aws.Text(s.Random, idAlphabet, length-1)
}

// isPrintable reports whether s is ASCII without control characters, as
// descriptions must be.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// update runs fn on a vault, in a transaction.
func (s *Service) update(ctx context.Context, a address, fn func(tx kv.Tx, v *vault) error) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		v, err := a.find(tx)
		if err != nil {
			return err
		}
		return fn(tx, v)
	})
}

// change runs fn on a copy of a vault, and stores it.
func (s *Service) change(ctx context.Context, a address, fn func(tx kv.Tx, v *vault) error) error {
	return s.update(ctx, a, func(tx kv.Tx, shared *vault) error {
		v := *shared
		v.Tags = maps.Clone(shared.Tags)
		if err := fn(tx, &v); err != nil {
			return err
		}
		vaults.Put(tx, a.key(), &v)
		return nil
	})
}

// view is update for operations that only read.
func (s *Service) view(ctx context.Context, a address, fn func(tx kv.Tx, v *vault) error) error {
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		v, err := a.find(tx)
		if err != nil {
			return err
		}
		return fn(tx, v)
	})
}
