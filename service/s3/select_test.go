package s3_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/parquet-go/parquet-go"
)

// ask runs a query and returns its result, or the error's code in angle brackets.
func (s *shelf) ask(key, query string, options ...func(*s3.SelectObjectContentInput)) string {
	s.Helper()
	got, _ := s.events(key, query, options...)
	return got
}

// events is ask, with the names of the events.
func (s *shelf) events(key, query string, options ...func(*s3.SelectObjectContentInput)) (result, names string) {
	s.Helper()
	in := &s3.SelectObjectContentInput{Bucket: &s.bucket, Key: &key, Expression: &query, ExpressionType: "SQL",
		InputSerialization:  &types.InputSerialization{CSV: &types.CSVInput{FileHeaderInfo: "USE"}},
		OutputSerialization: &types.OutputSerialization{CSV: &types.CSVOutput{}}}
	for _, o := range options {
		o(in)
	}
	out, err := s.SelectObjectContent(s.Context(), in)
	if err != nil {
		return "<" + code(err) + ">", ""
	}
	stream := out.GetStream()
	defer stream.Close()
	for e := range stream.Events() {
		switch e := e.(type) {
		case *types.SelectObjectContentEventStreamMemberRecords:
			result += string(e.Value.Payload)
			names += "Records "
		case *types.SelectObjectContentEventStreamMemberStats:
			d := e.Value.Details
			names += fmt.Sprintf("Stats(%d %d %d) ", *d.BytesScanned, *d.BytesProcessed, *d.BytesReturned)
			if *d.BytesReturned != int64(len(result)) {
				s.Errorf("%d bytes returned of %d", len(result), *d.BytesReturned)
			}
		case *types.SelectObjectContentEventStreamMemberProgress:
			names += "Progress "
		case *types.SelectObjectContentEventStreamMemberCont:
			names += "Cont "
		case *types.SelectObjectContentEventStreamMemberEnd:
			names += "End"
		}
	}
	if err := stream.Err(); err != nil {
		return result + "<" + code(err) + ">", names
	}
	return result, names
}

func input(v types.InputSerialization) func(*s3.SelectObjectContentInput) {
	return func(in *s3.SelectObjectContentInput) { in.InputSerialization = &v }
}

func columns(v types.CSVInput) func(*s3.SelectObjectContentInput) {
	return input(types.InputSerialization{CSV: &v})
}

func output(v types.OutputSerialization) func(*s3.SelectObjectContentInput) {
	return func(in *s3.SelectObjectContentInput) { in.OutputSerialization = &v }
}

func TestQueriesOnCSV(t *testing.T) {
	s := open(t)
	s.put("people", "name,age,city\nAda,36,London\n\"Grace \"\"G\"\"\",85,\"New York, NY\"\nAlan,41,Wilmslow\n")
	json := output(types.OutputSerialization{JSON: &types.JSONOutput{}})
	for query, want := range map[string]string{
		`SELECT name FROM S3Object s WHERE s.age > 40`:                "\"Grace \"\"G\"\"\"\nAlan\n",
		`SELECT * FROM S3Object LIMIT 1`:                              "Ada,36,London\n",
		`SELECT COUNT(*), AVG(CAST(age AS INT)) FROM S3Object`:        "3,54\n",
		`SELECT s._1, s._3 FROM S3Object s WHERE s.city LIKE '%, NY'`: "\"Grace \"\"G\"\"\",\"New York, NY\"\n",
		`SELECT "NAME" FROM S3Object`:                                 "<MissingHeaders>",
		`SELECT nothing FROM S3Object`:                                "<MissingHeaders>",
		`SELECT age FROM`:                                             "<InvalidDataSource>",
	} {
		if got := s.ask("people", query); got != want {
			t.Errorf("%s: %q", query, got)
		}
	}
	if got := s.ask("people", `SELECT name, age a FROM S3Object WHERE age = 36`, json); got != "{\"name\":\"Ada\",\"a\":\"36\"}\n" {
		t.Error(got)
	}
	if got := s.ask("people", `SELECT _2 FROM S3Object`, columns(types.CSVInput{FileHeaderInfo: "IGNORE"})); got != "36\n85\n41\n" {
		t.Error(got)
	}
	if got := s.ask("people", `SELECT _2 FROM S3Object LIMIT 1`, columns(types.CSVInput{}), output(types.OutputSerialization{CSV: &types.CSVOutput{QuoteFields: "ALWAYS", RecordDelimiter: new("|"), QuoteCharacter: new("'")}})); got != "'age'|" {
		t.Error(got)
	}
	s.put("odd", "#skip\r\n'a;\\'b';2\r\n'x\r\ny';3")
	odd := types.CSVInput{FieldDelimiter: new(";"), RecordDelimiter: new("\r\n"), QuoteCharacter: new("'"), QuoteEscapeCharacter: new("\\"), Comments: new("#"), AllowQuotedRecordDelimiter: new(true)}
	if got := s.ask("odd", `SELECT * FROM S3Object`, columns(odd), json); got != "{\"_1\":\"a;'b\",\"_2\":\"2\"}\n{\"_1\":\"x\\r\\ny\",\"_2\":\"3\"}\n" {
		t.Error(got)
	}
	s.put("latin", "a,b\n\xe9,1\n")
	if got := s.ask("latin", `SELECT a FROM S3Object`); got != "<InvalidTextEncoding>" {
		t.Error(got)
	}
	s.put("wide", "a\n"+strings.Repeat("x", 2<<20)+"\n")
	if got := s.ask("wide", `SELECT a FROM S3Object`); got != "<OverMaxRecordSize>" {
		t.Error(len(got))
	}
}

func TestQueriesOnJSON(t *testing.T) {
	s := open(t)
	lines := input(types.InputSerialization{JSON: &types.JSONInput{Type: "LINES"}})
	doc := input(types.InputSerialization{JSON: &types.JSONInput{Type: "DOCUMENT"}})
	json := output(types.OutputSerialization{JSON: &types.JSONOutput{RecordDelimiter: new(";")}})
	s.put("lines", "{\"n\":1,\"s\":\"}\"}\n{\"n\":2,\"t\":{\"u\":[1,\"\\\"\"]}}\n")
	s.put("doc", `{"rules": [ {"id": 1}, {"id": 2, "x": null} ] }`)
	for _, c := range []struct {
		key, query, want string
		as               func(*s3.SelectObjectContentInput)
	}{
		{"lines", `SELECT * FROM S3Object`, `{"n":1,"s":"}"};{"n":2,"t":{"u":[1,"\""]}};`, lines},
		{"lines", `SELECT s.t.u[1] u FROM S3Object s WHERE s.t IS NOT MISSING`, `{"u":"\""};`, lines},
		{"doc", `SELECT r.id FROM S3Object[*].rules[*] r WHERE r.x IS NULL AND r.id > 1`, `{"id":2};`, doc},
		{"doc", `SELECT SUM(r.id) FROM S3Object[*].rules[*] r`, `{"_1":3};`, doc},
	} {
		if got := s.ask(c.key, c.query, c.as, json); got != c.want {
			t.Errorf("%s: %s", c.query, got)
		}
	}
	if got := s.ask("lines", `SELECT t FROM S3Object`, lines); got != "\n\"{\"\"u\"\":[1,\"\"\\\"\"\"\"]}\"\n" {
		t.Errorf("%q", got)
	}
	s.put("broken", `{"n":1}{"n":`)
	if got := s.ask("broken", `SELECT n FROM S3Object`, lines, json); !strings.HasSuffix(got, "<JSONParsingError>") {
		t.Error(got)
	}
}

// bzip is "a,b\n1,2\n", compressed.
const bzip = "QlpoOTFBWSZTWb+HQH8AAANZAAAQAAQwADAAIAAwwAhpsogjJ4u5IpwoSF/DoD+A"

func TestQueriesSeeThroughCompression(t *testing.T) {
	s := open(t)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprint(z, "a,b\n1,2\n")
	z.Close()
	s.put("gz", b.String())
	packed := func(by types.CompressionType) func(*s3.SelectObjectContentInput) {
		return input(types.InputSerialization{CSV: &types.CSVInput{FileHeaderInfo: "USE"}, CompressionType: by})
	}
	got, events := s.events("gz", `SELECT b FROM S3Object`, packed("GZIP"))
	if want := fmt.Sprintf("Records Stats(%d 8 2) End", b.Len()); got != "2\n" || events != want {
		t.Error(got, events)
	}
	raw, err := base64.StdEncoding.DecodeString(bzip)
	if err != nil {
		t.Fatal(err)
	}
	s.put("bz", string(raw))
	if got := s.ask("bz", `SELECT b FROM S3Object`, packed("BZIP2")); got != "2\n" {
		t.Error(got)
	}
	s.put("plain", "a,b\n"+strings.Repeat("1,2\n", 10))
	for _, by := range []types.CompressionType{"GZIP", "BZIP2"} {
		if got := s.ask("plain", `SELECT b FROM S3Object`, packed(by)); got != "<InvalidCompressionFormat>" {
			t.Error(by, got)
		}
	}
	s.put("cut", b.String()[:b.Len()-6])
	if got := s.ask("cut", `SELECT b FROM S3Object`, packed("GZIP")); got != "<TruncatedInput>" {
		t.Error(got)
	}
}

func TestQueriesTellHowFarTheyAre(t *testing.T) {
	s := open(t)
	s.put("large", "n\n"+strings.Repeat("0123456789\n", 1_000_000))
	got, events := s.events("large", `SELECT n FROM S3Object WHERE n = 'x'`)
	if got != "" || events != "Cont Cont Stats(11000002 11000002 0) End" {
		t.Error(events)
	}
	_, events = s.events("large", `SELECT n FROM S3Object WHERE n = 'x'`, func(in *s3.SelectObjectContentInput) {
		in.RequestProgress = &types.RequestProgress{Enabled: new(true)}
	})
	if !strings.HasPrefix(events, "Progress Progress Stats") {
		t.Error(events)
	}
	if got, events := s.events("large", `SELECT n FROM S3Object LIMIT 100000`); len(got) != 1_100_000 || strings.Count(events, "Records") != 9 {
		t.Error(len(got), events)
	}
}

func TestQueriesAreRefused(t *testing.T) {
	s := open(t)
	s.put("k", "a\n1\n")
	s.put("cold", "a\n1\n", func(in *s3.PutObjectInput) { in.StorageClass = "GLACIER" })
	for want, change := range map[string]func(*s3.SelectObjectContentInput){
		"NoSuchKey":                   func(in *s3.SelectObjectContentInput) { in.Key = new("nothing") },
		"InvalidObjectState":          func(in *s3.SelectObjectContentInput) { in.Key = new("cold") },
		"ParquetParsingError":         input(types.InputSerialization{Parquet: &types.ParquetInput{}}),
		"ObjectSerializationConflict": input(types.InputSerialization{}),
		"InvalidJsonType":             input(types.InputSerialization{JSON: &types.JSONInput{}}),
		"InvalidRequestParameter":     columns(types.CSVInput{FieldDelimiter: new("long")}),
	} {
		if got := s.ask("k", `SELECT a FROM S3Object`, change); got != "<"+want+">" {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestQueriesNeedARead queries as somebody else, who may read or not.
func TestQueriesNeedARead(t *testing.T) {
	s := open(t)
	s.put("k", "a\n1\n")
	other := &shelf{T: t, cloud: s.cloud, Client: client(s.cloud.As("111111111111", "x", "")), bucket: s.bucket}
	if got := other.ask("k", `SELECT a FROM S3Object`); got != "<AccessDenied>" {
		t.Error(got)
	}
	s.unblock()
	s.want("", s.policy(publicRead))
	if got := other.ask("k", `SELECT a FROM S3Object`); got != "1\n" {
		t.Error(got)
	}
}

func TestSelectOfARange(t *testing.T) {
	s := open(t)
	s.put("t.csv", "id,name\n1,ann\n2,bob\n3,cyd\n")
	s.put("t.json", "{\"id\":1}\n{\"id\":2}\n\n{\"id\":3}\n")
	part := func(start, end int64) func(*s3.SelectObjectContentInput) {
		return func(in *s3.SelectObjectContentInput) {
			in.ScanRange = &types.ScanRange{}
			if start >= 0 {
				in.ScanRange.Start = &start
			}
			if end >= 0 {
				in.ScanRange.End = &end
			}
		}
	}
	lines := input(types.InputSerialization{JSON: &types.JSONInput{Type: "LINES"}})
	for _, c := range []struct {
		key        string
		start, end int64
		want       string
	}{
		{"t.csv", 0, 100, "1\n2\n3\n"}, {"t.csv", 0, 8, "1\n"}, {"t.csv", 0, 7, ""}, {"t.csv", 8, -1, "1\n2\n3\n"}, {"t.csv", 9, -1, "2\n3\n"},
		{"t.csv", 14, 14, "2\n"}, {"t.csv", 15, 19, ""}, {"t.csv", 15, 20, "3\n"}, {"t.csv", -1, 6, "3\n"}, {"t.csv", -1, 7, "3\n"}, {"t.csv", -1, 1000, "1\n2\n3\n"},
		{"t.csv", 5, 4, "<InvalidScanRange>"}, {"t.csv", -1, -1, "<InvalidScanRange>"}, {"t.csv", 26, -1, "<InvalidScanRange>"},
		{"t.json", 0, 8, "1\n"}, {"t.json", 0, 9, "1\n2\n"}, {"t.json", 1, 18, "2\n"}, {"t.json", 10, -1, "3\n"},
	} {
		options := []func(*s3.SelectObjectContentInput){part(c.start, c.end)}
		if c.key == "t.json" {
			options = append(options, lines)
		}
		if got := s.ask(c.key, "SELECT id FROM S3Object", options...); got != c.want {
			t.Errorf("%s from %d to %d: %q, want %q", c.key, c.start, c.end, got, c.want)
		}
	}
	for name, in := range map[string]types.InputSerialization{
		"zipped": {CSV: &types.CSVInput{}, CompressionType: "GZIP"}, "quoted": {CSV: &types.CSVInput{AllowQuotedRecordDelimiter: new(true)}}, "a document": {JSON: &types.JSONInput{Type: "DOCUMENT"}},
	} {
		if got := s.ask("t.csv", "SELECT 1 FROM S3Object", part(0, 9), input(in)); got != "<UnsupportedScanRangeInput>" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := s.ask("t.csv", "SELECT id FROM S3Object WHERE UTCNOW() > `2020T` AND CASE name WHEN 'bob' THEN TRUE ELSE FALSE END"); got != "2\n" {
		t.Errorf("CASE and UTCNOW: %q", got)
	}
}

func TestQueriesOnParquet(t *testing.T) {
	s := open(t)
	type row struct {
		ID   int64  `parquet:"id"`
		Name string `parquet:"name"`
	}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.Compression(&parquet.Snappy))
	for i := range 20_000 { // more than a small object
		if _, err := w.Write([]row{{int64(i), fmt.Sprint("name-", i*7919)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s.put("rows.parquet", b.String())
	s.put("no.parquet", "PAR1 and nothing else PAR1")
	in := input(types.InputSerialization{Parquet: &types.ParquetInput{}})
	for query, want := range map[string]string{
		`SELECT COUNT(*), MAX(id) FROM S3Object`:                      "20000,19999\n",
		`SELECT s.name FROM S3Object s WHERE s.id = 10000`:            "name-79190000\n",
		`SELECT * FROM S3Object LIMIT 2`:                              "0,name-0\n1,name-7919\n",
		`SELECT id FROM S3Object WHERE name LIKE '%0000' AND id > 19`: "10000\n",
	} {
		if got := s.ask("rows.parquet", query, in); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if got := s.ask("no.parquet", `SELECT * FROM S3Object`, in); got != "<ParquetParsingError>" {
		t.Error(got)
	}
	if got := s.ask("rows.parquet", `SELECT * FROM S3Object`, input(types.InputSerialization{Parquet: &types.ParquetInput{}, CompressionType: "GZIP"})); got != "<InvalidCompressionFormat>" {
		t.Error(got)
	}
}
