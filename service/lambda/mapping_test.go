package lambda_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// may gives the functions' role a permission.
func (b *bench) may(actions string) {
	b.Helper()
	_, err := iam.NewFromConfig(b.cloud.Config()).PutRolePolicy(b.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String("worker"), PolicyName: aws.String("more"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":` + actions + `,"Resource":"*"}}`),
	})
	b.ok(err)
}

// line is a queue and a mapping of it to f.
type line struct {
	*bench
	queues   *sqs.Client
	url, arn string
	id       string
}

// queue makes a queue with attributes.
func (b *bench) queue(name string, attributes map[string]string) *line {
	b.Helper()
	l := &line{bench: b, queues: sqs.NewFromConfig(b.cloud.Config())}
	made, err := l.queues.CreateQueue(b.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	b.ok(err)
	l.url, l.arn = *made.QueueUrl, "arn:aws:sqs:us-east-1:000000000000:"+name
	return l
}

// mapped maps the queue to f.
func (l *line) mapped(change ...func(*lambda.CreateEventSourceMappingInput)) {
	l.Helper()
	in := &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: &l.arn}
	for _, c := range change {
		c(in)
	}
	made, err := l.CreateEventSourceMapping(l.Context(), in)
	l.ok(err)
	l.want("state", *made.State, "Creating")
	l.id = *made.UUID
	l.cloud.Advance(0)
	l.want("state", l.state(), "Enabled")
}

func (l *line) state() string {
	l.Helper()
	got, err := l.GetEventSourceMapping(l.Context(), &lambda.GetEventSourceMappingInput{UUID: &l.id})
	l.ok(err)
	return *got.State
}

func (l *line) send(bodies ...string) {
	l.Helper()
	for _, body := range bodies {
		in := &sqs.SendMessageInput{QueueUrl: &l.url, MessageBody: &body}
		if strings.HasSuffix(l.url, ".fifo") {
			in.MessageGroupId = aws.String(body[:1])
		}
		_, err := l.queues.SendMessage(l.Context(), in)
		l.ok(err)
	}
}

// left is how many messages the queue has, in sight or not.
func (l *line) left() int {
	l.Helper()
	got, err := l.queues.GetQueueAttributes(l.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &l.url, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	l.ok(err)
	visible, _ := strconv.Atoi(got.Attributes["ApproximateNumberOfMessages"])
	hidden, _ := strconv.Atoi(got.Attributes["ApproximateNumberOfMessagesNotVisible"])
	return visible + hidden
}

// happening is an event as functions got it.
type happening struct {
	Records []struct {
		MessageID, Body, EventSource, EventSourceARN, AwsRegion, Md5OfBody, ReceiptHandle string
		Attributes                                                                        map[string]string
		MessageAttributes                                                                 map[string]struct{ StringValue, DataType string }
		EventName                                                                         string
		Dynamodb                                                                          struct {
			Keys           map[string]map[string]string
			SequenceNumber string
		}
	}
	Window                  map[string]string
	State                   map[string]int
	IsFinalInvokeForWindow  bool
	IsWindowTerminatedEarly bool
	ShardID                 string
}

// events is what f got until now, in order.
func (b *bench) events() (all []happening) {
	b.Helper()
	found, err := cwl.NewFromConfig(b.cloud.Config()).FilterLogEvents(b.Context(), &cwl.FilterLogEventsInput{
		LogGroupName: aws.String("/aws/lambda/f"), FilterPattern: aws.String("EVENT"),
	})
	if err != nil {
		return nil // nothing is logged yet
	}
	for _, e := range found.Events {
		var h happening
		b.ok(json.Unmarshal([]byte(strings.TrimPrefix(*e.Message, "EVENT ")), &h))
		all = append(all, h)
	}
	return all
}

// bodies is the bodies of the messages that f got, those of a batch joined.
func (b *bench) bodies() string {
	b.Helper()
	var batches []string
	for _, e := range b.events() {
		batch := ""
		for _, r := range e.Records {
			batch += r.Body
		}
		batches = append(batches, batch)
	}
	return strings.Join(batches, " ")
}

func TestQueueIsHandedToAFunction(t *testing.T) {
	b := story(t)
	b.may(`"sqs:*"`)
	b.runnable()
	l := b.queue("q", nil)
	l.mapped()
	_, err := l.queues.SendMessage(b.Context(), &sqs.SendMessageInput{QueueUrl: &l.url, MessageBody: aws.String("<a>"), MessageAttributes: map[string]sqstypes.MessageAttributeValue{
		"k": {DataType: aws.String("String"), StringValue: aws.String("v")},
	}})
	b.ok(err)
	b.cloud.Advance(0)
	got := b.events()
	b.want("events", len(got), 1)
	r := got[0].Records[0]
	b.want("record", fmt.Sprint(r.Body, r.EventSource, r.EventSourceARN, r.AwsRegion, r.Md5OfBody, r.MessageAttributes, r.Attributes["ApproximateReceiveCount"]),
		"<a>aws:sqs"+l.arn+"us-east-1"+"e2fc207215939b25e8dd4c6f9db3cc38"+"map[k:{v String}]1")
	b.want("left", l.left(), 0)
	got2, err := b.GetEventSourceMapping(b.Context(), &lambda.GetEventSourceMappingInput{UUID: &l.id})
	b.ok(err)
	b.want("result", *got2.LastProcessingResult, "OK")
}

func TestFailedMessagesComeBackAndEndInTheDeadLetterQueue(t *testing.T) {
	b := story(t)
	b.may(`"sqs:*"`)
	b.runnable()
	dead := b.queue("dead", nil)
	l := b.queue("q", map[string]string{"VisibilityTimeout": "60", "RedrivePolicy": `{"deadLetterTargetArn":"` + dead.arn + `","maxReceiveCount":2}`})
	l.mapped()
	l.send("poison")
	b.cloud.Advance(0)
	b.want("first", b.bodies(), "poison")
	b.cloud.Advance(50 * time.Second)
	b.want("not yet", b.bodies(), "poison")
	b.cloud.Advance(time.Hour)
	b.want("twice", b.bodies(), "poison poison")
	b.want("dead", dead.left(), 1)
	b.want("left", l.left(), 0)
}

func TestOnlyReportedMessagesComeBack(t *testing.T) {
	b := story(t)
	b.may(`"sqs:*"`)
	b.runnable(func(in *lambda.CreateFunctionInput) {
		in.Environment = &types.Environment{Variables: map[string]string{"REPORT": "1"}}
	})
	l := b.queue("q", nil)
	l.send("a", "poison", "b")
	l.mapped(func(in *lambda.CreateEventSourceMappingInput) {
		in.FunctionResponseTypes = []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures}
	})
	b.want("one batch", b.bodies(), "apoisonb")
	b.want("left", l.left(), 1)
	b.cloud.Advance(31 * time.Second)
	b.want("once more", b.bodies(), "apoisonb poison")
}

func TestBatchWindowGathers(t *testing.T) {
	b := story(t)
	b.may(`"sqs:*"`)
	b.runnable()
	l := b.queue("q", nil)
	l.mapped(func(in *lambda.CreateEventSourceMappingInput) {
		in.BatchSize, in.MaximumBatchingWindowInSeconds = aws.Int32(12), aws.Int32(10)
	})
	l.send("a")
	b.cloud.Advance(5 * time.Second)
	l.send("b")
	b.cloud.Advance(4 * time.Second)
	b.want("not yet", b.bodies(), "")
	b.cloud.Advance(2 * time.Second)
	b.want("after the window", b.bodies(), "ab")
	for i := range 12 {
		l.send(string(rune('a' + i)))
	}
	b.cloud.Advance(0)
	b.want("full", b.bodies(), "ab abcdefghijkl")
	b.want("left", l.left(), 0)
}

func TestFiltersDropMessages(t *testing.T) {
	b := story(t)
	b.may(`"sqs:*"`)
	b.runnable()
	l := b.queue("q", nil)
	l.mapped(func(in *lambda.CreateEventSourceMappingInput) {
		in.FilterCriteria = &types.FilterCriteria{Filters: []types.Filter{
			{Pattern: aws.String(`{"body":{"n":[{"numeric":[">",5]}]}}`)}, {Pattern: aws.String(`{"body":["plain"]}`)},
		}}
	})
	l.send(`{"n":9}`, `{"n":1}`, "plain", "other")
	b.cloud.Advance(time.Second)
	got := strings.ReplaceAll(b.bodies(), " ", "")
	b.want("kept", got, `{"n":9}plain`)
	b.want("left", l.left(), 0)
}

func TestGroupsKeepTheirOrder(t *testing.T) {
	b := story(t)
	b.may(`"sqs:*"`)
	b.runnable()
	l := b.queue("q.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"})
	l.send("a1", "poison", "a2", "b1", "p2")
	l.mapped(func(in *lambda.CreateEventSourceMappingInput) { in.BatchSize = aws.Int32(1) })
	b.cloud.Advance(time.Second)
	got := " " + b.bodies() + " "
	if !strings.Contains(got, " a2 ") || !strings.Contains(got, " b1 ") || strings.Index(got, "a1") > strings.Index(got, "a2") || strings.Contains(got, "p2") {
		t.Errorf("got %s", got)
	}
	b.want("the group of the failure waits", l.left(), 2)
}

// environments is how many environments f has run in.
func (b *bench) environments() int {
	b.Helper()
	found, err := cwl.NewFromConfig(b.cloud.Config()).FilterLogEvents(b.Context(), &cwl.FilterLogEventsInput{
		LogGroupName: aws.String("/aws/lambda/f"), FilterPattern: aws.String("EVENT"),
	})
	b.ok(err)
	streams := map[string]bool{}
	for _, e := range found.Events {
		streams[*e.LogStreamName] = true
	}
	return len(streams)
}

func TestBacklogBringsMorePollersUpToTheLimit(t *testing.T) {
	b := story(t)
	b.may(`"sqs:*"`)
	b.runnable()
	l := b.queue("q", nil)
	for i := range 40 {
		l.send(fmt.Sprint(i))
	}
	l.mapped(func(in *lambda.CreateEventSourceMappingInput) {
		in.BatchSize, in.ScalingConfig = aws.Int32(1), &types.ScalingConfig{MaximumConcurrency: aws.Int32(2)}
	})
	b.want("left", l.left(), 0)
	b.want("calls", len(b.events()), 40)
	b.want("environments", b.environments(), 2)
}

func TestMappingIsDisabledChangedAndDeleted(t *testing.T) {
	b := story(t)
	b.may(`"sqs:*"`)
	b.runnable()
	l := b.queue("q", nil)
	l.mapped()
	_, err := b.CreateEventSourceMapping(b.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: &l.arn})
	b.refused(err, "ResourceConflictException", "already exists. Please update or delete the existing mapping with UUID "+l.id)
	off, err := b.UpdateEventSourceMapping(b.Context(), &lambda.UpdateEventSourceMappingInput{UUID: &l.id, Enabled: aws.Bool(false)})
	b.ok(err)
	b.want("state", *off.State, "Disabling")
	b.cloud.Advance(0)
	b.want("state", l.state(), "Disabled")
	l.send("a")
	b.cloud.Advance(time.Minute)
	b.want("none", b.bodies(), "")
	on, err := b.UpdateEventSourceMapping(b.Context(), &lambda.UpdateEventSourceMappingInput{UUID: &l.id, Enabled: aws.Bool(true), BatchSize: aws.Int32(3)})
	b.ok(err)
	b.want("changed", *on.State+fmt.Sprint(*on.BatchSize), "Enabling3")
	b.cloud.Advance(0)
	b.want("got", b.bodies(), "a")
	list, err := b.ListEventSourceMappings(b.Context(), &lambda.ListEventSourceMappingsInput{FunctionName: aws.String("f"), EventSourceArn: &l.arn})
	b.ok(err)
	b.want("list", len(list.EventSourceMappings), 1)
	gone, err := b.DeleteEventSourceMapping(b.Context(), &lambda.DeleteEventSourceMappingInput{UUID: &l.id})
	b.ok(err)
	b.want("state", *gone.State, "Deleting")
	b.cloud.Advance(0)
	_, err = b.GetEventSourceMapping(b.Context(), &lambda.GetEventSourceMappingInput{UUID: &l.id})
	b.refused(err, "ResourceNotFoundException", "The resource you requested does not exist.")
	l.send("b")
	b.cloud.Advance(time.Minute)
	b.want("no more", b.bodies(), "a")
}

func TestBadMappingsAreRefused(t *testing.T) {
	b := story(t)
	_, err := b.CreateFunction(b.Context(), b.input(func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(20) }))
	b.ok(err)
	l := b.queue("q", map[string]string{"VisibilityTimeout": "10"})
	try := func(code, text string, change func(*lambda.CreateEventSourceMappingInput)) {
		t.Helper()
		in := &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: &l.arn}
		change(in)
		_, err := b.CreateEventSourceMapping(b.Context(), in)
		b.refused(err, code, text)
	}
	const bad = "InvalidParameterValueException"
	nothing := func(*lambda.CreateEventSourceMappingInput) {}
	try(bad, "does not have permissions to call ReceiveMessage on SQS", nothing)
	b.may(`["sqs:ReceiveMessage","sqs:GetQueueAttributes"]`)
	try(bad, "does not have permissions to call DeleteMessage on SQS", nothing)
	b.may(`["sqs:*","dynamodb:*"]`)
	try(bad, "Queue visibility timeout: 10 seconds is less than Function timeout: 20 seconds", nothing)
	try(bad, "NonExistentQueue", func(in *lambda.CreateEventSourceMappingInput) { in.EventSourceArn = aws.String(l.arn + "x") })
	try(bad, "Maximum batch window in seconds must be greater than 0", func(in *lambda.CreateEventSourceMappingInput) { in.BatchSize = aws.Int32(11) })
	try(bad, "Unsupported parameter for given event source mapping type: StartingPosition", func(in *lambda.CreateEventSourceMappingInput) {
		in.StartingPosition = types.EventSourcePositionLatest
	})
	try(bad, "Invalid filter pattern definition", func(in *lambda.CreateEventSourceMappingInput) {
		in.FilterCriteria = &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String(`{"body":1}`)}}}
	})
	try("ResourceNotFoundException", "Function not found", func(in *lambda.CreateEventSourceMappingInput) { in.FunctionName = aws.String("g") })
	try(bad, "Unrecognized event source", func(in *lambda.CreateEventSourceMappingInput) { in.EventSourceArn = aws.String("arn:aws:s3:::b") })
	try("NotImplemented", "Kafka", func(in *lambda.CreateEventSourceMappingInput) { in.Topics = []string{"topic"} })
	try("NotImplemented", "kinesis", func(in *lambda.CreateEventSourceMappingInput) {
		in.EventSourceArn, in.StartingPosition = aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/s"), types.EventSourcePositionLatest
	})
	stream := func(in *lambda.CreateEventSourceMappingInput) {
		in.EventSourceArn = aws.String("arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2024-01-01T00:00:00.000")
	}
	try(bad, "startingPosition", stream)
	try(bad, "Stream not found", func(in *lambda.CreateEventSourceMappingInput) {
		stream(in)
		in.StartingPosition = types.EventSourcePositionLatest
	})
}
