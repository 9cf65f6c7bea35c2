package dynamodb

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	api "github.com/brume-cloud/brume/api/dynamodbstreams"
	"github.com/brume-cloud/brume/state/kv"
)

// What a stream shows of a change.
const (
	viewOld  = "OLD_IMAGE"
	viewNew  = "NEW_IMAGE"
	viewBoth = "NEW_AND_OLD_IMAGES"
)

// record writes a change into the stream of a table that has one. A change that
// changes nothing is none.
func (t *table) record(tx kv.Tx, c change) {
	if t.StreamView == "" || equalItems(c.was, c.is) {
		return
	}
	row := t.changeRow(tx, c, t.StreamView)
	it := c.is
	if it == "" {
		it = c.was
	}
	high := partitionOf(it.Value(t.Keys.Hash)).high
	i := slices.IndexFunc(t.Shards, func(o openShard) bool { return o.From <= high && high <= o.To })
	if i >= 0 {
		s := stream{at: t.at, ID: t.Stream}
		changes.PutStamped(tx, s.log(t.Shards[i].Number), row)
	}
}

// changeRow is a change as far as a view shows it.
func (t *table) changeRow(tx kv.Tx, c change, view string) *changeRow {
	row := &changeRow{At: tx.Now(), Expired: c.expired}
	it := c.is
	switch {
	case c.was == "":
		row.Name = string(api.OperationTypeINSERT)
	case c.is == "":
		row.Name, it = string(api.OperationTypeREMOVE), c.was
	default:
		row.Name = string(api.OperationTypeMODIFY)
	}
	key := topLevel(t.Keys.names()).of(it)
	row.Keys, row.Size = encode(key), int64(itemSize(key))
	if c.was != "" && (view == viewOld || view == viewBoth) {
		row.Old = encode(c.was)
		row.Size += int64(itemSize(c.was))
	}
	if c.is != "" && (view == viewNew || view == viewBoth) {
		row.New = encode(c.is)
		row.Size += int64(itemSize(c.is))
	}
	return row
}

// log is the key before all changes of a shard.
func (s *stream) log(shard uint64) kv.Key {
	return changes.Prefix(s.at.Scope, kv.Uint(s.ID), kv.Uint(shard))
}

func placeOf(key kv.Key) place {
	parts := changes.Parts(key)
	parts.Skip(2)
	stamp := parts.Stamp()
	return place{stamp.Version, stamp.Seq}
}

func (p place) part() kv.Part { return kv.At(kv.Stamp{Version: p.Version, Seq: p.Seq}) }

// Sequence numbers have 26 digits: a 1, the version, the place in the transaction.
const (
	versionDigits = 20
	seqDigits     = 5
)

// sequence is the place as a sequence number: they order as places do.
func (p place) sequence() string {
	return fmt.Sprintf("1%0*d%0*d", versionDigits, p.Version, seqDigits, p.Seq)
}

func placeOfSequence(s string) (p place, err error) {
	if len(s) == 1+versionDigits+seqDigits && s[0] == '1' {
		var seq uint64
		p.Version, err = strconv.ParseUint(s[1:1+versionDigits], 10, 64)
		if err == nil {
			seq, err = strconv.ParseUint(s[1+versionDigits:], 10, 16)
			p.Seq = uint16(seq)
		}
		if err == nil {
			return p, nil
		}
	}
	return place{}, invalid("Invalid SequenceNumber: %s", s)
}

// GetRecords returns the changes from an iterator on, and an iterator for those
// that follow; none when the shard is closed and has no more.
func (s *Streams) GetRecords(ctx context.Context, in *api.GetRecordsInput) (*api.GetRecordsOutput, error) {
	i, err := readIterator(in.ShardIterator)
	if err != nil {
		return nil, err
	}
	limit := maxRecords
	if in.Limit != nil {
		limit = min(int(*in.Limit), limit)
	}
	out := new(api.GetRecordsOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if tx.Now().Sub(i.At) > iteratorLife {
			return api.ErrExpiredIteratorException("Iterator expired. The iterator was created at %s, and lives for 15 minutes.", i.At.UTC().Format(time.RFC3339))
		}
		found, err := i.stream().at.stream(tx, i.Label)
		if err != nil {
			return err
		}
		sh, err := found.shard(tx, shardID(i.Shard))
		if err != nil {
			return api.ErrTrimmedDataAccessException("The operation attempted to read past the oldest stream record in a shard.")
		}
		next, more := found.page(tx, i, page{limit, out})
		if more || sh.Ended.IsZero() {
			next.At = tx.Now()
			out.NextShardIterator = ptr(next.token())
		}
		return nil
	})
	return out, err
}

// page is what GetRecords fills.
type page struct {
	limit int
	out   *api.GetRecordsOutput
}

// page reads changes from an iterator on; next goes on behind them, and there may
// be more.
func (s *stream) page(tx kv.Tx, i *iterator, p page) (next *iterator, more bool) {
	next = ptr(*i)
	p.out.Records = []api.Record{}
	size, passed := int64(0), 0
	for key, row := range changes.Scan(tx, i.rows(s)) {
		expired := tx.Now().Sub(row.At) > streamLife
		if len(p.out.Records) == p.limit || passed == maxRecordsPassed || !expired && size > 0 && size+row.Size > maxRecordBytes {
			return next, true
		}
		passed++
		next.From, next.Behind = placeOf(key), true
		if expired || row.At.Before(i.Since) {
			continue
		}
		size += row.Size
		p.out.Records = append(p.out.Records, s.describeRecord(next.From, key, row))
	}
	return next, false
}

func (s *stream) describeRecord(at place, key kv.Key, row *changeRow) api.Record {
	image := func(b []byte) item {
		if b == nil {
			return ""
		}
		return decode(key, b)
	}
	id := digest(key)
	r := api.Record{
		EventID:   ptr(fmt.Sprintf("%016x%016x", id.high, id.low)),
		EventName: api.OperationType(row.Name), EventVersion: ptr("1.1"), EventSource: ptr("aws:dynamodb"), AwsRegion: ptr(string(s.at.Region)),
		Dynamodb: &api.StreamRecord{
			ApproximateCreationDateTime: ptr(row.At.Truncate(time.Second)), Keys: image(row.Keys), OldImage: image(row.Old), NewImage: image(row.New),
			SequenceNumber: ptr(at.sequence()), SizeBytes: &row.Size, StreamViewType: api.StreamViewType(s.View),
		},
	}
	if row.Expired {
		r.UserIdentity = &api.Identity{Type: ptr("Service"), PrincipalId: ptr("dynamodb.amazonaws.com")}
	}
	return r
}
