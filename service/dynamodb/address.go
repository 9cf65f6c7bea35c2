package dynamodb

import (
	"context"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// address is where a table is.
type address struct {
	kv.Scope
	Name string
}

const tableResource = "table/"

func (a address) arn() string {
	return aws.NewARN("dynamodb", a.Region, a.Account, tableResource+a.Name).String()
}

func (a address) indexARN(index string) string { return a.arn() + "/index/" + index }

// addressOf finds the table that a TableName names. It may be an ARN.
func addressOf(ctx context.Context, name string) address {
	if strings.HasPrefix(name, "arn:") {
		if a, ok := addressOfARN(name); ok {
			return a
		}
	}
	return address{scopeOf(ctx), name}
}

// addressOfARN is addressOf for an ARN, of the table or of something in it.
func addressOfARN(arn string) (address, bool) {
	a, err := aws.ParseARN(arn)
	if err != nil || a.Service != "dynamodb" {
		return address{}, false
	}
	name, ok := strings.CutPrefix(a.Resource, tableResource)
	name, _, _ = strings.Cut(name, "/")
	return address{kv.Scope{Account: a.Account, Region: a.Region}, name}, ok && name != ""
}

// find returns the table at an address. It is shared: change one only with
// Service.change.
func (a address) find(tx kv.Tx) (*table, bool) {
	return tables.GetShared(tx, a.key(), func(t *table) { t.at = a })
}

// findTable is find for operations on items.
func findTable(ctx context.Context, tx kv.Tx, name string) (*table, error) {
	t, ok := addressOf(ctx, name).find(tx)
	if !ok || t.restoring() {
		if !strings.HasPrefix(name, "arn:") {
			if err := badName(name, "tableName", 1); err != nil {
				return nil, err
			}
		}
		return nil, noResource()
	}
	return t, nil
}

// change runs fn on a copy of a table, and stores it.
func (s *Service) change(ctx context.Context, name string, fn func(tx kv.Tx, t *table) error) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		a := addressOf(ctx, name)
		t, ok := tables.Get(tx, a.key())
		if !ok {
			return noTable(name)
		}
		t.at = a
		if t.restoring() {
			return dynamodb.ErrResourceInUseException("Table is being created: %s", t.at.Name)
		}
		if err := fn(tx, t); err != nil {
			return err
		}
		tables.Put(tx, a.key(), t)
		return nil
	})
}

// view runs fn on a table, for operations that only read its settings.
func (s *Service) view(ctx context.Context, name string, fn func(tx kv.Tx, t *table) error) error {
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		t, ok := addressOf(ctx, name).find(tx)
		if !ok {
			return noTable(name)
		}
		return fn(tx, t)
	})
}

// index returns the index of that name, nil when there is none.
func (t *table) index(name string) *index {
	i := slices.IndexFunc(t.Indexes, func(x index) bool { return x.Name == name })
	if i < 0 {
		return nil
	}
	return &t.Indexes[i]
}

// validName checks the name of a new table or index.
func validName(name string) error {
	if len(name) < minTableName || len(name) > maxTableName || !nameOf(name) {
		return invalid("Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'")
	}
	return nil
}
