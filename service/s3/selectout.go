package s3

import (
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/service/s3/sql"
)

// writerOf is how the rows of a result are written.
func writerOf(out *api.OutputSerialization) (func([]byte, sql.Value) []byte, error) {
	if (out.CSV == nil) == (out.JSON == nil) {
		return nil, errSelect("ObjectSerializationConflict", "The SelectRequest entity can contain only one of the following: CSV or JSON. Check the service documentation and try again.")
	}
	if out.JSON != nil {
		ending, err := delimiter(out.JSON.RecordDelimiter, "\n")
		return func(b []byte, row sql.Value) []byte { return append(row.AppendJSON(b), ending...) }, err
	}
	d, err := dialectOf(&api.CSVInput{RecordDelimiter: out.CSV.RecordDelimiter, FieldDelimiter: out.CSV.FieldDelimiter, QuoteCharacter: out.CSV.QuoteCharacter, QuoteEscapeCharacter: out.CSV.QuoteEscapeCharacter})
	if err != nil {
		return nil, err
	}
	always := out.CSV.QuoteFields == "ALWAYS"
	if q := out.CSV.QuoteFields; q != "" && q != "ASNEEDED" && !always {
		return nil, errSelect("InvalidQuoteFields", "The QuoteFields is invalid. Only ALWAYS and ASNEEDED are supported.")
	}
	return func(b []byte, row sql.Value) []byte {
		for i, f := range row.Fields {
			if i > 0 {
				b = append(b, d.field...)
			}
			b = d.appendField(b, f.Value.String(), always)
		}
		return append(b, d.record...)
	}, nil
}

func (d *dialect) appendField(b []byte, s string, always bool) []byte {
	needs := strings.Contains(s, d.field) || strings.Contains(s, d.record) || strings.IndexByte(s, d.quote) >= 0
	if d.quote == 0 || !needs && !always {
		return append(b, s...)
	}
	b = append(b, d.quote)
	for i := range len(s) {
		if d.escape != 0 && (s[i] == d.quote || s[i] == d.escape) {
			b = append(b, d.escape)
		}
		b = append(b, s[i])
	}
	return append(b, d.quote)
}
