package dynamodb

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/api/kinesis"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// sendKind brings changes that wait to the Kinesis stream of their table.
const sendKind = "ddb.send"

// sending is the payload of such a job.
type sending struct {
	Table  uint64 `kv:"1"` // id
	Stream string `kv:"2"` // ARN
}

func (t *table) waitingKey() kv.Key { return waiting.Prefix(t.at.Scope, kv.Uint(t.ID)) }

// send lets a change wait for the stream of the table, if it has one.
func (t *table) send(tx kv.Tx, c change) {
	for i := range t.Destinations {
		d := &t.Destinations[i]
		if !d.active() || equalItems(c.was, c.is) {
			continue
		}
		row := t.changeRow(tx, c, viewBoth)
		waiting.PutStamped(tx, t.waitingKey(), row)
		t.sendNow(tx, d.Stream)
	}
}

func (t *table) sendNow(tx kv.Tx, stream string) {
	job.PutNow(tx, &job.Job{Kind: sendKind, Scope: t.at.Scope, ID: t.at.Name, Payload: kv.Append(nil, &sending{t.ID, stream})})
}

// deliver is the job. It sends all that waits, some at a time, so most jobs find
// nothing. A stream that is gone for good gets nothing, and nobody is told: AWS
// keeps the destination active as well.
func (s *Service) deliver(ctx context.Context, tx kv.Tx, j *job.Job) error {
	var w sending
	if err := kv.Decode(j.Payload, &w); err != nil {
		return err
	}
	t, ok := address{j.Scope, j.ID}.find(tx)
	if !ok || t.ID != w.Table {
		return nil
	}
	d := t.destination(w.Stream)
	if d == nil {
		return nil
	}
	var keys []kv.Key
	var entries []kinesis.PutRecordsRequestEntry
	size := 0
	for key, row := range waiting.Scan(tx, kv.Prefix(t.waitingKey())) {
		if size += len(row.Keys) + len(row.Old) + len(row.New); len(keys) == sendMost || len(keys) > 0 && size > sendBytes {
			t.sendNow(tx, w.Stream)
			break
		}
		data, err := t.eventOf(key, row, d)
		if err != nil {
			return err
		}
		part := t.primary(decode(key, row.Keys))
		keys = append(keys, append(kv.Key(nil), key...))
		entries = append(entries, kinesis.PutRecordsRequestEntry{Data: data, PartitionKey: ptr(fmt.Sprintf("%016x%016x", part.high, part.low))})
	}
	if len(keys) == 0 {
		return nil
	}
	as, err := d.as(ctx, t)
	if err != nil {
		return err
	}
	out, err := kinesis.NewClient(s.Via).PutRecords(as, &kinesis.PutRecordsInput{StreamARN: &w.Stream, Records: entries})
	if err != nil && aws.MayPass(err) {
		return err
	}
	failed := false
	for i, key := range keys {
		if err == nil && i < len(out.Records) && out.Records[i].ErrorCode != nil {
			failed = true
			continue
		}
		waiting.Delete(tx, key)
	}
	if failed {
		job.Put(tx, &job.Job{Kind: sendKind, Scope: j.Scope, ID: j.ID, Due: tx.Now().Add(time.Second), Payload: j.Payload})
	}
	return nil
}

// event is a change as Kinesis gets it. AWS: "Using Kinesis Data Streams to capture
// changes to DynamoDB".
type event struct {
	Region   string         `json:"awsRegion"`
	ID       string         `json:"eventID"`
	Name     string         `json:"eventName"`
	Identity *eventIdentity `json:"userIdentity"`
	Format   string         `json:"recordFormat"`
	Table    string         `json:"tableName"`
	Change   eventChange    `json:"dynamodb"`
	Source   string         `json:"eventSource"`
}

type eventIdentity struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
}

type eventChange struct {
	At        json.Number           `json:"ApproximateCreationDateTime"`
	Precision string                `json:"ApproximateCreationDateTimePrecision"`
	Keys      map[string]plainValue `json:"Keys"`
	New       map[string]plainValue `json:"NewImage,omitempty"`
	Old       map[string]plainValue `json:"OldImage,omitempty"`
	Size      int64                 `json:"SizeBytes"`
}

// eventID names a change that waits under a key, however often it is sent.
func eventID(key kv.Key) string {
	d := digest(key)
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", d.high>>32, uint16(d.high>>16), uint16(d.high), d.low>>48, d.low&(1<<48-1))
}

// eventOf is the JSON of a change that waits under a key.
func (t *table) eventOf(key kv.Key, row *changeRow, d *destination) ([]byte, error) {
	image := func(b []byte) map[string]plainValue {
		if len(b) == 0 {
			return nil
		}
		return plain(decode(key, b))
	}
	at := row.At.UnixMilli()
	if d.precision() == dynamodb.ApproximateCreationDateTimePrecisionMICROSECOND {
		at = row.At.UnixMicro()
	}
	e := &event{
		Region: string(t.at.Region), ID: eventID(key), Name: row.Name, Format: "application/json", Table: t.at.Name, Source: "aws:dynamodb",
		Change: eventChange{json.Number(strconv.FormatInt(at, 10)), string(d.precision()), image(row.Keys), image(row.New), image(row.Old), row.Size},
	}
	if row.Expired {
		e.Identity = &eventIdentity{"Service", "dynamodb.amazonaws.com"}
	}
	return json.Marshal(e)
}
