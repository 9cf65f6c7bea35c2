package dynamodb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// slow makes a throttled table of one key attribute, id, with so many units.
func (d *desk) slow(name string, read, write int64) {
	d.Helper()
	d.create(&dynamodb.CreateTableInput{
		TableName: &name, KeySchema: schema("id", ""), AttributeDefinitions: []types.AttributeDefinition{define("id", "S")},
		BillingMode: types.BillingModeProvisioned, ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: &read, WriteCapacityUnits: &write},
		Tags: []types.Tag{{Key: aws.String("brume:throttle"), Value: aws.String("on")}},
	})
}

// large is an item that takes so many units to write.
func large(id string, units int) row {
	return row{"id": str(id), "body": str(strings.Repeat("x", units<<10-20))}
}

func (d *desk) putIn(table string, r row) error {
	_, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: &table, Item: r})
	return err
}

// wantThrottled checks the reason that a refusal gives.
func (d *desk) wantThrottled(err error, reason string) {
	d.Helper()
	var p *types.ProvisionedThroughputExceededException
	var o *types.ThrottlingException
	switch {
	case errors.As(err, &p) && len(p.ThrottlingReasons) == 1:
		d.want("reason", *p.ThrottlingReasons[0].Reason, reason)
	case errors.As(err, &o) && len(o.ThrottlingReasons) == 1:
		d.want("reason", *o.ThrottlingReasons[0].Reason, reason)
	default:
		d.Errorf("got %v, want %s", err, reason)
	}
}

func TestProvisionedCapacityIsKeptWithItsBurst(t *testing.T) {
	story(t, func(d *desk) {
		d.slow("slow", 1, 1)
		for range 3 { // 300 seconds of one unit
			if err := d.putIn("slow", large("a", 100)); err != nil {
				d.Fatal(err)
			}
		}
		err := d.putIn("slow", large("a", 1))
		d.wantThrottled(err, "TableWriteProvisionedThroughputExceeded")
		d.wantError(err, "ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.")
		get := func() error {
			_, err := d.GetItem(d.Context(), &dynamodb.GetItemInput{TableName: aws.String("slow"), Key: row{"id": str("a")}, ConsistentRead: aws.Bool(true)})
			return err
		}
		if err := get(); err != nil {
			d.Errorf("reads have capacity of their own: %v", err)
		}
		d.cloud.Advance(2 * time.Second)
		for range 2 {
			if err := d.putIn("slow", large("b", 1)); err != nil {
				d.Fatal(err)
			}
		}
		d.wantThrottled(d.putIn("slow", large("a", 1)), "TableWriteProvisionedThroughputExceeded")
		d.put(order("ada", "1")) // another table is not throttled
	})
}

func TestHotPartitionIsThrottledWhateverTheTableHas(t *testing.T) {
	story(t, func(d *desk) {
		d.slow("fast", 30_000, 10_000)
		for range 10 {
			if err := d.putIn("fast", large("hot", 100)); err != nil {
				d.Fatal(err)
			}
		}
		d.wantThrottled(d.putIn("fast", large("hot", 1)), "TableWriteKeyRangeThroughputExceeded")
		elsewhere := 0
		for i := range 20 {
			if d.putIn("fast", large(fmt.Sprint("cold", i), 1)) == nil {
				elsewhere++
			}
		}
		if elsewhere < 10 {
			d.Errorf("only %d of 20 other keys could be written", elsewhere)
		}
		d.cloud.Advance(time.Second)
		if err := d.putIn("fast", large("hot", 1)); err != nil {
			d.Error(err)
		}
	})
}

func TestOnDemandTableKeepsToItsMaximum(t *testing.T) {
	story(t, func(d *desk) {
		d.create(&dynamodb.CreateTableInput{
			TableName: aws.String("capped"), KeySchema: schema("id", ""), AttributeDefinitions: []types.AttributeDefinition{define("id", "S")},
			BillingMode: types.BillingModePayPerRequest, OnDemandThroughput: &types.OnDemandThroughput{MaxReadRequestUnits: aws.Int64(2), MaxWriteRequestUnits: aws.Int64(-1)},
			Tags: []types.Tag{{Key: aws.String("brume:throttle"), Value: aws.String("on")}},
		})
		for range 4 {
			if err := d.putIn("capped", large("a", 10)); err != nil {
				d.Fatal(err)
			}
		}
		scan := func() error {
			_, err := d.Scan(d.Context(), &dynamodb.ScanInput{TableName: aws.String("capped"), ConsistentRead: aws.Bool(true)})
			return err
		}
		if err := scan(); err != nil {
			d.Fatal(err)
		}
		d.wantThrottled(scan(), "TableReadMaxOnDemandThroughputExceeded")
	})
}

func TestBatchLeavesWhatIsThrottled(t *testing.T) {
	story(t, func(d *desk) {
		d.slow("slow", 1, 1)
		var requests []types.WriteRequest
		for i := range 5 {
			requests = append(requests, types.WriteRequest{PutRequest: &types.PutRequest{Item: large(fmt.Sprint(i), 100)}})
		}
		write := func() (*dynamodb.BatchWriteItemOutput, error) {
			return d.BatchWriteItem(d.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"slow": requests}})
		}
		out, err := write()
		if err != nil {
			d.Fatal(err)
		}
		if n := len(out.UnprocessedItems["slow"]); n != 2 {
			d.Errorf("%d are left, want 2", n)
		}
		_, err = write()
		d.wantThrottled(err, "TableWriteProvisionedThroughputExceeded")

		read := func() (*dynamodb.BatchGetItemOutput, error) {
			keys := []row{{"id": str("0")}, {"id": str("1")}, {"id": str("2")}}
			return d.BatchGetItem(d.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"slow": {Keys: keys, ConsistentRead: aws.Bool(true)}}})
		}
		for range 4 { // 25 units each of 300
			if out, err := read(); err != nil || len(out.UnprocessedKeys) > 0 {
				d.Fatalf("%+v, %v", out, err)
			}
		}
		_, err = read()
		d.wantThrottled(err, "TableReadProvisionedThroughputExceeded")
		d.cloud.Advance(time.Second)
		got, err := read()
		if err != nil || len(got.Responses["slow"]) != 1 || len(got.UnprocessedKeys["slow"].Keys) != 2 {
			d.Errorf("%+v, %v", got, err)
		}
	})
}

func TestTransactionIsCanceledByThrottling(t *testing.T) {
	story(t, func(d *desk) {
		d.slow("slow", 1, 1)
		write := func() error {
			_, err := d.TransactWriteItems(d.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
				{Put: &types.Put{TableName: aws.String("slow"), Item: large("a", 150)}},
				{Put: &types.Put{TableName: aws.String("orders"), Item: order("ada", "1")}},
			}})
			return err
		}
		if err := write(); err != nil { // 300 units
			d.Fatal(err)
		}
		d.wantError(write(), "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [ProvisionedThroughputExceeded, None]")
	})
}

func TestGlobalIndexWithoutCapacityHoldsItsTableUp(t *testing.T) {
	story(t, func(d *desk) {
		one, many := int64(1), int64(1000)
		in := orders()
		in.TableName, in.BillingMode = aws.String("held"), types.BillingModeProvisioned
		in.ProvisionedThroughput = &types.ProvisionedThroughput{ReadCapacityUnits: &many, WriteCapacityUnits: &many}
		in.GlobalSecondaryIndexes[0].ProvisionedThroughput = &types.ProvisionedThroughput{ReadCapacityUnits: &one, WriteCapacityUnits: &one}
		in.Tags = []types.Tag{{Key: aws.String("brume:throttle"), Value: aws.String("on")}}
		d.create(in)
		put := func(n int) error {
			r := with(order("ada", fmt.Sprint(n)), "state", str("open"))
			return d.putIn("held", with(r, "note", str(strings.Repeat("x", 100<<10-100))))
		}
		for n := range 3 {
			if err := put(n); err != nil {
				d.Fatal(err)
			}
		}
		d.wantThrottled(put(3), "IndexWriteProvisionedThroughputExceeded")
	})
}
