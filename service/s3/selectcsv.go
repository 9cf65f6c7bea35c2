package s3

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"unicode/utf8"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/service/s3/sql"
)

// dialect is how a table is written.
type dialect struct {
	header              string // USE, IGNORE or NONE
	record, field       string
	quote, escape, mark byte // mark begins a comment; 0: none
	quotedRecords       bool
}

func dialectOf(in *api.CSVInput) (d dialect, err error) {
	d = dialect{header: string(in.FileHeaderInfo), record: "\n", field: ",", quote: '"', escape: '"', quotedRecords: deref(in.AllowQuotedRecordDelimiter)}
	switch d.header {
	case "":
		d.header = "NONE"
	case "USE", "IGNORE", "NONE":
	default:
		return d, errSelect("InvalidFileHeaderInfo", "The FileHeaderInfo is invalid. Only NONE, USE, and IGNORE are supported.")
	}
	if d.record, err = delimiter(in.RecordDelimiter, d.record); err == nil {
		d.field, err = delimiter(in.FieldDelimiter, d.field)
	}
	for _, c := range []struct {
		from *string
		to   *byte
	}{{in.QuoteCharacter, &d.quote}, {in.QuoteEscapeCharacter, &d.escape}, {in.Comments, &d.mark}} {
		if err == nil && c.from != nil {
			*c.to, err = character(*c.from)
		}
	}
	return d, err
}

func errParameter() error {
	return errSelect("InvalidRequestParameter", "The value of a parameter in the SelectRequest element is invalid. Check the service API documentation and try again.")
}

// delimiter is a delimiter of one or two characters.
func delimiter(given *string, otherwise string) (string, error) {
	switch {
	case given == nil || *given == "":
		return otherwise, nil
	case len(*given) > 2:
		return "", errParameter()
	}
	return *given, nil
}

func character(s string) (byte, error) {
	if len(s) > 1 {
		return 0, errParameter()
	}
	if s == "" {
		return 0, nil
	}
	return s[0], nil
}

// csvReader reads the records of a table.
type csvReader struct {
	dialect
	from  *bufio.Reader
	place *headway // in the object; nil: nobody asks
	begun bool
	names []string
	line  []byte
	flat  []byte // the fields, without quotes
	ends  []int  // of the fields in flat
}

func (r *csvReader) next() (v sql.Value, err error) {
	for {
		if err := r.read(); err != nil {
			return v, err
		}
		if r.begun || r.header == "NONE" {
			return r.value()
		}
		r.begun = true
		if r.header == "USE" {
			head, err := r.value()
			if err != nil {
				return v, err
			}
			for _, f := range head.Fields {
				r.names = append(r.names, f.Value.Text)
			}
		}
	}
}

func (r *csvReader) value() (v sql.Value, err error) {
	if !utf8.Valid(r.flat) {
		return v, errEncoding()
	}
	v = sql.Value{Kind: sql.Struct, Table: true, Fields: make([]sql.Field, len(r.ends))}
	all, from := string(r.flat), 0
	for i, to := range r.ends {
		name := ""
		if i < len(r.names) {
			name = r.names[i]
		} else {
			name = "_" + strconv.Itoa(i+1)
		}
		v.Fields[i] = sql.Field{Name: name, Value: sql.Value{Kind: sql.String, Text: all[from:to]}}
		from = to
	}
	for i := len(r.ends); i < len(r.names); i++ { // a short record
		v.Fields = append(v.Fields, sql.Field{Name: r.names[i], Value: sql.Value{Kind: sql.String}})
	}
	return v, nil
}

// read reads the fields of the next record that is neither empty nor a comment.
func (r *csvReader) read() error {
	for {
		if r.place.over() {
			return io.EOF
		}
		err := r.readLine()
		if err != nil && (err != io.EOF || len(r.line) == 0) {
			return err
		}
		if r.counts() {
			return r.split()
		}
		if err != nil {
			return err
		}
	}
}

// counts reports whether the line holds a record.
func (r *csvReader) counts() bool {
	return len(r.line) > 0 && (r.mark == 0 || r.line[0] != r.mark)
}

// readLine reads up to a record's delimiter, which it drops.
func (r *csvReader) readLine() error {
	r.line = r.line[:0]
	inside, escaped := false, false
	last := r.record[len(r.record)-1]
	for {
		c, err := r.from.ReadByte()
		if err != nil {
			return err
		}
		if len(r.line) == maxRecord {
			return errTooLong()
		}
		r.line = append(r.line, c)
		switch {
		case escaped:
			escaped = false
		case inside && c == r.escape && r.escape != r.quote:
			escaped = true
		case r.quotedRecords && r.quote != 0 && c == r.quote:
			inside = !inside
		case c == last && !inside && bytes.HasSuffix(r.line, []byte(r.record)):
			r.line = r.line[:len(r.line)-len(r.record)]
			if r.record == "\n" {
				r.line = bytes.TrimSuffix(r.line, []byte("\r"))
			}
			return nil
		}
	}
}

// split finds the fields of the line.
func (r *csvReader) split() error {
	r.flat, r.ends = r.flat[:0], r.ends[:0]
	rest := r.line
	for {
		var more bool
		if len(rest) > 0 && r.quote != 0 && rest[0] == r.quote {
			rest, more = r.unquote(rest[1:])
		} else {
			var field []byte
			field, rest, more = bytes.Cut(rest, []byte(r.field))
			r.flat = append(r.flat, field...)
		}
		r.ends = append(r.ends, len(r.flat))
		if !more {
			return nil
		}
	}
}

// unquote takes a field up to its closing quote, and what stands behind that
// up to the delimiter.
func (r *csvReader) unquote(rest []byte) (behind []byte, more bool) {
	for len(rest) > 0 {
		c := rest[0]
		switch {
		case c == r.escape && len(rest) > 1 && (rest[1] == r.quote || rest[1] == r.escape):
			r.flat = append(r.flat, rest[1])
			rest = rest[2:]
			continue
		case c == r.quote:
			field, behind, more := bytes.Cut(rest[1:], []byte(r.field))
			r.flat = append(r.flat, field...)
			return behind, more
		}
		r.flat = append(r.flat, c)
		rest = rest[1:]
	}
	return nil, false
}
