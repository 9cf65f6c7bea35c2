package dynamodb_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// shown are items on one line.
func shown(items []row, err error) string {
	if err != nil {
		return err.Error()
	}
	var all []string
	for _, it := range items {
		all = append(all, show(it))
	}
	return strings.Join(all, "; ")
}

// queried are the items that a Query finds; options complete the input.
func (d *desk) queried(options ...func(*dynamodb.QueryInput)) string {
	in := &dynamodb.QueryInput{TableName: aws.String("orders"), KeyConditionExpression: aws.String("customer = :c"), ExpressionAttributeValues: row{":c": str("ada")}}
	for _, o := range options {
		o(in)
	}
	out, err := d.Query(d.Context(), in)
	if err != nil {
		return err.Error()
	}
	return shown(out.Items, nil)
}

func TestEventuallyConsistentReadsAreStaleWhenAsked(t *testing.T) {
	story(t, func(d *desk) {
		open := func(n, note string) row {
			return with(with(order("ada", n), "state", str("open")), "note", str(note))
		}
		d.put(open("1", "a"), open("2", "a"), open("3", "a"))
		if err := d.tag("brume:stale", "2s"); err != nil {
			d.Fatal(err)
		}
		d.put(open("1", "b"), with(order("ada", "4"), "state", str("shut")), with(order("ada", "3"), "state", str("shut")))
		if _, err := d.DeleteItem(d.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: order("ada", "2")}); err != nil {
			d.Fatal(err)
		}
		read := func(n string, consistent bool) string {
			d.Helper()
			out, err := d.GetItem(d.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: order("ada", n), ConsistentRead: &consistent})
			if err != nil {
				d.Fatal(err)
			}
			return show(out.Item)
		}
		batch := func() string {
			out, err := d.BatchGetItem(d.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"orders": {Keys: []row{order("ada", "2"), order("ada", "4")}}}})
			if err != nil {
				d.Fatal(err)
			}
			return shown(out.Responses["orders"], nil)
		}
		scan := func(consistent bool) string {
			out, err := d.Scan(d.Context(), &dynamodb.ScanInput{TableName: aws.String("orders"), ConsistentRead: &consistent})
			if err != nil {
				d.Fatal(err)
			}
			return shown(out.Items, nil)
		}
		consistently := func(in *dynamodb.QueryInput) { in.ConsistentRead = aws.Bool(true) }
		backwards := func(in *dynamodb.QueryInput) { in.ScanIndexForward = aws.Bool(false) }
		byState := func(in *dynamodb.QueryInput) {
			in.IndexName, in.KeyConditionExpression = aws.String("by-state"), aws.String("#s = :c")
			in.ExpressionAttributeNames, in.ExpressionAttributeValues = map[string]string{"#s": "state"}, row{":c": str("open")}
		}
		const (
			a1, a2, a3 = "customer=ada note=a number=1 state=open", "customer=ada note=a number=2 state=open", "customer=ada note=a number=3 state=open"
			b1, b3, b4 = "customer=ada note=b number=1 state=open", "customer=ada number=3 state=shut", "customer=ada number=4 state=shut"
			before     = a1 + "; " + a2 + "; " + a3
			after      = b1 + "; " + b3 + "; " + b4
		)
		d.want("a changed item", read("1", false), a1)
		d.want("a changed item, consistently", read("1", true), b1)
		d.want("a deleted item", read("2", false), a2)
		d.want("a new item", read("4", false), "none")
		d.want("a batch", batch(), a2)
		d.want("a query", d.queried(), before)
		d.want("a query, consistently", d.queried(consistently), after)
		d.want("a query backwards", d.queried(backwards), a3+"; "+a2+"; "+a1)
		d.want("a global index", d.queried(byState), before)
		d.want("a page", d.queried(func(in *dynamodb.QueryInput) { in.Limit, in.ExclusiveStartKey = aws.Int32(1), order("ada", "1") }), a2)
		d.want("a scan", scan(false), before)
		d.want("a scan, consistently", scan(true), after)
		_, err := d.update(order("ada", "1"), "SET note = :n", row{":n": str("c")}, func(in *dynamodb.UpdateItemInput) {
			in.ConditionExpression, in.ExpressionAttributeValues = aws.String("note = :b"), row{":n": str("b"), ":b": str("b")}
		})
		if err != nil {
			d.Errorf("conditions see the present: %v", err)
		}

		d.cloud.Advance(2 * time.Second)
		d.want("a query later", d.queried(), after)
		d.want("a global index later", d.queried(byState), b1)
		d.cloud.Advance(3 * time.Hour) // what is old is forgotten meanwhile
		d.put(open("1", "d"))
		d.want("a change after long", read("1", false), b1)
		if _, err := d.UntagResource(d.Context(), &dynamodb.UntagResourceInput{ResourceArn: aws.String("arn:aws:dynamodb:us-east-1:000000000000:table/orders"), TagKeys: []string{"brume:stale"}}); err != nil {
			d.Fatal(err)
		}
		d.want("without the tag", read("1", false), "customer=ada note=d number=1 state=open")
	})
}
