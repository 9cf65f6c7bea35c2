// Package dynamodb is Amazon DynamoDB: tables, items, expressions, secondary
// indexes and transactions.
//
// # Where an item lives
//
// An item is one row, at (table, partition, sort key), where partition is a
// digest of the partition key's value. So a Query is a range scan, a Scan goes by
// the partitions' digests as AWS's does, and segments of a parallel scan are
// ranges of digests. An index has rows of its own with what it projects, at
// (table, index, partition, sort key, digest of the primary key); they are written
// in the transaction that writes the item, so indexes are never behind.
//
// Numbers are normalised when they come in, so that equal ones are equal text.
//
// Differences from AWS are in the README.
package dynamodb

import (
	"context"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
	"github.com/brume-cloud/brume/service/dynamodb/expression"
	"github.com/brume-cloud/brume/state/kv"
)

// Meter counts usage; *meter.Meter is one.
type Meter interface {
	Add(call *aws.Call, used []meter.Usage)
}

// Deps are what the service stands on.
type Deps struct {
	Store  kv.Store
	Random aws.Random  // ids
	Meter  Meter       // request units; nil counts nothing
	Via    aws.Invoker // exports and imports
	Pace   Pace        // nil throttles nothing
}

// Service implements the API.
type Service struct {
	dynamodb.Unimplemented
	Deps
	parsed *expression.Memo
}

// New returns the service.
func New(d Deps) *Service { return &Service{Deps: d, parsed: expression.NewMemo()} }

// invalid is DynamoDB's error for nearly everything that is wrong with a request.
func invalid(format string, args ...any) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, "ValidationException", format, args...)
}

// invalidParameter is invalid with the words that most rules share.
func invalidParameter(format string, args ...any) *aws.Error {
	return invalid("One or more parameter values were invalid: "+format, args...)
}

// noResource is the error of operations on items of a table that is not there.
func noResource() error {
	return dynamodb.ErrResourceNotFoundException("Requested resource not found")
}

// noTable is the error of operations on tables.
func noTable(name string) error {
	if !strings.HasPrefix(name, "arn:") {
		if err := badName(name, "tableName", minTableName); err != nil {
			return err
		}
	}
	return dynamodb.ErrResourceNotFoundException("Requested resource not found: Table: %s not found", name)
}

// scopeOf is where a call works.
func scopeOf(ctx context.Context) kv.Scope {
	c := aws.CallFrom(ctx)
	return kv.Scope{Account: c.Account, Region: c.Region}
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func ptr[T any](v T) *T { return &v }

// textOf is ptr for a text that is left out when it is empty.
func textOf(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
