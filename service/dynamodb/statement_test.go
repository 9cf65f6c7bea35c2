package dynamodb_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// say does a PartiQL statement.
func (d *desk) say(statement string, parameters ...av) ([]row, error) {
	out, err := d.ExecuteStatement(d.Context(), &dynamodb.ExecuteStatementInput{Statement: &statement, Parameters: parameters})
	if err != nil {
		return nil, err
	}
	return out.Items, nil
}

func (d *desk) said(statement, want string, parameters ...av) {
	d.Helper()
	items, err := d.say(statement, parameters...)
	if err != nil {
		d.Errorf("%s: %v", statement, err)
		return
	}
	d.want(statement, showAll(items), want)
}

func TestStatementsSelect(t *testing.T) {
	story(t, func(d *desk) {
		d.put(with(order("a", "1"), "amount", num("5")), with(with(order("a", "2"), "amount", num("7")), "lines", list(str("x"), mapOf(row{"n": num("1")}))), with(order("a", "3"), "state", str("open")), with(order("b", "1"), "gone", &types.AttributeValueMemberNULL{Value: true}))
		for statement, want := range map[string]string{
			`SELECT * FROM "orders" WHERE customer = 'a' AND number = 2`:                          "amount=7 customer=a lines=[x <n=1>] number=2",
			`select number from orders where customer='a'`:                                        "number=1; number=2; number=3",
			`SELECT number FROM orders WHERE customer = 'a' ORDER BY number DESC`:                 "number=3; number=2; number=1",
			`SELECT number FROM orders WHERE customer = 'a' AND number BETWEEN 2 AND 3`:           "number=2; number=3",
			`SELECT number FROM orders WHERE customer = 'a' AND number > 1 AND number <> 2`:       "number=3",
			`SELECT number FROM orders WHERE 5 <= amount AND customer = 'a'`:                      "number=1; number=2",
			`SELECT number, lines[1].n FROM orders WHERE customer = 'a' AND lines IS NOT MISSING`: "n=1 number=2",
			`SELECT customer FROM orders WHERE gone IS NULL`:                                      "customer=b",
			`SELECT number FROM orders WHERE customer = 'a' AND NOT (amount = 5 OR amount = 7)`:   "number=3",
			`SELECT number FROM orders WHERE customer = 'a' AND amount IN [5, 6]`:                 "number=1",
			`SELECT number FROM orders WHERE contains(lines, 'x') AND size(lines) = 2`:            "number=2",
			`SELECT customer FROM "orders"."by-state" WHERE state = 'open'`:                       "customer=a",
			`SELECT number FROM orders WHERE begins_with(state, 'op')`:                            "number=3",
		} {
			d.said(statement, want)
		}
		d.said(`SELECT number FROM orders WHERE customer = ? AND number = ?`, "number=2", str("a"), num("2.0"))
	})
}

func TestStatementsGoOnWithTheirToken(t *testing.T) {
	story(t, func(d *desk) {
		d.put(order("a", "1"), order("a", "2"), order("a", "3"))
		in := &dynamodb.ExecuteStatementInput{Statement: aws.String(`SELECT number FROM orders WHERE customer = 'a'`), Limit: aws.Int32(2)}
		first, err := d.ExecuteStatement(d.Context(), in)
		if err != nil {
			d.Fatal(err)
		}
		in.NextToken = first.NextToken
		second, err := d.ExecuteStatement(d.Context(), in)
		if err != nil {
			d.Fatal(err)
		}
		d.want("pages", showAll(first.Items)+" | "+showAll(second.Items), "number=1; number=2 | number=3")
		in.Statement = aws.String(`SELECT * FROM orders`)
		_, err = d.ExecuteStatement(d.Context(), in)
		d.wantError(err, "ValidationException", "NextToken does not match request")
	})
}

func TestStatementsWrite(t *testing.T) {
	story(t, func(d *desk) {
		d.said(`INSERT INTO orders VALUE {'customer': 'a', 'number': 1, 'tags': <<'x', 'y'>>, 'lines': [1, {'deep': TRUE}], 'note': 'it''s'}`, "")
		d.want("inserted", show(d.get(order("a", "1"))), "customer=a lines=[1 <deep=true>] note=it's number=1 tags={x y}")
		_, err := d.say(`INSERT INTO orders VALUE {'customer': 'a', 'number': ?}`, num("1"))
		d.wantError(err, "DuplicateItemException", "Duplicate primary key exists in table")

		d.said(`UPDATE orders SET amount = 5 SET lines = list_append(lines, [2]) SET tags = set_add(tags, <<'z'>>) REMOVE note WHERE customer = 'a' AND number = 1 RETURNING ALL NEW *`,
			"amount=5 customer=a lines=[1 <deep=true> 2] number=1 tags={x y z}")
		d.said(`UPDATE orders SET amount = amount + ?, tags = set_delete(tags, <<'x'>>) WHERE customer = 'a' AND number = 1 AND amount < 6 RETURNING MODIFIED NEW *`, "amount=8 tags={y z}", num("3"))
		_, err = d.say(`UPDATE orders SET amount = 0 WHERE customer = 'a' AND number = 1 AND amount < 6`)
		d.wantError(err, "ConditionalCheckFailedException", "The conditional request failed")
		_, err = d.say(`UPDATE orders SET amount = 0 WHERE customer = 'nobody' AND number = 1`)
		d.wantError(err, "ConditionalCheckFailedException", "The conditional request failed")
		_, err = d.say(`UPDATE orders SET amount = 0 WHERE customer = 'a'`)
		d.wantError(err, "ValidationException", "Where clause does not contain a mandatory equality on all key attributes")

		d.said(`DELETE FROM orders WHERE customer = 'a' AND number = 1 RETURNING ALL OLD *`, "amount=8 customer=a lines=[1 <deep=true> 2] number=1 tags={y z}")
		d.said(`DELETE FROM orders WHERE customer = 'a' AND number = 1`, "")
	})
}

func TestStatementsThatAreNone(t *testing.T) {
	story(t, func(d *desk) {
		for statement, want := range map[string]string{
			`SELEKT * FROM orders`:                                             `Statement wasn't well formed, can't be processed: Expected data manipulation`,
			`SELECT * FROM`:                                                    `Statement wasn't well formed, can't be processed: Unexpected term`,
			`SELECT * FROM orders WHERE number = `:                             `Statement wasn't well formed, can't be processed: Unexpected term`,
			`SELECT * FROM orders WHERE number = ?`:                            "Number of parameters in request and statement don't match.",
			`SELECT * FROM orders ORDER BY number`:                             "Must have WHERE clause in the statement when using ORDER BY clause.",
			`EXISTS(SELECT * FROM orders WHERE customer = 'a' AND number = 1)`: "EXISTS is only supported in ExecuteTransaction",
		} {
			_, err := d.say(statement)
			d.wantError(err, "ValidationException", want)
		}
	})
}

func TestBatchesOfStatementsFailOneByOne(t *testing.T) {
	story(t, func(d *desk) {
		d.put(order("a", "1"))
		out, err := d.BatchExecuteStatement(d.Context(), &dynamodb.BatchExecuteStatementInput{Statements: []types.BatchStatementRequest{
			{Statement: aws.String(`INSERT INTO orders VALUE {'customer': 'a', 'number': 2}`)},
			{Statement: aws.String(`INSERT INTO orders VALUE {'customer': 'a', 'number': 1}`)},
			{Statement: aws.String(`DELETE FROM orders WHERE customer = 'a'`)},
		}})
		if err != nil {
			d.Fatal(err)
		}
		if out.Responses[0].Error != nil || out.Responses[1].Error.Code != types.BatchStatementErrorCodeEnumDuplicateItem || out.Responses[2].Error.Code != types.BatchStatementErrorCodeEnumValidationError {
			d.Errorf("%+v", out.Responses)
		}
		read, err := d.BatchExecuteStatement(d.Context(), &dynamodb.BatchExecuteStatementInput{Statements: []types.BatchStatementRequest{
			{Statement: aws.String(`SELECT number FROM orders WHERE customer = 'a' AND number = 2`)},
			{Statement: aws.String(`SELECT * FROM orders WHERE customer = 'a' AND number = 9`)},
		}})
		if err != nil {
			d.Fatal(err)
		}
		d.want("read", show(read.Responses[0].Item)+", "+show(read.Responses[1].Item), "number=2, none")
	})
}

func TestTransactionsOfStatements(t *testing.T) {
	story(t, func(d *desk) {
		d.put(with(order("a", "1"), "amount", num("5")))
		do := func(statements ...string) (*dynamodb.ExecuteTransactionOutput, error) {
			in := &dynamodb.ExecuteTransactionInput{}
			for _, s := range statements {
				in.TransactStatements = append(in.TransactStatements, types.ParameterizedStatement{Statement: &s})
			}
			return d.ExecuteTransaction(d.Context(), in)
		}
		_, err := do(`EXISTS(SELECT * FROM orders WHERE customer = 'a' AND number = 1 AND amount = 5)`, `INSERT INTO orders VALUE {'customer': 'a', 'number': 2}`)
		if err != nil {
			d.Fatal(err)
		}
		_, err = do(`INSERT INTO orders VALUE {'customer': 'a', 'number': 3}`, `INSERT INTO orders VALUE {'customer': 'a', 'number': 2}`, `EXISTS(SELECT * FROM orders WHERE customer = 'a' AND number = 1 AND amount = 6)`)
		var canceled *types.TransactionCanceledException
		if !errors.As(err, &canceled) {
			d.Fatal(err)
		}
		d.want("reasons", *canceled.CancellationReasons[0].Code+" "+*canceled.CancellationReasons[1].Code+" "+*canceled.CancellationReasons[2].Code, "None DuplicateItem ConditionalCheckFailed")
		out, err := do(`SELECT amount FROM orders WHERE customer = 'a' AND number = 1`, `SELECT * FROM orders WHERE customer = 'a' AND number = 3`)
		if err != nil {
			d.Fatal(err)
		}
		d.want("read", show(out.Responses[0].Item)+", "+show(out.Responses[1].Item), "amount=5, none")
	})
}
