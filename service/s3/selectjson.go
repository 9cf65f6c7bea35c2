package s3

import (
	"bufio"
	"io"
	"unicode/utf8"

	"github.com/brume-cloud/brume/service/s3/sql"
)

// jsonReader reads JSON values one after the other, be they lines or not.
type jsonReader struct {
	from  *bufio.Reader
	place *headway
	buf   []byte
}

func (r *jsonReader) next() (sql.Value, error) {
	if err := r.value(); err != nil {
		return sql.Value{}, err
	}
	if !utf8.Valid(r.buf) {
		return sql.Value{}, errEncoding()
	}
	return sql.ParseJSON(r.buf)
}

// value reads the bytes of a value: it ends with its last bracket, or before
// white space.
func (r *jsonReader) value() error {
	r.buf = r.buf[:0]
	depth, inside, escaped := 0, false, false
	for {
		c, err := r.from.ReadByte()
		if err == io.EOF && len(r.buf) > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if space := c == ' ' || c == '\t' || c == '\n' || c == '\r'; space && !inside && depth == 0 {
			if len(r.buf) > 0 {
				return nil
			}
			continue
		}
		if len(r.buf) == 0 && r.place.at()-1 > r.place.last { // this byte has been read
			return io.EOF
		}
		if len(r.buf) == maxRecord {
			return errTooLong()
		}
		r.buf = append(r.buf, c)
		switch {
		case escaped:
			escaped = false
		case inside:
			escaped, inside = c == '\\', c != '"'
		case c == '"':
			inside = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth <= 0 {
				return nil
			}
		}
	}
}
