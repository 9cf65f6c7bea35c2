package dynamodb

import (
	"context"
	"slices"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// UpdateTable changes a table's settings, or makes or deletes a global index. All
// but filling a new index is done by the next call.
func (s *Service) UpdateTable(ctx context.Context, in *dynamodb.UpdateTableInput) (*dynamodb.UpdateTableOutput, error) {
	if in.GlobalTableWitnessUpdates != nil || in.MultiRegionConsistency == dynamodb.MultiRegionConsistencySTRONG || in.VectorIndexUpdates != nil {
		return nil, aws.NotImplemented("dynamodb", "UpdateTable with strongly consistent replicas, witnesses or vector indexes")
	}
	if in.BillingMode == "" && in.ProvisionedThroughput == nil && in.StreamSpecification == nil && in.GlobalSecondaryIndexUpdates == nil && in.ReplicaUpdates == nil && in.SSESpecification == nil &&
		in.TableClass == "" && in.DeletionProtectionEnabled == nil && in.OnDemandThroughput == nil && in.WarmThroughput == nil {
		return nil, invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required")
	}
	out := new(dynamodb.UpdateTableOutput)
	err := s.change(ctx, in.TableName, func(tx kv.Tx, t *table) error {
		t.stayWarm()
		if err := t.updateBilling(in, tx.Now()); err != nil {
			return err
		}
		if err := t.warmUp(nil, in.WarmThroughput, false); err != nil {
			return err
		}
		if err := t.updateStream(tx, in.StreamSpecification, s.Random.Uint64()); err != nil {
			return err
		}
		if err := t.setEncryption(in.SSESpecification); err != nil {
			return err
		}
		if in.DeletionProtectionEnabled != nil {
			t.Protected = *in.DeletionProtectionEnabled
		}
		if in.TableClass != "" {
			t.Class = string(in.TableClass)
		}
		if err := t.limitOnDemand(in.OnDemandThroughput); err != nil {
			return err
		}
		if err := t.updateIndexes(tx, in); err != nil {
			return err
		}
		if err := t.synchronize(tx, in); err != nil {
			return err
		}
		t.stayWarm()
		if err := s.updateReplicas(tx, t, in.ReplicaUpdates); err != nil {
			return err
		}
		out.TableDescription = t.describe(tx)
		out.TableDescription.TableStatus = dynamodb.TableStatusUPDATING
		if in.WarmThroughput != nil {
			out.TableDescription.WarmThroughput.Status = dynamodb.TableStatusUPDATING
		}
		return nil
	})
	return out, err
}

// updateBilling changes the billing mode and the table's capacity.
func (t *table) updateBilling(in *dynamodb.UpdateTableInput, now time.Time) error {
	mode, p := in.BillingMode, in.ProvisionedThroughput
	if mode == "" && p == nil {
		return nil
	}
	if mode == "" {
		mode = dynamodb.BillingMode(t.Billing)
	}
	was := t.Throughput
	if err := t.setBilling(mode, p); err != nil {
		return err
	}
	if !t.provisioned() {
		t.Throughput = throughput{}
		if in.BillingMode != "" {
			t.OnDemandAt = now
		}
		for i := range t.Indexes {
			t.Indexes[i].Throughput = throughput{}
		}
		return nil
	}
	if t.Throughput.Read == was.Read && t.Throughput.Write == was.Write && in.BillingMode == "" {
		return invalid("The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: %d. Requested ReadCapacityUnits: %d. Current WriteCapacityUnits provisioned for the table: %d. Requested WriteCapacityUnits: %d. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.", was.Read, t.Throughput.Read, was.Write, t.Throughput.Write)
	}
	t.Throughput.stamp(was, now)
	return nil
}

// stamp notes when capacity was last increased and decreased.
func (p *throughput) stamp(was throughput, now time.Time) {
	p.Increased, p.Decreased = was.Increased, was.Decreased
	if p.Read > was.Read || p.Write > was.Write {
		p.Increased = now
	}
	if p.Read < was.Read || p.Write < was.Write {
		p.Decreased = now
	}
}

// updateStream switches the stream on or off. A new one gets the id.
func (t *table) updateStream(tx kv.Tx, spec *dynamodb.StreamSpecification, id uint64) error {
	switch {
	case spec == nil:
		return nil
	case spec.StreamEnabled && t.StreamView != "":
		return invalid("Table already has an enabled stream: TableName: %s", t.at.Name)
	case !spec.StreamEnabled && t.StreamView == "":
		return invalid("Table is already not enabled for streaming: TableName: %s", t.at.Name)
	case !spec.StreamEnabled && len(t.Replicas) > 0:
		return invalid("The stream of a table that has replicas cannot be disabled: TableName: %s", t.at.Name)
	case !spec.StreamEnabled:
		t.endStream(tx)
		return t.setStream(spec)
	}
	if err := t.setStream(spec); err != nil {
		return err
	}
	t.beginStream(tx, id)
	return nil
}

// updateIndexes makes, changes and deletes global indexes.
func (t *table) updateIndexes(tx kv.Tx, in *dynamodb.UpdateTableInput) error {
	made := 0
	for _, u := range in.GlobalSecondaryIndexUpdates {
		var err error
		switch {
		case u.Create != nil:
			made++
			err = t.createIndex(tx, in.AttributeDefinitions, u.Create)
		case u.Delete != nil:
			made++
			err = t.deleteIndex(tx, u.Delete.IndexName)
		case u.Update != nil:
			err = t.updateIndex(u.Update, tx.Now())
		default:
			err = invalidParameter("One of GlobalSecondaryIndexUpdate Create, Update or Delete must be specified")
		}
		if err != nil {
			return err
		}
	}
	if made > 1 {
		return dynamodb.ErrLimitExceededException("Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
	}
	return nil
}

func (t *table) createIndex(tx kv.Tx, definitions []dynamodb.AttributeDefinition, c *dynamodb.CreateGlobalSecondaryIndexAction) error {
	if slices.ContainsFunc(t.Indexes, func(x index) bool { return x.Filling }) {
		return dynamodb.ErrLimitExceededException("Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
	}
	if err := t.define(definitions); err != nil {
		return err
	}
	x := index{Name: c.IndexName, Global: true, Filling: true, OnDemand: onDemandOf(c.OnDemandThroughput)}
	if err := t.capacityOf(&x, c.ProvisionedThroughput); err != nil {
		return err
	}
	if err := t.addIndex(&x, c.KeySchema, c.Projection); err != nil {
		return err
	}
	if err := t.warmUp(t.index(x.Name), c.WarmThroughput, true); err != nil {
		return err
	}
	t.fill(tx, x.ID, nil)
	return t.checkDefinitions()
}

func (t *table) noIndex(name string) error {
	return dynamodb.ErrResourceNotFoundException("Requested resource not found: Index: %s not found", name)
}

func (t *table) deleteIndex(tx kv.Tx, name string) error {
	x := t.index(name)
	if x == nil || !x.Global {
		return t.noIndex(name)
	}
	t.dropIndex(tx, x)
	t.Indexes = slices.DeleteFunc(t.Indexes, func(x index) bool { return x.Name == name })
	t.forgetDefinitions()
	return nil
}

// forgetDefinitions drops the attributes that are part of no key any more.
func (t *table) forgetDefinitions() {
	t.Attributes = slices.DeleteFunc(t.Attributes, func(d definition) bool {
		return !t.Keys.has(d.Name) && !slices.ContainsFunc(t.Indexes, func(x index) bool { return x.Keys.has(d.Name) })
	})
}

func (t *table) updateIndex(u *dynamodb.UpdateGlobalSecondaryIndexAction, now time.Time) error {
	x := t.index(u.IndexName)
	if x == nil || !x.Global {
		return t.noIndex(u.IndexName)
	}
	if u.OnDemandThroughput != nil {
		x.OnDemand = onDemandOf(u.OnDemandThroughput)
	}
	if err := t.warmUp(x, u.WarmThroughput, false); err != nil {
		return err
	}
	if u.ProvisionedThroughput == nil {
		return nil
	}
	was := x.Throughput
	if err := t.capacityOf(x, u.ProvisionedThroughput); err != nil {
		return err
	}
	x.Throughput.stamp(was, now)
	return nil
}
