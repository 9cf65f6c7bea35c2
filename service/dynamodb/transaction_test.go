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

func TestATransactionIsDoneWhollyOrNotAtAll(t *testing.T) {
	story(t, func(d *desk) {
		table := aws.String("orders")
		d.put(with(order("ada", "1"), "stock", num("1")), order("ada", "2"), order("ada", "3"))
		in := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String("once"), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal, TransactItems: []types.TransactWriteItem{
			{Update: &types.Update{TableName: table, Key: order("ada", "1"), UpdateExpression: aws.String("SET stock = stock - :n"), ConditionExpression: aws.String("stock >= :n"), ExpressionAttributeValues: row{":n": num("1")}, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}},
			{Put: &types.Put{TableName: table, Item: order("ada", "4"), ConditionExpression: aws.String("attribute_not_exists(customer)")}},
			{Delete: &types.Delete{TableName: table, Key: order("ada", "2")}},
			{ConditionCheck: &types.ConditionCheck{TableName: table, Key: order("ada", "3"), ConditionExpression: aws.String("attribute_exists(customer)")}},
		}}
		for range 2 { // the second has the same token
			out, err := d.TransactWriteItems(d.Context(), in)
			if err != nil {
				d.Fatal(err)
			}
			if len(out.ConsumedCapacity) > 0 && *out.ConsumedCapacity[0].CapacityUnits != 8 {
				d.Errorf("it took %v", *out.ConsumedCapacity[0].CapacityUnits)
			}
		}
		d.want("stock", show(d.get(order("ada", "1"))), "customer=ada number=1 stock=0")
		d.want("deleted", show(d.get(order("ada", "2"))), "none")
		d.want("put", show(d.get(order("ada", "4"))), "customer=ada number=4")

		in.TransactItems[2].Delete.Key = order("ada", "3")
		in.TransactItems = in.TransactItems[:3]
		_, err := d.TransactWriteItems(d.Context(), in)
		var mismatch *types.IdempotentParameterMismatchException
		if !errors.As(err, &mismatch) {
			d.Errorf("the same token for something else: %v", err)
		}
		d.cloud.Advance(10 * time.Minute)
		_, err = d.TransactWriteItems(d.Context(), in)
		d.wantError(err, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, ConditionalCheckFailed, None]")
		var failed *types.TransactionCanceledException
		if !errors.As(err, &failed) || show(failed.CancellationReasons[0].Item) != "customer=ada number=1 stock=0" || *failed.CancellationReasons[1].Message != "The conditional request failed" {
			d.Errorf("reasons: %+v", failed)
		}
		d.want("not deleted", show(d.get(order("ada", "3"))), "customer=ada number=3")

		_, err = d.TransactWriteItems(d.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: table, Item: order("x", "1")}}, {Delete: &types.Delete{TableName: table, Key: order("x", "1.0")}},
		}})
		d.wantError(err, "ValidationException", "Transaction request cannot include multiple operations on one item")
	})
}

func TestTransactGetReadsSeveralItems(t *testing.T) {
	story(t, func(d *desk) {
		d.put(with(order("ada", "1"), "a", num("1")))
		get := func(key row) types.TransactGetItem {
			return types.TransactGetItem{Get: &types.Get{TableName: aws.String("orders"), Key: key, ProjectionExpression: aws.String("a, customer")}}
		}
		out, err := d.TransactGetItems(d.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{get(order("ada", "2")), get(order("ada", "1"))}})
		if err != nil {
			d.Fatal(err)
		}
		d.want("items", fmt.Sprint(len(out.Responses), " ", show(out.Responses[0].Item), "; ", show(out.Responses[1].Item)), "2 none; a=1 customer=ada")
	})
}

func TestBatches(t *testing.T) {
	story(t, func(d *desk) {
		put := func(r row) types.WriteRequest { return types.WriteRequest{PutRequest: &types.PutRequest{Item: r}} }
		remove := func(r row) types.WriteRequest {
			return types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: r}}
		}
		write := func(all ...types.WriteRequest) error {
			out, err := d.BatchWriteItem(d.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": all}})
			if err == nil && len(out.UnprocessedItems) > 0 {
				d.Error("something is unprocessed")
			}
			return err
		}
		d.put(order("ada", "1"))
		if err := write(remove(order("ada", "1")), put(order("ada", "2")), put(order("ada", "3"))); err != nil {
			d.Fatal(err)
		}
		d.wantError(write(put(order("ada", "2")), remove(order("ada", "2"))), "ValidationException", "Provided list of item keys contains duplicates")
		get := func(keys ...row) (*dynamodb.BatchGetItemOutput, error) {
			return d.BatchGetItem(d.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"orders": {Keys: keys}}})
		}
		out, err := get(order("ada", "1"), order("ada", "2"), order("ada", "3"))
		if err != nil {
			d.Fatal(err)
		}
		d.want("read", showAll(out.Responses["orders"]), "customer=ada number=2; customer=ada number=3")
		_, err = get(order("ada", "1"), order("ada", "1"))
		d.wantError(err, "ValidationException", "Provided list of item keys contains duplicates")

		var large []row
		for i := range 60 {
			large = append(large, order("big", fmt.Sprint(i)))
			d.put(with(order("big", fmt.Sprint(i)), "x", str(strings.Repeat("x", 390<<10))))
		}
		out, err = get(large...)
		if err != nil {
			d.Fatal(err)
		}
		d.want("16 MB", fmt.Sprint(len(out.Responses["orders"]), len(out.UnprocessedKeys["orders"].Keys)), "43 17")
	})
}
