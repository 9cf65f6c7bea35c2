package lambda

import (
	"encoding/json"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// loss says why records are given up.
type loss struct {
	condition string
	request   string // of the last call; empty when there was none
	calls     int
	out       *Outcome
}

// discard tells the mapping's destination of the first n records, which are
// given up.
// AWS: "Retain discarded records for a DynamoDB event source in Lambda".
func (b *shardBatch) discard(tx kv.Tx, n int, l loss) {
	if b.m.OnFailure == "" {
		return
	}
	request, random := l.request, aws.UUID(b.Random)
	if request == "" {
		request = aws.UUID(b.Random)
	}
	first, last := &b.records[0], &b.records[n-1]
	batch := map[string]any{
		"shardId": b.shard, "startSequenceNumber": first.sequence, "endSequenceNumber": last.sequence,
		"approximateArrivalOfFirstRecord": stamp(first.at), "approximateArrivalOfLastRecord": stamp(last.at),
		"batchSize": n, "streamArn": b.m.Source,
	}
	name := "DDBStreamBatchInfo"
	if b.m.service() == "kinesis" {
		name = "KinesisBatchInfo"
	}
	record := map[string]any{
		"requestContext": map[string]any{
			"requestId": request, "functionArn": b.m.target().qualified(), "condition": l.condition, "approximateInvokeCount": l.calls,
		},
		"version": "1.0", "timestamp": stamp(tx.Now()), name: batch,
	}
	if l.out != nil {
		record["responseContext"] = responseContext(b.t.c.version(), l.out)
	}
	p := b.t.parcel(b.m.OnFailure)
	if p.kind() == "s3" { // AWS: only S3 gets the records themselves
		some := *b
		some.records = b.records[:n]
		record["payload"] = string(some.event(false, false))
		now := tx.Now().UTC()
		p.Key = "aws/lambda/" + b.m.id + "/" + b.shard + "/" + now.Format("2006/01/02/2006-01-02T15.04.05") + "-" + random
	}
	body, _ := encode(record) // nothing in it can fail
	p.post(tx, random, body)
}

// responseContext is how a function answered, as destinations are told.
func responseContext(version string, out *Outcome) map[string]any {
	context := map[string]any{"statusCode": 200, "executedVersion": version}
	if out.Error != "" {
		context["functionError"] = out.Error
	}
	return context
}

// stamp is a time as destinations are told.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// payloadJSON is a payload within a record: as it is, for it is JSON.
func payloadJSON(b []byte) json.RawMessage {
	if len(b) == 0 || !json.Valid(b) {
		return json.RawMessage("null")
	}
	return b
}
