package dynamodb_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// all returns all items of a table, in one line.
func (d *desk) all(table string) string {
	d.Helper()
	out, err := d.run(`SELECT * FROM "` + table + `" WHERE customer IN ['ada', 'bob', 'cy'] ORDER BY customer`)
	if err != nil {
		d.Fatal(err)
	}
	return showAll(out.Items)
}

func (d *desk) backup(name string) *string {
	d.Helper()
	out, err := d.CreateBackup(d.Context(), &dynamodb.CreateBackupInput{TableName: aws.String("orders"), BackupName: &name})
	if err != nil {
		d.Fatal(err)
	}
	return out.BackupDetails.BackupArn
}

func TestABackupIsTheTableAsItWas(t *testing.T) {
	story(t, func(d *desk) {
		d.put(with(order("ada", "1"), "state", str("open")), order("ada", "2"), order("bob", "1"))
		arn := d.backup("first")
		// All of this is after the backup, whether or not its job has run.
		d.put(with(order("ada", "1"), "state", str("closed")), order("cy", "1"))
		d.put(with(order("ada", "1"), "state", str("lost")))
		d.rows(`DELETE FROM orders WHERE customer = 'bob' AND number = 1`)
		synctest.Wait()
		d.cloud.Advance(time.Second)

		got, err := d.DescribeBackup(d.Context(), &dynamodb.DescribeBackupInput{BackupArn: arn})
		if err != nil {
			d.Fatal(err)
		}
		of := got.BackupDescription
		d.want("description", fmt.Sprint(of.BackupDetails.BackupStatus, *of.SourceTableDetails.ItemCount, *of.SourceTableDetails.TableName, len(of.SourceTableFeatureDetails.GlobalSecondaryIndexes)), "AVAILABLE3orders1")
		restore := func(in *dynamodb.RestoreTableFromBackupInput) *types.TableDescription {
			in.BackupArn = arn
			out, err := d.RestoreTableFromBackup(d.Context(), in)
			if err != nil {
				d.Fatal(err)
			}
			if out.TableDescription.TableStatus != types.TableStatusCreating || !*out.TableDescription.RestoreSummary.RestoreInProgress {
				d.Errorf("restoring: %+v", out.TableDescription)
			}
			synctest.Wait()
			d.cloud.Advance(time.Second)
			return d.describe(*in.TargetTableName)
		}
		made := restore(&dynamodb.RestoreTableFromBackupInput{TargetTableName: aws.String("again")})
		d.want("restored", d.all("again"), "customer=ada number=1 state=open; customer=ada number=2; customer=bob number=1")
		d.want("table", fmt.Sprint(made.TableStatus, *made.ItemCount, *made.RestoreSummary.RestoreInProgress, *made.RestoreSummary.SourceBackupArn == *arn, len(made.AttributeDefinitions)), "ACTIVE3 false true 4")
		d.want("its index", d.rows(`SELECT customer FROM again."by-state" WHERE state = 'open'`), "customer=ada")
		d.want("the source", d.all("orders"), "customer=ada number=1 state=lost; customer=ada number=2; customer=cy number=1")

		other := restore(&dynamodb.RestoreTableFromBackupInput{
			TargetTableName: aws.String("plain"), GlobalSecondaryIndexOverride: []types.GlobalSecondaryIndex{}, LocalSecondaryIndexOverride: []types.LocalSecondaryIndex{},
			BillingModeOverride: types.BillingModeProvisioned, ProvisionedThroughputOverride: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(3), WriteCapacityUnits: aws.Int64(4)},
		})
		d.want("overrides", fmt.Sprint(len(other.GlobalSecondaryIndexes), len(other.LocalSecondaryIndexes), len(other.AttributeDefinitions), *other.ProvisionedThroughput.ReadCapacityUnits), "0 0 2 3")

		_, err = d.RestoreTableFromBackup(d.Context(), &dynamodb.RestoreTableFromBackupInput{BackupArn: arn, TargetTableName: aws.String("orders")})
		d.wantError(err, "TableAlreadyExistsException", "Table already exists: orders")

		d.cloud.Advance(time.Minute)
		second := d.backup("second")
		synctest.Wait()
		d.cloud.Advance(time.Second)
		list := func(in *dynamodb.ListBackupsInput) string {
			out, err := d.ListBackups(d.Context(), in)
			if err != nil {
				d.Fatal(err)
			}
			var names []string
			for _, b := range out.BackupSummaries {
				names = append(names, *b.BackupName)
			}
			return fmt.Sprint(strings.Join(names, " "), " ", out.LastEvaluatedBackupArn != nil)
		}
		d.want("all", list(&dynamodb.ListBackupsInput{TableName: aws.String("orders")}), "first second false")
		d.want("a page", list(&dynamodb.ListBackupsInput{Limit: aws.Int32(1)}), "first true")
		d.want("the next", list(&dynamodb.ListBackupsInput{ExclusiveStartBackupArn: arn}), "second false")
		d.want("another table's", list(&dynamodb.ListBackupsInput{TableName: aws.String("again")}), " false")
		if _, err := d.DeleteBackup(d.Context(), &dynamodb.DeleteBackupInput{BackupArn: second}); err != nil {
			d.Fatal(err)
		}
		_, err = d.DescribeBackup(d.Context(), &dynamodb.DescribeBackupInput{BackupArn: second})
		d.wantError(err, "BackupNotFoundException", "Backup not found: "+*second)
		if _, err := d.DeleteTable(d.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("orders")}); err != nil {
			d.Fatal(err)
		}
		d.want("a backup outlives its table", list(&dynamodb.ListBackupsInput{}), "first false")
	})
}

func TestABackupOfManyItemsIsOfOneMoment(t *testing.T) {
	story(t, func(d *desk) {
		const items = 1300 // more than the job copies at a time
		write := func(from, to int, a string) {
			for i := from; i < to; i += 25 {
				in := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{}}
				for n := i; n < min(i+25, to); n++ {
					in.RequestItems["orders"] = append(in.RequestItems["orders"], types.WriteRequest{PutRequest: &types.PutRequest{Item: with(order(fmt.Sprint("c", n), "1"), "a", str(a))}})
				}
				if _, err := d.BatchWriteItem(d.Context(), in); err != nil {
					d.Fatal(err)
				}
			}
		}
		write(0, items, "old")
		arn := d.backup("large")
		write(items/2, items+300, "new") // while the job is at work
		synctest.Wait()
		d.cloud.Advance(time.Second)
		if _, err := d.RestoreTableFromBackup(d.Context(), &dynamodb.RestoreTableFromBackupInput{BackupArn: arn, TargetTableName: aws.String("again")}); err != nil {
			d.Fatal(err)
		}
		synctest.Wait()
		d.cloud.Advance(time.Second)
		count := map[string]int{}
		p := dynamodb.NewScanPaginator(d.Client, &dynamodb.ScanInput{TableName: aws.String("again")})
		for p.HasMorePages() {
			out, err := p.NextPage(d.Context())
			if err != nil {
				d.Fatal(err)
			}
			for _, r := range out.Items {
				count[showValue(r["a"])]++
			}
		}
		d.want("restored", fmt.Sprint(count), fmt.Sprint(map[string]int{"old": items}))
	})
}

func TestATableIsRestoredToAnyTime(t *testing.T) {
	story(t, func(d *desk) {
		enable := func(on bool, days *int32) (*types.PointInTimeRecoveryDescription, error) {
			out, err := d.UpdateContinuousBackups(d.Context(), &dynamodb.UpdateContinuousBackupsInput{
				TableName: aws.String("orders"), PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: &on, RecoveryPeriodInDays: days},
			})
			if err != nil {
				return nil, err
			}
			return out.ContinuousBackupsDescription.PointInTimeRecoveryDescription, nil
		}
		restored := 0
		restore := func(at *time.Time) (string, error) {
			restored++
			name := fmt.Sprint("restored-", restored)
			_, err := d.RestoreTableToPointInTime(d.Context(), &dynamodb.RestoreTableToPointInTimeInput{
				SourceTableName: aws.String("orders"), TargetTableName: &name, RestoreDateTime: at, UseLatestRestorableTime: aws.Bool(at == nil),
			})
			if err != nil {
				return "", err
			}
			synctest.Wait()
			d.cloud.Advance(time.Second)
			return d.all(name), nil
		}
		_, err := restore(nil)
		d.wantError(err, "PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled for table 'orders'")

		d.put(with(order("ada", "1"), "v", num("1")), order("bob", "1"))
		if p, err := enable(true, nil); err != nil || p.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusEnabled || *p.RecoveryPeriodInDays != 35 {
			d.Fatalf("%+v, %v", p, err)
		}
		var times []time.Time
		pause := func() {
			d.cloud.Advance(time.Hour)
			times = append(times, d.cloud.Clock().Now())
			d.cloud.Advance(time.Hour)
		}
		pause()
		d.put(with(order("ada", "1"), "v", num("2")))
		d.put(with(order("ada", "1"), "v", num("3")))
		d.rows(`DELETE FROM orders WHERE customer = 'bob' AND number = 1`)
		pause()
		d.put(order("cy", "1"), order("bob", "1"))
		pause()
		for i, want := range []string{
			"customer=ada number=1 v=1; customer=bob number=1",
			"customer=ada number=1 v=3",
			"customer=ada number=1 v=3; customer=bob number=1; customer=cy number=1",
		} {
			got, err := restore(&times[i])
			if err != nil {
				d.Fatal(err)
			}
			d.want(fmt.Sprint("state ", i), got, want)
		}
		d.rows(`DELETE FROM orders WHERE customer = 'cy' AND number = 1`)
		got, err := restore(nil)
		if err != nil {
			d.Fatal(err)
		}
		d.want("the present", got, "customer=ada number=1 v=3; customer=bob number=1")

		d.cloud.Advance(34 * 24 * time.Hour)
		if got, _ = restore(&times[1]); got != "customer=ada number=1 v=3" {
			d.Errorf("after 34 days: %s", got)
		}
		d.cloud.Advance(3 * 24 * time.Hour)
		_, err = restore(&times[1])
		d.wantError(err, "InvalidRestoreTimeException", "The specified restore time is not between EarliestRestorableDateTime and LatestRestorableDateTime")
		if p, err := enable(false, nil); err != nil || p.PointInTimeRecoveryStatus != types.PointInTimeRecoveryStatusDisabled {
			d.Fatalf("%+v, %v", p, err)
		}
		_, err = restore(nil)
		d.wantError(err, "PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled for table 'orders'")
		_, err = enable(true, aws.Int32(36))
		d.wantError(err, "ValidationException", "1 validation error detected: Value '36' at 'pointInTimeRecoverySpecification.recoveryPeriodInDays' failed to satisfy constraint: Member must have value less than or equal to 35")
	})
}
