package dynamodb_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// What is here was observed on AWS by a public conformance suite.

func TestNullIsTrueWhateverIsSent(t *testing.T) {
	story(t, func(d *desk) {
		d.put(with(order("ada", "1"), "z", list(&types.AttributeValueMemberNULL{Value: false})))
		d.want("the item", show(d.get(order("ada", "1"))), "customer=ada number=1 z=[null]")
	})
}

func TestAFunctionOfAPathAndItselfIsRefused(t *testing.T) {
	story(t, func(d *desk) {
		_, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: order("ada", "1"), ConditionExpression: aws.String("contains(note, note)")})
		d.wantError(err, "ValidationException", "Invalid ConditionExpression: The first operand must be distinct from the remaining operands for this operator or function; operator: contains, first operand: [note]")
	})
}

func TestAWrongKeyIsToldByWhereItIs(t *testing.T) {
	story(t, func(d *desk) {
		const mismatch = "The provided key element does not match the schema"
		const empty = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: customer"
		table := aws.String("orders")
		wrong := row{"customer": num("1"), "number": num("1")}
		batch := func(r row) error {
			_, err := d.BatchWriteItem(d.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": {{PutRequest: &types.PutRequest{Item: r}}}}})
			return err
		}
		transact := func(i types.TransactWriteItem) error {
			_, err := d.TransactWriteItems(d.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{i}})
			return err
		}
		d.wantError(batch(wrong), "ValidationException", mismatch)
		d.wantError(batch(row{"customer": str("ada")}), "ValidationException", mismatch)
		d.wantError(batch(order("", "1")), "ValidationException", empty)
		const canceled = "Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]"
		d.wantError(transact(types.TransactWriteItem{Put: &types.Put{TableName: table, Item: wrong}}), "TransactionCanceledException", canceled)
		d.wantError(transact(types.TransactWriteItem{Delete: &types.Delete{TableName: table, Key: wrong}}), "TransactionCanceledException", canceled)
		d.wantError(transact(types.TransactWriteItem{Put: &types.Put{TableName: table, Item: order("", "1")}}), "ValidationException", empty)
		d.wantError(transact(types.TransactWriteItem{Put: &types.Put{TableName: table, Item: with(order("ada", "1"), "state", str(""))}}), "ValidationException",
			"One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: by-state, IndexKey: state")
		d.wantError(transact(types.TransactWriteItem{Update: &types.Update{
			TableName: table, Key: order("ada", "1"), UpdateExpression: aws.String("SET #s = :e"), ExpressionAttributeNames: map[string]string{"#s": "state"}, ExpressionAttributeValues: row{":e": str("")},
		}}), "ValidationException",
			"One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.")
	})
}

func TestATransactionTellsReadsAndWritesApart(t *testing.T) {
	story(t, func(d *desk) {
		d.put(with(order("ada", "1"), "n", num("0")))
		units := func(all []types.ConsumedCapacity, err error) string {
			d.Helper()
			if err != nil || len(all) != 1 {
				d.Fatalf("%+v, %v", all, err)
			}
			text := func(n *float64) string {
				if n == nil {
					return "none"
				}
				return fmt.Sprint(*n)
			}
			return fmt.Sprint(text(all[0].ReadCapacityUnits), " read, ", text(all[0].WriteCapacityUnits), " written")
		}
		run := func() string {
			out, err := d.ExecuteTransaction(d.Context(), &dynamodb.ExecuteTransactionInput{
				ClientRequestToken: aws.String("once"), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
				TransactStatements: []types.ParameterizedStatement{{Statement: aws.String(`UPDATE orders SET n = n + 1 WHERE customer = 'ada' AND number = 1`)}},
			})
			if err != nil {
				d.Fatal(err)
			}
			return units(out.ConsumedCapacity, err)
		}
		d.want("the first", run(), "none read, 2 written")
		d.want("a replay reads what is there", run(), "2 read, none written")
		d.want("once", show(d.get(order("ada", "1"))), "customer=ada n=1 number=1")
		out, err := d.TransactGetItems(d.Context(), &dynamodb.TransactGetItemsInput{
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal, TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: aws.String("orders"), Key: order("ada", "1")}}},
		})
		if err != nil {
			d.Fatal(err)
		}
		d.want("a read", units(out.ConsumedCapacity, nil), "2 read, none written")
	})
}
