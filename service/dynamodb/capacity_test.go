package dynamodb_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

func TestRequestUnitsAreMetered(t *testing.T) {
	story(t, func(d *desk) {
		d.put(with(order("ada", "1"), "x", str(strings.Repeat("x", 5000))))        // 5 units
		d.put(with(order("bob", "1"), "state", str("open")))                       // 1, and 1 of the index
		d.get(order("ada", "1"))                                                   // 2 units, consistent
		if _, err := d.query("customer = :c", row{":c": str("ada")}); err != nil { // 1 unit: half of 2
			d.Fatal(err)
		}
		_, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: order("bob", "1"), ConditionExpression: aws.String("attribute_not_exists(customer)")})
		if err == nil { // 1 unit all the same
			d.Error("the condition held")
		}
		lines, err := d.cloud.System().Usage(d.Context())
		if err != nil {
			d.Fatal(err)
		}
		used := map[string]int64{}
		for _, l := range lines {
			if l.Service == "dynamodb" {
				used[l.Dimension] = l.Amount
			}
		}
		d.want("usage", fmt.Sprint(used), "map[ReadRequestHalfUnits:6 WriteRequestUnits:8]")
	})
}
