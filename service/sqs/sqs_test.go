package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
)

// desk is a queue in a cloud of its own, with short verbs for stories.
type desk struct {
	*testing.T
	cloud *cloudtest.Cloud
	*sqs.Client
	url string
}

// story runs fn in a bubble, where time is virtual, with a queue called name.
func story(t *testing.T, name string, attributes map[string]string, fn func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := cloudtest.Start(t)
		d := &desk{T: t, cloud: c, Client: sqs.NewFromConfig(c.Config())}
		d.url = d.create(name, attributes)
		fn(d)
	})
}

func (d *desk) create(name string, attributes map[string]string) string {
	d.Helper()
	out, err := d.CreateQueue(d.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		d.Fatal(err)
	}
	return *out.QueueUrl
}

func (d *desk) send(body string, options ...func(*sqs.SendMessageInput)) *sqs.SendMessageOutput {
	d.Helper()
	in := &sqs.SendMessageInput{QueueUrl: &d.url, MessageBody: &body}
	for _, o := range options {
		o(in)
	}
	out, err := d.SendMessage(d.Context(), in)
	if err != nil {
		d.Fatal(err)
	}
	return out
}

func inGroup(group, dedup string) func(*sqs.SendMessageInput) {
	return func(in *sqs.SendMessageInput) { in.MessageGroupId, in.MessageDeduplicationId = &group, &dedup }
}

func after(seconds int32) func(*sqs.SendMessageInput) {
	return func(in *sqs.SendMessageInput) { in.DelaySeconds = seconds }
}

func (d *desk) receive(options ...func(*sqs.ReceiveMessageInput)) []types.Message {
	d.Helper()
	in := &sqs.ReceiveMessageInput{QueueUrl: &d.url, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}, MessageAttributeNames: []string{"All"}}
	for _, o := range options {
		o(in)
	}
	out, err := d.ReceiveMessage(d.Context(), in)
	if err != nil {
		d.Fatal(err)
	}
	return out.Messages
}

func waitFor(seconds int32) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.WaitTimeSeconds = seconds }
}

func atMost(n int32) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.MaxNumberOfMessages = n }
}

func (d *desk) delete(m types.Message) {
	d.Helper()
	if _, err := d.DeleteMessage(d.Context(), &sqs.DeleteMessageInput{QueueUrl: &d.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) visibility(m types.Message, seconds int32) error {
	_, err := d.ChangeMessageVisibility(d.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: &d.url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})
	return err
}

// numbers returns the queue's visible, in-flight and delayed messages.
func (d *desk) numbers() string {
	d.Helper()
	out, err := d.GetQueueAttributes(d.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &d.url, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil {
		d.Fatal(err)
	}
	a := out.Attributes
	return fmt.Sprintf("%s %s %s", a["ApproximateNumberOfMessages"], a["ApproximateNumberOfMessagesNotVisible"], a["ApproximateNumberOfMessagesDelayed"])
}

func (d *desk) want(what, got, want string) {
	d.Helper()
	if got != want {
		d.Errorf("%s: %s, want %s", what, got, want)
	}
}

func bodies(ms []types.Message) string {
	var all []string
	for _, m := range ms {
		all = append(all, *m.Body)
	}
	return strings.Join(all, " ")
}

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestMessageIsSentReceivedAndDeleted(t *testing.T) {
	story(t, "q", nil, func(d *desk) {
		sent := d.send("hello")
		d.want("MD5", *sent.MD5OfMessageBody, "5d41402abc4b2a76b9719d911017c592")
		ms := d.receive()
		d.want("received", bodies(ms), "hello")
		d.want("message id", *ms[0].MessageId, *sent.MessageId)
		d.want("receive count", ms[0].Attributes["ApproximateReceiveCount"], "1")
		d.want("receipt", (*ms[0].ReceiptHandle)[:4], "AQEB") // never a hyphen, which the AWS CLI would take for an option
		d.want("numbers", d.numbers(), "0 1 0")
		d.delete(ms[0])
		d.delete(ms[0]) // again: no error
		d.want("numbers", d.numbers(), "0 0 0")
		time.Sleep(time.Minute)
		d.want("after a minute", bodies(d.receive()), "")
	})
}

func TestMessageReappearsAfterVisibilityTimeout(t *testing.T) {
	story(t, "q", map[string]string{"VisibilityTimeout": "30"}, func(d *desk) {
		d.send("m")
		first := d.receive()
		time.Sleep(29 * time.Second)
		d.want("before the timeout", bodies(d.receive()), "")
		time.Sleep(time.Second)
		again := d.receive()
		d.want("after the timeout", bodies(again), "m")
		d.want("receive count", again[0].Attributes["ApproximateReceiveCount"], "2")
		d.want("first receive", again[0].Attributes["ApproximateFirstReceiveTimestamp"], first[0].Attributes["ApproximateFirstReceiveTimestamp"])
		d.delete(first[0]) // stale: does nothing
		d.want("numbers", d.numbers(), "0 1 0")
		d.delete(again[0])
		d.want("numbers", d.numbers(), "0 0 0")
	})
}

func TestMessageCanBeDeletedLateUntilItIsReceivedAgain(t *testing.T) {
	story(t, "q", map[string]string{"VisibilityTimeout": "5"}, func(d *desk) {
		d.send("m")
		ms := d.receive()
		time.Sleep(10 * time.Second)
		d.want("numbers", d.numbers(), "1 0 0")
		d.delete(ms[0])
		d.want("numbers", d.numbers(), "0 0 0")
		d.want("received", bodies(d.receive()), "")
	})
}

func TestDelayedMessageAppearsOnTime(t *testing.T) {
	story(t, "q", nil, func(d *desk) {
		d.send("late", after(10))
		d.send("now")
		d.want("numbers", d.numbers(), "1 0 1")
		d.want("at once", bodies(d.receive()), "now")
		start := time.Now()
		d.want("waiting", bodies(d.receive(waitFor(20))), "late")
		if waited := time.Since(start); waited < 9*time.Second || waited > 11*time.Second {
			d.Errorf("waited %s, want 10s", waited)
		}
	})
}

func TestLongPollWakesAtOnce(t *testing.T) {
	story(t, "q", map[string]string{"ReceiveMessageWaitTimeSeconds": "20"}, func(d *desk) {
		start := time.Now()
		got := make(chan string)
		go func() { got <- bodies(d.receive()) }()
		time.Sleep(7 * time.Second)
		d.send("ping")
		d.want("received", <-got, "ping")
		if waited := time.Since(start); waited != 7*time.Second {
			d.Errorf("waited %s, want 7s", waited)
		}
		start = time.Now()
		d.want("nothing", bodies(d.receive()), "")
		if waited := time.Since(start); waited != 20*time.Second {
			d.Errorf("an empty poll took %s, want 20s", waited)
		}
	})
}

func TestVisibilityCanBeChanged(t *testing.T) {
	story(t, "q", nil, func(d *desk) {
		d.send("m")
		m := d.receive()[0]
		if err := d.visibility(m, 100); err != nil {
			d.Fatal(err)
		}
		time.Sleep(60 * time.Second)
		d.want("extended", bodies(d.receive()), "")
		if err := d.visibility(m, 0); err != nil {
			d.Fatal(err)
		}
		m = d.receive()[0]
		d.want("receive count", m.Attributes["ApproximateReceiveCount"], "2")
		d.delete(m)
		d.want("after delete", codeOf(d.visibility(m, 5)), "InvalidParameterValue")
		d.want("numbers", d.numbers(), "0 0 0")
	})
}

func TestExhaustedMessageGoesToTheDeadLetterQueue(t *testing.T) {
	story(t, "dead", nil, func(d *desk) {
		dead := d.url
		d.url = d.create("q", map[string]string{"VisibilityTimeout": "1", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":2}`})
		d.send("poison")
		for range 2 {
			d.want("received", bodies(d.receive()), "poison")
			time.Sleep(2 * time.Second)
		}
		d.want("third time", bodies(d.receive()), "")
		source := d.url
		d.url = dead
		ms := d.receive()
		d.want("dead-lettered", bodies(ms), "poison")
		d.want("source", ms[0].Attributes["DeadLetterQueueSourceArn"], "arn:aws:sqs:us-east-1:000000000000:q")
		if err := d.visibility(ms[0], 0); err != nil {
			d.Fatal(err)
		}
		if _, err := d.StartMessageMoveTask(d.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: aws.String("arn:aws:sqs:us-east-1:000000000000:dead")}); err != nil {
			d.Fatal(err)
		}
		d.url = source
		d.want("redriven", bodies(d.receive(waitFor(5))), "poison")
	})
}

func TestOldMessagesExpire(t *testing.T) {
	story(t, "q", map[string]string{"MessageRetentionPeriod": "60"}, func(d *desk) {
		d.send("old")
		time.Sleep(40 * time.Second)
		d.send("new")
		time.Sleep(30 * time.Second)
		d.want("numbers, though nobody received", d.numbers(), "1 0 0")
		d.want("received", bodies(d.receive()), "new")
	})
}

func TestFIFOKeepsTheOrderOfAGroup(t *testing.T) {
	story(t, "q.fifo", map[string]string{"FifoQueue": "true"}, func(d *desk) {
		for i := range 4 {
			d.send(fmt.Sprint("a", i), inGroup("a", fmt.Sprint("a", i)))
		}
		d.send("b0", inGroup("b", "b0"))
		first := d.receive(atMost(2))
		d.want("first two", bodies(first), "a0 a1")
		d.want("the other group, while a is in flight", bodies(d.receive()), "b0")
		d.want("nothing more", bodies(d.receive()), "")
		d.delete(first[0])
		d.want("a is still in flight", bodies(d.receive()), "")
		time.Sleep(31 * time.Second)
		got := bodies(d.receive())
		d.want("what was not deleted comes first", strings.TrimSpace(strings.Replace(got, "b0", "", 1)), "a1 a2 a3")
	})
}

func TestFIFODropsDuplicates(t *testing.T) {
	story(t, "q.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"}, func(d *desk) {
		group := func(in *sqs.SendMessageInput) { in.MessageGroupId = aws.String("g") }
		one, two := d.send("same", group), d.send("same", group)
		d.want("message id", *two.MessageId, *one.MessageId)
		d.want("sequence number", *two.SequenceNumber, *one.SequenceNumber)
		ms := d.receive()
		d.want("received", bodies(ms), "same")
		d.want("its sequence number", ms[0].Attributes["SequenceNumber"], *one.SequenceNumber)
		d.delete(ms[0])
		time.Sleep(4 * time.Minute)
		d.send("same", group)
		d.want("within five minutes", bodies(d.receive()), "")
		time.Sleep(2 * time.Minute)
		d.send("same", group)
		d.want("after five minutes", bodies(d.receive()), "same")
	})
}

func TestReceiveAttemptCanBeRepeated(t *testing.T) {
	story(t, "q.fifo", map[string]string{"FifoQueue": "true"}, func(d *desk) {
		d.send("m", inGroup("g", "1"))
		try := func(in *sqs.ReceiveMessageInput) { in.ReceiveRequestAttemptId = aws.String("attempt") }
		first, second := d.receive(try), d.receive(try)
		d.want("again", bodies(second), "m")
		d.want("same receipt", *second[0].ReceiptHandle, *first[0].ReceiptHandle)
		d.want("other attempts", bodies(d.receive()), "")
	})
}

func TestPurgedQueueIsEmpty(t *testing.T) {
	story(t, "q", nil, func(d *desk) {
		for i := range 5 {
			d.send(fmt.Sprint(i))
		}
		d.receive(atMost(2))
		purge := func() error {
			_, err := d.PurgeQueue(d.Context(), &sqs.PurgeQueueInput{QueueUrl: &d.url})
			return err
		}
		if err := purge(); err != nil {
			d.Fatal(err)
		}
		d.want("numbers", d.numbers(), "0 0 0")
		d.want("again", codeOf(purge()), "AWS.SimpleQueueService.PurgeQueueInProgress")
		time.Sleep(time.Minute)
		d.want("a minute later", fmt.Sprint(purge()), "<nil>")
		d.send("after")
		d.want("received", bodies(d.receive()), "after")
	})
}

func TestBatchReportsEachEntry(t *testing.T) {
	story(t, "q", nil, func(d *desk) {
		out, err := d.SendMessageBatch(d.Context(), &sqs.SendMessageBatchInput{QueueUrl: &d.url, Entries: []types.SendMessageBatchRequestEntry{
			{Id: aws.String("ok"), MessageBody: aws.String("fine")},
			{Id: aws.String("bad"), MessageBody: aws.String("late"), DelaySeconds: 901},
			{Id: aws.String("attr"), MessageBody: aws.String("typed"), MessageAttributes: map[string]types.MessageAttributeValue{"n": {DataType: aws.String("Number"), StringValue: aws.String("7")}}},
		}})
		if err != nil {
			d.Fatal(err)
		}
		if len(out.Successful) != 2 || len(out.Failed) != 1 || *out.Failed[0].Id != "bad" || *out.Failed[0].Code != "InvalidParameterValue" {
			d.Fatalf("%+v %+v", out.Successful, out.Failed)
		}
		ms := d.receive()
		d.want("received", bodies(ms), "fine typed")
		d.want("attribute", *ms[1].MessageAttributes["n"].StringValue, "7")
		entries := []types.DeleteMessageBatchRequestEntry{}
		for i, m := range ms {
			entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
		}
		entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: aws.String("x"), ReceiptHandle: aws.String("nonsense")})
		gone, err := d.DeleteMessageBatch(d.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &d.url, Entries: entries})
		if err != nil {
			d.Fatal(err)
		}
		d.want("deleted", fmt.Sprintf("%d %s", len(gone.Successful), *gone.Failed[0].Code), "2 ReceiptHandleIsInvalid")
	})
}

func TestLargeMessageIsKept(t *testing.T) {
	story(t, "q", nil, func(d *desk) {
		body := strings.Repeat("0123456789abcdef", 1<<16)
		d.send(body)
		ms := d.receive()
		if len(ms) != 1 || *ms[0].Body != body {
			d.Fatal("the body changed")
		}
		d.delete(ms[0])
		_, err := d.SendMessage(d.Context(), &sqs.SendMessageInput{QueueUrl: &d.url, MessageBody: aws.String(body + "x")})
		d.want("one byte more", codeOf(err), "InvalidParameterValue")
	})
}

func TestQueueAttributesAreChecked(t *testing.T) {
	story(t, "q", nil, func(d *desk) {
		for _, test := range []struct{ name, value, want string }{
			{"VisibilityTimeout", "43201", "InvalidAttributeValue"},
			{"VisibilityTimeout", "0", "<nil>"},
			{"DelaySeconds", "-1", "InvalidAttributeValue"},
			{"MaximumMessageSize", "1023", "InvalidAttributeValue"},
			{"MessageRetentionPeriod", "59", "InvalidAttributeValue"},
			{"ReceiveMessageWaitTimeSeconds", "21", "InvalidAttributeValue"},
			{"Policy", "not json", "InvalidAttributeValue"},
			{"RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:none","maxReceiveCount":1}`, "InvalidAttributeValue"},
			{"ContentBasedDeduplication", "true", "InvalidAttributeName"},
			{"Nonsense", "1", "InvalidAttributeName"},
		} {
			_, err := d.SetQueueAttributes(d.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &d.url, Attributes: map[string]string{test.name: test.value}})
			d.want(test.name+"="+test.value, codeOf(err), test.want)
		}
	})
}

func TestQueuesAreListedInPages(t *testing.T) {
	story(t, "a-0", nil, func(d *desk) {
		for i := 1; i < 5; i++ {
			d.create(fmt.Sprint("a-", i), nil)
		}
		d.create("b", nil)
		pages := sqs.NewListQueuesPaginator(d.Client, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("a-"), MaxResults: aws.Int32(2)})
		var all []string
		for n := 0; pages.HasMorePages(); n++ {
			p, err := pages.NextPage(d.Context())
			if err != nil {
				d.Fatal(err)
			}
			for _, u := range p.QueueUrls {
				all = append(all, u[strings.LastIndexByte(u, '/')+1:])
			}
		}
		d.want("listed", strings.Join(all, " "), "a-0 a-1 a-2 a-3 a-4")
	})
}

func TestErrorsAreAWSs(t *testing.T) {
	story(t, "q", nil, func(d *desk) {
		ctx := context.Background()
		_, err := d.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("none")})
		d.want("no queue", codeOf(err), "AWS.SimpleQueueService.NonExistentQueue")
		_, err = d.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("bad name")})
		d.want("bad name", codeOf(err), "InvalidParameterValue")
		_, err = d.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{"DelaySeconds": "5"}})
		d.want("other attributes", codeOf(err), "QueueAlreadyExists")
		_, err = d.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &d.url, ReceiptHandle: aws.String("x")})
		d.want("receipt", codeOf(err), "ReceiptHandleIsInvalid")
		_, err = d.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &d.url, MessageBody: aws.String("\x01")})
		d.want("characters", codeOf(err), "InvalidMessageContents")
		_, err = d.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &d.url, Entries: []types.SendMessageBatchRequestEntry{}})
		d.want("empty batch", codeOf(err), "AWS.SimpleQueueService.EmptyBatchRequest")
		if _, err = d.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &d.url}); err != nil {
			d.Fatal(err)
		}
		_, err = d.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
		d.want("too soon", codeOf(err), "AWS.SimpleQueueService.QueueDeletedRecently")
	})
}
