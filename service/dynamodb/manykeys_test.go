package dynamodb_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// many is a key schema; hash and range attributes are told by the bar.
func many(spec string) (s []types.KeySchemaElement) {
	hashes, ranges, _ := strings.Cut(spec, "|")
	for _, name := range strings.Fields(hashes) {
		s = append(s, types.KeySchemaElement{AttributeName: aws.String(name), KeyType: types.KeyTypeHash})
	}
	for _, name := range strings.Fields(ranges) {
		s = append(s, types.KeySchemaElement{AttributeName: aws.String(name), KeyType: types.KeyTypeRange})
	}
	return s
}

// matches makes a table of matches with an index of a key of several attributes.
func (d *desk) matches(spec string) error {
	in := &dynamodb.CreateTableInput{
		TableName: aws.String("matches"), BillingMode: types.BillingModePayPerRequest, KeySchema: schema("id", ""),
		AttributeDefinitions: []types.AttributeDefinition{define("id", "S")},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("multi"), KeySchema: many(spec), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
	}
	var defined []string
	for _, k := range in.GlobalSecondaryIndexes[0].KeySchema {
		if !slices.Contains(defined, *k.AttributeName) {
			defined = append(defined, *k.AttributeName)
			in.AttributeDefinitions = append(in.AttributeDefinitions, define(*k.AttributeName, map[bool]types.ScalarAttributeType{true: "N", false: "S"}[*k.AttributeName == "heat"]))
		}
	}
	_, err := d.CreateTable(d.Context(), in)
	return err
}

func match(id, cup, region, round, heat, court string) row {
	r := row{"id": str(id), "cup": str(cup), "region": str(region), "round": str(round), "heat": num(heat)}
	if court != "" {
		r["court"] = str(court)
	}
	return r
}

func TestIndexWithAKeyOfSeveralAttributes(t *testing.T) {
	story(t, func(d *desk) {
		if err := d.matches("cup region | round heat court"); err != nil {
			d.Fatal(err)
		}
		for _, r := range []row{
			match("a", "open", "eu", "final", "10", "1"), match("b", "open", "eu", "final", "9", "2"), match("c", "open", "eu", "final", "9", "1"),
			match("d", "open", "eu", "draw", "30", "1"), match("e", "open", "us", "final", "1", "1"), match("f", "open", "eu", "final", "9", ""),
			match("g", "ope", "neu", "final", "9", "1"),
		} {
			if err := d.putIn("matches", r); err != nil {
				d.Fatal(err)
			}
		}
		values := row{":c": str("open"), ":r": str("eu"), ":f": str("final"), ":d": num("9"), ":e": num("10"), ":t": str("1"), ":p": str("fi")}
		query := func(condition string, options ...func(*dynamodb.QueryInput)) (string, *dynamodb.QueryOutput) {
			in := &dynamodb.QueryInput{TableName: aws.String("matches"), IndexName: aws.String("multi"), KeyConditionExpression: &condition, ExpressionAttributeValues: row{}, ExpressionAttributeNames: map[string]string{}}
			for k, v := range values {
				if strings.Contains(condition, k) {
					in.ExpressionAttributeValues[k] = v
				}
			}
			if strings.Contains(condition, "#g") {
				in.ExpressionAttributeNames["#g"] = "region"
			} else {
				in.ExpressionAttributeNames = nil
			}
			for _, o := range options {
				o(in)
			}
			out, err := d.Query(d.Context(), in)
			if err != nil {
				return err.Error()[strings.LastIndex(err.Error(), ": ")+2:], nil
			}
			ids := ""
			for _, it := range out.Items {
				ids += it["id"].(*types.AttributeValueMemberS).Value
			}
			return ids, out
		}
		for _, c := range []struct{ condition, want string }{
			{"cup = :c AND #g = :r", "dcba"},
			{"cup = :c AND #g = :r AND round = :f", "cba"},
			{"round = :f AND cup = :c AND heat = :d AND #g = :r", "cb"},
			{"cup = :c AND #g = :r AND round = :f AND heat = :d AND court > :t", "b"},
			{"cup = :c AND #g = :r AND round = :f AND heat > :d", "a"},
			{"cup = :c AND #g = :r AND round = :f AND heat BETWEEN :d AND :e", "cba"},
			{"cup = :c AND #g = :r AND begins_with(round, :p)", "cba"},
			{"cup = :c AND #g = :r AND round < :f", "d"},
			{"cup = :c AND round = :f", "region"}, // Query condition missed key schema element
			{"cup = :c AND #g > :r", "Query key condition not supported"},
			{"cup = :c AND #g = :r AND heat = :d", "RANGE key attributes round must have equality conditions specified in the query because a condition is present on key attribute heat"},
			{"cup = :c AND #g = :r AND round = :f AND heat > :d AND court = :t", "RANGE key attributes heat must have equality conditions specified in the query because a condition is present on key attribute court"},
			{"cup = :c AND #g = :r AND round = :f AND heat = :t", "Condition parameter type does not match schema type"},
		} {
			got, _ := query(c.condition)
			d.want(c.condition, got, c.want)
		}
		got, _ := query("cup = :c AND #g = :r", func(in *dynamodb.QueryInput) { in.ScanIndexForward = aws.Bool(false) })
		d.want("backwards", got, "abcd")
		got, page := query("cup = :c AND #g = :r", func(in *dynamodb.QueryInput) { in.Limit = aws.Int32(2) })
		d.want("a page", got, "dc")
		d.want("its end", show(page.LastEvaluatedKey), "court=1 cup=open heat=9 id=c region=eu round=final")
		got, _ = query("cup = :c AND #g = :r", func(in *dynamodb.QueryInput) { in.ExclusiveStartKey = page.LastEvaluatedKey })
		d.want("the next page", got, "ba")

		_, err := d.UpdateItem(d.Context(), &dynamodb.UpdateItemInput{TableName: aws.String("matches"), Key: row{"id": str("e")}, UpdateExpression: aws.String("SET #g = :r"), ExpressionAttributeNames: map[string]string{"#g": "region"}, ExpressionAttributeValues: row{":r": str("eu")}})
		if err != nil {
			d.Fatal(err)
		}
		got, _ = query("cup = :c AND #g = :r AND round = :f AND heat < :d")
		d.want("a moved item", got, "e")
		_, err = d.ExecuteStatement(d.Context(), &dynamodb.ExecuteStatementInput{Statement: aws.String(`SELECT * FROM matches.multi WHERE cup = 'open'`)})
		d.wantError(err, "ValidationException", "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys.")
		err = d.putIn("matches", match("h", "open", "eu", strings.Repeat("x", 1000), "1", strings.Repeat("y", 100)))
		d.wantError(err, "ValidationException", "One or more parameter values were invalid: Size of an index key has exceeded the maximum size limit of 1024 bytes. IndexName: multi, IndexKey: round, heat, court")
		out, err := d.DescribeTable(d.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("matches")})
		if err != nil || len(out.Table.GlobalSecondaryIndexes[0].KeySchema) != 5 || *out.Table.GlobalSecondaryIndexes[0].KeySchema[1].AttributeName != "region" {
			d.Errorf("%+v, %v", out, err)
		}
	})
}

func TestKeysOfSeveralAttributesHaveLimits(t *testing.T) {
	story(t, func(d *desk) {
		for spec, want := range map[string]string{
			"a b c d e": "Invalid KeySchema: a key has at most 4 HASH and 4 RANGE key attributes",
			"a | b a":   "Invalid KeySchema: An attribute is named more than once: a",
		} {
			d.wantError(d.matches(spec), "ValidationException", want)
		}
		if err := d.matches("a b c e | f g h heat"); err != nil {
			d.Error(err)
		}
		_, err := d.CreateTable(d.Context(), &dynamodb.CreateTableInput{TableName: aws.String("wide"), KeySchema: many("a | b c"), BillingMode: types.BillingModePayPerRequest, AttributeDefinitions: []types.AttributeDefinition{define("a", "S"), define("b", "S"), define("c", "S")}})
		d.wantError(err, "ValidationException", "1 validation error detected: Value '[KeySchemaElement(attributeName=a, keyType=HASH), KeySchemaElement(attributeName=b, keyType=RANGE), KeySchemaElement(attributeName=c, keyType=RANGE)]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2")
	})
}
