package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/brume-cloud/brume/front/sigv4"
)

// workload is something to measure. A step is one operation as the figures
// count them, and may be several calls.
type workload struct {
	name  string
	goal  float64 // multiple of the bare handler's CPU; 0 for none
	setup func(c *client) (step func(c *client, worker int) error, err error)
	drain func(c *client) error // waits until what was caused has happened

	late  func(o *options) int // how much must be there before; 0: it was not asked for
	files bool                 // servers that only send files can do it
}

const bodySize = 1024

func workloads() []workload {
	return []workload{
		{name: "sqs-send", goal: 2.2, setup: sqsSend},
		{name: "sqs-cycle", goal: 6, setup: sqsCycle},
		{name: "sqs-cycle-late", goal: 6 * 1.25, setup: sqsCycleLate, late: func(o *options) int { return o.backlog }},
		{name: "sns-publish-3", goal: 3.5, setup: snsPublish, drain: snsDelivered},
	}
}

// client calls one target.
type client struct {
	*target
	connections int
	http        *http.Client
	queues      []string
	sent        int64
	topic       string
}

func newClient(t *target, connections int) *client {
	return &client{target: t, connections: connections, http: &http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true},
	}}
}

// json makes an awsJson call, signed.
func (c *client) json(service, operation, body string, out any) error {
	h := http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Target": {operation}}
	b, err := c.call(service, h, []byte(body))
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(b, out)
}

// query makes an awsQuery call, signed.
func (c *client) query(service, form string, out any) error {
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	b, err := c.call(service, h, []byte(form))
	if err != nil || out == nil {
		return err
	}
	return xml.Unmarshal(b, out)
}

func (c *client) call(service string, h http.Header, body []byte) ([]byte, error) {
	r, err := http.NewRequest(http.MethodPost, c.url+"/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = h
	sigv4.Sign(r, body, sigv4.Credential{AccessKeyID: c.key.id, Secret: c.key.secret}, sigv4.Scope{Region: "us-east-1", Service: service, Time: time.Now()})
	var answer bytes.Buffer
	_, err = c.do(r, &answer)
	return answer.Bytes(), err
}

func (c *client) createQueue(name string) (string, error) {
	var out struct{ QueueUrl string }
	err := c.json("sqs", "AmazonSQS.CreateQueue", fmt.Sprintf(`{"QueueName":%q}`, name), &out)
	u, perr := url.Parse(out.QueueUrl)
	if err == nil && perr == nil {
		out.QueueUrl = c.url + u.Path // peers name hosts of their own
	}
	return out.QueueUrl, err
}

func sqsSend(c *client) (func(*client, int) error, error) {
	queue, err := c.createQueue(fmt.Sprint("send", time.Now().UnixNano()))
	message := fmt.Sprintf(`{"QueueUrl":%q,"MessageBody":%q}`, queue, strings.Repeat("x", bodySize))
	return func(c *client, _ int) error { return c.json("sqs", "AmazonSQS.SendMessage", message, nil) }, err
}

func sqsCycle(c *client) (func(*client, int) error, error) {
	return c.cycle(fmt.Sprint("cycle", time.Now().UnixNano()))
}

// backlogQueue is the queue that -backlog fills.
const backlogQueue = "backlog"

// sqsCycleLate is sqsCycle behind the backlog.
func sqsCycleLate(c *client) (func(*client, int) error, error) { return c.cycle(backlogQueue) }

// cycle sends, receives and deletes on one queue.
func (c *client) cycle(name string) (func(*client, int) error, error) {
	queue, err := c.createQueue(name)
	message := fmt.Sprintf(`{"QueueUrl":%q,"MessageBody":%q}`, queue, strings.Repeat("x", bodySize))
	receive := fmt.Sprintf(`{"QueueUrl":%q}`, queue)
	return func(c *client, _ int) error {
		if err := c.json("sqs", "AmazonSQS.SendMessage", message, nil); err != nil {
			return err
		}
		var out struct {
			Messages []struct{ ReceiptHandle string }
		}
		if err := c.json("sqs", "AmazonSQS.ReceiveMessage", receive, &out); err != nil {
			return err
		}
		for _, m := range out.Messages {
			if err := c.json("sqs", "AmazonSQS.DeleteMessage", fmt.Sprintf(`{"QueueUrl":%q,"ReceiptHandle":%q}`, queue, m.ReceiptHandle), nil); err != nil {
				return err
			}
		}
		return nil
	}, err
}

const subscribers = 3

func snsPublish(c *client) (func(*client, int) error, error) {
	var topic struct {
		ARN string `xml:"CreateTopicResult>TopicArn"`
	}
	name := fmt.Sprint("fan", time.Now().UnixNano())
	if err := c.query("sns", "Action=CreateTopic&Version=2010-03-31&Name="+name, &topic); err != nil {
		return nil, err
	}
	c.queues = nil
	for i := range subscribers {
		q, err := c.createQueue(fmt.Sprint(name, "-", i))
		if err != nil {
			return nil, err
		}
		c.queues = append(c.queues, q)
		account := strings.Split(topic.ARN, ":")[4]
		arn := "arn:aws:sqs:us-east-1:" + account + ":" + fmt.Sprint(name, "-", i)
		policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}]}`, arn, topic.ARN)
		body, _ := json.Marshal(map[string]any{"QueueUrl": q, "Attributes": map[string]string{"Policy": policy}})
		if err := c.json("sqs", "AmazonSQS.SetQueueAttributes", string(body), nil); err != nil {
			return nil, err
		}
		if err := c.query("sns", "Action=Subscribe&Version=2010-03-31&Protocol=sqs&TopicArn="+url.QueryEscape(topic.ARN)+"&Endpoint="+url.QueryEscape(arn), nil); err != nil {
			return nil, err
		}
	}
	form := "Action=Publish&Version=2010-03-31&TopicArn=" + url.QueryEscape(topic.ARN) + "&Message=" + strings.Repeat("x", bodySize)
	return func(c *client, _ int) error { return c.query("sns", form, nil) }, nil
}

// snsDelivered waits until every copy lies in its queue.
func snsDelivered(c *client) error {
	deadline := time.Now().Add(time.Minute)
	for _, q := range c.queues {
		for {
			var out struct{ Attributes map[string]string }
			if err := c.json("sqs", "AmazonSQS.GetQueueAttributes", fmt.Sprintf(`{"QueueUrl":%q,"AttributeNames":["All"]}`, q), &out); err != nil {
				return err
			}
			var n int64
			fmt.Sscan(out.Attributes["ApproximateNumberOfMessages"], &n)
			if n >= c.sent {
				break
			}
			if time.Now().After(deadline) {
				return fmt.Errorf("%s has %d of %d messages", q, n, c.sent)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return nil
}
