package dynamodb

import (
	"context"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateTable makes a table. It is ACTIVE by the next call.
func (s *Service) CreateTable(ctx context.Context, in *dynamodb.CreateTableInput) (*dynamodb.CreateTableOutput, error) {
	if in.GlobalTableSourceArn != nil || in.VectorIndexes != nil {
		return nil, aws.NotImplemented("dynamodb", "CreateTable with a global table or vector indexes")
	}
	t, err := newTable(in)
	if err != nil {
		return nil, err
	}
	if in.ResourcePolicy != nil {
		if err := checkPolicy(*in.ResourcePolicy); err != nil {
			return nil, err
		}
		t.Policy = *in.ResourcePolicy
	}
	t.at = addressOf(ctx, in.TableName)
	if err := t.warmUpAll(in); err != nil {
		return nil, err
	}
	var d *dynamodb.TableDescription
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if tables.Has(tx, t.at.key()) {
			return dynamodb.ErrResourceInUseException("Table already exists: %s", t.at.Name)
		}
		t.ID, t.UUID, t.Created = s.Random.Uint64(), aws.UUID(s.Random), tx.Now()
		if t.StreamView != "" {
			t.beginStream(tx, s.Random.Uint64())
		}
		if t.Billing == string(dynamodb.BillingModePAYPERREQUEST) {
			t.OnDemandAt = tx.Now()
		}
		if t.Policy != "" {
			t.Revision = aws.UUID(s.Random)
		}
		t.setLag(tx, 0)
		tables.Put(tx, t.at.key(), t)
		d = t.describe(tx)
		d.TableStatus = dynamodb.TableStatusCREATING
		for i := range d.GlobalSecondaryIndexes {
			d.GlobalSecondaryIndexes[i].IndexStatus = dynamodb.IndexStatusCREATING
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.CreateTableOutput{TableDescription: d}, nil
}

// DescribeTable returns what is known of a table.
func (s *Service) DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
	out := new(dynamodb.DescribeTableOutput)
	err := s.view(ctx, in.TableName, func(tx kv.Tx, t *table) error {
		out.Table = t.describe(tx)
		return nil
	})
	return out, err
}

// ListTables lists tables in the order of their names.
func (s *Service) ListTables(ctx context.Context, in *dynamodb.ListTablesInput) (*dynamodb.ListTablesOutput, error) {
	sc, size := scopeOf(ctx), maxListed
	if in.Limit != nil {
		size = int(*in.Limit)
	}
	out := new(dynamodb.ListTablesOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = dynamodb.ListTablesOutput{TableNames: []string{}}
		r := kv.Prefix(tables.Prefix(sc))
		if in.ExclusiveStartTableName != nil {
			r.From = address{sc, *in.ExclusiveStartTableName}.key().After()
		}
		for key := range tx.Scan(r) {
			if n := len(out.TableNames); n == size {
				out.LastEvaluatedTableName = &out.TableNames[n-1]
				return nil
			}
			name := tables.Parts(key)
			out.TableNames = append(out.TableNames, name.String())
		}
		return nil
	})
	return out, err
}

// DeleteTable deletes a table and its items. It is gone by the next call.
func (s *Service) DeleteTable(ctx context.Context, in *dynamodb.DeleteTableInput) (*dynamodb.DeleteTableOutput, error) {
	var d *dynamodb.TableDescription
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		t, ok := addressOf(ctx, in.TableName).find(tx)
		if !ok {
			return noTable(in.TableName)
		}
		if t.Protected {
			return invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
		}
		if t.restoring() || t.Copies > 0 {
			return dynamodb.ErrResourceInUseException("Attempt to change a resource which is still in use: Table is being copied: %s", t.at.Name)
		}
		d = t.describe(tx)
		d.TableStatus = dynamodb.TableStatusDELETING
		t = ptr(*t) // found is shared
		if err := t.leave(tx); err != nil {
			return err
		}
		t.endStream(tx)
		t.drop(tx)
		tables.Delete(tx, t.at.key())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.DeleteTableOutput{TableDescription: d}, nil
}

// DescribeLimits returns the quotas of capacity, which are AWS's defaults.
func (s *Service) DescribeLimits(context.Context, *dynamodb.DescribeLimitsInput) (*dynamodb.DescribeLimitsOutput, error) {
	return &dynamodb.DescribeLimitsOutput{
		AccountMaxReadCapacityUnits: ptr(int64(maxAccountUnits)), AccountMaxWriteCapacityUnits: ptr(int64(maxAccountUnits)),
		TableMaxReadCapacityUnits: ptr(int64(maxTableUnits)), TableMaxWriteCapacityUnits: ptr(int64(maxTableUnits)),
	}, nil
}

// DescribeEndpoints returns the host that the caller used.
func (s *Service) DescribeEndpoints(ctx context.Context, _ *dynamodb.DescribeEndpointsInput) (*dynamodb.DescribeEndpointsOutput, error) {
	const forMinutes = 1440
	return &dynamodb.DescribeEndpointsOutput{Endpoints: []dynamodb.Endpoint{{Address: aws.CallFrom(ctx).Host, CachePeriodInMinutes: forMinutes}}}, nil
}
