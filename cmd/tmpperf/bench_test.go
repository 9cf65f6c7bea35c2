package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"encoding/xml"

	"github.com/brume-cloud/brume/cloud"
	"github.com/brume-cloud/brume/front/sigv4"
)

type caller struct {
	h          http.Handler
	id, secret string
}

func (c *caller) do(b testing.TB, service string, hd http.Header, body string) []byte {
	r := httptest.NewRequest("POST", "http://localhost:4566/", strings.NewReader(body))
	r.Header = hd
	sigv4.Sign(r, []byte(body), sigv4.Credential{AccessKeyID: c.id, Secret: c.secret}, sigv4.Scope{Region: "us-east-1", Service: service, Time: time.Now()})
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	if w.Code >= 300 {
		b.Fatal(w.Code, w.Body.String())
	}
	return w.Body.Bytes()
}

func (c *caller) json(b testing.TB, op, body string) []byte {
	return c.do(b, "sqs", http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Target": {"AmazonSQS." + op}}, body)
}
func (c *caller) form(b testing.TB, service, body string) []byte {
	return c.do(b, service, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, body)
}

func setup(b *testing.B) *caller {
	s, err := cloud.Open(cloud.Options{Dir: b.TempDir(), Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	c := &caller{s.Handler(), "test", "test"}
	c.form(b, "iam", "Action=CreateUser&Version=2010-05-08&UserName=bench")
	c.form(b, "iam", "Action=PutUserPolicy&Version=2010-05-08&UserName=bench&PolicyName=all&PolicyDocument="+url.QueryEscape(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`))
	var key struct {
		ID     string `xml:"CreateAccessKeyResult>AccessKey>AccessKeyId"`
		Secret string `xml:"CreateAccessKeyResult>AccessKey>SecretAccessKey"`
	}
	if err := xml.Unmarshal(c.form(b, "iam", "Action=CreateAccessKey&Version=2010-05-08&UserName=bench"), &key); err != nil {
		b.Fatal(err)
	}
	c.id, c.secret = key.ID, key.Secret
	c.json(b, "CreateQueue", `{"QueueName":"q"}`)
	return c
}

const q = "http://localhost:4566/000000000000/q"

func BenchmarkSend(b *testing.B) {
	c := setup(b)
	body := fmt.Sprintf(`{"QueueUrl":%q,"MessageBody":%q}`, q, strings.Repeat("x", 1024))
	b.ReportAllocs()
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.json(b, "SendMessage", body)
		}
	})
}

func BenchmarkCycle(b *testing.B) {
	c := setup(b)
	body := fmt.Sprintf(`{"QueueUrl":%q,"MessageBody":%q}`, q, strings.Repeat("x", 1024))
	b.ReportAllocs()
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.json(b, "SendMessage", body)
			var out struct{ Messages []struct{ ReceiptHandle string } }
			json.NewDecoder(bytes.NewReader(c.json(b, "ReceiveMessage", fmt.Sprintf(`{"QueueUrl":%q}`, q)))).Decode(&out)
			for _, m := range out.Messages {
				c.json(b, "DeleteMessage", fmt.Sprintf(`{"QueueUrl":%q,"ReceiptHandle":%q}`, q, m.ReceiptHandle))
			}
		}
	})
}

func BenchmarkEcho(b *testing.B) {
	c := &caller{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body); w.Write(make([]byte, 10)) }), "a", "b"}
	body := strings.Repeat("x", 1024)
	b.ReportAllocs()
	b.SetParallelism(8)
	for b.Loop() {
		c.json(b, "SendMessage", body)
	}
}
