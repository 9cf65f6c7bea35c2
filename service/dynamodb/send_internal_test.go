package dynamodb

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/api/kinesis"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// river is a Kinesis with one stream, that may be down, and refuse every second
// record.
type river struct {
	got        []event
	down, hard bool
}

func (r *river) Invoke(_ context.Context, _, operation string, input any) (any, error) {
	if r.down {
		return nil, aws.Errorf(http.StatusServiceUnavailable, "ServiceUnavailable", "down")
	}
	if operation == "DescribeStreamSummary" {
		return &kinesis.DescribeStreamSummaryOutput{StreamDescriptionSummary: &kinesis.StreamDescriptionSummary{StreamStatus: kinesis.StreamStatusACTIVE}}, nil
	}
	out := new(kinesis.PutRecordsOutput)
	for i, entry := range input.(*kinesis.PutRecordsInput).Records {
		var result kinesis.PutRecordsResultEntry
		if r.hard && i%2 == 1 {
			result.ErrorCode = ptr("ProvisionedThroughputExceededException")
		} else {
			var e event
			if err := json.Unmarshal(entry.Data, &e); err != nil {
				return nil, err
			}
			r.got = append(r.got, e)
		}
		out.Records = append(out.Records, result)
	}
	return out, nil
}

const riverARN = "arn:aws:kinesis:r:1:stream/river"

func TestChangesGoToTheKinesisStream(t *testing.T) {
	p, r := newPast(t), new(river)
	s := New(Deps{Store: p.store, Via: r})
	ctx := aws.WithCall(p.Context(), &aws.Call{Account: "1", Region: "r"})
	in := &dynamodb.EnableKinesisStreamingDestinationInput{TableName: "t", StreamArn: riverARN}
	if _, err := s.EnableKinesisStreamingDestination(ctx, in); err != nil {
		t.Fatal(err)
	}
	run := func(kind func(context.Context, kv.Tx, *job.Job) error) error {
		return p.store.Update(ctx, func(tx kv.Tx) error {
			return kind(ctx, tx, &job.Job{Scope: p.table.at.Scope, ID: "t", Payload: kv.Append(nil, &sending{1, riverARN})})
		})
	}
	if err := run(s.enable); err != nil {
		t.Fatal(err)
	}
	if _, err := s.EnableKinesisStreamingDestination(ctx, in); err == nil {
		t.Error("enabled twice")
	}
	put := func(v string) {
		it := attribute.Make(map[string]value{"h": attribute.Number("1"), "r": attribute.String("x"), "v": attribute.String(v)})
		if _, err := s.PutItem(ctx, &dynamodb.PutItemInput{TableName: "t", Item: it}); err != nil {
			t.Fatal(err)
		}
	}
	put("a")
	put("a") // changes nothing
	p.now = p.now.Add(1500 * time.Microsecond)
	put("b")
	r.down = true
	if err := run(s.deliver); err == nil {
		t.Error("nobody knows that the stream is down")
	}
	r.down, r.hard = false, true
	for range 2 { // the second record is refused once
		if err := run(s.deliver); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.UpdateKinesisStreamingDestination(ctx, &dynamodb.UpdateKinesisStreamingDestinationInput{
		TableName: "t", StreamArn: riverARN, UpdateKinesisStreamingConfiguration: &dynamodb.UpdateKinesisStreamingConfiguration{ApproximateCreationDateTimePrecision: "MICROSECOND"},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: "t", Key: attribute.Make(map[string]value{"h": attribute.Number("1"), "r": attribute.String("x")})}); err != nil {
		t.Fatal(err)
	}
	if err := run(s.deliver); err != nil {
		t.Fatal(err)
	}
	ms := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	for i, want := range []string{
		fmt.Sprint("INSERT ", ms, " MILLISECOND old= new=a"), fmt.Sprint("MODIFY ", ms+1, " MILLISECOND old=a new=b"), fmt.Sprint("REMOVE ", ms*1000+1500, " MICROSECOND old=b new="),
	} {
		if i >= len(r.got) {
			t.Fatalf("only %d events", len(r.got))
		}
		e := r.got[i]
		if got := fmt.Sprintf("%s %s %s old=%s new=%s", e.Name, e.Change.At, e.Change.Precision, deref(e.Change.Old["v"].S), deref(e.Change.New["v"].S)); got != want || *e.Change.Keys["h"].N != "1" || len(e.ID) != 36 {
			t.Errorf("event %d:\n got  %s (%s)\n want %s", i, got, e.ID, want)
		}
	}
	if _, err := s.DisableKinesisStreamingDestination(ctx, &dynamodb.DisableKinesisStreamingDestinationInput{TableName: "t", StreamArn: riverARN}); err != nil {
		t.Fatal(err)
	}
	put("c")
	if err := run(s.deliver); err != nil || len(r.got) != 3 {
		t.Errorf("%d events after the end, %v", len(r.got), err)
	}
}
