package dynamodb

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

const exportResource = "/export/"

func (e *export) arn() string { return address{e.at, e.Table}.arn() + exportResource + e.ID }

// ExportTableToPointInTime writes a table, as it was at a time of its point-in-time
// recovery, or what changed between two of them, to objects of S3. It answers at
// once; a job does the work as the caller.
func (s *Service) ExportTableToPointInTime(ctx context.Context, in *dynamodb.ExportTableToPointInTimeInput) (*dynamodb.ExportTableToPointInTimeOutput, error) {
	if in.ExportFormat == dynamodb.ExportFormatION || in.FilterSpecification != nil {
		return nil, aws.NotImplemented("dynamodb", "ExportTableToPointInTime in Ion or with a filter")
	}
	call := aws.CallFrom(ctx)
	caller, err := json.Marshal(call.Caller)
	if err != nil {
		return nil, err
	}
	e := &export{
		Token: deref(in.ClientToken), Bucket: in.S3Bucket, Owner: deref(in.S3BucketOwner), Prefix: strings.TrimSuffix(deref(in.S3Prefix), "/"),
		SSE: string(in.S3SseAlgorithm), Key: deref(in.S3SseKmsKeyId), Caller: caller, Status: string(dynamodb.ExportStatusINPROGRESS),
	}
	out := new(dynamodb.ExportTableToPointInTimeOutput)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		a := addressOf(ctx, in.TableArn)
		t, ok := tables.Get(tx, a.key())
		if !ok {
			return dynamodb.ErrTableNotFoundException("Table not found: %s", in.TableArn)
		}
		t.at = a
		if t.Recovery == nil {
			return dynamodb.ErrPointInTimeRecoveryUnavailableException("Point in time recovery is not enabled for table '%s'", a.Name)
		}
		if old, err := earlierExport(tx, a.Scope, e.Token, in); err != nil || old != nil {
			if old != nil {
				out.ExportDescription = old.describe()
			}
			return err
		}
		e.at, e.Table, e.TableID, e.Started = a.Scope, a.Name, t.UUID, tx.Now()
		e.ID = fmt.Sprintf("%014d-%08x", tx.Now().UnixMilli(), uint32(s.Random.Uint64()))
		t.Epoch++
		e.At, e.Moment, e.From, e.View = tx.Now(), moment{Epoch: t.Epoch}, time.Time{}, ""
		if err := e.period(t, in); err != nil {
			return err
		}
		t.Copies++
		tables.Put(tx, a.key(), t)
		e.put(tx)
		e.run(tx)
		out.ExportDescription = e.describe()
		return nil
	})
	return out, err
}

// earlierExport finds the export that was asked for with the same token.
func earlierExport(tx kv.Tx, sc kv.Scope, token string, in *dynamodb.ExportTableToPointInTimeInput) (*export, error) {
	if token == "" {
		return nil, nil
	}
	for _, e := range exports.Scan(tx, kv.Prefix(exports.Prefix(sc))) {
		if e.Token != token || tx.Now().Sub(e.Started) >= exportTokenLife {
			continue
		}
		if e.Bucket != in.S3Bucket || addressName(in.TableArn) != e.Table || e.Prefix != strings.TrimSuffix(deref(in.S3Prefix), "/") {
			return nil, dynamodb.ErrExportConflictException("Export with the same client token and other parameters was already requested")
		}
		e.at = sc
		return e, nil
	}
	return nil, nil
}

// exportTokenLife is how long a ClientToken is remembered.
// AWS: "API_ExportTableToPointInTime", ClientToken.
const exportTokenLife = 8 * time.Hour

// period sets what the export is of.
func (e *export) period(t *table, in *dynamodb.ExportTableToPointInTimeInput) error {
	earliest := t.Recovery.earliest(e.Started)
	outside := func(at time.Time) bool { return at.Before(earliest) || at.After(e.Started) }
	if in.ExportType != dynamodb.ExportTypeINCREMENTALEXPORT {
		if in.IncrementalExportSpecification != nil {
			return invalid("IncrementalExportSpecification can only be specified for an incremental export")
		}
		if in.ExportTime != nil {
			if outside(*in.ExportTime) {
				return dynamodb.ErrInvalidExportTimeException("The specified export time is not between EarliestRestorableDateTime and LatestRestorableDateTime")
			}
			e.At, e.Moment = *in.ExportTime, moment{At: *in.ExportTime}
		}
		return nil
	}
	spec := in.IncrementalExportSpecification
	if spec == nil || spec.ExportFromTime == nil || in.ExportTime != nil {
		return invalid("IncrementalExportSpecification with ExportFromTime, and no ExportTime, must be specified for an incremental export")
	}
	e.From, e.View = *spec.ExportFromTime, string(spec.ExportViewType)
	if e.View == "" {
		e.View = string(dynamodb.ExportViewTypeNEWANDOLDIMAGES)
	}
	if spec.ExportToTime != nil {
		e.At = *spec.ExportToTime
		e.Moment = moment{At: e.At.Add(-1)} // AWS: the end is exclusive
	}
	switch n := e.At.Sub(e.From); {
	case outside(e.From) || outside(e.At):
		return dynamodb.ErrInvalidExportTimeException("The specified export period is not between EarliestRestorableDateTime and LatestRestorableDateTime")
	case n < minIncrement || n > maxIncrement:
		return invalid("The period of an incremental export must be between 15 minutes and 24 hours")
	}
	return nil
}

func (e *export) put(tx kv.Tx) { exports.Put(tx, exports.Key(e.at, kv.String(e.ID)), e) }

func (e *export) kind() dynamodb.ExportType {
	if e.From.IsZero() {
		return dynamodb.ExportTypeFULLEXPORT
	}
	return dynamodb.ExportTypeINCREMENTALEXPORT
}

func (e *export) describe() *dynamodb.ExportDescription {
	d := &dynamodb.ExportDescription{
		ExportArn: ptr(e.arn()), ExportStatus: dynamodb.ExportStatus(e.Status), StartTime: &e.Started, EndTime: timeOf(e.Ended), TableArn: ptr(address{e.at, e.Table}.arn()), TableId: &e.TableID,
		ClientToken: textOf(e.Token), S3Bucket: &e.Bucket, S3BucketOwner: textOf(e.Owner), S3Prefix: textOf(e.Prefix), S3SseAlgorithm: dynamodb.S3SseAlgorithm(e.SSE), S3SseKmsKeyId: textOf(e.Key),
		FailureCode: textOf(e.Code), FailureMessage: textOf(e.Message), ExportFormat: dynamodb.ExportFormatDYNAMODBJSON, ExportType: e.kind(),
	}
	if e.From.IsZero() {
		d.ExportTime = &e.At
	} else {
		d.IncrementalExportSpecification = &dynamodb.IncrementalExportSpecification{ExportFromTime: &e.From, ExportToTime: &e.At, ExportViewType: dynamodb.ExportViewType(e.View)}
	}
	if e.Status == string(dynamodb.ExportStatusCOMPLETED) {
		d.ExportManifest, d.BilledSizeBytes, d.ItemCount = ptr(e.object("manifest-summary.json")), &e.Bytes, &e.Items
	}
	return d
}

// DescribeExport tells how far an export is, and why it failed if it did.
func (s *Service) DescribeExport(ctx context.Context, in *dynamodb.DescribeExportInput) (*dynamodb.DescribeExportOutput, error) {
	out := new(dynamodb.DescribeExportOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		a, _ := addressOfARN(in.ExportArn)
		_, id, _ := strings.Cut(in.ExportArn, exportResource)
		e, ok := exports.Get(tx, exports.Key(a.Scope, kv.String(id)))
		if !ok || e.Table != a.Name {
			return dynamodb.ErrExportNotFoundException("Export not found: %s", in.ExportArn)
		}
		e.at = a.Scope
		out.ExportDescription = e.describe()
		return nil
	})
	return out, err
}

// ListExports lists exports, the first first.
func (s *Service) ListExports(ctx context.Context, in *dynamodb.ListExportsInput) (*dynamodb.ListExportsOutput, error) {
	sc, size := scopeOf(ctx), maxExports
	if in.MaxResults != nil {
		size = int(*in.MaxResults)
	}
	r := kv.Prefix(exports.Prefix(sc))
	if in.NextToken != nil {
		r.From = exports.Key(sc, kv.String(*in.NextToken)).After()
	}
	out := new(dynamodb.ListExportsOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = dynamodb.ListExportsOutput{ExportSummaries: []dynamodb.ExportSummary{}}
		last := ""
		for _, e := range exports.Scan(tx, r) {
			if e.at = sc; in.TableArn != nil && addressName(*in.TableArn) != e.Table {
				continue
			}
			if len(out.ExportSummaries) == size {
				out.NextToken = &last
				return nil
			}
			last = e.ID
			out.ExportSummaries = append(out.ExportSummaries, dynamodb.ExportSummary{ExportArn: ptr(e.arn()), ExportStatus: dynamodb.ExportStatus(e.Status), ExportType: e.kind()})
		}
		return nil
	})
	return out, err
}
