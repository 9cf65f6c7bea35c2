package dynamodb_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// tag sets a tag of the table of orders.
func (d *desk) tag(key, value string) error {
	_, err := d.TagResource(d.Context(), &dynamodb.TagResourceInput{
		ResourceArn: aws.String("arn:aws:dynamodb:us-east-1:000000000000:table/orders"), Tags: []types.Tag{{Key: &key, Value: &value}},
	})
	return err
}

func TestTransactionsInProgressConflict(t *testing.T) {
	story(t, func(d *desk) {
		table := aws.String("orders")
		if err := d.tag("brume:transaction", "3s"); err != nil {
			d.Fatal(err)
		}
		first := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String("first"), TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: table, Item: order("ada", "1")}},
			{ConditionCheck: &types.ConditionCheck{TableName: table, Key: order("ada", "2"), ConditionExpression: aws.String("attribute_not_exists(customer)")}},
		}}
		run := func(in *dynamodb.TransactWriteItemsInput) error {
			_, err := d.TransactWriteItems(d.Context(), in)
			return err
		}
		if err := run(first); err != nil {
			d.Fatal(err)
		}
		const words = "Transaction is ongoing for the item"
		d.wantError(d.putIn("orders", order("ada", "1.0")), "TransactionConflictException", words)
		_, err := d.update(order("ada", "2"), "SET note = :n", row{":n": str("x")})
		d.wantError(err, "TransactionConflictException", words)
		_, err = d.ExecuteStatement(d.Context(), &dynamodb.ExecuteStatementInput{Statement: aws.String("DELETE FROM orders WHERE customer = 'ada' AND number = 1")})
		d.wantError(err, "TransactionConflictException", words)
		d.wantError(run(first), "TransactionInProgressException", "The transaction with the given request token is already in progress.")

		const canceled = "Transaction cancelled, please refer cancellation reasons for specific reasons [None, TransactionConflict]"
		err = run(&dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: table, Item: order("bob", "1")}}, {Delete: &types.Delete{TableName: table, Key: order("ada", "1")}},
		}})
		d.wantError(err, "TransactionCanceledException", canceled)
		var reasons *types.TransactionCanceledException
		if !errors.As(err, &reasons) || *reasons.CancellationReasons[1].Message != words {
			d.Errorf("reasons: %+v", reasons)
		}
		_, err = d.TransactGetItems(d.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: table, Key: order("bob", "1")}}, {Get: &types.Get{TableName: table, Key: order("ada", "1")}},
		}})
		d.wantError(err, "TransactionCanceledException", canceled)
		batch, err := d.BatchWriteItem(d.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": {
			{PutRequest: &types.PutRequest{Item: order("ada", "1")}}, {PutRequest: &types.PutRequest{Item: order("ada", "3")}},
		}}})
		if err != nil || len(batch.UnprocessedItems["orders"]) != 1 {
			d.Errorf("%+v, %v", batch, err)
		}
		d.want("a read is not held up", show(d.get(order("ada", "1"))), "customer=ada number=1")
		d.put(order("bob", "1")) // the transaction above did nothing, and holds nothing

		d.cloud.Advance(3 * time.Second)
		d.put(order("ada", "1"), order("ada", "2"))
		if err := run(first); err != nil {
			d.Errorf("a replay after the end: %v", err)
		}
		d.wantError(d.tag("brume:transaction", "soon"), "ValidationException", "One or more parameter values were invalid: The tag brume:transaction must be a duration such as 2s, and at most 1h0m0s: soon")
	})
}
