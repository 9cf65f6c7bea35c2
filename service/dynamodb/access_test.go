package dynamodb_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
)

func TestAPolicyLetsAnotherAccountAtItsOwnKeys(t *testing.T) {
	story(t, func(d *desk) {
		arn := d.describe("orders").TableArn
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":"` + *arn + `",
			"Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["bob"]}}}]}`
		if _, err := d.PutResourcePolicy(d.Context(), &dynamodb.PutResourcePolicyInput{ResourceArn: arn, Policy: &policy}); err != nil {
			d.Fatal(err)
		}
		d.put(order("ada", "1"), order("bob", "1"))
		other := dynamodb.NewFromConfig(d.cloud.As("111122223333", "secret", ""))
		get := func(key row) (*dynamodb.GetItemOutput, error) {
			return other.GetItem(d.Context(), &dynamodb.GetItemInput{TableName: arn, Key: key})
		}
		out, err := get(order("bob", "1"))
		if err != nil {
			d.Fatal(err)
		}
		d.want("bob's", show(out.Item), "customer=bob number=1")
		query := func(customer string) error {
			_, err := other.Query(d.Context(), &dynamodb.QueryInput{TableName: arn, KeyConditionExpression: aws.String("customer = :c"), ExpressionAttributeValues: row{":c": str(customer)}})
			return err
		}
		if err := query("bob"); err != nil {
			d.Error(err)
		}
		_, err = get(order("ada", "1"))
		_, put := other.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: arn, Item: order("bob", "2")})
		for what, err := range map[string]error{"another's item": err, "another's orders": query("ada"), "a write": put} {
			var api smithy.APIError
			if !errors.As(err, &api) || api.ErrorCode() != "AccessDeniedException" {
				d.Errorf("%s: %v", what, err)
			}
		}
	})
}
