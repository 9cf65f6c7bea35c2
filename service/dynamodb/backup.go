package dynamodb

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateBackup copies a table as it is now. It answers at once; the backup is
// AVAILABLE when a job has copied all items, whatever is written meanwhile.
func (s *Service) CreateBackup(ctx context.Context, in *dynamodb.CreateBackupInput) (*dynamodb.CreateBackupOutput, error) {
	var b *backup
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		a := addressOf(ctx, in.TableName)
		t, ok := tables.Get(tx, a.key())
		if !ok {
			return dynamodb.ErrTableNotFoundException("Table not found: %s", in.TableName)
		}
		t.at = a
		if t.restoring() {
			return dynamodb.ErrTableInUseException("Table is being created: %s", a.Name)
		}
		t.Epoch++
		b = &backup{
			at: a.Scope, ID: fmt.Sprintf("%014d-%08x", tx.Now().UnixMilli(), uint32(s.Random.Uint64())), Name: in.BackupName, Table: a.Name, Of: *t, Created: tx.Now(),
			Items: t.total(tx, 0, countItems), Bytes: t.total(tx, 0, countBytes),
		}
		backups.Put(tx, backups.Key(a.Scope, kv.String(b.ID)), b)
		t.begin(tx, &copying{Backup: b.ID, Moment: moment{Epoch: t.Epoch}})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.CreateBackupOutput{BackupDetails: b.details()}, nil
}

const backupResource = "/backup/"

func (b *backup) arn() string { return address{b.at, b.Table}.arn() + backupResource + b.ID }

func findBackup(tx kv.Tx, sc kv.Scope, id string) (*backup, bool) {
	b, ok := backups.Get(tx, backups.Key(sc, kv.String(id)))
	if ok {
		b.at, b.Of.at = sc, address{sc, b.Table}
	}
	return b, ok
}

// backupOf finds the backup that an ARN names.
func backupOf(tx kv.Tx, arn string) (*backup, error) {
	a, ok := addressOfARN(arn)
	_, id, named := strings.Cut(arn, backupResource)
	if !ok || !named {
		return nil, invalid("Invalid Request: The backup ARN %s is not valid", arn)
	}
	b, ok := findBackup(tx, a.Scope, id)
	if !ok || b.Table != a.Name {
		return nil, dynamodb.ErrBackupNotFoundException("Backup not found: %s", arn)
	}
	return b, nil
}

// add puts an item into the backup.
func (b *backup) add(tx kv.Tx, place string, value []byte) {
	tx.Put(copies.Key(b.at, kv.String(b.ID), kv.String(place)), value)
}

// items walks the backup's items from behind a place.
func (b *backup) items(tx kv.Tx, after string) iter.Seq2[string, []byte] {
	r := kv.Prefix(copies.Prefix(b.at, kv.String(b.ID)))
	if after != "" {
		r.From = copies.Key(b.at, kv.String(b.ID), kv.String(after)).After()
	}
	return func(yield func(string, []byte) bool) {
		for key, value := range tx.Scan(r) {
			parts := copies.Parts(key)
			_ = parts.String() // the backup
			if !yield(parts.String(), value) {
				return
			}
		}
	}
}

func (b *backup) status() dynamodb.BackupStatus {
	if b.Ready {
		return dynamodb.BackupStatusAVAILABLE
	}
	return dynamodb.BackupStatusCREATING
}

func (b *backup) details() *dynamodb.BackupDetails {
	return &dynamodb.BackupDetails{
		BackupArn: b.arn(), BackupName: b.Name, BackupSizeBytes: &b.Bytes, BackupStatus: b.status(), BackupType: dynamodb.BackupTypeUSER, BackupCreationDateTime: b.Created,
	}
}

func (b *backup) describe() *dynamodb.BackupDescription {
	t := &b.Of
	d := &dynamodb.BackupDescription{BackupDetails: b.details(), SourceTableDetails: &dynamodb.SourceTableDetails{
		TableName: b.Table, TableId: t.UUID, TableArn: ptr(address{b.at, b.Table}.arn()), TableSizeBytes: &b.Bytes, KeySchema: t.Keys.schema(), TableCreationDateTime: t.Created,
		ProvisionedThroughput: &dynamodb.ProvisionedThroughput{ReadCapacityUnits: t.Throughput.Read, WriteCapacityUnits: t.Throughput.Write},
		OnDemandThroughput:    t.OnDemand.describe(), ItemCount: &b.Items, BillingMode: dynamodb.BillingMode(t.Billing),
	}}
	f := new(dynamodb.SourceTableFeatureDetails)
	for i := range t.Indexes {
		x := &t.Indexes[i]
		projection := &dynamodb.Projection{ProjectionType: dynamodb.ProjectionType(x.Projection), NonKeyAttributes: x.Include}
		if !x.Global {
			f.LocalSecondaryIndexes = append(f.LocalSecondaryIndexes, dynamodb.LocalSecondaryIndexInfo{IndexName: &x.Name, KeySchema: x.Keys.schema(), Projection: projection})
			continue
		}
		f.GlobalSecondaryIndexes = append(f.GlobalSecondaryIndexes, dynamodb.GlobalSecondaryIndexInfo{
			IndexName: &x.Name, KeySchema: x.Keys.schema(), Projection: projection, OnDemandThroughput: x.OnDemand.describe(),
			ProvisionedThroughput: &dynamodb.ProvisionedThroughput{ReadCapacityUnits: x.Throughput.Read, WriteCapacityUnits: x.Throughput.Write},
		})
	}
	if t.StreamView != "" {
		f.StreamDescription = &dynamodb.StreamSpecification{StreamEnabled: true, StreamViewType: dynamodb.StreamViewType(t.StreamView)}
	}
	if t.TTL != "" {
		f.TimeToLiveDescription = &dynamodb.TimeToLiveDescription{TimeToLiveStatus: dynamodb.TimeToLiveStatusENABLED, AttributeName: &t.TTL}
	}
	if t.Encryption != nil {
		f.SSEDescription = &dynamodb.SSEDescription{Status: dynamodb.SSEStatusENABLED, SSEType: dynamodb.SSETypeKMS, KMSMasterKeyArn: ptr(t.Encryption.Key)}
	}
	d.SourceTableFeatureDetails = f
	return d
}

// DescribeBackup tells of a backup and the table that it is of.
func (s *Service) DescribeBackup(ctx context.Context, in *dynamodb.DescribeBackupInput) (*dynamodb.DescribeBackupOutput, error) {
	out := new(dynamodb.DescribeBackupOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		b, err := backupOf(tx, in.BackupArn)
		if err == nil {
			out.BackupDescription = b.describe()
		}
		return err
	})
	return out, err
}

// DeleteBackup deletes a backup that is complete and not being restored.
func (s *Service) DeleteBackup(ctx context.Context, in *dynamodb.DeleteBackupInput) (*dynamodb.DeleteBackupOutput, error) {
	out := new(dynamodb.DeleteBackupOutput)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		b, err := backupOf(tx, in.BackupArn)
		if err != nil {
			return err
		}
		if !b.Ready || b.Uses > 0 {
			return dynamodb.ErrBackupInUseException("Backup is in use: %s", in.BackupArn)
		}
		copies.DeleteAll(tx, copies.Prefix(b.at, kv.String(b.ID)))
		backups.Delete(tx, backups.Key(b.at, kv.String(b.ID)))
		out.BackupDescription = b.describe()
		out.BackupDescription.BackupDetails.BackupStatus = dynamodb.BackupStatusDELETED
		return nil
	})
	return out, err
}

// ListBackups lists backups in the order in which they were made.
func (s *Service) ListBackups(ctx context.Context, in *dynamodb.ListBackupsInput) (*dynamodb.ListBackupsOutput, error) {
	sc, size := scopeOf(ctx), maxListed
	if in.Limit != nil {
		size = int(*in.Limit)
	}
	r := kv.Prefix(backups.Prefix(sc))
	if in.ExclusiveStartBackupArn != nil {
		_, id, ok := strings.Cut(*in.ExclusiveStartBackupArn, backupResource)
		if !ok {
			return nil, invalid("Invalid Request: The backup ARN %s is not valid", *in.ExclusiveStartBackupArn)
		}
		r.From = backups.Key(sc, kv.String(id)).After()
	}
	out := new(dynamodb.ListBackupsOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = dynamodb.ListBackupsOutput{BackupSummaries: []dynamodb.BackupSummary{}}
		for _, b := range backups.Scan(tx, r) {
			b.at = sc
			if !b.listedBy(ctx, in) {
				continue
			}
			if n := len(out.BackupSummaries); n == size {
				out.LastEvaluatedBackupArn = out.BackupSummaries[n-1].BackupArn
				return nil
			}
			out.BackupSummaries = append(out.BackupSummaries, dynamodb.BackupSummary{
				TableName: &b.Table, TableId: &b.Of.UUID, TableArn: ptr(address{sc, b.Table}.arn()), BackupArn: ptr(b.arn()), BackupName: &b.Name,
				BackupCreationDateTime: &b.Created, BackupStatus: b.status(), BackupType: dynamodb.BackupTypeUSER, BackupSizeBytes: &b.Bytes,
			})
		}
		return nil
	})
	return out, err
}

// listedBy reports whether a listing is about the backup.
func (b *backup) listedBy(ctx context.Context, in *dynamodb.ListBackupsInput) bool {
	switch {
	case in.BackupType == dynamodb.BackupTypeFilterSYSTEM, in.BackupType == dynamodb.BackupTypeFilterAWSBACKUP:
		return false
	case in.TableName != nil && addressOf(ctx, *in.TableName).Name != b.Table:
		return false
	case in.TimeRangeLowerBound != nil && b.Created.Before(*in.TimeRangeLowerBound):
		return false
	}
	return in.TimeRangeUpperBound == nil || b.Created.Before(*in.TimeRangeUpperBound)
}
