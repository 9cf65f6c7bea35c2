package dynamodb

import (
	"bufio"
	"compress/gzip"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/front/wire/attribute"
)

// maxRecord is how long a line of an import may be, in bytes. An item has at most
// 400 KB, which its JSON may multiply.
const maxRecord = 8 << 20

// records reads the records of one object of an import.
type records struct {
	read  func() (item, error)
	close func()
	bytes int64 // that were read, unpacked
}

// batch are some records.
type batch struct {
	items              []item
	read, wrong, bytes int64
}

// errRecord is the error for a record that is no item. The next may be one.
var errRecord = errors.New("dynamodb: a record is not an item")

// openRecords reads an object in the format and compression of the request. typeOf
// tells the types of key attributes, which CSV does not.
func openRecords(body io.Reader, in *dynamodb.ImportTableInput, typeOf func(string) string) (*records, error) {
	r := &records{close: func() {}}
	switch in.InputCompressionType {
	case dynamodb.InputCompressionTypeGZIP:
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		body = z
	case dynamodb.InputCompressionTypeZSTD:
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		body, r.close = z, z.Close
	}
	body = &counted{body, &r.bytes}
	if in.InputFormat == dynamodb.InputFormatCSV {
		r.read = csvRecords(body, in.InputFormatOptions, typeOf)
	} else {
		r.read = jsonRecords(body)
	}
	return r, nil
}

// counted counts the bytes that are read.
type counted struct {
	io.Reader
	n *int64
}

// Read implements io.Reader.
func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	*c.n += int64(n)
	return n, err
}

// Close gives back what reading took.
func (r *records) Close() { r.close() }

// next returns the next item, errRecord for a record that is none, or io.EOF.
func (r *records) next() (item, error) { return r.read() }

// batch reads some records; last says that there are no more.
func (r *records) batch() (b batch, last bool) {
	before := r.bytes
	for b.read < sweepBatch && r.bytes-before < exportFile {
		it, err := r.next()
		if errors.Is(err, io.EOF) {
			last = true
			break
		}
		b.read++
		if err != nil {
			b.wrong++
		} else {
			b.items = append(b.items, it)
		}
		if err != nil && !errors.Is(err, errRecord) {
			last = true // what follows cannot be read
			break
		}
	}
	b.bytes = r.bytes - before
	return b, last
}

// jsonRecords reads DynamoDB JSON, an item a line.
func jsonRecords(body io.Reader) func() (item, error) {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxRecord)
	return func() (item, error) {
		for lines.Scan() {
			if len(lines.Bytes()) == 0 {
				continue
			}
			var line struct{ Item map[string]plainValue }
			if json.Unmarshal(lines.Bytes(), &line) != nil || line.Item == nil {
				return "", errRecord
			}
			return unplain(line.Item), nil
		}
		if err := lines.Err(); err != nil {
			return "", err
		}
		return "", io.EOF
	}
}

// csvRecords reads CSV. AWS: "Amazon S3 import formats for DynamoDB": what is not a
// key attribute is a string.
func csvRecords(body io.Reader, options *dynamodb.InputFormatOptions, typeOf func(string) string) func() (item, error) {
	rows := csv.NewReader(body)
	rows.FieldsPerRecord, rows.ReuseRecord = -1, true
	var header []string
	if options != nil && options.Csv != nil {
		header = options.Csv.HeaderList
		if d := deref(options.Csv.Delimiter); d != "" {
			rows.Comma = rune(d[0])
		}
	}
	return func() (item, error) {
		row, err := rows.Read()
		if err == nil && header == nil {
			header = append([]string{}, row...)
			row, err = rows.Read()
		}
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong):
			return "", errRecord
		case err != nil:
			return "", err
		case len(row) > len(header):
			return "", errRecord
		}
		fields := map[string]value{}
		for i, text := range row {
			switch typeOf(header[i]) {
			case attribute.N:
				fields[header[i]] = attribute.Number(text)
			case attribute.B:
				b, err := base64.StdEncoding.DecodeString(text)
				if err != nil {
					return "", errRecord
				}
				fields[header[i]] = attribute.Binary(b)
			default:
				fields[header[i]] = attribute.String(text)
			}
		}
		return attribute.Make(fields), nil
	}
}
