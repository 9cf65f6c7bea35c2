package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/brume-cloud/brume/api/dynamodbstreams"
	"github.com/brume-cloud/brume/api/kinesis"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
)

// streamRecord is a record of a stream.
type streamRecord struct {
	sequence string
	at       time.Time
	key      string // records with the same keep their order
	text     []byte // as functions get it
	content  content
}

// stretch is a part of a shard: the records behind a sequence number, or from
// the mapping's starting position on when that is empty.
type stretch struct {
	shard, after string
	limit        int
}

// streamShard is a shard as its stream tells of it.
type streamShard struct{ id, parent, otherParent string }

// streamReader reads the stream of a mapping, as the function's role.
type streamReader interface {
	shards(ctx context.Context) ([]streamShard, error)
	// read returns records, none when there are no more for now; end says that
	// there never will be.
	read(ctx context.Context, from stretch) (records []streamRecord, end bool, err error)
}

func (x *polling) reader() streamReader {
	if x.m.service() == "kinesis" {
		return kinesisReader{kinesis.NewClient(x.Via), x.m, x.t.c.Role}
	}
	return tableReader{dynamodbstreams.NewClient(x.Via), x.m}
}

// tableReader reads the stream of a table.
type tableReader struct {
	client dynamodbstreams.Client
	m      *mapping
}

func (r tableReader) shards(ctx context.Context) (all []streamShard, err error) {
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: r.m.Source}
	for {
		out, err := r.client.DescribeStream(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, s := range out.StreamDescription.Shards {
			all = append(all, streamShard{id: deref(s.ShardId), parent: deref(s.ParentShardId)})
		}
		if in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			return all, nil
		}
	}
}

// passedPages is how many pages of records before the starting position are
// passed over at a time.
const passedPages = 20

func (r tableReader) read(ctx context.Context, from stretch) (records []streamRecord, end bool, err error) {
	in := &dynamodbstreams.GetShardIteratorInput{StreamArn: r.m.Source, ShardId: from.shard, ShardIteratorType: dynamodbstreams.ShardIteratorTypeTRIMHORIZON}
	pages := 1
	switch {
	case from.after != "":
		in.ShardIteratorType, in.SequenceNumber = dynamodbstreams.ShardIteratorTypeAFTERSEQUENCENUMBER, &from.after
	case r.m.Position == string(lambdaLatest):
		// Records that come while the mapping is made are not to be missed.
		in.ShardIteratorType, in.Timestamp = dynamodbstreams.ShardIteratorTypeATTIMESTAMP, &r.m.Created
		pages = passedPages
	}
	i, err := r.client.GetShardIterator(ctx, in)
	if err != nil {
		return nil, false, err
	}
	next := i.ShardIterator
	for ; pages > 0 && next != nil && len(records) == 0; pages-- {
		out, err := r.client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: *next, Limit: new(int32(from.limit))})
		if err != nil {
			return nil, false, err
		}
		for i := range out.Records {
			records = append(records, r.record(&out.Records[i]))
		}
		next = out.NextShardIterator
	}
	return records, next == nil, nil
}

// record is a change as functions get it.
// AWS: "Using AWS Lambda with Amazon DynamoDB", example event.
func (r tableReader) record(from *dynamodbstreams.Record) streamRecord {
	d := from.Dynamodb
	keys := wire.AttributeJSON(d.Keys)
	change := map[string]any{
		"ApproximateCreationDateTime": d.ApproximateCreationDateTime.Unix(), "Keys": json.RawMessage(keys),
		"SequenceNumber": d.SequenceNumber, "SizeBytes": d.SizeBytes, "StreamViewType": d.StreamViewType,
	}
	if d.NewImage != "" {
		change["NewImage"] = json.RawMessage(wire.AttributeJSON(d.NewImage))
	}
	if d.OldImage != "" {
		change["OldImage"] = json.RawMessage(wire.AttributeJSON(d.OldImage))
	}
	all := map[string]any{
		"eventID": from.EventID, "eventName": from.EventName, "eventVersion": from.EventVersion, "eventSource": from.EventSource,
		"awsRegion": from.AwsRegion, "dynamodb": change, "eventSourceARN": r.m.Source,
	}
	if u := from.UserIdentity; u != nil {
		all["userIdentity"] = map[string]any{"type": u.Type, "principalId": u.PrincipalId}
	}
	text, _ := encode(all) // nothing in it can fail
	return streamRecord{sequence: deref(d.SequenceNumber), at: deref(d.ApproximateCreationDateTime), key: string(keys), text: text}
}

// kinesisReader reads a data stream.
type kinesisReader struct {
	client kinesis.Client
	m      *mapping
	role   string
}

func (r kinesisReader) shards(ctx context.Context) (all []streamShard, err error) {
	in := &kinesis.ListShardsInput{StreamARN: &r.m.Source}
	for {
		out, err := r.client.ListShards(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, s := range out.Shards {
			all = append(all, streamShard{s.ShardId, deref(s.ParentShardId), deref(s.AdjacentParentShardId)})
		}
		if out.NextToken == nil {
			return all, nil
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}

func (r kinesisReader) read(ctx context.Context, from stretch) (records []streamRecord, end bool, err error) {
	in := &kinesis.GetShardIteratorInput{StreamARN: &r.m.Source, ShardId: from.shard, ShardIteratorType: kinesis.ShardIteratorTypeTRIMHORIZON}
	switch {
	case from.after != "":
		in.ShardIteratorType, in.StartingSequenceNumber = kinesis.ShardIteratorTypeAFTERSEQUENCENUMBER, &from.after
	case r.m.Position == string(lambdaLatest):
		in.ShardIteratorType, in.Timestamp = kinesis.ShardIteratorTypeATTIMESTAMP, &r.m.Created
	case !r.m.From.IsZero():
		in.ShardIteratorType, in.Timestamp = kinesis.ShardIteratorTypeATTIMESTAMP, &r.m.From
	}
	i, err := r.client.GetShardIterator(ctx, in)
	if err != nil {
		return nil, false, err
	}
	out, err := r.client.GetRecords(ctx, &kinesis.GetRecordsInput{StreamARN: &r.m.Source, ShardIterator: deref(i.ShardIterator), Limit: new(int32(from.limit))})
	if err != nil {
		return nil, false, err
	}
	for i := range out.Records {
		records = append(records, r.record(from.shard, &out.Records[i]))
	}
	return records, out.NextShardIterator == nil, nil
}

// AWS: "Using Lambda to process records from Amazon Kinesis Data Streams".
func (r kinesisReader) record(shard string, from *kinesis.Record) streamRecord {
	source, _ := aws.ParseARN(r.m.Source) // was checked
	at := deref(from.ApproximateArrivalTimestamp)
	data := base64.StdEncoding.EncodeToString(from.Data)
	text, _ := encode(map[string]any{
		"kinesis": map[string]any{
			"kinesisSchemaVersion": "1.0", "partitionKey": from.PartitionKey, "sequenceNumber": from.SequenceNumber,
			"data": data, "approximateArrivalTimestamp": float64(at.UnixMilli()) / 1000,
		},
		"eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": shard + ":" + from.SequenceNumber, "eventName": "aws:kinesis:record",
		"invokeIdentityArn": r.role, "awsRegion": source.Region, "eventSourceARN": r.m.Source,
	})
	return streamRecord{sequence: from.SequenceNumber, at: at, key: deref(from.PartitionKey), text: text, content: content{"data", string(from.Data)}}
}
