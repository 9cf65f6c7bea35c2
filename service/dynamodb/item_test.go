package dynamodb_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestAnItemComesBackAsItWasPut(t *testing.T) {
	story(t, func(d *desk) {
		deep := av(str("bottom"))
		for range 31 {
			deep = list(deep)
		}
		it := row{
			"customer": str("ada"), "number": num("1.50"), "s": str(""), "b": &types.AttributeValueMemberB{Value: []byte{}}, "n": num("1e3"),
			"ss": strs("x", "y"), "ns": &types.AttributeValueMemberNS{Value: []string{"1.0", "2"}}, "bs": &types.AttributeValueMemberBS{Value: [][]byte{{1}, {2}}},
			"l": list(), "m": mapOf(row{}), "t": &types.AttributeValueMemberBOOL{Value: true}, "f": &types.AttributeValueMemberBOOL{}, "z": &types.AttributeValueMemberNULL{Value: true},
			"nested": mapOf(row{"l": list(num("007"), mapOf(row{"k": str("v")}))}), "deep": deep,
		}
		d.put(it)
		d.want("the item", show(d.get(order("ada", "1.5"))), "b= bs=[01 02] customer=ada deep="+strings.Repeat("[", 31)+"bottom"+strings.Repeat("]", 31)+
			" f=false l=[] m=<> n=1000 nested=<l=[7 <k=v>]> ns={1 2} number=1.5 s= ss={x y} t=true z=null")
		d.want("another", show(d.get(order("ada", "2"))), "none")
	})
}

func TestPutRefusesWhatDynamoDBRefuses(t *testing.T) {
	story(t, func(d *desk) {
		for _, c := range []struct {
			item row
			want string
		}{
			{row{"customer": str("ada")}, "One or more parameter values were invalid: Missing the key number in the item"},
			{row{"customer": num("1"), "number": num("1")}, "One or more parameter values were invalid: Type mismatch for key customer expected: S actual: N"},
			{order("", "1"), "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: customer"},
			{order(strings.Repeat("x", 2049), "1"), "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"},
			{with(order("ada", "1"), "x", strs()), "1 validation error detected: One or more parameter values were invalid: An string set  may not be empty"},
			{with(order("ada", "1"), "x", strs("a", "a")), `1 validation error detected: One or more parameter values were invalid: Input collection ["a", "a"] contains duplicates.`},
			{with(order("ada", "1"), "x", num("abc")), "1 validation error detected: The parameter cannot be converted to a numeric value: abc"},
			{with(order("ada", "1"), "x", num(strings.Repeat("1", 39))), "1 validation error detected: Attempting to store more than 38 significant digits in a Number"},
			{with(order("ada", "1"), "x", str(strings.Repeat("x", 400<<10))), "Item size has exceeded the maximum allowed size"},
			{with(order("ada", "1"), "state", num("1")), "One or more parameter values were invalid: Type mismatch for Index Key state Expected: S Actual: N IndexName: by-state"},
		} {
			_, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: c.item})
			d.wantError(err, "ValidationException", c.want)
		}
		_, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: aws.String("nothing"), Item: order("ada", "1")})
		d.wantError(err, "ResourceNotFoundException", "Requested resource not found")
		_, err = d.GetItem(d.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: row{"customer": str("ada")}})
		d.wantError(err, "ValidationException", "The provided key element does not match the schema")
	})
}

func TestConditionsGuardWrites(t *testing.T) {
	story(t, func(d *desk) {
		key := order("ada", "1")
		d.put(with(with(key, "state", str("open")), "amount", num("10")))
		put := func(condition string, values row) error {
			_, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{
				TableName: aws.String("orders"), Item: with(with(key, "state", str("open")), "amount", num("10")), ConditionExpression: &condition, ExpressionAttributeValues: values,
				ExpressionAttributeNames: map[string]string{"#s": "state"}, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
			})
			return err
		}
		for condition, values := range map[string]row{
			"#s = :o":                                    {":o": str("open")},
			"attribute_exists(#s) and customer = :c":     {":c": str("ada")},
			"#s in (:a, :o)":                             {":a": str("x"), ":o": str("open")},
			"#s <> :o and absent <> :o":                  {":o": str("x")},
			"#s = :o and amount between :a and :b":       {":o": str("open"), ":a": num("9.5"), ":b": num("10.0")},
			"begins_with(#s, :p) and contains(#s, :q)":   {":p": str("op"), ":q": str("pe")},
			"size(#s) = :n":                              {":n": num("4")},
			"attribute_type(#s, :t) and not amount < :n": {":t": str("S"), ":n": num("10")},
		} {
			if err := put(condition, values); err != nil {
				d.Errorf("%s: %v", condition, err)
			}
		}
		err := put("attribute_not_exists(#s)", nil)
		d.wantError(err, "ConditionalCheckFailedException", "The conditional request failed")
		var failed *types.ConditionalCheckFailedException
		if !errors.As(err, &failed) || show(failed.Item) != "amount=10 customer=ada number=1 state=open" {
			d.Errorf("the failure shows %v", err)
		}
		d.wantError(put("#s = :o", row{":o": str("open"), ":p": str("x")}), "ValidationException", "1 validation error detected: Value provided in ExpressionAttributeValues unused in expressions: keys: {:p}")
		d.wantError(put("#s between :b and :a", row{":a": num("1"), ":b": num("2")}), "ValidationException",
			"1 validation error detected: Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}")
		d.wantError(put("begins_with(#s, :n)", row{":n": num("1")}), "ValidationException",
			"1 validation error detected: Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N")
	})
}

func TestUpdatesChangeItems(t *testing.T) {
	story(t, func(d *desk) {
		key := order("ada", "1")
		for _, c := range []struct {
			expression string
			values     row
			want       string
		}{
			{"SET a = :a, b = :l, c = :m", row{":a": num("1"), ":l": list(str("x"), str("y"), str("z")), ":m": mapOf(row{"k": num("1")})}, "a=1 b=[x y z] c=<k=1> customer=ada number=1"},
			{"SET a = a + :n, d = if_not_exists(d, :z) - :n", row{":n": num("0.5"), ":z": num("0")}, "a=1.5 b=[x y z] c=<k=1> customer=ada d=-0.5 number=1"},
			{"SET b[0] = :v, b[9] = :w, c.j = :v REMOVE a, c.k, d", row{":v": str("V"), ":w": str("W")}, "b=[V y z W] c=<j=V> customer=ada number=1"},
			{"REMOVE b[0], b[2]", nil, "b=[y W] c=<j=V> customer=ada number=1"},
			{"SET b = list_append(:e, b) ADD n :one, t :s", row{":e": list(), ":one": num("1"), ":s": strs("p", "q")}, "b=[y W] c=<j=V> customer=ada n=1 number=1 t={p q}"},
			{"ADD n :one, t :s DELETE gone :s REMOVE b, c", row{":one": num("1"), ":s": strs("q", "r")}, "customer=ada n=2 number=1 t={p q r}"},
			{"DELETE t :s", row{":s": strs("p", "q", "r")}, "customer=ada n=2 number=1"},
		} {
			got, err := d.update(key, c.expression, c.values)
			if err != nil {
				d.Fatalf("%s: %v", c.expression, err)
			}
			d.want(c.expression, show(got), c.want)
		}
		d.want("the item", show(d.get(key)), "customer=ada n=2 number=1")
	})
}

func TestUpdatesRefuseWhatDynamoDBRefuses(t *testing.T) {
	story(t, func(d *desk) {
		key := order("ada", "1")
		d.put(with(key, "s", str("text")))
		for _, c := range []struct {
			expression string
			values     row
			want       string
		}{
			{"SET customer = :v", row{":v": str("x")}, "One or more parameter values were invalid: Cannot update attribute customer. This attribute is part of the key"},
			{"SET a = absent", nil, "The provided expression refers to an attribute that does not exist in the item"},
			{"SET a.b = :v", row{":v": str("x")}, "The document path provided in the update expression is invalid for update"},
			{"SET a = s + :v", row{":v": num("1")}, "An operand in the update expression has an incorrect data type"},
			{"ADD s :v", row{":v": num("1")}, "An operand in the update expression has an incorrect data type"},
			{"ADD s :v", row{":v": str("x")}, "1 validation error detected: Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"},
			{"SET a = :v, a = :v", row{":v": str("x")}, "1 validation error detected: Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]"},
			{"SET a = :v", nil, "1 validation error detected: Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :v"},
			{"SET b = :v", row{":v": str(strings.Repeat("x", 400<<10))}, "Item size to update has exceeded the maximum allowed size"},
			{"SET amount = :v", row{":v": str("x")}, "One or more parameter values were invalid: Type mismatch for Index Key amount Expected: N Actual: S IndexName: by-amount"},
		} {
			_, err := d.update(key, c.expression, c.values)
			d.wantError(err, "ValidationException", c.want)
		}
	})
}

func TestWhatAWriteReturns(t *testing.T) {
	story(t, func(d *desk) {
		key := order("ada", "1")
		d.put(with(with(key, "a", num("1")), "m", mapOf(row{"x": num("1"), "y": num("2")})))
		returning := func(v types.ReturnValue) func(*dynamodb.UpdateItemInput) {
			return func(in *dynamodb.UpdateItemInput) { in.ReturnValues = v }
		}
		old, _ := d.update(key, "SET a = :v, m.x = :v", row{":v": num("2")}, returning(types.ReturnValueUpdatedOld))
		d.want("UPDATED_OLD", show(old), "a=1 m=<x=1>")
		now, _ := d.update(key, "SET a = :v, m.x = :v", row{":v": num("3")}, returning(types.ReturnValueUpdatedNew))
		d.want("UPDATED_NEW", show(now), "a=3 m=<x=3>")
		put, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: with(key, "state", str("open")), ReturnValues: types.ReturnValueAllOld, ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes})
		if err != nil {
			d.Fatal(err)
		}
		d.want("ALL_OLD", show(put.Attributes), "a=3 customer=ada m=<x=3 y=2> number=1")
		if c := put.ConsumedCapacity; *c.CapacityUnits != 2 || *c.Table.CapacityUnits != 1 || *c.GlobalSecondaryIndexes["by-state"].CapacityUnits != 1 {
			d.Errorf("capacity %+v", c)
		}
		gone, err := d.DeleteItem(d.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: key, ReturnValues: types.ReturnValueAllOld})
		if err != nil {
			d.Fatal(err)
		}
		d.want("deleted", show(gone.Attributes), "customer=ada number=1 state=open")
		d.want("after", show(d.get(key)), "none")
	})
}

func TestProjectionsPickParts(t *testing.T) {
	story(t, func(d *desk) {
		d.put(with(with(order("ada", "1"), "m", mapOf(row{"x": num("1"), "y": list(num("1"), num("2"), num("3"))})), "z", str("Z")))
		out, err := d.GetItem(d.Context(), &dynamodb.GetItemInput{
			TableName: aws.String("orders"), Key: order("ada", "1"), ProjectionExpression: aws.String("#z, m.y[2], m.y[0], nothing.here[1]"), ExpressionAttributeNames: map[string]string{"#z": "z"},
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		})
		if err != nil {
			d.Fatal(err)
		}
		d.want("projected", show(out.Item), "m=<y=[1 3]> z=Z")
		if *out.ConsumedCapacity.CapacityUnits != 0.5 {
			d.Errorf("an eventually consistent read took %v", *out.ConsumedCapacity.CapacityUnits)
		}
	})
}

func TestLegacyParameters(t *testing.T) {
	story(t, func(d *desk) {
		put := func(expected map[string]types.ExpectedAttributeValue) error {
			_, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: with(order("ada", "1"), "a", num("1")), Expected: expected})
			return err
		}
		if err := put(map[string]types.ExpectedAttributeValue{"customer": {Exists: aws.Bool(false)}}); err != nil {
			d.Fatal(err)
		}
		d.wantError(put(map[string]types.ExpectedAttributeValue{"customer": {Exists: aws.Bool(false)}}), "ConditionalCheckFailedException", "The conditional request failed")
		if err := put(map[string]types.ExpectedAttributeValue{"a": {ComparisonOperator: types.ComparisonOperatorGe, AttributeValueList: []av{num("1")}}}); err != nil {
			d.Fatal(err)
		}
		_, err := d.UpdateItem(d.Context(), &dynamodb.UpdateItemInput{TableName: aws.String("orders"), Key: order("ada", "1"), AttributeUpdates: map[string]types.AttributeValueUpdate{
			"a": {Action: types.AttributeActionAdd, Value: num("2")}, "b": {Value: str("B")}, "c": {Action: types.AttributeActionDelete},
		}})
		if err != nil {
			d.Fatal(err)
		}
		d.want("updated", show(d.get(order("ada", "1"))), "a=3 b=B customer=ada number=1")
	})
}
