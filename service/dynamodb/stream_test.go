package dynamodb_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// brook is a desk whose table has a stream.
type brook struct {
	*desk
	streams *dynamodbstreams.Client
	arn     *string
}

// stream runs fn with a table whose stream has a view.
func stream(t *testing.T, view types.StreamViewType, fn func(b *brook)) {
	t.Helper()
	story(t, func(d *desk) {
		b := &brook{desk: d, streams: dynamodbstreams.NewFromConfig(d.cloud.Config())}
		b.flow(view)
		fn(b)
	})
}

// flow switches the stream on.
func (b *brook) flow(view types.StreamViewType) {
	b.Helper()
	out, err := b.UpdateTable(b.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("orders"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: view}})
	if err != nil {
		b.Fatal(err)
	}
	b.arn = out.TableDescription.LatestStreamArn
}

func (b *brook) describe() *streamtypes.StreamDescription {
	b.Helper()
	out, err := b.streams.DescribeStream(b.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: b.arn})
	if err != nil {
		b.Fatal(err)
	}
	return out.StreamDescription
}

func (b *brook) iterator(shard *string, kind streamtypes.ShardIteratorType, sequence *string) *string {
	b.Helper()
	out, err := b.streams.GetShardIterator(b.Context(), &dynamodbstreams.GetShardIteratorInput{StreamArn: b.arn, ShardId: shard, ShardIteratorType: kind, SequenceNumber: sequence})
	if err != nil {
		b.Fatal(err)
	}
	return out.ShardIterator
}

// read reads a shard from an iterator to its present end.
func (b *brook) read(iterator *string) (all []streamtypes.Record, next *string) {
	b.Helper()
	for {
		out, err := b.streams.GetRecords(b.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: iterator, Limit: aws.Int32(2)})
		if err != nil {
			b.Fatal(err)
		}
		all, next = append(all, out.Records...), out.NextShardIterator
		if len(out.Records) == 0 || next == nil {
			return all, next
		}
		iterator = next
	}
}

// all reads the whole stream, in the order of its shards.
func (b *brook) all() (all []streamtypes.Record) {
	b.Helper()
	for _, s := range b.describe().Shards {
		records, _ := b.read(b.iterator(s.ShardId, streamtypes.ShardIteratorTypeTrimHorizon, nil))
		all = append(all, records...)
	}
	return all
}

// showRecords writes records as NAME key: old -> new.
func showRecords(records []streamtypes.Record) string {
	var lines []string
	for _, r := range records {
		line := fmt.Sprintf("%s %s: %s -> %s", r.EventName, showImage(r.Dynamodb.Keys), showImage(r.Dynamodb.OldImage), showImage(r.Dynamodb.NewImage))
		if r.UserIdentity != nil {
			line += " by " + *r.UserIdentity.PrincipalId
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

func showImage(image map[string]streamtypes.AttributeValue) string {
	r := row{}
	for name, v := range image {
		switch v := v.(type) {
		case *streamtypes.AttributeValueMemberS:
			r[name] = str(v.Value)
		case *streamtypes.AttributeValueMemberN:
			r[name] = num(v.Value)
		}
	}
	if len(r) == 0 {
		return "none"
	}
	return show(r)
}

func TestStreamsShowWhatTheirViewSays(t *testing.T) {
	for view, want := range map[types.StreamViewType]string{
		types.StreamViewTypeKeysOnly: "INSERT customer=a number=1: none -> none; MODIFY customer=a number=1: none -> none; REMOVE customer=a number=1: none -> none",
		types.StreamViewTypeNewImage: "INSERT customer=a number=1: none -> customer=a note=x number=1; MODIFY customer=a number=1: none -> customer=a note=y number=1; REMOVE customer=a number=1: none -> none",
		types.StreamViewTypeOldImage: "INSERT customer=a number=1: none -> none; MODIFY customer=a number=1: customer=a note=x number=1 -> none; REMOVE customer=a number=1: customer=a note=y number=1 -> none",
		types.StreamViewTypeNewAndOldImages: "INSERT customer=a number=1: none -> customer=a note=x number=1; MODIFY customer=a number=1: customer=a note=x number=1 -> customer=a note=y number=1; " +
			"REMOVE customer=a number=1: customer=a note=y number=1 -> none",
	} {
		stream(t, view, func(b *brook) {
			b.put(with(order("a", "1"), "note", str("x")))
			b.put(with(order("a", "1"), "note", str("x"))) // changes nothing
			if _, err := b.update(order("a", "1"), "SET note = :y", row{":y": str("y")}); err != nil {
				b.Fatal(err)
			}
			for range 2 { // the second deletes nothing
				if _, err := b.DeleteItem(b.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: order("a", "1")}); err != nil {
					b.Fatal(err)
				}
			}
			b.want(string(view), showRecords(b.all()), want)
		})
	}
}

func TestStreamRecordsAreComplete(t *testing.T) {
	stream(t, types.StreamViewTypeNewImage, func(b *brook) {
		b.put(order("a", "1"), order("a", "2"))
		records := b.all()
		r := records[0]
		b.want("source", *r.EventSource+" "+*r.EventVersion+" "+*r.AwsRegion, "aws:dynamodb 1.1 "+b.cloud.Config().Region)
		if n := *r.Dynamodb.SizeBytes; n != 2*(8+1+6+2) {
			b.Errorf("size %d", n)
		}
		if len(*r.EventID) != 32 || *r.EventID == *records[1].EventID {
			b.Errorf("ids %s and %s", *r.EventID, *records[1].EventID)
		}
		first, second := *r.Dynamodb.SequenceNumber, *records[1].Dynamodb.SequenceNumber
		if len(first) < 21 || first >= second {
			b.Errorf("sequence numbers %s, %s", first, second)
		}
		d := b.describe()
		b.want("stream", string(d.StreamStatus)+" "+string(d.StreamViewType)+" "+*d.KeySchema[0].AttributeName, "ENABLED NEW_IMAGE customer")
	})
}

func TestIteratorsBeginWhereTheySay(t *testing.T) {
	stream(t, types.StreamViewTypeKeysOnly, func(b *brook) {
		b.put(order("a", "1"), order("a", "2"), order("a", "3"))
		shard := b.describe().Shards[0].ShardId
		latest := b.iterator(shard, streamtypes.ShardIteratorTypeLatest, nil)
		second := b.all()[1].Dynamodb.SequenceNumber
		at, _ := b.read(b.iterator(shard, streamtypes.ShardIteratorTypeAtSequenceNumber, second))
		behind, _ := b.read(b.iterator(shard, streamtypes.ShardIteratorTypeAfterSequenceNumber, second))
		b.put(order("a", "4"))
		last, next := b.read(latest)
		b.want("at", showRecords(at), "INSERT customer=a number=2: none -> none; INSERT customer=a number=3: none -> none")
		b.want("behind", showRecords(behind), "INSERT customer=a number=3: none -> none")
		b.want("latest", showRecords(last), "INSERT customer=a number=4: none -> none")
		if next == nil {
			b.Error("an open shard has no next iterator")
		}
		b.cloud.Advance(16 * time.Minute)
		_, err := b.streams.GetRecords(b.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: next})
		if err == nil || !strings.Contains(err.Error(), "ExpiredIteratorException") {
			b.Errorf("an iterator of 16 minutes: %v", err)
		}
	})
}

func TestShardsHaveChildrenAndChangesLiveADay(t *testing.T) {
	stream(t, types.StreamViewTypeKeysOnly, func(b *brook) {
		b.put(order("a", "1"))
		b.cloud.Advance(5 * time.Hour)
		b.put(order("a", "2"))
		d := b.describe()
		if len(d.Shards) != 2 || d.Shards[1].ParentShardId == nil || *d.Shards[1].ParentShardId != *d.Shards[0].ShardId || d.Shards[0].SequenceNumberRange.EndingSequenceNumber == nil {
			b.Fatalf("shards %+v", d.Shards)
		}
		if _, next := b.read(b.iterator(d.Shards[0].ShardId, streamtypes.ShardIteratorTypeTrimHorizon, nil)); next != nil {
			b.Error("a closed shard that was read has a next iterator")
		}
		b.want("both shards", showRecords(b.all()), "INSERT customer=a number=1: none -> none; INSERT customer=a number=2: none -> none")
		b.cloud.Advance(20 * time.Hour)
		b.want("after 25 hours", showRecords(b.all()), "INSERT customer=a number=2: none -> none")
		b.cloud.Advance(30 * 24 * time.Hour)
		if n := len(b.describe().Shards); n > 8 {
			b.Errorf("%d shards after a month", n)
		}
	})
}

func TestStreamsOutliveTheirTableByADay(t *testing.T) {
	stream(t, types.StreamViewTypeKeysOnly, func(b *brook) {
		b.put(order("a", "1"))
		if _, err := b.DeleteTable(b.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("orders")}); err != nil {
			b.Fatal(err)
		}
		b.create(orders())
		b.put(order("a", "2"))
		b.want("status", string(b.describe().StreamStatus), "DISABLED")
		b.want("records", showRecords(b.all()), "INSERT customer=a number=1: none -> none")
		b.cloud.Advance(25 * time.Hour)
		_, err := b.streams.DescribeStream(b.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: b.arn})
		if err == nil || !strings.Contains(err.Error(), "ResourceNotFoundException") {
			b.Errorf("a day later: %v", err)
		}
	})
}

func TestStreamsAreListed(t *testing.T) {
	stream(t, types.StreamViewTypeKeysOnly, func(b *brook) {
		b.cloud.Advance(time.Minute)
		if _, err := b.UpdateTable(b.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("orders"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(false)}}); err != nil {
			b.Fatal(err)
		}
		former := *b.arn
		b.flow(types.StreamViewTypeNewImage)
		out, err := b.streams.ListStreams(b.Context(), &dynamodbstreams.ListStreamsInput{TableName: aws.String("orders"), Limit: aws.Int32(1)})
		if err != nil {
			b.Fatal(err)
		}
		b.want("first", *out.Streams[0].StreamArn, former)
		out, err = b.streams.ListStreams(b.Context(), &dynamodbstreams.ListStreamsInput{ExclusiveStartStreamArn: out.LastEvaluatedStreamArn})
		if err != nil {
			b.Fatal(err)
		}
		b.want("second", *out.Streams[0].StreamArn+" "+*out.Streams[0].TableName, *b.arn+" orders")
	})
}

func TestExpiredItemsAreRemovedByDynamoDB(t *testing.T) {
	stream(t, types.StreamViewTypeKeysOnly, func(b *brook) {
		if _, err := b.UpdateTimeToLive(b.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: aws.String("orders"), TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("until"), Enabled: aws.Bool(true)}}); err != nil {
			b.Fatal(err)
		}
		b.put(with(order("a", "1"), "until", num(fmt.Sprint(b.cloud.Clock().Now().Add(time.Hour).Unix()))))
		b.cloud.Advance(2 * time.Hour)
		b.want("records", showRecords(b.all()), "INSERT customer=a number=1: none -> none; REMOVE customer=a number=1: none -> none by dynamodb.amazonaws.com")
	})
}
