package s3

import (
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"iter"
	"math"
	"net/http"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/service/s3/columnar"
	"github.com/brume-cloud/brume/service/s3/sql"
)

// Sizes of a query.
// AWS: "Filtering and retrieving data using Amazon S3 Select", limits.
const (
	maxRecord   = 1 << 20
	recordBatch = 128 << 10 // bytes of the result in one event
	quiet       = 4 << 20   // bytes that are read without a result before the client hears something
)

// SelectObjectContent answers a query on an object's records.
func (s *Service) SelectObjectContent(ctx context.Context, in *api.SelectObjectContentInput) (*api.SelectObjectContentOutput, error) {
	q, err := newQuery(in)
	if err != nil {
		return nil, err
	}
	get := &api.GetObjectInput{Bucket: in.Bucket, Key: in.Key, ExpectedBucketOwner: in.ExpectedBucketOwner,
		SSECustomerAlgorithm: in.SSECustomerAlgorithm, SSECustomerKey: in.SSECustomerKey, SSECustomerKeyMD5: in.SSECustomerKeyMD5}
	if err := s.narrow(ctx, q, get, in.ScanRange); err != nil {
		return nil, err
	}
	r, body, err := s.openQueried(ctx, q, get)
	if err != nil {
		return nil, err
	}
	q.now = r.now
	return &api.SelectObjectContentOutput{Payload: q.events(ctx, body)}, nil
}

// query is a query on an object.
type query struct {
	*sql.Query
	in       *api.InputSerialization
	progress bool
	csv      dialect    // of the input
	scan     *scan      // the part of the object; nil: all of it
	file     *scattered // of Parquet, instead of a body
	size     int64      // of that
	names    []string   // the header, where the scan does not see it
	now      time.Time
	write    func(b []byte, row sql.Value) []byte
}

func errSelect(code, message string) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, code, "%s", message)
}

func newQuery(in *api.SelectObjectContentInput) (q *query, err error) {
	if in.ExpressionType != "SQL" {
		return nil, errSelect("InvalidExpressionType", "The ExpressionType is invalid. Only SQL expressions are supported at this time.")
	}
	if in.InputSerialization == nil || in.OutputSerialization == nil {
		return nil, errSelect("MissingRequiredParameter", "The SelectRequest entity is missing a required parameter. Check the service documentation and try again.")
	}
	q = &query{in: in.InputSerialization, progress: in.RequestProgress != nil && deref(in.RequestProgress.Enabled)}
	if err := q.checkInput(); err != nil {
		return nil, err
	}
	if q.write, err = writerOf(in.OutputSerialization); err != nil {
		return nil, err
	}
	q.Query, err = sql.Parse(in.Expression)
	return q, public(err)
}

// public makes an error of the query one that the client sees.
func public(err error) error {
	var e *sql.Error
	if errors.As(err, &e) {
		return errSelect(e.Code, e.Message)
	}
	return err
}

func (q *query) checkInput() (err error) {
	formats := 0
	for _, given := range [...]bool{q.in.CSV != nil, q.in.JSON != nil, q.in.Parquet != nil} {
		if given {
			formats++
		}
	}
	if formats != 1 {
		return errSelect("ObjectSerializationConflict", "The SelectRequest entity can contain only one of the following: CSV, JSON or Parquet. Check the service documentation and try again.")
	}
	switch q.in.CompressionType {
	case "", "NONE", "GZIP", "BZIP2":
	default:
		return errSelect("InvalidCompressionFormat", "The file is not in a supported compression format. Only GZIP and BZIP2 are supported at this time.")
	}
	switch {
	case q.in.Parquet != nil && q.in.CompressionType != "" && q.in.CompressionType != "NONE":
		err = errSelect("InvalidCompressionFormat", string(q.in.CompressionType)+" is not applicable to the queried object. Please correct the request and try again.")
	case q.in.Parquet != nil:
	case q.in.CSV != nil:
		q.csv, err = dialectOf(q.in.CSV)
	case q.in.JSON.Type != "LINES" && q.in.JSON.Type != "DOCUMENT":
		err = errSelect("InvalidJsonType", "The JsonType is invalid. Only DOCUMENT and LINES are supported.")
	}
	return err
}

// counted counts the bytes that are read.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

// answer is the result of a query under way.
type answer struct {
	scanned, plain *counted
	returned       int64
	heard          int64 // bytes processed when the client last got an event
	rows           []byte
	yield          func(*api.SelectObjectContentEventStream, error) bool
}

// errAway tells that nobody reads the events any more.
var errAway = errors.New("s3: the client is gone")

// events runs the query, and closes the body.
func (q *query) events(ctx context.Context, body io.ReadCloser) iter.Seq2[*api.SelectObjectContentEventStream, error] {
	return func(yield func(*api.SelectObjectContentEventStream, error) bool) {
		defer body.Close()
		a := &answer{scanned: &counted{Reader: body}, yield: yield}
		err := q.run(ctx, a)
		if err == nil {
			err = a.flush()
		}
		switch {
		case errors.Is(err, errAway):
			return
		case err != nil:
			yield(nil, public(err))
			return
		}
		n := a.progress()
		_ = yield(&api.SelectObjectContentEventStream{Stats: &api.StatsEvent{Details: (*api.Stats)(n)}}, nil) &&
			yield(&api.SelectObjectContentEventStream{End: &api.EndEvent{}}, nil)
	}
}

func (a *answer) progress() *api.Progress {
	p := &api.Progress{BytesScanned: &a.scanned.n, BytesProcessed: new(int64), BytesReturned: &a.returned}
	if a.plain != nil {
		*p.BytesProcessed = a.plain.n
	}
	return p
}

func (a *answer) send(e *api.SelectObjectContentEventStream) error {
	a.heard = a.plain.n
	if !a.yield(e, nil) {
		return errAway
	}
	return nil
}

// flush sends the rows that are there.
func (a *answer) flush() error {
	if len(a.rows) == 0 {
		return nil
	}
	a.returned += int64(len(a.rows))
	err := a.send(&api.SelectObjectContentEventStream{Records: &api.RecordsEvent{Payload: a.rows}})
	a.rows = nil
	return err
}

func (q *query) run(ctx context.Context, a *answer) error {
	records, done, err := q.source(a)
	if err != nil {
		return err
	}
	defer done()
	emit := func(row sql.Value) error {
		before := len(a.rows)
		a.rows = q.write(a.rows, row)
		if len(a.rows)-before > maxRecord {
			return errTooLong()
		}
		if len(a.rows) >= recordBatch {
			return a.flush()
		}
		return nil
	}
	run := q.Run(q.now)
	for !run.Done() {
		if err := ctx.Err(); err != nil {
			return err
		}
		v, err := records()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = run.Record(v, emit)
		}
		if err == nil && a.plain.n-a.heard >= quiet {
			err = q.tell(a)
		}
		if err != nil {
			return q.explain(err)
		}
	}
	return run.End(emit)
}

// source is where the records come from, and what gives it back.
func (q *query) source(a *answer) (next func() (sql.Value, error), done func(), err error) {
	if q.file != nil {
		a.plain, q.file.n = a.scanned, &a.scanned.n
		rows, err := columnar.Open(q.file, q.size, func(start int64) bool { return q.scan == nil || start >= q.scan.first && start <= q.scan.last })
		if err != nil {
			return nil, nil, err
		}
		return rows.Next, func() { _ = rows.Close() }, nil
	}
	from, err := q.decompress(a.scanned)
	if err != nil {
		return nil, nil, err
	}
	a.plain = &counted{Reader: from}
	if next, err = q.records(&headway{from: bufio.NewReaderSize(a.plain, bufferSize), plain: a.plain}); err != nil {
		return nil, nil, q.explain(err)
	}
	return next, func() {}, nil
}

// tell lets the client know that the query goes on.
func (q *query) tell(a *answer) error {
	if err := a.flush(); err != nil {
		return err
	}
	if q.progress {
		p := *a.progress()
		scanned, returned := *p.BytesScanned, *p.BytesReturned // they grow
		p.BytesScanned, p.BytesReturned = &scanned, &returned
		return a.send(&api.SelectObjectContentEventStream{Progress: &api.ProgressEvent{Details: &p}})
	}
	return a.send(&api.SelectObjectContentEventStream{Cont: &api.ContinuationEvent{}})
}

func (q *query) decompress(from io.Reader) (io.Reader, error) {
	switch q.in.CompressionType {
	case "GZIP":
		z, err := gzip.NewReader(from)
		if err != nil {
			return nil, q.explain(err)
		}
		return z, nil
	case "BZIP2":
		return bzip2.NewReader(from), nil
	}
	return from, nil
}

// explain makes of a failure to decompress what the client should know.
func (q *query) explain(err error) error {
	var bz bzip2.StructuralError
	switch {
	case errors.Is(err, errDamaged), q.in.CompressionType == "", q.in.CompressionType == "NONE":
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errSelect("TruncatedInput", "Object decompression failed. Check that the object is properly compressed using the format specified in the request.")
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &bz):
		return errSelect("InvalidCompressionFormat", "Object decompression failed. Check that the object is properly compressed using the format specified in the request.")
	}
	return err
}

func errTooLong() error {
	return errSelect("OverMaxRecordSize", "The length of a record in the input or result is greater than maxCharsPerRecord of 1 MB.")
}

func errEncoding() error {
	return errSelect("InvalidTextEncoding", "Invalid encoding type. Only UTF-8 encoding is supported.")
}

// records returns a function that reads one record after the other, to io.EOF.
func (q *query) records(p *headway) (func() (sql.Value, error), error) {
	if q.scan != nil {
		p.base, p.last = q.begin(), q.scan.last
		if err := q.enter(p); err != nil {
			return nil, err
		}
	} else {
		p.last = math.MaxInt64
	}
	if mark, err := p.from.Peek(3); err == nil && p.at() == 0 && string(mark) == "\xEF\xBB\xBF" {
		_, _ = p.from.Discard(len(mark))
	}
	if q.in.CSV != nil {
		return (&csvReader{dialect: q.csv, from: p.from, place: p, names: q.names, begun: q.scan != nil && q.scan.first > 0}).next, nil
	}
	return (&jsonReader{from: p.from, place: p}).next, nil
}
