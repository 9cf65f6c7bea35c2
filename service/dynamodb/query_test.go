package dynamodb_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// query returns the orders that a key condition is about; options complete the input.
func (d *desk) query(condition string, values row, options ...func(*dynamodb.QueryInput)) (*dynamodb.QueryOutput, error) {
	in := &dynamodb.QueryInput{TableName: aws.String("orders"), KeyConditionExpression: &condition, ExpressionAttributeValues: values}
	for _, o := range options {
		o(in)
	}
	return d.Query(d.Context(), in)
}

// numbers writes the numbers of orders.
func numbers(rows []row) string {
	var all []string
	for _, r := range rows {
		all = append(all, showValue(r["number"]))
	}
	return strings.Join(all, " ")
}

func on(index string) func(*dynamodb.QueryInput) {
	return func(in *dynamodb.QueryInput) { in.IndexName = &index }
}

func TestQueriesGoByTheSortKey(t *testing.T) {
	story(t, func(d *desk) {
		for _, n := range []string{"10", "9", "-1", "1.5", "100"} {
			d.put(order("ada", n), order("bob", n))
		}
		for _, c := range []struct {
			condition string
			values    row
			want      string
		}{
			{"customer = :c", row{}, "-1 1.5 9 10 100"},
			{"customer = :c and #n = :a", row{":a": num("9.0")}, "9"},
			{"customer = :c and #n < :a", row{":a": num("9")}, "-1 1.5"},
			{"customer = :c and #n <= :a", row{":a": num("9")}, "-1 1.5 9"},
			{"#n > :a and customer = :c", row{":a": num("9")}, "10 100"},
			{"(customer = :c) and (#n >= :a)", row{":a": num("9")}, "9 10 100"},
			{"customer = :c and #n between :a and :b", row{":a": num("0"), ":b": num("10")}, "1.5 9 10"},
		} {
			c.values[":c"] = str("ada")
			names := func(in *dynamodb.QueryInput) {
				if strings.Contains(c.condition, "#n") {
					in.ExpressionAttributeNames = map[string]string{"#n": "number"}
				}
			}
			out, err := d.query(c.condition, c.values, names)
			if err != nil {
				d.Fatalf("%s: %v", c.condition, err)
			}
			d.want(c.condition, numbers(out.Items), c.want)
			back, err := d.query(c.condition, c.values, names, func(in *dynamodb.QueryInput) { in.ScanIndexForward = aws.Bool(false) })
			if err != nil || len(back.Items) != len(out.Items) || showValue(back.Items[0]["number"]) != showValue(out.Items[len(out.Items)-1]["number"]) {
				d.Errorf("backwards: %v, %v", numbers(back.Items), err)
			}
		}
	})
}

func TestQueriesComeInPages(t *testing.T) {
	story(t, func(d *desk) {
		for i := range 7 {
			d.put(with(order("ada", fmt.Sprint(i)), "odd", &types.AttributeValueMemberBOOL{Value: i%2 == 1}))
		}
		for _, forward := range []bool{true, false} {
			var pages []string
			p := dynamodb.NewQueryPaginator(d.Client, &dynamodb.QueryInput{
				TableName: aws.String("orders"), KeyConditionExpression: aws.String("customer = :c"), FilterExpression: aws.String("odd = :t"), Limit: aws.Int32(3), ScanIndexForward: &forward,
				ExpressionAttributeValues: row{":c": str("ada"), ":t": &types.AttributeValueMemberBOOL{Value: true}},
			})
			for p.HasMorePages() {
				out, err := p.NextPage(d.Context())
				if err != nil {
					d.Fatal(err)
				}
				pages = append(pages, fmt.Sprintf("%s (%d of %d)", numbers(out.Items), out.Count, out.ScannedCount))
			}
			want := "1 (1 of 3); 3 5 (2 of 3);  (0 of 1)"
			if !forward {
				want = "5 (1 of 3); 3 1 (2 of 3);  (0 of 1)"
			}
			d.want("pages", strings.Join(pages, "; "), want)
		}
		d.put(with(order("big", "1"), "x", str(strings.Repeat("x", 390<<10))), with(order("big", "2"), "x", str(strings.Repeat("x", 390<<10))), with(order("big", "3"), "x", str(strings.Repeat("x", 390<<10))), order("big", "4"))
		out, err := d.query("customer = :c", row{":c": str("big")}, func(in *dynamodb.QueryInput) {
			in.Select, in.ReturnConsumedCapacity = types.SelectCount, types.ReturnConsumedCapacityTotal
		})
		if err != nil {
			d.Fatal(err)
		}
		d.want("a page of 1 MB", fmt.Sprintf("%d %v %s %v", out.Count, out.Items, show(out.LastEvaluatedKey), *out.ConsumedCapacity.CapacityUnits), "3 [] customer=big number=3 146.5")
	})
}

func TestIndexesFollowTheirTable(t *testing.T) {
	story(t, func(d *desk) {
		full := func(c, n, state, amount string) row {
			return with(with(with(with(order(c, n), "state", str(state)), "amount", num(amount)), "note", str("N")), "more", str("M"))
		}
		d.put(full("ada", "1", "open", "30"), full("ada", "2", "open", "20"), full("bob", "3", "open", "10"), full("bob", "4", "shipped", "5"), order("cy", "9"))
		state := func(s string) string {
			out, err := d.query("#s = :s", row{":s": str(s)}, on("by-state"), func(in *dynamodb.QueryInput) { in.ExpressionAttributeNames = map[string]string{"#s": "state"} })
			if err != nil {
				d.Fatal(err)
			}
			return showAll(out.Items)
		}
		d.want("shipped", state("shipped"), "customer=bob note=N number=4 state=shipped")
		if _, err := d.update(order("bob", "4"), "SET #s = :s", row{":s": str("open")}, func(in *dynamodb.UpdateItemInput) { in.ExpressionAttributeNames = map[string]string{"#s": "state"} }); err != nil {
			d.Fatal(err)
		}
		d.want("shipped", state("shipped"), "")
		if _, err := d.DeleteItem(d.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: order("ada", "2")}); err != nil {
			d.Fatal(err)
		}
		d.want("open", state("open"), "customer=ada note=N number=1 state=open; customer=bob note=N number=3 state=open; customer=bob note=N number=4 state=open")

		out, err := d.query("customer = :c", row{":c": str("bob")}, on("by-amount"))
		if err != nil {
			d.Fatal(err)
		}
		d.want("by amount", showAll(out.Items), "amount=5 customer=bob number=4; amount=10 customer=bob number=3")
		out, err = d.query("customer = :c", row{":c": str("bob")}, on("by-amount"), func(in *dynamodb.QueryInput) { in.ProjectionExpression = aws.String("more, amount") })
		if err != nil {
			d.Fatal(err)
		}
		d.want("fetched from the table", showAll(out.Items), "amount=5 more=M; amount=10 more=M")

		described, err := d.DescribeTable(d.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
		if err != nil {
			d.Fatal(err)
		}
		d.want("items", fmt.Sprint(*described.Table.ItemCount, *described.Table.GlobalSecondaryIndexes[0].ItemCount, *described.Table.LocalSecondaryIndexes[0].ItemCount), "4 3 3")
	})
}

func TestQueriesRefuseWhatDynamoDBRefuses(t *testing.T) {
	story(t, func(d *desk) {
		c := row{":c": str("ada")}
		for _, q := range []struct {
			condition string
			values    row
			option    func(*dynamodb.QueryInput)
			want      string
		}{
			{"note = :c", c, nil, "Query condition missed key schema element: customer"},
			{"customer > :c", c, nil, "Query key condition not supported"},
			{"customer = :c or note = :c", c, nil, "Invalid operator used in KeyConditionExpression: OR"},
			{"customer = :c", row{":c": num("1")}, nil, "One or more parameter values were invalid: Condition parameter type does not match schema type"},
			{"customer = :c", c, on("nothing"), "The table does not have the specified index: nothing"},
			{"customer = :c", c, func(in *dynamodb.QueryInput) { in.FilterExpression = aws.String("customer <> :c") }, "Filter Expression can only contain non-primary key attributes: Primary key attribute: customer"},
			{"customer = :c", c, func(in *dynamodb.QueryInput) { in.ExclusiveStartKey = order("bob", "1") }, "The provided starting key is outside query boundaries based on provided conditions"},
			{"customer = :c", c, func(in *dynamodb.QueryInput) {
				in.IndexName, in.ConsistentRead = aws.String("by-state"), aws.Bool(true)
			}, "Consistent reads are not supported on global secondary indexes"},
		} {
			options := []func(*dynamodb.QueryInput){}
			if q.option != nil {
				options = append(options, q.option)
			}
			_, err := d.query(q.condition, q.values, options...)
			d.wantError(err, "ValidationException", q.want)
		}
	})
}

func TestScansSeeEveryItemOnce(t *testing.T) {
	story(t, func(d *desk) {
		const customers = 40
		for i := range customers {
			d.put(order(fmt.Sprint("c", i), "1"), order(fmt.Sprint("c", i), "2"))
		}
		seen, total := map[string]int{}, int32(3)
		for segment := range total {
			p := dynamodb.NewScanPaginator(d.Client, &dynamodb.ScanInput{TableName: aws.String("orders"), Segment: &segment, TotalSegments: &total, Limit: aws.Int32(7)})
			for p.HasMorePages() {
				out, err := p.NextPage(d.Context())
				if err != nil {
					d.Fatal(err)
				}
				for _, r := range out.Items {
					seen[show(r)]++
				}
			}
		}
		for r, n := range seen {
			if n != 1 {
				d.Errorf("%s was seen %d times", r, n)
			}
		}
		if len(seen) != 2*customers {
			d.Errorf("%d items were seen", len(seen))
		}
		out, err := d.Scan(d.Context(), &dynamodb.ScanInput{TableName: aws.String("orders"), FilterExpression: aws.String("#n = :n and begins_with(customer, :p)"), ExpressionAttributeNames: map[string]string{"#n": "number"}, ExpressionAttributeValues: row{":n": num("2"), ":p": str("c3")}})
		if err != nil || out.Count != 11 || out.ScannedCount != 2*customers {
			d.Errorf("a filter left %d of %d: %v", out.Count, out.ScannedCount, err)
		}
	})
}

func TestLegacyQueriesAndFilters(t *testing.T) {
	story(t, func(d *desk) {
		d.put(with(order("ada", "1"), "a", str("x")), with(order("ada", "2"), "a", str("y")), with(order("ada", "3"), "a", str("x")), order("bob", "1"))
		in := &dynamodb.QueryInput{
			TableName: aws.String("orders"),
			KeyConditions: map[string]types.Condition{
				"customer": {ComparisonOperator: types.ComparisonOperatorEq, AttributeValueList: []av{str("ada")}},
				"number":   {ComparisonOperator: types.ComparisonOperatorGt, AttributeValueList: []av{num("1")}},
			},
			QueryFilter: map[string]types.Condition{"a": {ComparisonOperator: types.ComparisonOperatorNe, AttributeValueList: []av{str("y")}}},
		}
		out, err := d.Query(d.Context(), in)
		if err != nil {
			d.Fatal(err)
		}
		d.want("query", showAll(out.Items), "a=x customer=ada number=3")
		in.ProjectionExpression = aws.String("a")
		_, err = d.Query(d.Context(), in)
		d.wantError(err, "ValidationException", "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {KeyConditions} Expression parameters: {ProjectionExpression}")
		scan, err := d.Scan(d.Context(), &dynamodb.ScanInput{TableName: aws.String("orders"), ConditionalOperator: types.ConditionalOperatorOr, ScanFilter: map[string]types.Condition{
			"a":        {ComparisonOperator: types.ComparisonOperatorNull},
			"customer": {ComparisonOperator: types.ComparisonOperatorNotContains, AttributeValueList: []av{str("d")}},
		}})
		if err != nil {
			d.Fatal(err)
		}
		d.want("scan", showAll(scan.Items), "customer=bob number=1")
	})
}
