package dynamodb_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/front/sigv4"
)

// BenchmarkCalls makes calls from the signed request to the encoded answer,
// without a socket. The table has twenty items of about 300 bytes.
func BenchmarkCalls(b *testing.B) {
	c := cloudtest.Start(b, cloudtest.Dir(b.TempDir()))
	prepare(b, c, "CreateTable", `{"TableName":"orders","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}]}`)()
	put := func(n int) string {
		return fmt.Sprintf(`{"TableName":"orders","Item":{"pk":{"S":"customer-000001"},"sk":{"S":"order-%06d"},"name":{"S":"nnnnnnnnnnnnnnnnnnnn"},"price":{"N":"12.25"},"stock":{"N":"1"},"tags":{"SS":["red","small"]},"open":{"BOOL":true},"text":{"S":"%s"}}}`, n, strings.Repeat("t", 170))
	}
	for n := range 20 {
		prepare(b, c, "PutItem", put(n))()
	}
	const key = `{"TableName":"orders","Key":{"pk":{"S":"customer-000001"},"sk":{"S":"order-000004"}}`
	for operation, body := range map[string]string{
		"PutItem":    put(3),
		"GetItem":    key + `}`,
		"UpdateItem": key + `,"UpdateExpression":"SET stock = stock + :one","ConditionExpression":"stock > :none","ExpressionAttributeValues":{":one":{"N":"1"},":none":{"N":"0"}}}`,
		"Query":      `{"TableName":"orders","KeyConditionExpression":"pk = :pk","ExpressionAttributeValues":{":pk":{"S":"customer-000001"}}}`,
		"Scan":       `{"TableName":"orders","FilterExpression":"price < :none","ExpressionAttributeValues":{":none":{"N":"0"}}}`,
	} {
		b.Run(operation, func(b *testing.B) {
			call := prepare(b, c, operation, body)
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}

// prepare returns a function that makes a call.
func prepare(b *testing.B, c *cloudtest.Cloud, operation, body string) func() {
	r, err := http.NewRequest(http.MethodPost, "http://localhost:4566/", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Target": {"DynamoDB_20120810." + operation}}
	r.ContentLength = int64(len(body))
	sigv4.Sign(r, []byte(body), sigv4.Credential{AccessKeyID: "test", Secret: "test"}, sigv4.Scope{Region: "us-east-1", Service: "dynamodb", Time: time.Now()})
	return func() {
		r.Body = io.NopCloser(strings.NewReader(body))
		w := &answer{header: http.Header{}}
		c.System().Handler().ServeHTTP(w, r)
		if w.status != 0 && w.status != http.StatusOK {
			b.Fatalf("%s: %d: %s", operation, w.status, w.body.Bytes())
		}
	}
}

type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *answer) Header() http.Header         { return w.header }
func (w *answer) WriteHeader(s int)           { w.status = s }
func (w *answer) Write(p []byte) (int, error) { return w.body.Write(p) }
