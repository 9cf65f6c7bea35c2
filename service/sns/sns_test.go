package sns_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
)

// desk is a cloud of its own with a topic, and short verbs for stories.
type desk struct {
	*testing.T
	cloud *cloudtest.Cloud
	*sns.Client
	queues *sqs.Client
	topic  string
}

// story runs fn in a bubble, where time is virtual, with a topic called name.
func story(t *testing.T, name string, attributes map[string]string, fn func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, cloudtest.Start(t, cloudtest.NoRetries()))
		d.topic = d.create(name, attributes)
		fn(d)
	})
}

func newDesk(t *testing.T, c *cloudtest.Cloud) *desk {
	return &desk{T: t, cloud: c, Client: sns.NewFromConfig(c.Config()), queues: sqs.NewFromConfig(c.Config())}
}

// as returns the desk of another account, with the same topic.
func (d *desk) as(account string) *desk {
	other := *d
	cfg := d.cloud.As(account, "secret", "")
	other.Client, other.queues = sns.NewFromConfig(cfg), sqs.NewFromConfig(cfg)
	return &other
}

func (d *desk) create(name string, attributes map[string]string) string {
	d.Helper()
	out, err := d.CreateTopic(d.Context(), &sns.CreateTopicInput{Name: &name, Attributes: attributes})
	d.must(err)
	return *out.TopicArn
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// queueInput asks for a queue that lets SNS send.
func queueInput(name string) *sqs.CreateQueueInput {
	attributes := map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`}
	if strings.HasSuffix(name, ".fifo") {
		attributes["FifoQueue"] = "true"
	}
	return &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes}
}

// queue makes a queue that lets SNS send, and returns its URL and ARN.
func (d *desk) queue(name string) (url, arn string) {
	d.Helper()
	out, err := d.queues.CreateQueue(d.Context(), queueInput(name))
	d.must(err)
	got, err := d.queues.GetQueueAttributes(d.Context(), &sqs.GetQueueAttributesInput{QueueUrl: out.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"}})
	d.must(err)
	return *out.QueueUrl, got.Attributes["QueueArn"]
}

func (d *desk) subscribe(protocol, endpoint string, attributes map[string]string) string {
	d.Helper()
	out, err := d.Subscribe(d.Context(), &sns.SubscribeInput{TopicArn: &d.topic, Protocol: &protocol, Endpoint: &endpoint, Attributes: attributes, ReturnSubscriptionArn: true})
	d.must(err)
	return *out.SubscriptionArn
}

// subscribed makes a queue that is subscribed, and returns its URL and the subscription's ARN.
func (d *desk) subscribed(name string, attributes map[string]string) (url, subscription string) {
	d.Helper()
	url, arn := d.queue(name)
	return url, d.subscribe("sqs", arn, attributes)
}

func (d *desk) publish(body string, options ...func(*sns.PublishInput)) *sns.PublishOutput {
	d.Helper()
	in := &sns.PublishInput{TopicArn: &d.topic, Message: &body}
	for _, o := range options {
		o(in)
	}
	out, err := d.Publish(d.Context(), in)
	d.must(err)
	return out
}

func attributes(pairs ...string) func(*sns.PublishInput) {
	return func(in *sns.PublishInput) {
		in.MessageAttributes = map[string]types.MessageAttributeValue{}
		for i := 0; i < len(pairs); i += 3 {
			in.MessageAttributes[pairs[i]] = types.MessageAttributeValue{DataType: &pairs[i+1], StringValue: &pairs[i+2]}
		}
	}
}

// receive takes all messages that are in a queue, once everything has come to rest.
func (d *desk) receive(url string) []sqstypes.Message {
	d.Helper()
	synctest.Wait()
	return d.take(url)
}

func (d *desk) take(url string) (all []sqstypes.Message) {
	d.Helper()
	for {
		out, err := d.queues.ReceiveMessage(d.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: &url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
		})
		d.must(err)
		if len(out.Messages) == 0 {
			return all
		}
		for _, m := range out.Messages {
			all = append(all, m)
			_, err := d.queues.DeleteMessage(d.Context(), &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
			d.must(err)
		}
	}
}

// notification is what a subscriber gets that does not get messages raw.
type notification struct {
	Type, MessageId, SequenceNumber, Token, TopicArn, Subject, Message, SubscribeURL, Timestamp string
	SignatureVersion, Signature, SigningCertURL, UnsubscribeURL                                 string
	MessageAttributes                                                                           map[string]struct{ Type, Value string }
}

func (d *desk) parse(body string) (n notification) {
	d.Helper()
	if err := json.Unmarshal([]byte(body), &n); err != nil {
		d.Fatalf("%v in %s", err, body)
	}
	return n
}

// bodies are the messages that a queue got, by their text.
func (d *desk) bodies(url string) (all []string) {
	d.Helper()
	for _, m := range d.receive(url) {
		body := *m.Body
		if strings.HasPrefix(body, "{\n") {
			body = d.parse(body).Message
		}
		all = append(all, body)
	}
	return all
}

// refused checks that an error is AWS's, with this code and the beginning of its text.
func (d *desk) refused(err error, code, text string) {
	d.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || !strings.HasPrefix(e.ErrorMessage(), text) {
		d.Errorf("got %v, want %s: %s", err, code, text)
	}
}

func TestAMessageReachesEverySubscribedQueue(t *testing.T) {
	story(t, "news", nil, func(d *desk) {
		one, _ := d.subscribed("one", nil)
		two, _ := d.subscribed("two", nil)
		raw, _ := d.subscribed("raw", map[string]string{"RawMessageDelivery": "true"})
		out := d.publish("hello \"you\"\n", func(in *sns.PublishInput) { in.Subject = aws.String("Greetings") }, attributes("colour", "String", "blue"))
		for _, url := range []string{one, two} {
			got := d.receive(url)
			if len(got) != 1 {
				d.Fatalf("%d messages", len(got))
			}
			n := d.parse(*got[0].Body)
			if n.Type != "Notification" || n.MessageId != *out.MessageId || n.TopicArn != d.topic || n.Subject != "Greetings" || n.Message != "hello \"you\"\n" || n.MessageAttributes["colour"].Value != "blue" {
				d.Errorf("got %+v", n)
			}
			if n.SignatureVersion != "1" || n.Signature == "" || !strings.Contains(n.UnsubscribeURL, "Action=Unsubscribe&SubscriptionArn="+d.topic+":") {
				d.Errorf("got %+v", n)
			}
		}
		got := d.receive(raw)
		if len(got) != 1 || *got[0].Body != "hello \"you\"\n" || *got[0].MessageAttributes["colour"].StringValue != "blue" {
			d.Errorf("raw: got %+v", got)
		}
	})
}

func TestTheEnvelopeIsLaidOutAsAWSDoes(t *testing.T) {
	story(t, "news", nil, func(d *desk) {
		url, sub := d.subscribed("one", nil)
		d.publish("hi", attributes("a", "String", "1", "b", "Number", "2"))
		n := *d.receive(url)[0].Body
		p := d.parse(n)
		want := "{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"" + p.MessageId + "\",\n  \"TopicArn\" : \"" + d.topic + "\",\n  \"Message\" : \"hi\",\n  \"Timestamp\" : \"" + p.Timestamp +
			"\",\n  \"SignatureVersion\" : \"1\",\n  \"Signature\" : \"" + p.Signature + "\",\n  \"SigningCertURL\" : \"" + p.SigningCertURL + "\",\n  \"UnsubscribeURL\" : \"http://localhost:4566/?Action=Unsubscribe&SubscriptionArn=" + sub +
			"\",\n  \"MessageAttributes\" : {\n    \"a\" : {\"Type\":\"String\",\"Value\":\"1\"},\n    \"b\" : {\"Type\":\"Number\",\"Value\":\"2\"}\n  }\n}"
		if n != want {
			d.Errorf("got\n%s\nwant\n%s", n, want)
		}
	})
}

func TestFiltersDecideWhoGetsAMessage(t *testing.T) {
	story(t, "orders", nil, func(d *desk) {
		books, _ := d.subscribed("books", map[string]string{"FilterPolicy": `{"kind":["book",{"prefix":"news"}],"price":[{"numeric":[">",10,"<=",20]}]}`})
		body, _ := d.subscribed("body", map[string]string{"FilterPolicyScope": "MessageBody", "FilterPolicy": `{"order":{"lines":{"sku":["a1"]}}}`})
		d.publish("in", attributes("kind", "String", "newspaper", "price", "Number", "20"))
		d.publish("out", attributes("kind", "String", "book", "price", "Number", "9.99"))
		d.publish(`{"order":{"lines":[{"sku":"b2"},{"sku":"a1"}]}}`)
		d.publish(`{"order":{"lines":[{"sku":"b2"}]}}`)
		if got := d.bodies(books); len(got) != 1 || got[0] != "in" {
			d.Errorf("books: %q", got)
		}
		if got := d.bodies(body); len(got) != 1 || !strings.Contains(got[0], "a1") {
			d.Errorf("body: %q", got)
		}
	})
}
