package dynamodb

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/api/kinesis"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// destination is a Kinesis stream that gets the changes of a table.
type destination struct {
	Stream    string    `kv:"1"` // ARN
	Status    string    `kv:"2"`
	Why       string    `kv:"3"` // it could not be enabled
	Precision string    `kv:"4"` // of times; empty: milliseconds
	Updated   time.Time `kv:"5"`
	Caller    []byte    `kv:"6"` // JSON of who enabled it, and acts
}

// active reports whether changes go there.
func (d *destination) active() bool { return d.Status == string(dynamodb.DestinationStatusACTIVE) }

func (t *table) destination(stream string) *destination {
	i := slices.IndexFunc(t.Destinations, func(d destination) bool { return d.Stream == stream })
	if i < 0 {
		return nil
	}
	return &t.Destinations[i]
}

// wrongState is the error for what a destination's status does not allow. AWS: it
// speaks of enabling whatever is asked.
func wrongState(why string, args ...any) error {
	return invalid("Table is not in a valid state to enable Kinesis Streaming Destination: "+why, args...)
}

// EnableKinesisStreamingDestination lets changes go to a stream, as soon as a job
// has seen that it is there. AWS: nothing is wrong with a stream before that.
func (s *Service) EnableKinesisStreamingDestination(ctx context.Context, in *dynamodb.EnableKinesisStreamingDestinationInput) (*dynamodb.EnableKinesisStreamingDestinationOutput, error) {
	caller, err := json.Marshal(aws.CallFrom(ctx).Caller)
	if err != nil {
		return nil, err
	}
	d := destination{Stream: in.StreamArn, Status: string(dynamodb.DestinationStatusENABLING), Caller: caller}
	if c := in.EnableKinesisStreamingConfiguration; c != nil {
		d.Precision = string(c.ApproximateCreationDateTimePrecision)
	}
	out := &dynamodb.EnableKinesisStreamingDestinationOutput{StreamArn: &in.StreamArn, DestinationStatus: dynamodb.DestinationStatusENABLING, EnableKinesisStreamingConfiguration: in.EnableKinesisStreamingConfiguration}
	err = s.change(ctx, in.TableName, func(tx kv.Tx, t *table) error {
		for i := range t.Destinations {
			if o := &t.Destinations[i]; o.active() || o.Status == d.Status {
				return wrongState("EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.")
			}
		}
		d.Updated = tx.Now()
		t.Destinations = slices.DeleteFunc(t.Destinations, func(o destination) bool {
			return o.Stream == d.Stream || tx.Now().Sub(o.Updated) > destinationLife
		})
		t.Destinations = append(t.Destinations, d)
		job.PutNow(tx, &job.Job{Kind: enableKind, Scope: t.at.Scope, ID: t.at.Name, Payload: kv.Append(nil, &sending{Table: t.ID, Stream: d.Stream})})
		out.TableName = ptr(t.at.Name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DisableKinesisStreamingDestination lets no more changes go to a stream.
func (s *Service) DisableKinesisStreamingDestination(ctx context.Context, in *dynamodb.DisableKinesisStreamingDestinationInput) (*dynamodb.DisableKinesisStreamingDestinationOutput, error) {
	out := &dynamodb.DisableKinesisStreamingDestinationOutput{StreamArn: &in.StreamArn, DestinationStatus: dynamodb.DestinationStatusDISABLING, EnableKinesisStreamingConfiguration: in.EnableKinesisStreamingConfiguration}
	err := s.change(ctx, in.TableName, func(tx kv.Tx, t *table) error {
		d := t.destination(in.StreamArn)
		if d == nil || !d.active() {
			return wrongState("KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
		}
		d.Status, d.Precision, d.Updated = string(dynamodb.DestinationStatusDISABLED), "", tx.Now()
		out.TableName = ptr(t.at.Name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateKinesisStreamingDestination changes the precision of times, by the next
// call.
func (s *Service) UpdateKinesisStreamingDestination(ctx context.Context, in *dynamodb.UpdateKinesisStreamingDestinationInput) (*dynamodb.UpdateKinesisStreamingDestinationOutput, error) {
	c := in.UpdateKinesisStreamingConfiguration
	if c == nil || c.ApproximateCreationDateTimePrecision == "" {
		return nil, invalid("Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be null or contain only null values")
	}
	out := &dynamodb.UpdateKinesisStreamingDestinationOutput{StreamArn: &in.StreamArn, DestinationStatus: dynamodb.DestinationStatusUPDATING, UpdateKinesisStreamingConfiguration: c}
	err := s.change(ctx, in.TableName, func(tx kv.Tx, t *table) error {
		d := t.destination(in.StreamArn)
		if d == nil || !d.active() {
			return wrongState("Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: %s, kdsArn: %s", t.at.Name, in.StreamArn)
		}
		if d.precision() == c.ApproximateCreationDateTimePrecision {
			return invalid("Invalid Request: Precision is already set to the desired value of %s for tableId: %s, kdsArn: %s", d.precision(), t.UUID, in.StreamArn)
		}
		d.Precision, d.Updated = string(c.ApproximateCreationDateTimePrecision), tx.Now()
		out.TableName = ptr(t.at.Name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (d *destination) precision() dynamodb.ApproximateCreationDateTimePrecision {
	if d.Precision == "" {
		return dynamodb.ApproximateCreationDateTimePrecisionMILLISECOND
	}
	return dynamodb.ApproximateCreationDateTimePrecision(d.Precision)
}

// DescribeKinesisStreamingDestination lists the destinations of a table.
func (s *Service) DescribeKinesisStreamingDestination(ctx context.Context, in *dynamodb.DescribeKinesisStreamingDestinationInput) (*dynamodb.DescribeKinesisStreamingDestinationOutput, error) {
	out := new(dynamodb.DescribeKinesisStreamingDestinationOutput)
	err := s.view(ctx, in.TableName, func(_ kv.Tx, t *table) error {
		out.TableName, out.KinesisDataStreamDestinations = ptr(t.at.Name), []dynamodb.KinesisDataStreamDestination{}
		for _, d := range t.Destinations {
			out.KinesisDataStreamDestinations = append(out.KinesisDataStreamDestinations, dynamodb.KinesisDataStreamDestination{
				StreamArn: ptr(d.Stream), DestinationStatus: dynamodb.DestinationStatus(d.Status), DestinationStatusDescription: textOf(d.Why),
				ApproximateCreationDateTimePrecision: dynamodb.ApproximateCreationDateTimePrecision(d.Precision),
			})
		}
		return nil
	})
	return out, err
}

// enableKind sees whether the stream of a new destination is there.
const enableKind = "ddb.enable"

// enable is the job.
func (s *Service) enable(ctx context.Context, tx kv.Tx, j *job.Job) error {
	var w sending
	if err := kv.Decode(j.Payload, &w); err != nil {
		return err
	}
	at := address{j.Scope, j.ID}
	t, ok := tables.Get(tx, at.key())
	if !ok || t.ID != w.Table {
		return nil
	}
	t.at = at
	d := t.destination(w.Stream)
	if d == nil || d.Status != string(dynamodb.DestinationStatusENABLING) {
		return nil
	}
	why, err := s.missing(ctx, t, d)
	if err != nil {
		return err
	}
	d.Status, d.Why, d.Updated = string(dynamodb.DestinationStatusACTIVE), why, tx.Now()
	if why != "" {
		d.Status = string(dynamodb.DestinationStatusENABLEFAILED)
	}
	tables.Put(tx, at.key(), t)
	return nil
}

// missing tells why a destination cannot be enabled, in AWS's words; empty when it
// can.
func (s *Service) missing(ctx context.Context, t *table, d *destination) (why string, err error) {
	if arn, err := aws.ParseARN(d.Stream); err == nil && arn.Region != t.at.Region {
		return "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in the current region", nil
	}
	as, err := d.as(ctx, t)
	if err != nil {
		return "", err
	}
	out, err := kinesis.NewClient(s.Via).DescribeStreamSummary(as, &kinesis.DescribeStreamSummaryInput{StreamARN: &d.Stream})
	switch {
	case err != nil && aws.MayPass(err):
		return "", err
	case err != nil:
		return "User does not have a permission to use kinesis stream", nil
	case out.StreamDescriptionSummary.StreamStatus != kinesis.StreamStatusACTIVE:
		return "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in Active state", nil
	}
	return "", nil
}

// as is a context in which calls are those of who enabled the destination.
func (d *destination) as(ctx context.Context, t *table) (context.Context, error) {
	var caller aws.Caller
	if err := json.Unmarshal(d.Caller, &caller); err != nil {
		return nil, err
	}
	return aws.ActAs(ctx, aws.Actor{Caller: caller, Account: t.at.Account, Region: t.at.Region, Source: t.at.arn()}), nil
}
