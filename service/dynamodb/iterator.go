package dynamodb

import (
	"context"
	"encoding/base64"
	"time"

	api "github.com/brume-cloud/brume/api/dynamodbstreams"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// iterator is where a reader is in a shard. Clients hold it as a text that says
// nothing to them.
type iterator struct {
	Account string    `kv:"1"`
	Region  string    `kv:"2"`
	Table   string    `kv:"3"` // name
	Label   string    `kv:"4"` // of the stream
	Shard   uint64    `kv:"5"`
	From    place     `kv:"6"`
	Behind  bool      `kv:"7"` // not From itself
	Since   time.Time `kv:"8"` // changes before are passed over
	At      time.Time `kv:"9"` // when it was made
}

func (i *iterator) token() string { return base64.RawURLEncoding.EncodeToString(kv.Append(nil, i)) }

func readIterator(token string) (*iterator, error) {
	i := new(iterator)
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = kv.Decode(b, i)
	}
	if err != nil {
		return nil, invalid("Invalid ShardIterator")
	}
	return i, nil
}

// stream is the iterator's stream, as far as the iterator knows it.
func (i *iterator) stream() *stream {
	return &stream{at: address{kv.Scope{Account: aws.Account(i.Account), Region: aws.Region(i.Region)}, i.Table}, label: i.Label}
}

// rows are the changes from the iterator on.
func (i *iterator) rows(s *stream) kv.Range {
	log := s.log(i.Shard)
	r := kv.Prefix(log)
	r.From = log.With(i.From.part())
	if i.Behind {
		r.From = r.From.After()
	}
	return r
}

// GetShardIterator returns an iterator, which lives for 15 minutes.
func (s *Streams) GetShardIterator(ctx context.Context, in *api.GetShardIteratorInput) (*api.GetShardIteratorOutput, error) {
	out := new(api.GetShardIteratorOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		found, err := streamOf(tx, in.StreamArn)
		if err != nil {
			return err
		}
		sh, err := found.shard(tx, in.ShardId)
		if err != nil {
			return err
		}
		i := &iterator{
			Account: string(found.at.Account), Region: string(found.at.Region), Table: found.at.Name, Label: found.label, Shard: sh.number, From: sh.First, Behind: true, At: tx.Now(),
		}
		if err := i.begin(tx, found, in); err != nil {
			return err
		}
		out.ShardIterator = ptr(i.token())
		return nil
	})
	return out, err
}

// begin moves an iterator that is at the shard's begin to where a request wants it.
func (i *iterator) begin(tx kv.Tx, s *stream, in *api.GetShardIteratorInput) error {
	switch in.ShardIteratorType {
	case api.ShardIteratorTypeTRIMHORIZON:
		return nil
	case api.ShardIteratorTypeLATEST:
		i.From = s.last(tx, i.Shard, i.From)
		return nil
	case api.ShardIteratorTypeATTIMESTAMP:
		if in.Timestamp == nil {
			return invalid("Timestamp must be specified for AT_TIMESTAMP")
		}
		i.Since = *in.Timestamp
		return nil
	}
	if in.SequenceNumber == nil {
		return invalid("SequenceNumber must be specified for %s", in.ShardIteratorType)
	}
	at, err := placeOfSequence(*in.SequenceNumber)
	if err != nil {
		return err
	}
	if at.before(i.From) {
		return invalid("Invalid SequenceNumber: %s is not in the shard", *in.SequenceNumber)
	}
	i.From, i.Behind = at, in.ShardIteratorType == api.ShardIteratorTypeAFTERSEQUENCENUMBER
	for _, row := range changes.Scan(tx, i.rows(s)) {
		if tx.Now().Sub(row.At) > streamLife {
			return api.ErrTrimmedDataAccessException("The operation attempted to read past the oldest stream record in a shard.")
		}
		break
	}
	return nil
}

func (p place) before(q place) bool {
	return p.Version < q.Version || p.Version == q.Version && p.Seq < q.Seq
}
