package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

const (
	ddbItems      = 10_000 // items in the table that is read
	ddbPartitions = 500    // of them, so that a partition has twenty
	ddbTransacted = 4
	scanSegments  = 4
)

func dynamoWorkloads() []workload {
	return []workload{
		{name: "ddb-put", goal: 2.8, setup: ddbPut},
		{name: "ddb-get", goal: 2, setup: ddbGet},
		{name: "ddb-update-if", goal: 3.5, setup: ddbUpdate},
		{name: "ddb-query-20", goal: 6.5, setup: ddbQuery},
		{name: "ddb-transact-4", goal: 8, setup: ddbTransact},
		{name: "ddb-scan-1m", setup: ddbScan},
		{name: "ddb-put-late", goal: 2.8, setup: ddbLate("PutItem", func(n int) string { return `"Item":` + ddbItem(n) }), late: items},
		{name: "ddb-get-late", goal: 2, setup: ddbLate("GetItem", func(n int) string { return fmt.Sprintf(`"Key":{%s}`, ddbKey(n)) }), late: items},
	}
}

// dynamo makes a DynamoDB call.
func (c *client) dynamo(operation, body string) error {
	return c.json("dynamodb", "DynamoDB_20120810."+operation, body, nil)
}

// ddbItem is an item of about 300 bytes.
func ddbItem(n int) string {
	return fmt.Sprintf(`{%s,"name":{"S":"%s"},"price":{"N":"%d.25"},"stock":{"N":"1"},"tags":{"SS":["red","small"]},"open":{"BOOL":true},"text":{"S":"%s"}}`,
		ddbKey(n), strings.Repeat("n", 20), n, strings.Repeat("t", 170))
}

func ddbKey(n int) string {
	return fmt.Sprintf(`"pk":{"S":"customer-%06d"},"sk":{"S":"order-%06d"}`, n%ddbPartitions, n)
}

// ddbTable makes a table, with items in it.
func (c *client) ddbTable(full bool) (string, error) {
	name := fmt.Sprint("bench-", time.Now().UnixNano())
	err := c.createTable(name)
	for n := 0; full && err == nil && n < ddbItems; n += ddbBatchSize {
		err = c.ddbBatch(name, n)
	}
	return name, err
}

func (c *client) createTable(name string) error {
	return c.dynamo("CreateTable", fmt.Sprintf(`{"TableName":%q,"BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}`, name))
}

const ddbBatchSize = 25

// ddbBatch puts the items from n.
func (c *client) ddbBatch(table string, n int) error {
	var puts []string
	for i := range ddbBatchSize {
		puts = append(puts, fmt.Sprintf(`{"PutRequest":{"Item":%s}}`, ddbItem(n+i)))
	}
	return c.dynamo("BatchWriteItem", fmt.Sprintf(`{"RequestItems":{%q:[%s]}}`, table, strings.Join(puts, ",")))
}

// lateTable is the table that -items fills.
const lateTable = "bench-late"

func items(o *options) int { return o.items }

// fillTable puts n items into lateTable.
func (c *client) fillTable(n int) error {
	if n == 0 {
		return nil
	}
	if err := c.createTable(lateTable); err != nil {
		return err
	}
	c.lateItems = n
	return c.steps(n/ddbBatchSize, func(i int) error { return c.ddbBatch(lateTable, i*ddbBatchSize) })
}

// ddbLate makes calls for items all over the full table.
func ddbLate(operation string, members func(n int) string) func(c *client) (func(*client, int) error, error) {
	return func(c *client) (func(*client, int) error, error) {
		var n atomic.Int64
		return func(c *client, _ int) error {
			const stride = 15_485_863
			return c.dynamo(operation, fmt.Sprintf(`{"TableName":%q,%s}`, lateTable, members(int(uint64(n.Add(1))*stride%uint64(c.lateItems)))))
		}, nil
	}
}

func ddbPut(c *client) (func(*client, int) error, error) {
	table, err := c.ddbTable(false)
	var n atomic.Int64
	return func(c *client, _ int) error {
		return c.dynamo("PutItem", fmt.Sprintf(`{"TableName":%q,"Item":%s}`, table, ddbItem(int(n.Add(1)))))
	}, err
}

func ddbGet(c *client) (func(*client, int) error, error) {
	return c.onItems("GetItem", func(n int) string { return fmt.Sprintf(`"Key":{%s}`, ddbKey(n)) })
}

func ddbUpdate(c *client) (func(*client, int) error, error) {
	return c.onItems("UpdateItem", func(n int) string {
		return fmt.Sprintf(`"Key":{%s},"UpdateExpression":"SET stock = stock + :one","ConditionExpression":"stock > :none","ExpressionAttributeValues":{":one":{"N":"1"},":none":{"N":"0"}}`, ddbKey(n))
	})
}

func ddbQuery(c *client) (func(*client, int) error, error) {
	return c.onItems("Query", func(n int) string {
		return fmt.Sprintf(`"KeyConditionExpression":"pk = :pk","ExpressionAttributeValues":{":pk":{"S":"customer-%06d"}}`, n%ddbPartitions)
	})
}

// ddbScan examines a megabyte of items, none of which its filter lets through.
func ddbScan(c *client) (func(*client, int) error, error) {
	return c.onItems("Scan", func(n int) string {
		return fmt.Sprintf(`"FilterExpression":"price < :none","ExpressionAttributeValues":{":none":{"N":"0"}},"Segment":%d,"TotalSegments":%d`, n%scanSegments, scanSegments)
	})
}

// onItems makes calls for the items of a full table, one after the other.
func (c *client) onItems(operation string, members func(n int) string) (func(*client, int) error, error) {
	table, err := c.ddbTable(true)
	var n atomic.Int64
	return func(c *client, _ int) error {
		return c.dynamo(operation, fmt.Sprintf(`{"TableName":%q,%s}`, table, members(int(n.Add(1)%ddbItems))))
	}, err
}

func ddbTransact(c *client) (func(*client, int) error, error) {
	table, err := c.ddbTable(false)
	var n atomic.Int64
	return func(c *client, _ int) error {
		var puts []string
		for range ddbTransacted {
			puts = append(puts, fmt.Sprintf(`{"Put":{"TableName":%q,"Item":%s}}`, table, ddbItem(int(n.Add(1)))))
		}
		return c.dynamo("TransactWriteItems", fmt.Sprintf(`{"TransactItems":[%s]}`, strings.Join(puts, ",")))
	}, err
}
