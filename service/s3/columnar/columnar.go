// Package columnar reads Parquet files row by row, as S3 Select sees them.
//
// AWS: "Filtering and retrieving data using Amazon S3 Select", Parquet.
package columnar

import (
	"errors"
	"io"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/brume-cloud/brume/service/s3/sql"
)

// maxRowGroup bounds what a row group takes when it is uncompressed.
// AWS: "Filtering and retrieving data using Amazon S3 Select", Parquet: 512 MB.
const maxRowGroup = 512 << 20

func errFile() error {
	return &sql.Error{Code: "ParquetParsingError", Message: "Error parsing Parquet file. Please check the file and try again."}
}

// Reader reads the rows of a file.
type Reader struct {
	from    *source
	groups  []parquet.RowGroup // that are to come
	rows    parquet.Rows       // of the present one; nil before the first
	columns []column
	buf     [64]parquet.Row
	left    []parquet.Row // of buf, that were read
	ended   bool          // buf has the last rows of the group
}

// source remembers what went wrong below a file, which is not the file's fault.
type source struct {
	io.ReaderAt
	failed error
}

func (s *source) ReadAt(b []byte, off int64) (int, error) {
	if off < 0 {
		return 0, io.EOF // the file says so
	}
	n, err := s.ReaderAt.ReadAt(b, off)
	if err != nil && err != io.EOF {
		s.failed = err
	}
	return n, err
}

// fault is what to tell of a failure.
func (s *source) fault() error {
	if s.failed != nil {
		return s.failed
	}
	return errFile()
}

// column is a leaf of the schema.
type column struct {
	path []string
	kind func(parquet.Value) sql.Value
}

// Open reads what is at the end of a file. Of its row groups, the Reader reads
// those that begin where wanted says. What is wrong with the file is a *sql.Error.
func Open(from io.ReaderAt, size int64, wanted func(start int64) bool) (r *Reader, err error) {
	r = &Reader{from: &source{ReaderAt: from}}
	defer r.contain(&err)
	f, err := parquet.OpenFile(r.from, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, r.from.fault()
	}
	paths := f.Schema().Columns()
	r.columns = make([]column, len(paths))
	for _, path := range paths {
		leaf, ok := f.Schema().Lookup(path...)
		if !ok || leaf.ColumnIndex >= len(paths) {
			return nil, errFile()
		}
		r.columns[leaf.ColumnIndex] = column{path, converter(leaf.Node.Type())}
	}
	for i := range f.Metadata().RowGroups {
		g := &f.Metadata().RowGroups[i]
		if err := checkRowGroup(g); err != nil {
			return nil, err
		}
		if wanted(startOfGroup(g)) {
			r.groups = append(r.groups, f.RowGroups()[i])
		}
	}
	return r, nil
}

// contain makes of a panic, which a file that is no good may lead to, what is
// wrong with the file.
func (r *Reader) contain(err *error) {
	if recover() != nil {
		*err = r.from.fault()
	}
}

func startOfGroup(g *format.RowGroup) int64 {
	if len(g.Columns) == 0 {
		return g.FileOffset
	}
	m := &g.Columns[0].MetaData
	if m.DictionaryPageOffset > 0 {
		return min(m.DictionaryPageOffset, m.DataPageOffset)
	}
	return m.DataPageOffset
}

func checkRowGroup(g *format.RowGroup) error {
	if g.TotalByteSize > maxRowGroup {
		return &sql.Error{Code: "ParquetParsingError", Message: "The row groups of a Parquet file can have 512 MB at most."}
	}
	for i := range g.Columns {
		switch g.Columns[i].MetaData.Codec {
		case format.Uncompressed, format.Snappy, format.Gzip:
		default:
			return &sql.Error{Code: "ParquetUnsupportedCompressionCodec", Message: "The specified Parquet compression codec is not supported."}
		}
	}
	return nil
}

// Next reads one row, to io.EOF. AWS: of a repeated field, a query sees the last
// value only.
func (r *Reader) Next() (v sql.Value, err error) {
	defer r.contain(&err)
	for len(r.left) == 0 {
		if err := r.fill(); err != nil {
			return v, err
		}
	}
	row := r.left[0]
	r.left = r.left[1:]
	v = sql.Value{Kind: sql.Struct}
	for _, cell := range row {
		c := &r.columns[cell.Column()]
		value := sql.Value{Kind: sql.Null}
		if !cell.IsNull() {
			value = c.kind(cell)
		}
		set(&v, c.path, value)
	}
	return v, nil
}

// fill reads some rows, of the next group when there are no more of this one.
func (r *Reader) fill() error {
	if r.rows == nil || r.ended {
		if err := r.Close(); err != nil {
			return r.from.fault()
		}
		if len(r.groups) == 0 {
			return io.EOF
		}
		r.rows, r.ended, r.groups = r.groups[0].Rows(), false, r.groups[1:]
	}
	n, err := r.rows.ReadRows(r.buf[:])
	r.left, r.ended = r.buf[:n], errors.Is(err, io.EOF)
	if err != nil && !r.ended {
		return r.from.fault()
	}
	return nil
}

// Close gives up what is open.
func (r *Reader) Close() (err error) {
	if r.rows != nil {
		err = r.rows.Close()
		r.rows = nil
	}
	return err
}

// set puts a value where a path leads within v.
func set(v *sql.Value, path []string, value sql.Value) {
	i := slices.IndexFunc(v.Fields, func(f sql.Field) bool { return f.Name == path[0] })
	if i < 0 {
		i = len(v.Fields)
		v.Fields = append(v.Fields, sql.Field{Name: path[0], Value: sql.Value{Kind: sql.Struct}})
	}
	if len(path) == 1 {
		v.Fields[i].Value = value
		return
	}
	set(&v.Fields[i].Value, path[1:], value)
}

// converter makes values of those of a type.
func converter(t parquet.Type) func(parquet.Value) sql.Value {
	if l := t.LogicalType(); l != nil {
		switch of := l.Value.(type) {
		case *format.DecimalType:
			return func(v parquet.Value) sql.Value { return decimal(v, int(of.Scale)) }
		case *format.DateType:
			return func(v parquet.Value) sql.Value { return moment(time.Unix(int64(v.Int32())*24*3600, 0)) }
		case *format.TimestampType:
			return func(v parquet.Value) sql.Value { return moment(timestamp(v.Int64(), of.Unit.Value)) }
		case *format.IntType:
			if !of.IsSigned && t.Kind() == parquet.Int32 {
				return func(v parquet.Value) sql.Value { return sql.Value{Kind: sql.Int, Int: int64(v.Uint32())} }
			}
		}
	}
	switch t.Kind() {
	case parquet.Boolean:
		return func(v parquet.Value) sql.Value { return sql.Value{Kind: sql.Bool, Bool: v.Boolean()} }
	case parquet.Int32:
		return func(v parquet.Value) sql.Value { return sql.Value{Kind: sql.Int, Int: int64(v.Int32())} }
	case parquet.Int64:
		return func(v parquet.Value) sql.Value { return sql.Value{Kind: sql.Int, Int: v.Int64()} }
	case parquet.Int96:
		return int96
	case parquet.Float:
		return func(v parquet.Value) sql.Value { return sql.Value{Kind: sql.Float, Float: float64(v.Float())} }
	case parquet.Double:
		return func(v parquet.Value) sql.Value { return sql.Value{Kind: sql.Float, Float: v.Double()} }
	}
	return func(v parquet.Value) sql.Value {
		return sql.Value{Kind: sql.String, Text: strings.ToValidUTF8(string(v.ByteArray()), "\ufffd")}
	}
}

func moment(t time.Time) sql.Value { return sql.Value{Kind: sql.Time, Time: t.UTC()} }

func timestamp(n int64, unit format.TimeUnitValue) time.Time {
	switch unit.(type) {
	case *format.MilliSeconds:
		return time.UnixMilli(n)
	case *format.MicroSeconds:
		return time.UnixMicro(n)
	}
	return time.Unix(0, n)
}

// int96 is a moment of an older writer: the nanoseconds of a day, and the day, by
// its Julian number.
func int96(v parquet.Value) sql.Value {
	const epoch = 2440588
	raw := v.Int96()
	return moment(time.Unix((int64(raw[2])-epoch)*24*3600, int64(raw[0])|int64(raw[1])<<32))
}

// decimal is a number without its point, as an integer or as bytes in two's complement.
func decimal(v parquet.Value, scale int) sql.Value {
	n := new(big.Int)
	switch v.Kind() {
	case parquet.Int32:
		n.SetInt64(int64(v.Int32()))
	case parquet.Int64:
		n.SetInt64(v.Int64())
	default:
		raw := v.ByteArray()
		n.SetBytes(raw)
		if len(raw) > 0 && raw[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
		}
	}
	f, _ := new(big.Float).SetInt(n).Float64()
	return sql.Value{Kind: sql.Float, Float: f / math.Pow10(scale)}
}
