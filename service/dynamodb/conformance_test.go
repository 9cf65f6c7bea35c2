package dynamodb_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// What is here was observed on AWS by a public conformance suite.

func TestNullThatIsFalseIsRefused(t *testing.T) {
	story(t, func(d *desk) {
		_, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: with(order("ada", "1"), "z", list(&types.AttributeValueMemberNULL{Value: false}))})
		d.wantError(err, "ValidationException", "1 validation error detected: One or more parameter values were invalid: Null attribute value types must have the value of true")
	})
}

func TestAFunctionOfAPathAndItselfIsRefused(t *testing.T) {
	story(t, func(d *desk) {
		_, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: order("ada", "1"), ConditionExpression: aws.String("contains(note, note)")})
		d.wantError(err, "ValidationException", "1 validation error detected: Invalid ConditionExpression: The first operand must be distinct from the remaining operands for this operator or function; operator: contains, first operand: [note]")
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

// said is the message of an error.
func said(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return fmt.Sprint(err)
}

// DynamoDB has two checks of values, with words of their own: the newer ones, and
// those of BatchWriteItem and Scan.
func TestWrongValuesAreToldInTheWordsOfTheOperation(t *testing.T) {
	story(t, func(d *desk) {
		table, key := aws.String("orders"), order("ada", "1")
		const one, before, wrapped = "1 validation error detected: ", "One or more parameter values were invalid: ", "ExpressionAttributeValues contains invalid value: "
		for _, c := range []struct {
			value    av
			now, old string
		}{
			{num(""), "The parameter cannot be converted to a numeric value: ", "The parameter cannot be converted to a numeric value"},
			{num("1e126"), "Number overflow. Attempting to store a number with magnitude larger than supported range", "Number overflow. Attempting to store a number with magnitude larger than supported range"},
			{strs("b", "a", "b"), before + `Input collection ["a", "b", "b"] contains duplicates.`, before + "Input collection [b, a, b] contains duplicates."},
			{&types.AttributeValueMemberBS{Value: [][]byte{{0xff}, {0}, {0}}}, before + `Input collection ["AA==","/w==","AA=="]of type BS contains duplicates.`, before + "Input collection [/w==, AA==, AA==]of type BS contains duplicates."},
			{&types.AttributeValueMemberNS{Value: []string{"2", "1", "2.0"}}, before + "Input collection contains duplicates.", "Input collection contains duplicates"},
		} {
			values := row{":v": c.value}
			_, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: table, Item: with(key, "x", c.value)})
			d.want("put", said(err), one+c.now)
			_, err = d.update(key, "SET x = :v", values)
			d.want("update", said(err), one+c.now)
			_, err = d.DeleteItem(d.Context(), &dynamodb.DeleteItemInput{TableName: table, Key: with(key, "customer", c.value)})
			d.want("delete", said(err), one+c.now)
			_, err = d.GetItem(d.Context(), &dynamodb.GetItemInput{TableName: table, Key: with(key, "customer", c.value)})
			d.want("get", said(err), c.now)
			_, err = d.Query(d.Context(), &dynamodb.QueryInput{TableName: table, KeyConditionExpression: aws.String("customer = :v"), ExpressionAttributeValues: values})
			d.want("query", said(err), c.now)
			_, err = d.Scan(d.Context(), &dynamodb.ScanInput{TableName: table, FilterExpression: aws.String("x = :v"), ExpressionAttributeValues: values})
			d.want("scan", said(err), wrapped+c.old+" for key :v")
			_, err = d.BatchWriteItem(d.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": {{PutRequest: &types.PutRequest{Item: with(key, "x", c.value)}}}}})
			d.want("batch", said(err), c.old)
		}
	})
}

func TestSizesAndNamesAreToldInTheWordsOfTheOperation(t *testing.T) {
	story(t, func(d *desk) {
		const least, most, pattern = "Member must have length greater than or equal to ", "Member must have length less than or equal to ", "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
		long := strings.Repeat("a", 256)
		batchGet := func(keys ...row) error {
			_, err := d.BatchGetItem(d.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"orders": {Keys: append([]row{}, keys...)}}})
			return err
		}
		batchWrite := func(all map[string][]types.WriteRequest) error {
			_, err := d.BatchWriteItem(d.Context(), &dynamodb.BatchWriteItemInput{RequestItems: all})
			return err
		}
		query := func(in dynamodb.QueryInput) error {
			in.TableName, in.KeyConditionExpression, in.ExpressionAttributeValues = aws.String("orders"), aws.String("customer = :c"), row{":c": str("ada")}
			_, err := d.Query(d.Context(), &in)
			return err
		}
		describe := func(name string) error {
			_, err := d.DescribeTable(d.Context(), &dynamodb.DescribeTableInput{TableName: &name})
			return err
		}
		_, scanned := d.Scan(d.Context(), &dynamodb.ScanInput{TableName: aws.String("orders"), Limit: aws.Int32(0)})
		_, transacted := d.TransactWriteItems(d.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{}})
		_, large := d.TransactWriteItems(d.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: aws.String("orders"), Item: with(order("ada", "1"), "x", str(strings.Repeat("x", 400<<10)))}},
		}})
		_, joined := d.Scan(d.Context(), &dynamodb.ScanInput{TableName: aws.String("orders"), ConditionalOperator: "AND", ScanFilter: map[string]types.Condition{"a": {ComparisonOperator: "NULL"}}})
		_, capped := d.UpdateTable(d.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("orders"), OnDemandThroughput: &types.OnDemandThroughput{MaxReadRequestUnits: aws.Int64(0)}})
		_, untagged := d.UntagResource(d.Context(), &dynamodb.UntagResourceInput{ResourceArn: aws.String("arn:aws:dynamodb:us-east-1:000000000000:table/orders"), TagKeys: []string{""}})
		_, got := d.TransactGetItems(d.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: aws.String("orders"), Key: order("ada", "1")}}, {Get: &types.Get{TableName: aws.String("orders"), Key: row{}}},
		}})
		for _, c := range []struct {
			err  error
			want string
		}{
			{batchGet([]row{}...), "1 validation error detected: Value at 'RequestItems.orders.member.Keys' failed to satisfy constraint: " + least + "1"},
			{batchGet(make([]row, 101)...), "1 validation error detected: Value at 'RequestItems.orders.member.Keys' failed to satisfy constraint: " + most + "100"},
			{batchWrite(map[string][]types.WriteRequest{}), "1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: " + least + "1"},
			{batchWrite(map[string][]types.WriteRequest{"orders": {}}), "1 validation error detected: Value '{orders=[]}' at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [" + most + "25, " + least + "1]"},
			{query(dynamodb.QueryInput{Limit: aws.Int32(0)}), "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
			{scanned, "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
			{query(dynamodb.QueryInput{Select: "SOME"}), "1 validation error detected: Value 'SOME' at 'select' failed to satisfy constraint: Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]"},
			{transacted, "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: " + least + "1"},
			{large, "Item size has exceeded the maximum allowed size"},
			{got, "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]"},
			{describe("ab"), "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: " + least + "3"},
			{describe(""), "2 validation errors detected: Value '' at 'tableName' failed to satisfy constraint: " + least + "3; Value '' at 'tableName' failed to satisfy constraint: " + pattern},
			{describe(long), "1 validation error detected: Value '" + long + "' at 'tableName' failed to satisfy constraint: " + most + "255"},
			{d.putIn("", order("ada", "1")), "1 validation error detected: Value at 'TableName' failed to satisfy constraint: " + least + "1"},
			{d.putIn("bad table!", order("ada", "1")), "1 validation error detected: Value 'bad table!' at 'tableName' failed to satisfy constraint: " + pattern},
			{d.putIn("none", order("ada", "1")), "Requested resource not found"},
			{d.putIn("orders", with(order("ada", "1"), "", str("x"))), "1 validation error detected: Empty attribute name"},
			{joined, "ConditionalOperator can only be used when Filter or Expected has two or more elements"},
			{capped, "One or more parameter values were invalid: Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range"},
			{untagged, "The Tag Key provided is invalid, Key: "},
		} {
			d.want("error", said(c.err), c.want)
		}
	})
}

func TestTheLeafOfAnAttributeIsAtMostAtItsLastLevel(t *testing.T) {
	story(t, func(d *desk) {
		deep := func(maps int) av {
			v := str("leaf")
			for range maps {
				v = mapOf(row{"n": v})
			}
			return v
		}
		const deeper = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
		d.put(with(order("ada", "1"), "x", deep(31)))
		d.want("put", said(d.putIn("orders", with(order("ada", "1"), "x", deep(32)))), "1 validation error detected: "+deeper)
		_, err := d.TransactWriteItems(d.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Put: &types.Put{TableName: aws.String("orders"), Item: with(order("ada", "1"), "x", deep(32))}}}})
		d.want("transaction", said(err), deeper)
		_, err = d.update(order("ada", "1"), "SET x.n = :v", row{":v": deep(31)})
		d.want("update", said(err), deeper)
	})
}

func TestMalformedExpectationsAreRefused(t *testing.T) {
	story(t, func(d *desk) {
		x := str("x")
		for want, e := range map[string]types.ExpectedAttributeValue{
			"Value must be provided when Exists is true for Attribute: a":                           {Exists: aws.Bool(true)},
			"Value cannot be used when Exists is false for Attribute: a":                            {Exists: aws.Bool(false), Value: x},
			"Value and AttributeValueList cannot be used together for Attribute: a":                 {Value: x, ComparisonOperator: "EQ", AttributeValueList: []av{x}},
			"Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a": {ComparisonOperator: "EQ"},
			"Invalid number of argument(s) for the BETWEEN ComparisonOperator":                      {ComparisonOperator: "BETWEEN", AttributeValueList: []av{x}},
		} {
			_, err := d.DeleteItem(d.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: order("ada", "1"), Expected: map[string]types.ExpectedAttributeValue{"a": e}})
			d.want("error", said(err), "1 validation error detected: One or more parameter values were invalid: "+want)
		}
	})
}
