package dynamodb_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func (d *desk) describe(name string) *types.TableDescription {
	d.Helper()
	out, err := d.DescribeTable(d.Context(), &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		d.Fatal(err)
	}
	return out.Table
}

func TestATableIsMadeDescribedAndDeleted(t *testing.T) {
	story(t, func(d *desk) {
		in := orders()
		in.TableName, in.DeletionProtectionEnabled = aws.String("more"), aws.Bool(true)
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages}
		in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("a")}}
		made, err := d.CreateTable(d.Context(), in)
		if err != nil {
			d.Fatal(err)
		}
		d.want("status", string(made.TableDescription.TableStatus), "CREATING")
		if err := dynamodb.NewTableExistsWaiter(d.Client).Wait(d.Context(), &dynamodb.DescribeTableInput{TableName: in.TableName}, time.Minute); err != nil {
			d.Fatal(err)
		}
		is := d.describe("more")
		d.want("table", fmt.Sprintln(is.TableStatus, *is.TableArn, is.BillingModeSummary.BillingMode, len(is.AttributeDefinitions), *is.StreamSpecification.StreamEnabled, *is.DeletionProtectionEnabled),
			"ACTIVE arn:aws:dynamodb:us-east-1:000000000000:table/more PAY_PER_REQUEST 4 true true\n")
		if !strings.HasPrefix(*is.LatestStreamArn, *is.TableArn+"/stream/2") {
			d.Errorf("stream %s", *is.LatestStreamArn)
		}
		_, err = d.CreateTable(d.Context(), in)
		d.wantError(err, "ResourceInUseException", "Table already exists: more")

		list, err := d.ListTables(d.Context(), &dynamodb.ListTablesInput{Limit: aws.Int32(1)})
		if err != nil || list.LastEvaluatedTableName == nil {
			d.Fatal(err)
		}
		rest, err := d.ListTables(d.Context(), &dynamodb.ListTablesInput{ExclusiveStartTableName: list.LastEvaluatedTableName})
		if err != nil {
			d.Fatal(err)
		}
		d.want("tables", fmt.Sprint(list.TableNames, rest.TableNames), "[more] [orders]")

		_, err = d.DeleteTable(d.Context(), &dynamodb.DeleteTableInput{TableName: in.TableName})
		d.wantError(err, "ValidationException", "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
		if _, err := d.UpdateTable(d.Context(), &dynamodb.UpdateTableInput{TableName: in.TableName, DeletionProtectionEnabled: aws.Bool(false)}); err != nil {
			d.Fatal(err)
		}
		if _, err := d.DeleteTable(d.Context(), &dynamodb.DeleteTableInput{TableName: in.TableName}); err != nil {
			d.Fatal(err)
		}
		_, err = d.DescribeTable(d.Context(), &dynamodb.DescribeTableInput{TableName: in.TableName})
		d.wantError(err, "ResourceNotFoundException", "Requested resource not found: Table: more not found")
	})
}

func TestATableMadeAnewIsEmpty(t *testing.T) {
	story(t, func(d *desk) {
		d.put(order("ada", "1"))
		if _, err := d.DeleteTable(d.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("orders")}); err != nil {
			d.Fatal(err)
		}
		d.create(orders())
		d.want("the item", show(d.get(order("ada", "1"))), "none")
	})
}

func TestSchemasAreChecked(t *testing.T) {
	story(t, func(d *desk) {
		for _, c := range []struct {
			change func(*dynamodb.CreateTableInput)
			want   string
		}{
			{func(in *dynamodb.CreateTableInput) { in.TableName = aws.String("a b c") }, "1 validation error detected: Value 'a b c' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"},
			{func(in *dynamodb.CreateTableInput) { in.BillingMode = types.BillingModeProvisioned }, "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"},
			{func(in *dynamodb.CreateTableInput) {
				in.KeySchema[0], in.KeySchema[1] = in.KeySchema[1], in.KeySchema[0]
			}, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
			{func(in *dynamodb.CreateTableInput) { in.AttributeDefinitions = in.AttributeDefinitions[:3] }, "One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [amount, customer, number, state], AttributeDefinitions: [customer, number, state]"},
			{func(in *dynamodb.CreateTableInput) {
				in.GlobalSecondaryIndexes, in.LocalSecondaryIndexes = nil, nil
			}, "One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"},
			{func(in *dynamodb.CreateTableInput) { in.LocalSecondaryIndexes[0].KeySchema = schema("state", "amount") }, "One or more parameter values were invalid: Index KeySchema does not have the same leading hash key as table KeySchema for index: by-amount. index hash key: state, table hash key: customer"},
		} {
			in := orders()
			in.TableName = aws.String("another")
			c.change(in)
			_, err := d.CreateTable(d.Context(), in)
			d.wantError(err, "ValidationException", c.want)
		}
	})
}

func TestANewIndexIsFilled(t *testing.T) {
	story(t, func(d *desk) {
		const customers = 1200 // more than one batch
		for i := range customers {
			d.put(with(order(fmt.Sprint("c", i), "1"), "city", str("Paris")))
		}
		d.put(with(order("odd", "1"), "city", num("7"))) // no key of the index
		_, err := d.UpdateTable(d.Context(), &dynamodb.UpdateTableInput{
			TableName: aws.String("orders"), AttributeDefinitions: []types.AttributeDefinition{define("city", "S"), define("customer", "S")},
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
				IndexName: aws.String("by-city"), KeySchema: schema("city", "customer"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
			}}},
		})
		if err != nil {
			d.Fatal(err)
		}
		d.want("status", string(d.describe("orders").GlobalSecondaryIndexes[1].IndexStatus), "CREATING")
		d.put(with(order("late", "1"), "city", str("Paris")), with(order("c7", "1"), "city", str("Rome")))
		_, err = d.query("city = :c", row{":c": str("Paris")}, on("by-city"))
		d.wantError(err, "ValidationException", "Cannot read from backfilling global secondary index: by-city")
		d.cloud.Advance(time.Second)
		synctest.Wait()
		is := d.describe("orders")
		d.want("status", fmt.Sprintln(is.TableStatus, is.GlobalSecondaryIndexes[1].IndexStatus, *is.GlobalSecondaryIndexes[1].ItemCount), "ACTIVE ACTIVE 1201\n")
		out, err := d.query("city = :c", row{":c": str("Paris")}, on("by-city"))
		if err != nil || out.Count != customers {
			d.Errorf("%d, %v", out.Count, err)
		}
		_, err = d.UpdateTable(d.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("orders"), GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{
			{Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: aws.String("by-city")}},
		}})
		if err != nil {
			d.Fatal(err)
		}
		is = d.describe("orders")
		d.want("after", fmt.Sprint(len(is.GlobalSecondaryIndexes), len(is.AttributeDefinitions)), "1 4")
	})
}

func TestItemsExpire(t *testing.T) {
	story(t, func(d *desk) {
		in := func(after time.Duration) av { return num(fmt.Sprint(time.Now().Add(after).Unix())) }
		d.put(with(order("early", "1"), "until", in(time.Hour)))
		_, err := d.UpdateTimeToLive(d.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: aws.String("orders"), TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("until"), Enabled: aws.Bool(true)}})
		if err != nil {
			d.Fatal(err)
		}
		d.put(with(order("ada", "1"), "until", in(time.Hour)), with(order("ada", "2"), "until", in(time.Hour)), with(order("ada", "3"), "until", str("never")), with(order("ada", "4"), "until", num("1")))
		if _, err := d.update(order("ada", "2"), "SET #u = :t", row{":t": in(3 * time.Hour)}, func(in *dynamodb.UpdateItemInput) { in.ExpressionAttributeNames = map[string]string{"#u": "until"} }); err != nil {
			d.Fatal(err)
		}
		d.cloud.Advance(2 * time.Hour)
		d.want("before the index", show(d.get(order("early", "1"))), "none")
		d.want("expired", show(d.get(order("ada", "1"))), "none")
		out, err := d.query("customer = :c", row{":c": str("ada")})
		if err != nil {
			d.Fatal(err)
		}
		d.want("left", numbers(out.Items), "2 3 4")
		d.cloud.Advance(2 * time.Hour)
		d.want("expired later", show(d.get(order("ada", "2"))), "none")
		ttl, err := d.DescribeTimeToLive(d.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: aws.String("orders")})
		if err != nil || ttl.TimeToLiveDescription.TimeToLiveStatus != types.TimeToLiveStatusEnabled || *ttl.TimeToLiveDescription.AttributeName != "until" {
			d.Errorf("%+v, %v", ttl, err)
		}
	})
}

func TestTagsAndPolicies(t *testing.T) {
	story(t, func(d *desk) {
		arn := d.describe("orders").TableArn
		if _, err := d.TagResource(d.Context(), &dynamodb.TagResourceInput{ResourceArn: arn, Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}, {Key: aws.String("a"), Value: aws.String("1")}}}); err != nil {
			d.Fatal(err)
		}
		if _, err := d.UntagResource(d.Context(), &dynamodb.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"b"}}); err != nil {
			d.Fatal(err)
		}
		tags, err := d.ListTagsOfResource(d.Context(), &dynamodb.ListTagsOfResourceInput{ResourceArn: arn})
		if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Key != "a" {
			d.Errorf("%v, %v", tags, err)
		}
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"dynamodb:GetItem","Resource":"` + *arn + `"}]}`
		put, err := d.PutResourcePolicy(d.Context(), &dynamodb.PutResourcePolicyInput{ResourceArn: arn, Policy: &policy})
		if err != nil {
			d.Fatal(err)
		}
		got, err := d.GetResourcePolicy(d.Context(), &dynamodb.GetResourcePolicyInput{ResourceArn: arn})
		if err != nil || *got.Policy != policy || *got.RevisionId != *put.RevisionId {
			d.Errorf("%v, %v", got, err)
		}
		if _, err := d.DeleteResourcePolicy(d.Context(), &dynamodb.DeleteResourcePolicyInput{ResourceArn: arn}); err != nil {
			d.Fatal(err)
		}
		_, err = d.GetResourcePolicy(d.Context(), &dynamodb.GetResourcePolicyInput{ResourceArn: arn})
		d.wantError(err, "PolicyNotFoundException", "Resource-based policy not found for the provided ResourceArn: "+*arn)
	})
}
