package sns_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/brume-cloud/brume/front/fault"
)

func (d *desk) subscription(arn string) map[string]string {
	d.Helper()
	out, err := d.GetSubscriptionAttributes(d.Context(), &sns.GetSubscriptionAttributesInput{SubscriptionArn: &arn})
	d.must(err)
	return out.Attributes
}

func (d *desk) set(sub, name, value string) error {
	_, err := d.SetSubscriptionAttributes(d.Context(), &sns.SetSubscriptionAttributesInput{SubscriptionArn: &sub, AttributeName: &name, AttributeValue: &value})
	return err
}

func TestASubscriptionsLife(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		_, arn := d.queue("q")
		sub := d.subscribe("sqs", arn, map[string]string{"RawMessageDelivery": "true"})
		if again := d.subscribe("sqs", arn, nil); again != sub {
			d.Errorf("subscribing again made %s", again)
		}
		_, err := d.Subscribe(d.Context(), &sns.SubscribeInput{TopicArn: &d.topic, Protocol: ptr("sqs"), Endpoint: &arn, Attributes: map[string]string{"RawMessageDelivery": "false"}})
		d.refused(err, "InvalidParameter", "Invalid parameter: Attributes Reason: Subscription already exists with different attributes")
		want := map[string]string{
			"SubscriptionArn": sub, "TopicArn": d.topic, "Protocol": "sqs", "Endpoint": arn, "Owner": "000000000000", "PendingConfirmation": "false",
			"ConfirmationWasAuthenticated": "true", "RawMessageDelivery": "true", "SubscriptionPrincipal": "arn:aws:iam::000000000000:root",
		}
		if got := d.subscription(sub); fmt.Sprint(got) != fmt.Sprint(want) {
			d.Errorf("got %v", got)
		}
		d.must(d.set(sub, "FilterPolicy", `{"a":["b"]}`))
		if got := d.subscription(sub); got["FilterPolicy"] != `{"a":["b"]}` || got["FilterPolicyScope"] != "MessageAttributes" {
			d.Errorf("got %v", got)
		}
		d.must(d.set(sub, "FilterPolicy", `{}`))
		if got := d.attributesOf(d.topic); got["SubscriptionsConfirmed"] != "1" {
			d.Errorf("got %v", got)
		}
		_, err = d.Unsubscribe(d.Context(), &sns.UnsubscribeInput{SubscriptionArn: &sub})
		d.must(err)
		if got := d.attributesOf(d.topic); got["SubscriptionsConfirmed"] != "0" || got["SubscriptionsDeleted"] != "1" {
			d.Errorf("got %v", got)
		}
		_, err = d.GetSubscriptionAttributes(d.Context(), &sns.GetSubscriptionAttributesInput{SubscriptionArn: &sub})
		d.refused(err, "NotFound", "Subscription does not exist")
		_, err = d.Unsubscribe(d.Context(), &sns.UnsubscribeInput{SubscriptionArn: &d.topic})
		d.refused(err, "InvalidParameter", "Invalid parameter: SubscriptionId")
	})
}

func TestSubscriptionMistakes(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		for _, c := range []struct{ protocol, endpoint, want string }{
			{"pigeon", "x", "Invalid parameter: Amazon SNS does not support this protocol string: pigeon"},
			{"http", "https://x", "Invalid parameter: Endpoint must match the specified protocol"},
			{"sqs", "http://x", "Invalid parameter: SQS endpoint ARN"},
			{"lambda", "x", "Invalid parameter: Lambda endpoint ARN"},
			{"sms", "hello", "Invalid parameter: Invalid SMS endpoint: hello"},
			{"email", "hello", "Invalid parameter: Email address"},
			{"firehose", "arn:aws:firehose:us-east-1:000000000000:deliverystream/x", "Invalid parameter: Attributes Reason: SubscriptionRoleArn"},
		} {
			_, err := d.Subscribe(d.Context(), &sns.SubscribeInput{TopicArn: &d.topic, Protocol: &c.protocol, Endpoint: &c.endpoint})
			d.refused(err, "InvalidParameter", c.want)
		}
		_, arn := d.queue("q")
		sub := d.subscribe("sqs", arn, nil)
		for _, c := range []struct{ name, value, want string }{
			{"Nonsense", "x", "Invalid parameter: AttributeName"},
			{"RawMessageDelivery", "maybe", "Invalid parameter: RawMessageDelivery: Invalid value [maybe]. Must be true or false."},
			{"FilterPolicyScope", "RandomValue", "Invalid parameter: FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes"},
			{"FilterPolicy", `{"a":"b"}`, `Invalid parameter: FilterPolicy: "a" must be an object or an array`},
			{"FilterPolicy", `{"a":{"b":["c"]}}`, `Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy`},
			{"FilterPolicy", `{nonsense`, `Invalid parameter: FilterPolicy: failed to parse JSON.`},
			{"RedrivePolicy", `{"deadLetterTargetArn":"x"}`, "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn"},
			{"RedrivePolicy", `{`, "Invalid parameter: RedrivePolicy: failed to parse JSON."},
		} {
			d.refused(d.set(sub, c.name, c.value), "InvalidParameter", c.want)
		}
		_, err := d.Subscribe(d.Context(), &sns.SubscribeInput{TopicArn: &d.topic, Protocol: ptr("sqs"), Endpoint: ptr(arn + "2"), Attributes: map[string]string{"FilterPolicy": `{"key":[["value"]]}`}})
		d.refused(err, "InvalidParameter", "Invalid parameter: Attributes Reason: FilterPolicy: Match value must be String, number, true, false, or null\n at [Source: (String)\"{\"key\":[[\"value\"]]}\"; line: 1, column: 10]")
		phone := d.subscribe("sms", "+491701234567", nil)
		d.refused(d.set(phone, "RawMessageDelivery", "true"), "InvalidParameter", "Invalid parameter: Delivery protocol [sms] does not support raw message delivery.")
	})
}

func TestAQueueThatRefusesLeavesTheMessageToTheDeadLetters(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		dead, deadARN := d.queue("dead")
		redrive := map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + deadARN + `"}`}
		d.subscribe("sqs", "arn:aws:sqs:us-east-1:000000000000:missing", redrive)
		closed, err := d.queues.CreateQueue(d.Context(), &sqs.CreateQueueInput{QueueName: ptr("closed"), Attributes: map[string]string{
			"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"` + d.topic + `x"}}}]}`,
		}})
		d.must(err)
		d.subscribe("sqs", "arn:aws:sqs:us-east-1:000000000000:closed", redrive)
		open, _ := d.subscribed("open", nil)
		d.publish("hello")
		if got := d.bodies(dead); len(got) != 2 || got[0] != "hello" {
			d.Errorf("dead letters: %v", got)
		}
		if got := d.bodies(*closed.QueueUrl); len(got) != 0 {
			d.Errorf("the queue whose policy names another topic got %v", got)
		}
		if got := d.bodies(open); len(got) != 1 {
			d.Errorf("the others got %v", got)
		}
	})
}

func TestAQueueThatIsDownGetsTheMessageLater(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		url, _ := d.subscribed("q", nil)
		works := d.cloud.Fault(fault.Rule{Kind: fault.Error, Service: "sqs", Operation: "SendMessage", Status: 500})
		d.publish("hello")
		d.cloud.Advance(time.Hour)
		works()
		d.cloud.Advance(20 * time.Second)
		if got := d.bodies(url); len(got) != 1 {
			d.Errorf("got %v", got)
		}
	})
}

func TestAQueueOfAnotherAccountHasToConfirm(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		them := d.as("111111111111")
		url, arn := them.queue("theirs")
		sub := d.subscribe("sqs", arn, nil)
		d.publish("too early")
		got := them.receive(url)
		if len(got) != 1 {
			d.Fatalf("got %v", got)
		}
		n := d.parse(*got[0].Body)
		if n.Type != "SubscriptionConfirmation" {
			d.Fatalf("got %v", n)
		}
		_, err := them.ConfirmSubscription(d.Context(), &sns.ConfirmSubscriptionInput{TopicArn: &d.topic, Token: &n.Token})
		d.must(err)
		if d.subscription(sub)["PendingConfirmation"] != "false" {
			d.Error("it is still pending")
		}
		d.publish("hello")
		if got := them.bodies(url); len(got) != 1 {
			d.Errorf("got %v", got)
		}
	})
}

func TestAnAccountListsItsSubscriptionsToOthersTopics(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		_, err := d.AddPermission(d.Context(), &sns.AddPermissionInput{TopicArn: &d.topic, Label: ptr("them"), AWSAccountId: []string{"111111111111"}, ActionName: []string{"Subscribe"}})
		d.must(err)
		them := d.as("111111111111")
		url, arn := them.queue("theirs")
		sub := them.subscribe("sqs", arn, nil)
		d.publish("hello")
		if got := them.bodies(url); len(got) != 1 {
			d.Errorf("got %v", got)
		}
		out, err := them.ListSubscriptions(d.Context(), &sns.ListSubscriptionsInput{})
		d.must(err)
		if len(out.Subscriptions) != 1 || *out.Subscriptions[0].SubscriptionArn != sub || *out.Subscriptions[0].Owner != "111111111111" {
			d.Errorf("got %v", out.Subscriptions)
		}
	})
}

func TestPublishMistakes(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		for _, c := range []struct {
			change     func(*sns.PublishInput)
			code, want string
		}{
			{func(in *sns.PublishInput) { in.TopicArn = nil }, "InvalidParameter", "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"},
			{func(in *sns.PublishInput) { in.Message = ptr("") }, "InvalidParameter", "Invalid parameter: Empty message"},
			{func(in *sns.PublishInput) { in.Message = ptr(strings.Repeat("x", 256<<10+1)) }, "InvalidParameter", "Invalid parameter: Message too long"},
			{func(in *sns.PublishInput) { in.Subject = ptr("") }, "InvalidParameter", "Invalid parameter: Subject"},
			{func(in *sns.PublishInput) { in.Subject = ptr("a\nb") }, "InvalidParameter", "Invalid parameter: Subject"},
			{func(in *sns.PublishInput) { in.Subject = ptr(strings.Repeat("x", 100)) }, "InvalidParameter", "Invalid parameter: Subject"},
			{func(in *sns.PublishInput) { in.MessageStructure = ptr("json") }, "InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse"},
			{func(in *sns.PublishInput) { in.MessageStructure, in.Message = ptr("json"), ptr(`{"sqs":"x"}`) }, "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body"},
			{attributes(".a", "String", "x"), "ParameterValueInvalid", "Invalid message attribute name starting with character '.' was found."},
			{attributes("a!", "String", "x"), "ParameterValueInvalid", "Invalid non-alphanumeric character '#x21' was found in the message attribute name."},
			{attributes("a..b", "String", "x"), "ParameterValueInvalid", "Message attribute name can not have successive '.' character."},
			{attributes("a", "Text", "x"), "ParameterValueInvalid", "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."},
			{attributes("a", "Binary", "x"), "ParameterValueInvalid", "The message attribute 'a' with type 'Binary' must use field 'Binary'."},
			{attributes("a", "String", ""), "ParameterValueInvalid", "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'."},
			{attributes("a", "Number", "x"), "ParameterValueInvalid", "Could not cast message attribute 'a' value to number."},
			{func(in *sns.PublishInput) { in.TopicArn, in.PhoneNumber = nil, ptr("x") }, "InvalidParameter", "Invalid parameter: PhoneNumber Reason: x is not valid to publish to"},
		} {
			in := &sns.PublishInput{TopicArn: &d.topic, Message: ptr("x")}
			c.change(in)
			_, err := d.Publish(d.Context(), in)
			d.refused(err, c.code, c.want)
		}
	})
}

func TestEachProtocolGetsItsOwnBody(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		url, _ := d.subscribed("q", map[string]string{"RawMessageDelivery": "true"})
		d.publish(`{"default":"all","sqs":"queues","http":5}`, func(in *sns.PublishInput) { in.MessageStructure = ptr("json") })
		if got := d.bodies(url); fmt.Sprint(got) != "[queues]" {
			d.Errorf("got %v", got)
		}
	})
}

func TestATopicWithManySubscribers(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		var urls []string
		for i := range 210 {
			url, _ := d.subscribed(fmt.Sprint("q", i), nil)
			urls = append(urls, url)
		}
		d.publish("hello")
		for _, url := range urls {
			if got := d.bodies(url); len(got) != 1 {
				d.Fatalf("%s got %v", url, got)
			}
		}
	})
}

func TestAFunctionThatIsNotThereLeavesTheMessageToTheDeadLetters(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		dead, deadARN := d.queue("dead")
		redrive := map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + deadARN + `"}`}
		d.subscribe("lambda", "arn:aws:lambda:us-east-1:000000000000:function:missing", redrive)
		redrive["SubscriptionRoleArn"] = "arn:aws:iam::000000000000:role/sns"
		d.subscribe("firehose", "arn:aws:firehose:us-east-1:000000000000:deliverystream/missing", redrive)
		d.publish("hello")
		if got := d.bodies(dead); len(got) != 2 || got[0] != "hello" {
			d.Errorf("dead letters: %v", got)
		}
	})
}

func TestADeadLetterQueueOfAFIFOSubscription(t *testing.T) {
	story(t, "t.fifo", map[string]string{"FifoTopic": "true", "ContentBasedDeduplication": "true"}, func(d *desk) {
		dead, deadARN := d.queue("dead.fifo")
		_, plain := d.queue("plain")
		missing := "arn:aws:sqs:us-east-1:000000000000:missing.fifo"
		_, err := d.Subscribe(d.Context(), &sns.SubscribeInput{TopicArn: &d.topic, Protocol: ptr("sqs"), Endpoint: &missing, Attributes: map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + plain + `"}`}})
		d.refused(err, "InvalidParameter", "Invalid parameter: Attributes Reason: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.")
		d.subscribe("sqs", missing, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + deadARN + `"}`})
		for i := range 3 {
			d.publish(fmt.Sprint(i), group("g", ""))
		}
		if got := d.bodies(dead); fmt.Sprint(got) != "[0 1 2]" {
			d.Errorf("dead letters: %v", got)
		}
	})
}

func TestATopicHasNoMoreThan200Filters(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		filter := map[string]string{"FilterPolicy": `{"a":["b"]}`}
		for i := range 200 {
			d.subscribe("sqs", fmt.Sprint("arn:aws:sqs:us-east-1:000000000000:q", i), filter)
		}
		_, err := d.Subscribe(d.Context(), &sns.SubscribeInput{TopicArn: &d.topic, Protocol: ptr("sqs"), Endpoint: ptr("arn:aws:sqs:us-east-1:000000000000:q"), Attributes: filter})
		d.refused(err, "FilterPolicyLimitExceeded", "")
	})
}

func TestRawMessagesWithTooManyAttributesAreDeadLetters(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		dead, deadARN := d.queue("dead")
		url, _ := d.subscribed("q", map[string]string{"RawMessageDelivery": "true", "RedrivePolicy": `{"deadLetterTargetArn":"` + deadARN + `"}`})
		var many []string
		for i := range 11 {
			many = append(many, fmt.Sprint("a", i), "String", "x")
		}
		d.publish("hello", attributes(many...))
		if got := d.bodies(url); len(got) != 0 {
			d.Errorf("got %v", got)
		}
		if got := d.bodies(dead); len(got) != 1 {
			d.Errorf("dead letters: %v", got)
		}
	})
}
