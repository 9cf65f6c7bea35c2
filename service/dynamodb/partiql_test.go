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

// run runs a statement.
func (d *desk) run(statement string, parameters ...av) (*dynamodb.ExecuteStatementOutput, error) {
	return d.ExecuteStatement(d.Context(), &dynamodb.ExecuteStatementInput{Statement: &statement, Parameters: parameters})
}

// rows runs a statement that must succeed, and writes what it returns.
func (d *desk) rows(statement string, parameters ...av) string {
	d.Helper()
	out, err := d.run(statement, parameters...)
	if err != nil {
		d.Fatalf("%s: %v", statement, err)
	}
	return showAll(out.Items)
}

func TestStatementsWriteItems(t *testing.T) {
	story(t, func(d *desk) {
		d.want("insert", d.rows(`INSERT INTO "orders" VALUE {'customer': 'ada', 'number': ?, 'tags': <<'a','b'>>, 'm': {'list': [1, 2.50, -3e2], 'n': null, 't': true}, 'it''s': ?}`, num("1"), str("x")), "")
		d.want("stored", show(d.get(order("ada", "1"))), "customer=ada it's=x m=<list=[1 2.5 -300] n=null t=true> number=1 tags={a b}")
		_, err := d.run(`insert into orders value {'customer': 'ada', 'number': 1}`)
		d.wantError(err, "DuplicateItemException", "Duplicate primary key exists in table")

		const where = ` WHERE customer = 'ada' AND number = 1 `
		for _, c := range []struct{ statement, returned, want string }{
			{`UPDATE orders SET a = 1 SET m.n = 'x', b = [1] REMOVE tags` + where, "", "a=1 b=[1] customer=ada it's=x m=<list=[1 2.5 -300] n=x t=true> number=1"},
			{`UPDATE orders SET a = a + 2, b = list_append(b, [2]) REMOVE m, "it's"` + where + `RETURNING MODIFIED NEW *`, "a=3 b=[1 2]", "a=3 b=[1 2] customer=ada number=1"},
			{`UPDATE orders SET tags = set_add(tags, <<3, 4>>)` + where + `AND a > 2 RETURNING MODIFIED OLD *`, "", "a=3 b=[1 2] customer=ada number=1 tags={3 4}"},
			{`FROM orders` + where + `SET tags = SET_DELETE(tags, <<3>>) REMOVE b[0] RETURNING ALL OLD *`, "a=3 b=[1 2] customer=ada number=1 tags={3 4}", "a=3 b=[2] customer=ada number=1 tags={4}"},
		} {
			d.want(c.statement, d.rows(c.statement), c.returned)
			d.want("after "+c.statement, show(d.get(order("ada", "1"))), c.want)
		}
		for _, c := range []string{
			`UPDATE orders SET a = 1 WHERE customer = 'nobody' AND number = 1`,
			`UPDATE orders SET a = 1` + where + `AND a = 4`,
			`DELETE FROM orders` + where + `AND a = 4`,
		} {
			_, err := d.run(c)
			d.wantError(err, "ConditionalCheckFailedException", "The conditional request failed")
		}
		d.want("nothing to delete", d.rows(`DELETE FROM orders WHERE customer = 'nobody' AND number = 1 AND a = 4 RETURNING ALL OLD *`), "")
		d.want("delete", d.rows(`DELETE FROM orders`+where+`RETURNING ALL OLD *`), "a=3 b=[2] customer=ada number=1 tags={4}")
		d.want("deleted", show(d.get(order("ada", "1"))), "none")
	})
}

func TestSelectsFindItemsByKeyOrByReadingAll(t *testing.T) {
	story(t, func(d *desk) {
		for i := range 4 {
			n := fmt.Sprint(i)
			d.put(with(with(order("ada", n), "state", str("open")), "m", mapOf(row{"x": list(num(n), str("s"+n))})), with(order("bob", n), "amount", num(n)))
		}
		d.put(with(order("cy", "7"), "z", &types.AttributeValueMemberNULL{Value: true}))
		for _, c := range []struct{ rest, want string }{
			{`WHERE customer = 'ada' AND number = 2`, "ada2"},
			{`WHERE customer = 'ada' AND number > 1`, "ada2 ada3"},
			{`WHERE 1 < number AND customer = 'ada' ORDER BY number DESC`, "ada3 ada2"},
			{`WHERE customer = 'ada' AND number BETWEEN 1 AND 2`, "ada1 ada2"},
			{`WHERE customer IN ['bob', 'ada'] AND number IN (3, 0) ORDER BY customer, number DESC`, "ada3 ada0 bob3 bob0"},
			{`WHERE customer = 'bob' AND number = 1 OR customer = 'ada' AND number = 2 ORDER BY customer DESC`, "bob1 ada2"},
			{`WHERE customer = 'ada' AND NOT number = 1 AND m.x[1] <> 's2'`, "ada0 ada3"},
			{`WHERE customer = 'ada' AND begins_with(m.x[1], 's3')`, "ada3"},
			{`WHERE customer = 'ada' AND contains(m.x, 2)`, "ada2"},
			{`WHERE customer = 'bob' AND state IS MISSING AND amount IS NOT MISSING AND number < 1`, "bob0"},
			{`WHERE z IS NULL`, "cy7"},
			{`WHERE customer = 'cy' AND z IS NOT NULL`, ""},
			{`WHERE attribute_type(z, 'NULL') AND size(customer) = 2`, "cy7"},
			{`WHERE amount >= 3`, "bob3"},
			{`WHERE customer = 'ada' AND number > 0 AND number < 3`, "ada1 ada2"},
			{`WHERE customer = 'ada' -- a note` + "\n /* another */ AND number = .1e1;", "ada1"},
		} {
			out, err := d.run(`SELECT * FROM "orders" ` + c.rest)
			if err != nil {
				d.Errorf("%s: %v", c.rest, err)
				continue
			}
			var got []string
			for _, r := range out.Items {
				got = append(got, showValue(r["customer"])+showValue(r["number"]))
			}
			d.want(c.rest, strings.Join(got, " "), c.want)
		}
		d.want("columns", d.rows(`SELECT number, m.x, m.x[1], nothing FROM orders WHERE customer = 'ada' AND number = 2`), "number=2 x=[2 s2] x[1]=s2")
		d.want("a global index", d.rows(`SELECT customer FROM "orders"."by-state" WHERE state = 'open' AND number >= 3`), "customer=ada")
		d.want("a local index, with what it does not project", d.rows(`SELECT amount, customer, x FROM orders."by-amount" WHERE customer = 'bob' AND amount = 3`), "amount=3 customer=bob")
	})
}

func TestSelectsComeInPages(t *testing.T) {
	story(t, func(d *desk) {
		for i := range 5 {
			d.put(order("ada", fmt.Sprint(i)), order("bob", fmt.Sprint(i)))
		}
		for _, statement := range []string{
			`SELECT number FROM orders WHERE customer IN ['ada', 'bob'] AND number > 1 ORDER BY customer DESC`,
			`SELECT number FROM orders WHERE number > 1`,
		} {
			in := &dynamodb.ExecuteStatementInput{Statement: &statement, Limit: aws.Int32(2), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}
			var got []row
			for pages := 0; ; pages++ {
				out, err := d.ExecuteStatement(d.Context(), in)
				if err != nil {
					d.Fatal(err)
				}
				if len(out.Items) > 2 || *out.ConsumedCapacity.CapacityUnits < 0.5 || pages > 10 {
					d.Fatalf("a page of %d, which took %v", len(out.Items), *out.ConsumedCapacity.CapacityUnits)
				}
				got = append(got, out.Items...)
				if in.NextToken = out.NextToken; in.NextToken == nil {
					break
				}
			}
			d.want(statement, numbers(got), "2 3 4 2 3 4")
		}
		out, err := d.ExecuteStatement(d.Context(), &dynamodb.ExecuteStatementInput{Statement: aws.String(`SELECT * FROM orders`), Limit: aws.Int32(2)})
		if err != nil {
			d.Fatal(err)
		}
		for token, want := range map[string]string{*out.NextToken: "NextToken does not match request", "!": "Invalid NextToken"} {
			_, err := d.ExecuteStatement(d.Context(), &dynamodb.ExecuteStatementInput{Statement: aws.String(`SELECT number FROM orders`), NextToken: &token})
			d.wantError(err, "ValidationException", want)
		}
	})
}

func TestStatementsAreRefusedInAWSWords(t *testing.T) {
	story(t, func(d *desk) {
		const malformed = "Statement wasn't well formed, can't be processed: "
		for statement, want := range map[string]string{
			`SELECT * FROM orders WHERE customer = ?`:                                            "Number of parameters in request and statement don't match.",
			`DELETE FROM orders WHERE customer = 'a'`:                                            "Where clause does not contain a mandatory equality on all key attributes",
			`UPDATE orders SET customer = 'b' WHERE customer = 'a' AND number = 1`:               "One or more parameter values were invalid: Cannot update attribute customer. This attribute is part of the key",
			`INSERT INTO orders VALUE {'customer': 'a'}`:                                         "One or more parameter values were invalid: Missing the key number in the item",
			`INSERT INTO orders VALUE 'a'`:                                                       malformed + "Expected a tuple in VALUE",
			`INSERT INTO orders VALUE {'customer': 'a', 'l': [1, {'x': 1e126}]}`:                 "Number overflow. Attempting to store a number with magnitude larger than supported range under root[1].x",
			`SELECT * FROM orders WHERE customer = 1e-131`:                                       "Number underflow. Attempting to store a number with magnitude smaller than supported range under root",
			`SELECT * FROM orders WHERE customer < TRUE`:                                         "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
			`SELECT * FROM orders WHERE customer = 1`:                                            "One or more parameter values were invalid: Condition parameter type does not match schema type",
			`SELECT * FROM orders ORDER BY number`:                                               "Must have WHERE clause in the statement when using ORDER BY clause.",
			`SELECT * FROM orders WHERE number = 1 ORDER BY number`:                              "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
			`SELECT * FROM orders WHERE customer = 'a' ORDER BY state`:                           "Variable reference state in ORDER BY clause must be part of the primary key",
			`SELECT * FROM orders.nothing`:                                                       "The table does not have the specified index",
			`SELECT more, other FROM orders."by-state"`:                                          "One or more parameter values were invalid: Global secondary index by-state does not project [more, other]",
			`SELECT note FROM orders."by-state" WHERE state = 'x' AND NOT more = 1`:              "One or more parameter values were invalid: Secondary index by-state does not project one or more filter attributes: [more]",
			`DELETE FROM orders WHERE customer = 'a' AND number = 1 RETURNING MODIFIED OLD *`:    "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
			`SELECT * FROM nothing WHERE customer < NULL`:                                        "Incorrect operand type for operator or function; operator or function: <, operand type: NULL",
			`UPDATE orders SET a = set_add(a, 'x') WHERE customer = 'a' AND number = 1`:          "The second argument to SET_ADD must be a value with type SET at 1:31:1",
			`UPDATE orders SET b = set_add(a, <<'x'>>) WHERE customer = 'a' AND number = 1`:      "The first argument to SET_ADD must equal the assignment value at 1:23:7",
			`UPDATE orders SET a = set_delete(a) WHERE customer = 'a' AND number = 1`:            "SET_DELETE must have exactly two arguments at 1:23:10",
			`UPDATE orders SET a = set_add(a, <<>>) WHERE customer = 'a' AND number = 1`:         "Empty bags are not supported",
			`UPDATE orders SET a = set_add(a, <<'x', 'x'>>) WHERE customer = 'a' AND number = 1`: "One or more parameter values were invalid: Input collection [x, x] contains duplicates.",
			`SELECT * FROM orders WHERE customer = 'a' AND set_add(a, <<'x'>>) = a`:              "Unrecognized function: set_add at 1:47:7",
			`SELECT attribute_exists(a) FROM orders`:                                             "Unexpected path component at 1:8:16",
			`SELECT * FROM orders WHERE attribute_exists()`:                                      "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 0",
			`SELECT * FROM orders WHERE attribute_exists(a.inner)`:                               malformed + "Invalid path dot component",
			`INSERT INTO orders VALUE {'customer': 'a', 's': set_add(<<'a'>>, <<'b'>>)}`:         "Unsupported data type: set_add under key root at 1:49:7",
			`EXISTS(SELECT * FROM orders WHERE customer = 'a' AND number = 1)`:                   "EXISTS is only supported in ExecuteTransaction",
		} {
			_, err := d.run(statement)
			var api smithy.APIError
			if !errors.As(err, &api) || api.ErrorCode() != "ValidationException" || api.ErrorMessage() != want {
				d.Errorf("%s\n got  %v\n want %s", statement, err, want)
			}
		}
		_, err := d.run(`SELECT * FROM nothing`)
		d.wantError(err, "ResourceNotFoundException", "Requested resource not found")
	})
}

func TestABatchOfStatementsFailsOneByOne(t *testing.T) {
	story(t, func(d *desk) {
		d.put(with(order("ada", "1"), "a", num("1")))
		batch := func(statements ...string) string {
			in := &dynamodb.BatchExecuteStatementInput{}
			for _, s := range statements {
				in.Statements = append(in.Statements, types.BatchStatementRequest{Statement: aws.String(s), ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
			}
			out, err := d.BatchExecuteStatement(d.Context(), in)
			if err != nil {
				d.Fatal(err)
			}
			var all []string
			for _, r := range out.Responses {
				if r.Error != nil {
					all = append(all, fmt.Sprintf("%s (%s) %s", r.Error.Code, *r.Error.Message, show(r.Error.Item)))
				} else {
					all = append(all, *r.TableName+" "+show(r.Item))
				}
			}
			return strings.Join(all, "\n")
		}
		d.want("writes", batch(
			`INSERT INTO orders VALUE {'customer': 'ada', 'number': 2}`,
			`INSERT INTO orders VALUE {'customer': 'ada', 'number': 1}`,
			`UPDATE orders SET a = 2 WHERE customer = 'ada' AND number = 1 AND a = 7`,
			`UPDATE orders SET a = 2 WHERE customer = 'ada' AND number = 1 RETURNING ALL NEW *`,
			`DELETE FROM nothing WHERE customer = 'ada' AND number = 1`,
			`SLECT * FROM orders`,
		), `orders none
DuplicateItem (Duplicate primary key exists in table) none
ConditionalCheckFailed (The conditional request failed) a=1 customer=ada number=1
orders a=2 customer=ada number=1
ResourceNotFound (Requested resource not found) none
ValidationError (Statement wasn't well formed, can't be processed: Expected data manipulation) none`)
		d.want("reads", batch(
			`SELECT a FROM orders WHERE customer = 'ada' AND number = 1`,
			`SELECT a FROM orders WHERE customer = 'ada' AND number = 1 AND a = 1`,
			`SELECT a FROM orders WHERE customer = 'ada'`,
			`SELECT note FROM orders."by-state" WHERE state = 'open'`,
		), `orders a=2
orders none
ValidationError (Select statements within BatchExecuteStatement must specify the primary key in the where clause.) none
ValidationError (Select statements within BatchExecuteStatement must specify the primary key in the where clause.) none`)
	})
}

func TestATransactionOfStatements(t *testing.T) {
	story(t, func(d *desk) {
		d.put(with(order("ada", "1"), "n", num("0")), order("ada", "2"))
		transact := func(token string, statements ...string) (*dynamodb.ExecuteTransactionOutput, error) {
			in := &dynamodb.ExecuteTransactionInput{ClientRequestToken: &token, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal}
			for _, s := range statements {
				in.TransactStatements = append(in.TransactStatements, types.ParameterizedStatement{Statement: aws.String(s), ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
			}
			return d.ExecuteTransaction(d.Context(), in)
		}
		one := []string{
			`UPDATE orders SET n = n + 1 WHERE customer = 'ada' AND number = 1`,
			`INSERT INTO orders VALUE {'customer': 'ada', 'number': 3}`,
			`EXISTS(SELECT * FROM orders WHERE customer = 'ada' AND number = 2 AND n IS MISSING)`,
		}
		for range 2 {
			if _, err := transact("once", one...); err != nil {
				d.Fatal(err)
			}
		}
		d.want("once", show(d.get(order("ada", "1"))), "customer=ada n=1 number=1")
		_, err := transact("again", one[0], one[1], `EXISTS(SELECT * FROM orders WHERE customer = 'ada' AND number = 2 AND n = 1)`)
		d.wantError(err, "TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [None, DuplicateItem, ConditionalCheckFailed]")
		var failed *types.TransactionCanceledException
		if !errors.As(err, &failed) || show(failed.CancellationReasons[2].Item) != "customer=ada number=2" {
			d.Errorf("reasons: %+v", failed)
		}
		d.want("not done", show(d.get(order("ada", "1"))), "customer=ada n=1 number=1")

		out, err := transact("read", `SELECT n FROM orders WHERE customer = 'ada' AND number = 1`, `SELECT n FROM orders WHERE customer = 'ada' AND number = 9`)
		if err != nil {
			d.Fatal(err)
		}
		d.want("reads", fmt.Sprint(show(out.Responses[0].Item), " ", show(out.Responses[1].Item), " ", *out.ConsumedCapacity[0].CapacityUnits), "n=1 none 4")
		for statement, want := range map[string]string{
			`SELECT * FROM orders WHERE`: "Statement wasn't well formed, can't be processed: Unexpected term",
			`UPDATE orders SET n = 1 WHERE customer = 'ada' AND number = 1 RETURNING ALL NEW *`: "RETURNING clause is not supported in ExecuteTransaction.",
			`SELECT * FROM orders."by-state" WHERE state = 'x'`:                                 "Reads on indices are not supported within transactions.",
		} {
			_, err := transact("bad", statement)
			d.wantError(err, "ValidationException", "Validation failed in TransactStatements[0]: "+want)
		}
	})
}

func TestAPolicyDecidesOnStatements(t *testing.T) {
	story(t, func(d *desk) {
		arn := d.describe("orders").TableArn
		policy := `{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["dynamodb:PartiQLSelect","dynamodb:PartiQLInsert"],"Resource":"` + *arn + `"},
			{"Effect":"Deny","Principal":"*","Action":"dynamodb:PartiQLSelect","Resource":"` + *arn + `","Condition":{"Bool":{"dynamodb:FullTableScan":"true"}}},
			{"Effect":"Deny","Principal":"*","Action":"dynamodb:PartiQLInsert","Resource":"` + *arn + `","Condition":{"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":"eve"}}}]}`
		if _, err := d.PutResourcePolicy(d.Context(), &dynamodb.PutResourcePolicyInput{ResourceArn: arn, Policy: &policy}); err != nil {
			d.Fatal(err)
		}
		other := dynamodb.NewFromConfig(d.cloud.As("111122223333", "secret", ""))
		for rest, want := range map[string]string{
			`SELECT * FROM "%s" WHERE customer IN ['a', 'b']`:         "",
			`SELECT * FROM "%s" WHERE number = 1`:                     "AccessDeniedException",
			`INSERT INTO "%s" VALUE {'customer': 'ada', 'number': 1}`: "",
			`INSERT INTO "%s" VALUE {'customer': 'eve', 'number': 1}`: "AccessDeniedException",
			`DELETE FROM "%s" WHERE customer = 'ada' AND number = 1`:  "AccessDeniedException",
			`SLECT "%s"`: "ValidationException",
		} {
			_, err := other.ExecuteStatement(d.Context(), &dynamodb.ExecuteStatementInput{Statement: aws.String(fmt.Sprintf(rest, *arn))})
			var api smithy.APIError
			if got := ""; errors.As(err, &api) {
				got = api.ErrorCode()
				d.want(rest, got, want)
			} else if err != nil || want != "" {
				d.Errorf("%s: %v, want %s", rest, err, want)
			}
		}
	})
}
