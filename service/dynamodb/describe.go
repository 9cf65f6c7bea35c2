package dynamodb

import (
	"slices"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/state/kv"
)

// describe tells what is known of the table. It shares nothing with the record,
// which others have as well.
func (t *table) describe(tx kv.Tx) *dynamodb.TableDescription {
	t = ptr(*t)
	t.Indexes = slices.Clone(t.Indexes)
	d := &dynamodb.TableDescription{
		TableName: &t.at.Name, TableArn: ptr(t.at.arn()), TableId: &t.UUID, TableStatus: dynamodb.TableStatusACTIVE,
		CreationDateTime: &t.Created, KeySchema: t.Keys.schema(),
		ItemCount: ptr(t.total(tx, 0, countItems)), TableSizeBytes: ptr(t.total(tx, 0, countBytes)),
		ProvisionedThroughput: t.Throughput.describe(), DeletionProtectionEnabled: &t.Protected,
		OnDemandThroughput: t.OnDemand.describe(), WarmThroughput: t.describeWarm(),
	}
	for _, a := range t.Attributes {
		d.AttributeDefinitions = append(d.AttributeDefinitions, dynamodb.AttributeDefinition{AttributeName: a.Name, AttributeType: dynamodb.ScalarAttributeType(a.Type)})
	}
	if !t.OnDemandAt.IsZero() {
		d.BillingModeSummary = &dynamodb.BillingModeSummary{BillingMode: dynamodb.BillingMode(t.Billing), LastUpdateToPayPerRequestDateTime: &t.OnDemandAt}
	}
	if t.Class != "" {
		d.TableClassSummary = &dynamodb.TableClassSummary{TableClass: dynamodb.TableClass(t.Class)}
	}
	if t.Encryption != nil {
		d.SSEDescription = &dynamodb.SSEDescription{Status: dynamodb.SSEStatusENABLED, SSEType: dynamodb.SSETypeKMS, KMSMasterKeyArn: ptr(t.Encryption.Key)}
	}
	if t.StreamView != "" {
		d.StreamSpecification = &dynamodb.StreamSpecification{StreamEnabled: true, StreamViewType: dynamodb.StreamViewType(t.StreamView)}
	}
	if !t.StreamFrom.IsZero() {
		d.LatestStreamLabel, d.LatestStreamArn = ptr(t.streamLabel()), ptr(t.at.arn()+"/stream/"+t.streamLabel())
	}
	if r := t.Restored; r != nil {
		d.RestoreSummary = &dynamodb.RestoreSummary{SourceBackupArn: textOf(r.Backup), SourceTableArn: textOf(r.Source), RestoreDateTime: r.At, RestoreInProgress: r.Busy}
	}
	if t.restoring() {
		d.TableStatus = dynamodb.TableStatusCREATING
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if x.Filling {
			d.TableStatus = dynamodb.TableStatusUPDATING
		}
		t.describeIndex(tx, x, d)
	}
	t.describeReplicas(tx, d)
	return d
}

// describeIndex adds an index to the description of its table.
func (t *table) describeIndex(tx kv.Tx, x *index, d *dynamodb.TableDescription) {
	projection := &dynamodb.Projection{ProjectionType: dynamodb.ProjectionType(x.Projection), NonKeyAttributes: slices.Clone(x.Include)}
	arn, size, count := ptr(t.at.indexARN(x.Name)), ptr(t.total(tx, x.ID, countBytes)), ptr(t.total(tx, x.ID, countItems))
	if !x.Global {
		d.LocalSecondaryIndexes = append(d.LocalSecondaryIndexes, dynamodb.LocalSecondaryIndexDescription{
			IndexName: &x.Name, IndexArn: arn, KeySchema: x.Keys.schema(), Projection: projection, IndexSizeBytes: size, ItemCount: count,
		})
		return
	}
	g := dynamodb.GlobalSecondaryIndexDescription{
		IndexName: &x.Name, IndexArn: arn, KeySchema: x.Keys.schema(), Projection: projection, IndexSizeBytes: size, ItemCount: count,
		IndexStatus: dynamodb.IndexStatusACTIVE, ProvisionedThroughput: x.Throughput.describe(), OnDemandThroughput: x.OnDemand.describe(), WarmThroughput: t.describeWarmIndex(x),
	}
	if x.Filling {
		g.IndexStatus, g.Backfilling = dynamodb.IndexStatusCREATING, ptr(true)
	}
	d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, g)
}

// streamLabel names the stream by the time at which it was made.
func (t *table) streamLabel() string {
	return t.StreamFrom.UTC().Format("2006-01-02T15:04:05.000")
}

func (k keys) schema() []dynamodb.KeySchemaElement {
	var s []dynamodb.KeySchemaElement
	for _, name := range k.hashes() {
		s = append(s, dynamodb.KeySchemaElement{AttributeName: name, KeyType: dynamodb.KeyTypeHASH})
	}
	for _, name := range k.ranges() {
		s = append(s, dynamodb.KeySchemaElement{AttributeName: name, KeyType: dynamodb.KeyTypeRANGE})
	}
	return s
}

func (p throughput) describe() *dynamodb.ProvisionedThroughputDescription {
	return &dynamodb.ProvisionedThroughputDescription{
		ReadCapacityUnits: &p.Read, WriteCapacityUnits: &p.Write, NumberOfDecreasesToday: ptr(int64(0)),
		LastIncreaseDateTime: timeOf(p.Increased), LastDecreaseDateTime: timeOf(p.Decreased),
	}
}

func (o *onDemand) describe() *dynamodb.OnDemandThroughput {
	if o == nil {
		return nil
	}
	return &dynamodb.OnDemandThroughput{MaxReadRequestUnits: unitsOf(o.Read), MaxWriteRequestUnits: unitsOf(o.Write)}
}

func unitsOf(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
