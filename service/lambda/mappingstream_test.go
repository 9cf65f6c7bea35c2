package lambda_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// ledger is a table with a stream, and a mapping of it to f.
type ledger struct {
	*line
	tables *dynamodb.Client
}

func (b *bench) ledger() *ledger {
	b.Helper()
	l := &ledger{line: &line{bench: b, queues: sqs.NewFromConfig(b.cloud.Config())}, tables: dynamodb.NewFromConfig(b.cloud.Config())}
	made, err := l.tables.CreateTable(b.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("tab"), BillingMode: dbtypes.BillingModePayPerRequest,
		KeySchema:            []dbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: dbtypes.KeyTypeHash}},
		AttributeDefinitions: []dbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: dbtypes.ScalarAttributeTypeS}},
		StreamSpecification:  &dbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: dbtypes.StreamViewTypeNewAndOldImages},
	})
	b.ok(err)
	l.arn = *made.TableDescription.LatestStreamArn
	return l
}

// from maps the stream from a position on.
func (l *ledger) from(position types.EventSourcePosition, change ...func(*lambda.CreateEventSourceMappingInput)) {
	l.Helper()
	l.mapped(append(change, func(in *lambda.CreateEventSourceMappingInput) { in.StartingPosition = position })...)
}

func (l *ledger) put(ids ...string) {
	l.Helper()
	for _, id := range ids {
		_, err := l.tables.PutItem(l.Context(), &dynamodb.PutItemInput{TableName: aws.String("tab"), Item: map[string]dbtypes.AttributeValue{
			"id": &dbtypes.AttributeValueMemberS{Value: id},
		}})
		l.ok(err)
	}
}

// ids is the keys of the changes that f got, those of a batch joined.
func (l *ledger) ids() string {
	l.Helper()
	var batches []string
	for _, e := range l.events() {
		batch := ""
		for _, r := range e.Records {
			batch += r.Dynamodb.Keys["id"]["S"]
		}
		batches = append(batches, batch)
	}
	return strings.Join(batches, " ")
}

func TestChangesAreHandedToAFunction(t *testing.T) {
	b := story(t)
	b.may(`["dynamodb:*"]`)
	b.runnable()
	l := b.ledger()
	l.put("a", "b")
	l.from(types.EventSourcePositionTrimHorizon)
	b.want("from the beginning", l.ids(), "ab")
	l.put("c")
	b.cloud.Advance(0)
	b.want("then as they come", l.ids(), "ab c")
	r := b.events()[1].Records[0]
	b.want("record", fmt.Sprint(r.EventName, r.EventSource, r.EventSourceARN, r.AwsRegion), "INSERTaws:dynamodb"+l.arn+"us-east-1")
	b.cloud.Advance(9 * time.Hour) // the shard has children by then
	l.put("d")
	b.cloud.Advance(0)
	b.want("over the shards", l.ids(), "ab c d")
}

func TestLatestBeginsWithTheMapping(t *testing.T) {
	b := story(t)
	b.may(`["dynamodb:*"]`)
	b.runnable()
	l := b.ledger()
	l.put("a")
	l.from(types.EventSourcePositionLatest)
	l.put("b")
	b.cloud.Advance(0)
	b.want("ids", l.ids(), "b")
}

func TestFailedBatchIsSplitRetriedAndGivenUp(t *testing.T) {
	b := story(t)
	b.may(`["dynamodb:*","sqs:*"]`)
	b.runnable()
	l := b.ledger()
	lost := b.queue("lost", nil)
	l.put("a", "b", "poison", "c")
	l.from(types.EventSourcePositionTrimHorizon, func(in *lambda.CreateEventSourceMappingInput) {
		in.BisectBatchOnFunctionError, in.MaximumRetryAttempts = aws.Bool(true), aws.Int32(1)
		in.DestinationConfig = &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: &lost.arn}}
	})
	b.cloud.Advance(time.Hour)
	b.want("calls", l.ids(), "abpoisonc ab poisonc poison poison c")
	got, err := l.queues.ReceiveMessage(b.Context(), &sqs.ReceiveMessageInput{QueueUrl: &lost.url})
	b.ok(err)
	b.want("lost", len(got.Messages), 1)
	var record struct {
		RequestContext  map[string]any
		ResponseContext map[string]any
		Info            map[string]any `json:"DDBStreamBatchInfo"`
	}
	b.ok(json.Unmarshal([]byte(*got.Messages[0].Body), &record))
	b.want("why", fmt.Sprint(record.RequestContext["condition"], record.RequestContext["approximateInvokeCount"], record.ResponseContext["functionError"], record.Info["batchSize"], record.Info["streamArn"]),
		"RetryAttemptsExhausted2Unhandled1"+l.arn)
}

func TestReportedRecordIsWhereTheRetryBegins(t *testing.T) {
	b := story(t)
	b.may(`["dynamodb:*"]`)
	b.runnable(func(in *lambda.CreateFunctionInput) {
		in.Environment = &types.Environment{Variables: map[string]string{"REPORT": "1"}}
	})
	l := b.ledger()
	l.put("a", "poison", "c")
	l.from(types.EventSourcePositionTrimHorizon, func(in *lambda.CreateEventSourceMappingInput) {
		in.FunctionResponseTypes, in.MaximumRetryAttempts = []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures}, aws.Int32(2)
	})
	l.put("d")
	b.cloud.Advance(time.Hour)
	b.want("calls", l.ids(), "apoisonc poisonc poisonc d")
}

func TestOldRecordsAreGivenUpToS3(t *testing.T) {
	b := story(t)
	b.may(`["dynamodb:*","s3:*"]`)
	b.runnable()
	objects := s3.NewFromConfig(b.cloud.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := objects.CreateBucket(b.Context(), &s3.CreateBucketInput{Bucket: aws.String("lost")})
	b.ok(err)
	l := b.ledger()
	l.put("old")
	b.cloud.Advance(2 * time.Minute)
	l.put("new")
	l.from(types.EventSourcePositionTrimHorizon, func(in *lambda.CreateEventSourceMappingInput) {
		in.MaximumRecordAgeInSeconds = aws.Int32(60)
		in.DestinationConfig = &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: aws.String("arn:aws:s3:::lost")}}
	})
	b.want("calls", l.ids(), "new")
	list, err := objects.ListObjectsV2(b.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("lost"), Prefix: aws.String("aws/lambda/" + l.id + "/shardId-")})
	b.ok(err)
	b.want("objects", len(list.Contents), 1)
}

func TestFiltersAndParallelPollersKeepTheOrderOfKeys(t *testing.T) {
	b := story(t)
	b.may(`["dynamodb:*"]`)
	b.runnable()
	l := b.ledger()
	l.put("a", "b", "skip", "c", "d")
	_, err := l.tables.DeleteItem(b.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("tab"), Key: map[string]dbtypes.AttributeValue{"id": &dbtypes.AttributeValueMemberS{Value: "a"}}})
	b.ok(err)
	l.from(types.EventSourcePositionTrimHorizon, func(in *lambda.CreateEventSourceMappingInput) {
		in.ParallelizationFactor, in.BatchSize = aws.Int32(3), aws.Int32(1)
		in.FilterCriteria = &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String(`{"dynamodb":{"Keys":{"id":{"S":[{"anything-but":"skip"}]}}}}`)}}}
	})
	count, last := map[string]int{}, ""
	for _, e := range b.events() {
		id := e.Records[0].Dynamodb.Keys["id"]["S"]
		if count[id]++; id == "a" {
			last = e.Records[0].EventName
		}
	}
	b.want("calls", fmt.Sprint(count), "map[a:2 b:1 c:1 d:1]")
	b.want("the removal comes after the insertion", last, "REMOVE")
}

func TestTumblingWindowKeepsState(t *testing.T) {
	b := story(t)
	b.may(`["dynamodb:*"]`)
	b.runnable()
	l := b.ledger()
	l.from(types.EventSourcePositionTrimHorizon, func(in *lambda.CreateEventSourceMappingInput) { in.TumblingWindowInSeconds = aws.Int32(600) })
	l.put("a")
	b.cloud.Advance(0)
	l.put("b", "c")
	b.cloud.Advance(0)
	b.cloud.Advance(20 * time.Minute)
	got := b.events()
	n := len(got) - 1 // b and c come in one batch or in two
	b.want("state", fmt.Sprint(got[0].State, got[1].State, got[n].State), "map[] map[count:1] map[count:3]")
	b.want("final", fmt.Sprint(got[0].IsFinalInvokeForWindow, got[n].IsFinalInvokeForWindow, len(got[n].Records)), "false true 0")
}

func TestStreamBatchWindowGathers(t *testing.T) {
	b := story(t)
	b.may(`["dynamodb:*"]`)
	b.runnable()
	l := b.ledger()
	l.from(types.EventSourcePositionTrimHorizon, func(in *lambda.CreateEventSourceMappingInput) { in.MaximumBatchingWindowInSeconds = aws.Int32(60) })
	l.put("a")
	b.cloud.Advance(30 * time.Second)
	l.put("b")
	b.want("not yet", l.ids(), "")
	b.cloud.Advance(40 * time.Second)
	b.want("after the window", l.ids(), "ab")
}
