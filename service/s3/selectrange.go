package s3

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"strconv"

	api "github.com/brume-cloud/brume/api/s3"
)

// scan is the part of an object that a query is about: the records that begin
// in it, to their ends.
// AWS: "SelectObjectContent" (ScanRange), and "Filtering and retrieving data
// using Amazon S3 Select", scan range requests.
type scan struct {
	first, last int64 // bytes
}

// scanOf is the part that a request names. Without a start it is the end of the
// object, of so many bytes.
func scanOf(r *api.ScanRange, o *object) (*scan, error) {
	wrong := errSelect("InvalidScanRange", "The value of a parameter in the ScanRange element is invalid. Check the service API documentation and try again.")
	s := &scan{last: o.Size - 1}
	switch {
	case r.Start == nil && r.End == nil, r.Start != nil && *r.Start < 0, r.End != nil && *r.End < 0:
		return nil, wrong
	case r.Start == nil:
		s.first = max(0, o.Size-*r.End)
		return s, nil
	case r.End != nil:
		s.last = min(s.last, *r.End)
	}
	if s.first = *r.Start; s.first > s.last {
		return nil, wrong
	}
	return s, nil
}

// checkScan refuses a range of what has no records that can be found from within.
func (q *query) checkScan() error {
	whole := q.in.CompressionType == "" || q.in.CompressionType == "NONE"
	lines := q.in.CSV != nil && !q.csv.quotedRecords || q.in.JSON != nil && q.in.JSON.Type == "LINES"
	if whole && (lines || q.in.Parquet != nil) {
		return nil
	}
	return errSelect("UnsupportedScanRangeInput", "Scan range queries are not supported on this type of object. Remove the scan range parameter and try again.")
}

// narrow finds the part of the object that is asked for, and lets get read that
// of the object as it is now.
func (s *Service) narrow(ctx context.Context, q *query, get *api.GetObjectInput, asked *api.ScanRange) error {
	if asked == nil {
		return nil
	}
	if err := q.checkScan(); err != nil {
		return err
	}
	r, err := s.look(ctx, get)
	if err != nil {
		return err
	}
	if q.scan, err = scanOf(asked, r.o); err != nil {
		return err
	}
	get.IfMatch = quoted(r.o.ETag)
	if err := s.scanHeader(ctx, q, *get); err != nil {
		return err
	}
	if begin := q.begin(); begin > 0 && q.in.Parquet == nil {
		get.Range = new("bytes=" + strconv.FormatInt(begin, 10) + "-")
	}
	return nil
}

// openQueried opens the object, or finds where its bytes are.
func (s *Service) openQueried(ctx context.Context, q *query, get *api.GetObjectInput) (*reply, io.ReadCloser, error) {
	if q.in.Parquet == nil {
		return s.open(ctx, get)
	}
	r, err := s.read(ctx, get)
	if err != nil {
		return nil, nil, err
	}
	s.readOut(ctx, &source{b: r.b, o: r.o, size: r.span.size})
	q.file, q.size = s.scattered(r.pieces), r.o.Size
	return r, q.file, nil
}

// begin is where reading begins: early enough to see whether a record begins with
// the first byte of the scan.
func (q *query) begin() int64 { return max(0, q.scan.first-int64(len(q.delimiter()))) }

// delimiter is what stands between records. JSON is in lines where it is scanned.
func (q *query) delimiter() string { return cmp.Or(q.csv.record, "\n") }

// scanHeader reads the header of a table, which a scan from within does not see.
func (s *Service) scanHeader(ctx context.Context, q *query, get api.GetObjectInput) error {
	if q.in.CSV == nil || q.csv.header == "NONE" || q.scan.first == 0 {
		return nil
	}
	_, body, err := s.open(ctx, &get)
	if err != nil {
		return err
	}
	defer body.Close()
	head := &csvReader{dialect: q.csv, from: bufio.NewReader(body)}
	if _, err := head.next(); err != nil && err != io.EOF { // the first record comes behind the header
		return err
	}
	q.names = head.names
	return nil
}

// headway tells where in the object a reader is.
type headway struct {
	from  *bufio.Reader
	plain *counted
	base  int64
	last  int64 // where records may still begin
}

func (p *headway) at() int64 { return p.base + p.plain.n - int64(p.from.Buffered()) }

// over reports whether what is read next begins behind the scan.
func (p *headway) over() bool { return p != nil && p.at() > p.last }

// enter goes to the first record of the scan.
func (q *query) enter(p *headway) error {
	if q.scan.first == 0 {
		return nil
	}
	r := &csvReader{dialect: dialect{record: q.delimiter()}, from: p.from}
	err := r.readLine() // the end of what begins before the scan, or a delimiter
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
