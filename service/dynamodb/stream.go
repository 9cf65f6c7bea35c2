package dynamodb

import (
	"context"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/dynamodbstreams"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Streams implements DynamoDB Streams: DynamoDB's other API, by which the changes
// of a table's items are read. It is here because every write to a table with a
// stream writes to the stream.
type Streams struct {
	api.Unimplemented
	Store kv.Store
}

// NewStreams returns it.
func NewStreams(store kv.Store) *Streams { return &Streams{Store: store} }

// Access implements aws.Guard.
// AWS: "Actions, resources, and condition keys for Amazon DynamoDB".
func (s *Streams) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	a := aws.Access{Action: "dynamodb:" + operation, Resource: "*"}
	switch in := input.(type) {
	case *api.DescribeStreamInput:
		a.Resource = in.StreamArn
	case *api.GetShardIteratorInput:
		a.Resource = in.StreamArn
	case *api.GetRecordsInput:
		if i, err := readIterator(in.ShardIterator); err == nil {
			a.Resource = i.stream().arn()
		}
	case *api.ListStreamsInput:
		if in.TableName == nil {
			return []aws.Access{a}, nil
		}
		// SAM's policy template DynamoDBStreamReadPolicy names the streams of the table so.
		a.Resource = addressOf(ctx, *in.TableName).arn() + streamResource + "*"
	}
	if at, ok := addressOfARN(a.Resource); ok {
		a.Owner = at.Account
	}
	return []aws.Access{a}, nil
}

const streamResource = "/stream/"

func (s *stream) arn() string { return s.at.arn() + streamResource + s.label }

func (a address) streamKey(label string) kv.Key {
	return streams.Key(a.Scope, kv.String(a.Name), kv.String(label))
}

// streamOf finds a stream by its ARN.
func streamOf(tx kv.Tx, arn string) (*stream, error) {
	at, ok := addressOfARN(arn)
	_, label, named := strings.Cut(arn, streamResource)
	if !ok || !named {
		return nil, invalid("Invalid StreamArn")
	}
	return at.stream(tx, label)
}

// stream finds the stream of a table, or of one that was here, by its label.
func (a address) stream(tx kv.Tx, label string) (*stream, error) {
	s, ok := streams.Get(tx, a.streamKey(label))
	if !ok {
		s = &stream{at: a, label: label}
		return nil, api.ErrResourceNotFoundException("Requested resource not found: Stream: %s not found", s.arn())
	}
	s.at, s.label = a, label
	return s, nil
}

// beginStream begins the stream that the table's settings ask for.
func (t *table) beginStream(tx kv.Tx, id uint64) {
	t.StreamFrom, t.Stream = tx.Now(), id
	for streams.Has(tx, t.at.streamKey(t.streamLabel())) {
		t.StreamFrom = t.StreamFrom.Add(time.Millisecond) // a label is one stream's
	}
	s := &stream{at: t.at, label: t.streamLabel(), ID: id, Table: t.ID, View: t.StreamView, Keys: t.Keys, Created: tx.Now()}
	t.Shards = []openShard{s.open(tx, &shard{To: ^uint64(0)})}
	s.put(tx)
	s.plan(tx, tx.Now().Add(shardLife))
}

func (s *stream) put(tx kv.Tx) { streams.Put(tx, s.at.streamKey(s.label), s) }

// endStream ends the stream of a table that has one. It can be read on for as
// long as its changes live.
func (t *table) endStream(tx kv.Tx) {
	if t.StreamView == "" || t.Stream == 0 {
		return
	}
	s, err := t.at.stream(tx, t.streamLabel())
	if err != nil {
		return
	}
	for _, o := range t.Shards {
		s.close(tx, o.Number)
	}
	s.Ended, t.Shards = tx.Now(), nil
	s.put(tx)
	s.plan(tx, tx.Now().Add(streamLife))
}

// ListStreams lists the streams of a table or of all tables, by the tables' names.
func (s *Streams) ListStreams(ctx context.Context, in *api.ListStreamsInput) (*api.ListStreamsOutput, error) {
	sc, limit := scopeOf(ctx), maxStreamsListed
	if in.Limit != nil {
		limit = min(int(*in.Limit), limit)
	}
	r := kv.Prefix(streams.Prefix(sc))
	if in.TableName != nil {
		at := addressOf(ctx, *in.TableName)
		r = kv.Prefix(streams.Prefix(at.Scope, kv.String(at.Name)))
	}
	out := &api.ListStreamsOutput{Streams: []api.Stream{}}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if in.ExclusiveStartStreamArn != nil {
			last, err := streamOf(tx, *in.ExclusiveStartStreamArn)
			if err != nil {
				return err
			}
			r.From = last.at.streamKey(last.label).After()
		}
		for key := range streams.Scan(tx, r) {
			if n := len(out.Streams); n == limit {
				out.LastEvaluatedStreamArn = out.Streams[n-1].StreamArn
				return nil
			}
			parts := streams.Parts(key)
			found := &stream{at: address{sc, parts.String()}, label: parts.String()}
			out.Streams = append(out.Streams, api.Stream{StreamArn: ptr(found.arn()), TableName: &found.at.Name, StreamLabel: &found.label})
		}
		return nil
	})
	return out, err
}

// DescribeStream tells of a stream and its shards, oldest first.
func (s *Streams) DescribeStream(ctx context.Context, in *api.DescribeStreamInput) (*api.DescribeStreamOutput, error) {
	limit := maxShardsListed
	if in.Limit != nil {
		limit = min(int(*in.Limit), limit)
	}
	var d *api.StreamDescription
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		found, err := streamOf(tx, in.StreamArn)
		if err != nil {
			return err
		}
		d = found.describe()
		r := kv.Prefix(shards.Prefix(found.at.Scope, kv.Uint(found.ID)))
		if in.ExclusiveStartShardId != nil {
			n, err := shardNumber(*in.ExclusiveStartShardId)
			if err != nil {
				return err
			}
			r.From = found.shardKey(n).After()
		}
		for key, sh := range shards.Scan(tx, r) {
			sh.number = shardOfKey(key)
			if in.ShardFilter != nil && shardID(sh.Parent) != deref(in.ShardFilter.ShardId) {
				continue
			}
			if n := len(d.Shards); n == limit {
				d.LastEvaluatedShardId = d.Shards[n-1].ShardId
				return nil
			}
			d.Shards = append(d.Shards, sh.describe())
		}
		return nil
	})
	return &api.DescribeStreamOutput{StreamDescription: d}, err
}

func (s *stream) describe() *api.StreamDescription {
	d := &api.StreamDescription{
		StreamArn: ptr(s.arn()), StreamLabel: &s.label, StreamStatus: api.StreamStatusENABLED, StreamViewType: api.StreamViewType(s.View),
		CreationRequestDateTime: &s.Created, TableName: &s.at.Name, Shards: []api.Shard{},
	}
	if !s.Ended.IsZero() {
		d.StreamStatus = api.StreamStatusDISABLED
	}
	for _, k := range s.Keys.schema() {
		d.KeySchema = append(d.KeySchema, api.KeySchemaElement{AttributeName: k.AttributeName, KeyType: api.KeyType(k.KeyType)})
	}
	return d
}
