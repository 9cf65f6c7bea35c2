package dynamodb_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func warm(read, write int64) *types.WarmThroughput {
	return &types.WarmThroughput{ReadUnitsPerSecond: &read, WriteUnitsPerSecond: &write}
}

func TestWarmThroughputOnlyGrows(t *testing.T) {
	story(t, func(d *desk) {
		table := aws.String("orders")
		now := func() string {
			out, err := d.DescribeTable(d.Context(), &dynamodb.DescribeTableInput{TableName: table})
			if err != nil {
				d.Fatal(err)
			}
			of, ix := out.Table.WarmThroughput, out.Table.GlobalSecondaryIndexes[0].WarmThroughput
			return fmt.Sprint(*of.ReadUnitsPerSecond, "/", *of.WriteUnitsPerSecond, " ", of.Status, ", index ", *ix.ReadUnitsPerSecond, "/", *ix.WriteUnitsPerSecond, " ", ix.Status)
		}
		update := func(in *dynamodb.UpdateTableInput) error {
			in.TableName = table
			_, err := d.UpdateTable(d.Context(), in)
			return err
		}
		ofIndex := func(u *types.UpdateGlobalSecondaryIndexAction) *dynamodb.UpdateTableInput {
			u.IndexName = aws.String("by-state")
			return &dynamodb.UpdateTableInput{GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Update: u}}}
		}
		d.want("at first", now(), "12000/4000 ACTIVE, index 12000/4000 ACTIVE")
		if err := update(&dynamodb.UpdateTableInput{WarmThroughput: warm(20_000, 4_000)}); err != nil {
			d.Fatal(err)
		}
		if err := update(ofIndex(&types.UpdateGlobalSecondaryIndexAction{WarmThroughput: &types.WarmThroughput{WriteUnitsPerSecond: aws.Int64(5_000)}})); err != nil {
			d.Fatal(err)
		}
		d.want("raised", now(), "20000/4000 ACTIVE, index 12000/5000 ACTIVE")
		const lower = "One or more parameter values were invalid: Requested %sUnitsPerSecond for WarmThroughput for %s is lower than current WarmThroughput, decreasing WarmThroughput is not supported"
		d.wantError(update(&dynamodb.UpdateTableInput{WarmThroughput: warm(12_000, 4_000)}), "ValidationException", fmt.Sprintf(lower, "Read", "table"))
		d.wantError(update(ofIndex(&types.UpdateGlobalSecondaryIndexAction{WarmThroughput: warm(12_000, 4_000)})), "ValidationException", fmt.Sprintf(lower, "Write", "index by-state"))
		d.wantError(update(ofIndex(&types.UpdateGlobalSecondaryIndexAction{WarmThroughput: &types.WarmThroughput{}})), "ValidationException",
			"One or more parameter values were invalid: WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for index: by-state")
		d.wantError(update(&dynamodb.UpdateTableInput{WarmThroughput: warm(50_000, 4_000)}), "LimitExceededException",
			"Subscriber limit exceeded: Requested ReadUnitsPerSecond for WarmThroughput for table exceeds TableMaxReadCapacityUnits of the account in region us-east-1")

		one := &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1)}
		in := ofIndex(&types.UpdateGlobalSecondaryIndexAction{ProvisionedThroughput: one})
		in.BillingMode, in.ProvisionedThroughput = types.BillingModeProvisioned, one
		if err := update(in); err != nil {
			d.Fatal(err)
		}
		d.want("provisioned with less", now(), "20000/4000 ACTIVE, index 12000/5000 ACTIVE")
	})
}

func TestNewTableIsWarmAsAsked(t *testing.T) {
	story(t, func(d *desk) {
		make := func(w *types.WarmThroughput, p *types.ProvisionedThroughput) error {
			in := &dynamodb.CreateTableInput{TableName: aws.String("made"), KeySchema: schema("id", ""), AttributeDefinitions: []types.AttributeDefinition{define("id", "S")}, WarmThroughput: w}
			in.BillingMode, in.ProvisionedThroughput = types.BillingModePayPerRequest, p
			if p != nil {
				in.BillingMode = types.BillingModeProvisioned
			}
			_, err := d.CreateTable(d.Context(), in)
			return err
		}
		ten := &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(10), WriteCapacityUnits: aws.Int64(10)}
		d.wantError(make(warm(5, 5), nil), "ValidationException", "One or more parameter values were invalid: Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial")
		d.wantError(make(warm(5, 5), ten), "ValidationException", "One or more parameter values were invalid: Requested ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits of ProvisionedThroughput")
		if err := make(warm(100, 50), ten); err != nil {
			d.Fatal(err)
		}
		out, err := d.DescribeTable(d.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("made")})
		if err != nil {
			d.Fatal(err)
		}
		d.want("warm throughput", fmt.Sprint(*out.Table.WarmThroughput.ReadUnitsPerSecond, "/", *out.Table.WarmThroughput.WriteUnitsPerSecond), "100/50")
	})
}

func TestRestoredAndImportedIndexesAreWarmAsAsked(t *testing.T) {
	story(t, func(d *desk) {
		d.bucket("lake")
		arn := d.backup("first")
		d.settle()
		byState := func(w *types.WarmThroughput) []types.GlobalSecondaryIndex {
			x := orders().GlobalSecondaryIndexes
			x[0].WarmThroughput = w
			return x
		}
		show := func(table string) string {
			w := d.describe(table).GlobalSecondaryIndexes[0].WarmThroughput
			return fmt.Sprint(*w.ReadUnitsPerSecond, "/", *w.WriteUnitsPerSecond)
		}
		restore := func(w *types.WarmThroughput) error {
			_, err := d.RestoreTableFromBackup(d.Context(), &dynamodb.RestoreTableFromBackupInput{BackupArn: arn, TargetTableName: aws.String("again"), GlobalSecondaryIndexOverride: byState(w)})
			d.settle()
			return err
		}
		d.wantError(restore(warm(50_000, 4_000)), "LimitExceededException",
			"Subscriber limit exceeded: Requested ReadUnitsPerSecond for WarmThroughput for index by-state exceeds TableMaxReadCapacityUnits of the account in region us-east-1")
		if err := restore(warm(13_000, 5_000)); err != nil {
			d.Fatal(err)
		}
		d.want("restored", show("again"), "13000/5000")

		if _, err := d.ImportTable(d.Context(), &dynamodb.ImportTableInput{
			InputFormat: types.InputFormatCsv, S3BucketSource: from("lake", "x"), TableCreationParameters: &types.TableCreationParameters{
				TableName: aws.String("imported"), BillingMode: types.BillingModePayPerRequest, KeySchema: schema("customer", "number"),
				AttributeDefinitions:   []types.AttributeDefinition{define("customer", "S"), define("number", "N"), define("state", "S")},
				GlobalSecondaryIndexes: byState(warm(14_000, 6_000)),
			},
		}); err != nil {
			d.Fatal(err)
		}
		d.want("imported", show("imported"), "14000/6000")
	})
}
