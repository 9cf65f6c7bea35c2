package sns_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/brume-cloud/brume/front/fault"
)

func group(group, dedup string) func(*sns.PublishInput) {
	return func(in *sns.PublishInput) {
		in.MessageGroupId = &group
		if dedup != "" {
			in.MessageDeduplicationId = &dedup
		}
	}
}

func TestAFIFOTopicKeepsOrderAndDropsRepetitions(t *testing.T) {
	story(t, "orders.fifo", map[string]string{"FifoTopic": "true"}, func(d *desk) {
		url, _ := d.subscribed("in.fifo", map[string]string{"RawMessageDelivery": "true"})
		plain, _ := d.subscribed("plain", nil)
		var last string
		for i := range 5 {
			out := d.publish(fmt.Sprint(i), group("g", fmt.Sprint("id", i)))
			if *out.SequenceNumber <= last || len(*out.SequenceNumber) != 20 {
				d.Errorf("sequence number %s after %s", *out.SequenceNumber, last)
			}
			last = *out.SequenceNumber
		}
		again := d.publish("4", group("g", "id4"))
		if *again.SequenceNumber != last {
			d.Errorf("a repeated message got %s, not %s", *again.SequenceNumber, last)
		}
		if got := d.bodies(url); fmt.Sprint(got) != "[0 1 2 3 4]" {
			d.Errorf("got %v", got)
		}
		got := d.receive(plain)
		if len(got) != 5 {
			d.Fatalf("the standard queue got %d", len(got))
		}
		if n := d.parse(*got[0].Body); n.SequenceNumber == "" || n.Signature != "" {
			d.Errorf("a FIFO envelope: %+v", n)
		}
		d.cloud.Advance(5 * time.Minute)
		if out := d.publish("4", group("g", "id4")); *out.SequenceNumber <= last {
			d.Error("after five minutes a message is no repetition")
		}
	})
}

func TestContentBasedDeduplicationAndItsScope(t *testing.T) {
	story(t, "t.fifo", map[string]string{"FifoTopic": "true", "ContentBasedDeduplication": "true", "FifoThroughputScope": "MessageGroup"}, func(d *desk) {
		url, _ := d.subscribed("q.fifo", map[string]string{"RawMessageDelivery": "true"})
		d.publish("same", group("a", ""))
		d.publish("same", group("a", ""))
		if got := d.bodies(url); len(got) != 1 {
			d.Errorf("got %v", got)
		}
		first := d.publish("other", group("a", ""))
		second := d.publish("other", group("b", ""))
		if *first.MessageId == *second.MessageId {
			d.Error("with the scope MessageGroup, other groups' messages are no repetitions")
		}
	})
}

func TestAFIFOSubscriberThatFailsGetsItsMessagesInOrderLater(t *testing.T) {
	story(t, "t.fifo", map[string]string{"FifoTopic": "true", "ContentBasedDeduplication": "true"}, func(d *desk) {
		url, _ := d.subscribed("q.fifo", map[string]string{"RawMessageDelivery": "true"})
		works := d.cloud.Fault(fault.Rule{Kind: fault.Error, Service: "sqs", Operation: "SendMessage", Status: 503, Code: "ServiceUnavailable"})
		for i := range 4 {
			d.publish(fmt.Sprint(i), group("g", ""))
		}
		d.cloud.Advance(10 * time.Second)
		if got := d.bodies(url); len(got) != 0 {
			d.Fatalf("got %v while SQS was down", got)
		}
		works()
		d.publish("4", group("g", ""))
		d.cloud.Advance(time.Minute)
		if got := d.bodies(url); fmt.Sprint(got) != "[0 1 2 3 4]" {
			d.Errorf("got %v", got)
		}
	})
}

func TestFIFOMistakes(t *testing.T) {
	story(t, "t.fifo", map[string]string{"FifoTopic": "true"}, func(d *desk) {
		id, body, name, email, who := "x", "m", "plain", "email", "a@b.c"
		_, err := d.Publish(d.Context(), &sns.PublishInput{TopicArn: &d.topic, Message: &body})
		d.refused(err, "InvalidParameter", "Invalid parameter: The MessageGroupId parameter is required for FIFO topics")
		_, err = d.Publish(d.Context(), &sns.PublishInput{TopicArn: &d.topic, Message: &body, MessageGroupId: &id})
		d.refused(err, "InvalidParameter", "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
		_, err = d.Subscribe(d.Context(), &sns.SubscribeInput{TopicArn: &d.topic, Protocol: &email, Endpoint: &who})
		d.refused(err, "InvalidParameter", "Invalid parameter: Invalid protocol type: email")
		plain := d.create(name, nil)
		_, err = d.Publish(d.Context(), &sns.PublishInput{TopicArn: &plain, Message: &body, MessageDeduplicationId: &id})
		d.refused(err, "InvalidParameter", "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
		_, queue := d.queue("q.fifo")
		sqsName := "sqs"
		_, err = d.Subscribe(d.Context(), &sns.SubscribeInput{TopicArn: &plain, Protocol: &sqsName, Endpoint: &queue})
		d.refused(err, "InvalidParameter", "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
	})
}

func TestPublishBatch(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		url, _ := d.subscribed("q", map[string]string{"RawMessageDelivery": "true"})
		entry := func(id, body string) types.PublishBatchRequestEntry {
			return types.PublishBatchRequestEntry{Id: &id, Message: &body}
		}
		batch := func(entries ...types.PublishBatchRequestEntry) (*sns.PublishBatchOutput, error) {
			return d.PublishBatch(d.Context(), &sns.PublishBatchInput{TopicArn: &d.topic, PublishBatchRequestEntries: entries})
		}
		out, err := batch(entry("1", "one"), entry("2", "two"))
		d.must(err)
		if len(out.Successful) != 2 || len(d.bodies(url)) != 2 {
			d.Errorf("got %+v", out)
		}
		_, err = batch(entry("1", "one"), entry("1", "two"))
		d.refused(err, "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		_, err = batch(entry("a b", "one"))
		d.refused(err, "InvalidBatchEntryId", "The Id of a batch entry in the batch request contains an impermissible character: a b")
		big := make([]byte, 200<<10)
		for i := range big {
			big[i] = 'x'
		}
		_, err = batch(entry("1", string(big)), entry("2", string(big)))
		d.refused(err, "BatchRequestTooLong", "The length of all the batch messages put together is more than the limit.")
		_, err = batch(make([]types.PublishBatchRequestEntry, 0)...)
		d.refused(err, "EmptyBatchRequest", "The batch request doesn't contain any entries.")
	})
}
