package dynamodb_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
)

// desk is a cloud with a table called orders, with short verbs for stories. Its
// key is customer (S) and number (N).
type desk struct {
	*testing.T
	cloud *cloudtest.Cloud
	*dynamodb.Client
}

// story runs fn in a bubble, where time is virtual.
func story(t *testing.T, fn func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := cloudtest.Start(t, cloudtest.NoRetries())
		d := &desk{T: t, cloud: c, Client: dynamodb.NewFromConfig(c.Config())}
		d.create(orders())
		fn(d)
	})
}

type av = types.AttributeValue
type row = map[string]types.AttributeValue

func str(s string) av       { return &types.AttributeValueMemberS{Value: s} }
func num(s string) av       { return &types.AttributeValueMemberN{Value: s} }
func strs(s ...string) av   { return &types.AttributeValueMemberSS{Value: s} }
func list(v ...av) av       { return &types.AttributeValueMemberL{Value: v} }
func mapOf(m row) av        { return &types.AttributeValueMemberM{Value: m} }
func order(c, n string) row { return row{"customer": str(c), "number": num(n)} }

func with(r row, name string, v av) row {
	out := row{name: v}
	for k, e := range r {
		if k != name {
			out[k] = e
		}
	}
	return out
}

func schema(hash, sort string) []types.KeySchemaElement {
	s := []types.KeySchemaElement{{AttributeName: &hash, KeyType: types.KeyTypeHash}}
	if sort != "" {
		s = append(s, types.KeySchemaElement{AttributeName: &sort, KeyType: types.KeyTypeRange})
	}
	return s
}

func define(name string, t types.ScalarAttributeType) types.AttributeDefinition {
	return types.AttributeDefinition{AttributeName: &name, AttributeType: t}
}

func orders() *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: types.BillingModePayPerRequest, KeySchema: schema("customer", "number"),
		AttributeDefinitions: []types.AttributeDefinition{define("customer", "S"), define("number", "N"), define("state", "S"), define("amount", "N")},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{
			IndexName: aws.String("by-amount"), KeySchema: schema("customer", "amount"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("by-state"), KeySchema: schema("state", "number"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"note"}},
		}},
	}
}

func (d *desk) create(in *dynamodb.CreateTableInput) {
	d.Helper()
	if _, err := d.CreateTable(d.Context(), in); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) put(rows ...row) {
	d.Helper()
	for _, r := range rows {
		if _, err := d.PutItem(d.Context(), &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: r}); err != nil {
			d.Fatal(err)
		}
	}
}

func (d *desk) get(key row) row {
	d.Helper()
	out, err := d.GetItem(d.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		d.Fatal(err)
	}
	return out.Item
}

// update changes an order; options complete the input.
func (d *desk) update(key row, expression string, values row, options ...func(*dynamodb.UpdateItemInput)) (row, error) {
	in := &dynamodb.UpdateItemInput{TableName: aws.String("orders"), Key: key, UpdateExpression: &expression, ExpressionAttributeValues: values, ReturnValues: types.ReturnValueAllNew}
	for _, o := range options {
		o(in)
	}
	out, err := d.UpdateItem(d.Context(), in)
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

func (d *desk) want(what, got, want string) {
	d.Helper()
	if got != want {
		d.Errorf("%s:\n got  %s\n want %s", what, got, want)
	}
}

// wantError checks the code and the message of an error.
func (d *desk) wantError(err error, code, message string) {
	d.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		d.Fatalf("got %v, want %s", err, code)
	}
	d.want("code", api.ErrorCode(), code)
	d.want("message", api.ErrorMessage(), message)
}
