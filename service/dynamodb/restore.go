package dynamodb

import (
	"context"
	"slices"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// restoring reports whether items are still being copied into the table. Until
// then it can only be described.
func (t *table) restoring() bool { return t.Importing || t.Restored != nil && t.Restored.Busy }

// overrides are what a restored table may have otherwise than its source.
type overrides struct {
	billing    dynamodb.BillingMode
	globals    []dynamodb.GlobalSecondaryIndex
	locals     []dynamodb.LocalSecondaryIndex
	throughput *dynamodb.ProvisionedThroughput
	onDemand   *dynamodb.OnDemandThroughput
	encryption *dynamodb.SSESpecification
}

// RestoreTableFromBackup makes a table of a backup. It answers at once; the table is
// ACTIVE when a job has copied all items.
// AWS: "Restoring a DynamoDB table from a backup": tags, policies, streams, expiry
// and recovery are not restored.
func (s *Service) RestoreTableFromBackup(ctx context.Context, in *dynamodb.RestoreTableFromBackupInput) (*dynamodb.RestoreTableFromBackupOutput, error) {
	if in.VectorIndexOverride != nil {
		return nil, aws.NotImplemented("dynamodb", "RestoreTableFromBackup with vector indexes")
	}
	out := new(dynamodb.RestoreTableFromBackupOutput)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		b, err := backupOf(tx, in.BackupArn)
		if err != nil {
			return err
		}
		if !b.Ready {
			return dynamodb.ErrBackupInUseException("Backup is being created: %s", in.BackupArn)
		}
		t, err := b.Of.remake(&overrides{in.BillingModeOverride, in.GlobalSecondaryIndexOverride, in.LocalSecondaryIndexOverride, in.ProvisionedThroughputOverride, in.OnDemandThroughputOverride, in.SSESpecificationOverride})
		if err != nil {
			return err
		}
		t.at = address{b.at, in.TargetTableName}
		t.Restored = &restored{Backup: b.arn(), Source: b.Of.at.arn(), At: b.Created, Busy: true}
		if err := s.addRestored(tx, t); err != nil {
			return err
		}
		b.Uses++
		backups.Put(tx, backups.Key(b.at, kv.String(b.ID)), b)
		(&copying{Backup: b.ID, To: t.at.Name}).put(tx, b.at)
		out.TableDescription = t.describe(tx)
		return nil
	})
	return out, err
}

// addRestored stores the record of a table that is to be filled.
func (s *Service) addRestored(tx kv.Tx, t *table) error {
	if err := validName(t.at.Name); err != nil {
		return err
	}
	if tables.Has(tx, t.at.key()) {
		return dynamodb.ErrTableAlreadyExistsException("Table already exists: %s", t.at.Name)
	}
	t.ID, t.UUID, t.Created = s.Random.Uint64(), aws.UUID(s.Random), tx.Now()
	if !t.provisioned() {
		t.OnDemandAt = tx.Now()
	}
	tables.Put(tx, t.at.key(), t)
	return nil
}

// remake returns a new table's record with the keys and indexes of t.
func (t *table) remake(o *overrides) (*table, error) {
	n := &table{
		at: t.at, Keys: t.Keys, Attributes: slices.Clone(t.Attributes), Billing: t.Billing, Throughput: throughput{Read: t.Throughput.Read, Write: t.Throughput.Write},
		Class: t.Class, OnDemand: t.OnDemand, Encryption: t.Encryption, LastIndex: t.LastIndex,
	}
	if err := n.overrideBilling(o); err != nil {
		return nil, err
	}
	kept := map[string]bool{}
	for _, g := range o.globals {
		if err := t.matches(g.IndexName, g.KeySchema, g.Projection); err != nil {
			return nil, err
		}
		kept[g.IndexName] = true
	}
	for _, l := range o.locals {
		if err := t.matches(l.IndexName, l.KeySchema, l.Projection); err != nil {
			return nil, err
		}
		kept[l.IndexName] = true
	}
	for _, x := range t.Indexes {
		if x.Global && o.globals != nil && !kept[x.Name] || !x.Global && o.locals != nil && !kept[x.Name] {
			continue
		}
		x.Filling, x.Warm, x.Insights = false, warmth{}, nil // it is filled with the table
		if !n.provisioned() {
			x.Throughput = throughput{}
		} else if x.Global && x.Throughput.Read == 0 {
			x.Throughput = n.Throughput
		}
		for _, g := range o.globals {
			if g.IndexName == x.Name && g.ProvisionedThroughput != nil {
				x.Throughput = throughput{Read: g.ProvisionedThroughput.ReadCapacityUnits, Write: g.ProvisionedThroughput.WriteCapacityUnits}
			}
		}
		n.Indexes = append(n.Indexes, x)
	}
	for _, g := range o.globals {
		if err := n.warmUp(n.index(g.IndexName), g.WarmThroughput, true); err != nil {
			return nil, err
		}
	}
	n.forgetDefinitions()
	return n, n.setEncryption(o.encryption)
}

// overrideBilling sets the billing mode and the capacity of a restored table.
func (t *table) overrideBilling(o *overrides) error {
	if o.onDemand != nil {
		t.OnDemand = onDemandOf(o.onDemand)
	}
	if o.billing == "" && o.throughput == nil {
		return nil
	}
	mode := o.billing
	if mode == "" {
		mode = dynamodb.BillingMode(t.Billing)
	}
	t.Throughput = throughput{}
	return t.setBilling(mode, o.throughput)
}

// matches refuses an index that the source of a restored table has not.
// AWS: "API_RestoreTableFromBackup": they may be left out, not changed.
func (t *table) matches(name string, schema []dynamodb.KeySchemaElement, p *dynamodb.Projection) error {
	x, made := t.index(name), index{}
	k, err := keysOf(schema, maxKeyParts)
	if err != nil {
		return err
	}
	if err := made.project(p); err != nil {
		return err
	}
	if x == nil || !x.Keys.same(k) || x.Projection != made.Projection || !slices.Equal(slices.Sorted(slices.Values(x.Include)), slices.Sorted(slices.Values(made.Include))) {
		return invalidParameter("The index %s does not match an index of the source", name)
	}
	return nil
}
