package sql

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// ask runs a query on records of JSON, and returns the rows or the error's code.
func ask(t *testing.T, query string, records ...string) string {
	t.Helper()
	q, err := Parse(query)
	if err != nil {
		return "<" + codeOf(t, err) + ">"
	}
	var rows []string
	emit := func(v Value) error { rows = append(rows, v.String()); return nil }
	run := q.Run(time.Date(2026, 11, 27, 19, 45, 0, 0, time.UTC))
	for _, r := range records {
		v, err := ParseJSON([]byte(r))
		if err == nil {
			err = run.Record(v, emit)
		}
		if err != nil {
			return "<" + codeOf(t, err) + ">"
		}
	}
	if err := run.End(emit); err != nil {
		return "<" + codeOf(t, err) + ">"
	}
	return strings.Join(rows, " ")
}

func codeOf(t *testing.T, err error) string {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	return e.Code
}

func TestExpressions(t *testing.T) {
	const record = `{"a":1,"b":"two","c":null,"d":{"e":[10,20]},"f":2.5,"G":true,"q\"t":"x"}`
	for expr, want := range map[string]string{
		`1+2*3`: "7", `(1+2)*3`: "9", `-a`: "-1", `7/2`: "3", `7.0/2`: "3.5", `7%4`: "3", `'a'||'b'||1`: `"ab1"`, `a+c`: "null", `- - a`: "1",
		`b`: `"two"`, `B`: `"two"`, `"B"`: "", `"b"`: `"two"`, `g`: "true", `s.b`: `"two"`, `S3Object.b`: `"two"`, `d.e[1]`: "20", `d['e'][0]`: "10", `d.e[7]`: "", `"q""t"`: `"x"`,
		`a=1`: "true", `a<>1`: "false", `a!=2`: "true", `b<'z'`: "true", `a='1'`: "true", `b=1`: "false", `c=1`: "null", `f>=2.5`: "true",
		`a=1 AND c=1`: "null", `a=2 AND c=1`: "false", `a=1 OR c=1`: "true", `NOT a=1`: "false", `NOT NOT a=1`: "true", `NOT c=1`: "null",
		`c IS NULL`: "true", `nope IS NULL`: "true", `nope IS MISSING`: "true", `c IS MISSING`: "false", `a IS NOT NULL`: "true", `a IS NOT MISSING`: "true",
		`b LIKE 't%'`: "true", `b LIKE '_w_'`: "true", `b LIKE 'w'`: "false", `b NOT LIKE '%x%'`: "true", `'50%' LIKE '50!%' ESCAPE '!'`: "true", `'500' LIKE '50!%' ESCAPE '!'`: "false",
		`'aXbXc' LIKE '%X%c'`: "true", `'a' LIKE 'a!' ESCAPE '!'`: "<LikeInvalidInputs>", `a LIKE 'x'`: "<LikeInvalidInputs>",
		`a BETWEEN 0 AND 1`: "true", `a NOT BETWEEN 0 AND 1`: "false", `a BETWEEN 2 AND 3 OR TRUE`: "true", `a IN (3,2,1)`: "true", `a NOT IN (3,2)`: "true", `a IN (2,NULL)`: "null", `a IN []`: "<ParseExpectedExpression>",
		`CHAR_LENGTH('Grün')`: "4", `UPPER(b)`: `"TWO"`, `LOWER('ÄB')`: `"äb"`, `TRIM('  x ')`: `"x"`, `TRIM(LEADING 'x' FROM 'xxyx')`: `"yx"`, `TRIM(TRAILING FROM ' a ')`: `" a"`, `TRIM(BOTH '12' FROM '1212foo21')`: `"foo"`,
		`SUBSTRING('123456789',0)`: `"123456789"`, `SUBSTRING('123456789' FROM 2 FOR 3)`: `"234"`, `SUBSTRING('123456789',-1,4)`: `"12"`, `SUBSTRING('1',5,100)`: `""`, `SUBSTRING('abc',2)`: `"bc"`,
		`COALESCE(nope,c,3)`: "3", `NULLIF(a,1)`: "null", `NULLIF(a,2)`: "1", `UPPER(c)`: "null", `UPPER(1)`: "<IllegalSqlFunctionArgument>",
		`CAST('12' AS INT)`: "12", `CAST(2.9 AS INTEGER)`: "2", `CAST(a AS STRING)`: `"1"`, `CAST('x' AS INT)`: "<CastFailed>", `CAST('true' AS BOOL)`: "true", `CAST('1.5' AS DECIMAL(5,2))`: "1.5",
		`CAST('2007-04-05T14:30Z' AS TIMESTAMP) < CAST('2008T' AS TIMESTAMP)`: "true", "`2007-04-05T` = TO_TIMESTAMP('2007-04-05')": "true", `CAST(1 AS ELEPHANT)`: "<ParseExpectedTypeName>", `CAST(c AS INT)`: "null",
		`1/0`: "<EvaluatorInvalidArguments>", `9223372036854775807+1`: "<IntegerOverflow>", `-2 - 9223372036854775807`: "<IntegerOverflow>", `3037000500*3037000500`: "<IntegerOverflow>", `'x'+1`: "<InvalidDataType>", `1e3`: "1000", `.5`: "0.5",
		`NOW(1)`: "<UnsupportedFunction>", `CASE a WHEN 1 THEN 2 END`: "2", `CASE a WHEN 2 THEN 2 END`: "null", `CASE WHEN a=2 THEN 'x' WHEN b='two' THEN 'y' ELSE 'z' END`: `"y"`, `CASE b WHEN 'x' THEN 1 ELSE a+1 END`: "2",
		`CASE END`: "<ParseExpectedExpression>", `CASE a ELSE 1 END`: "<ParseExpectedWhenClause>", `CASE WHEN a THEN 1`: "<ParseExpectedKeyword>", `LOWER(a,b)`: "<EvaluatorInvalidArguments>", `a #`: "<LexerInvalidChar>", `'open`: "<LexerInvalidLiteral>", `(a`: "<ParseExpectedTokenType>", `a IS 1`: "<ParseExpectedKeyword>",
	} {
		wanted := want
		if !strings.HasPrefix(want, "<") {
			if wanted = `{"v":` + want + `}`; want == "" {
				wanted = "{}"
			}
		}
		if got := ask(t, "SELECT "+expr+" AS v FROM S3Object s", record); got != wanted {
			t.Errorf("%s is %s, want %s", expr, got, wanted)
		}
	}
}

func TestQueries(t *testing.T) {
	records := []string{`{"n":1,"k":"a","l":[{"x":1},{"x":2}]}`, `{"n":2,"k":"b","l":[]}`, `{"n":4,"k":"b","l":[{"x":3}]}`}
	for query, want := range map[string]string{
		`SELECT n FROM S3Object`: `{"n":1} {"n":2} {"n":4}`,
		`select s.n m, s.k AS "K" from s3object AS s where s.n > 1 limit 1`:   `{"m":2,"K":"b"}`,
		`SELECT n FROM S3Object LIMIT 0`:                                      ``,
		`SELECT n+1, k FROM S3Object[*] s WHERE k='a';`:                       `{"_1":2,"k":"a"}`,
		`SELECT * FROM S3Object[*].l[*]`:                                      `{"x":1} {"x":2} {"x":3}`,
		`SELECT e.x FROM S3Object[*].l[*] e WHERE e.x <> 2`:                   `{"x":1} {"x":3}`,
		`SELECT * FROM S3Object[*].n`:                                         `{"_1":1} {"_1":2} {"_1":4}`,
		`SELECT s.* FROM S3Object s WHERE n=2`:                                `{"n":2,"k":"b","l":[]}`,
		`SELECT COUNT(*) FROM S3Object`:                                       `{"_1":3}`,
		`SELECT COUNT(nope) c, SUM(n) s, MIN(n) a, MAX(n) z FROM S3Object`:    `{"c":0,"s":7,"a":1,"z":4}`,
		`SELECT AVG(n), SUM(n)/COUNT(*) FROM S3Object WHERE n > 1`:            `{"_1":3,"_2":3}`,
		`SELECT SUM(n) FROM S3Object WHERE n > 100`:                           `{"_1":null}`,
		`SELECT SUM(k) FROM S3Object`:                                         `<InvalidDataType>`,
		`SELECT n, COUNT(*) FROM S3Object`:                                    `<UnsupportedSqlStructure>`,
		`SELECT SUM(SUM(n)) FROM S3Object`:                                    `<UnsupportedSqlStructure>`,
		`SELECT n FROM S3Object WHERE COUNT(*) > 1`:                           `<ParseUnsupportedSyntax>`,
		`SELECT n FROM S3Object GROUP BY n`:                                   `<ParseUnsupportedSyntax>`,
		`SELECT DISTINCT n FROM S3Object`:                                     `<ParseUnsupportedSelect>`,
		`SELECT *, n FROM S3Object`:                                           `<ParseAsteriskIsNotAloneInSelectList>`,
		`SELECT FROM S3Object`:                                                `<ParseEmptySelect>`,
		`SELECT n`:                                                            `<ParseSelectMissingFrom>`,
		`SELECT n FROM elsewhere`:                                             `<InvalidDataSource>`,
		`SELECT n FROM S3Object LIMIT x`:                                      `<ParseExpectedNumber>`,
		`SELECT n FROM S3Object WHERE`:                                        `<ParseExpectedExpression>`,
		`SELECT n FROM S3Object extra words`:                                  `<ParseUnexpectedToken>`,
		`DELETE FROM S3Object`:                                                `<ParseUnsupportedSyntax>`,
		``:                                                                    `<ParseSelectFailure>`,
		`SELECT ` + strings.Repeat("(", 500) + `1` + strings.Repeat(")", 500): `<ParseUnsupportedSyntax>`,
		`SELECT '` + strings.Repeat("x", maxExpression) + `' FROM S3Object`:   `<ExpressionTooLong>`,
		`SELECT n FROM S3Object, S3Object`:                                    `<ParseMalformedJoin>`,
	} {
		if got := ask(t, query, records...); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", query, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`SELECT * FROM S3Object`, `SELECT a.b[1]['c'], TRIM(BOTH 'x' FROM s."d") FROM S3Object[*].x[*] s WHERE a LIKE '%' ESCAPE '!' AND b NOT IN (1,2.5e3) LIMIT 3`,
		"SELECT CAST(SUBSTRING(_1 FROM 1 FOR 2) AS DECIMAL(3,1)), `2007T` FROM S3Object WHERE NOT x IS NOT MISSING", `SELECT SUM(a)/COUNT(*) FROM S3Object`} {
		f.Add(s)
	}
	record, err := ParseJSON([]byte(`{"a":1,"b":"x","x":[1,{"c":null}]}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse(s)
		if err != nil {
			codeOf(t, err)
			return
		}
		run := q.Run(time.Date(2026, 11, 27, 19, 45, 0, 0, time.UTC))
		emit := func(v Value) error { _ = v.String(); return nil }
		if err := run.Record(record, emit); err != nil {
			codeOf(t, err)
		}
		if err := run.End(emit); err != nil {
			codeOf(t, err)
		}
	})
}

// TestDates has the examples of AWS's page on date functions, written in full.
func TestDates(t *testing.T) {
	for expr, want := range map[string]string{
		"DATE_ADD(year, 5, `2010-01-01T`)": `"2015-01-01T00:00:00Z"`, "DATE_ADD(month, 1, `2010T`)": `"2010-02-01T00:00:00Z"`, "DATE_ADD(month, 13, `2010T`)": `"2011-02-01T00:00:00Z"`,
		"date_add(day, -1, `2017-01-10T`)": `"2017-01-09T00:00:00Z"`, "DATE_ADD(hour, 1, `2017-01-02T03:04Z`)": `"2017-01-02T04:04:00Z"`, "DATE_ADD(second, 1, `2017-01-02T03:04:05.006Z`)": `"2017-01-02T03:04:06.006Z"`,
		"DATE_ADD(month, 1, `2024-01-31T`)": `"2024-02-29T00:00:00Z"`, "DATE_ADD(year, 1, `2024-02-29T`)": `"2025-02-28T00:00:00Z"`, "DATE_ADD(year, 99999, `2024T`)": "<EvaluatorTimestampFormatPatternOverflow>",
		"DATE_ADD(day, 1.5, `2017T`)": "<EvaluatorInvalidArguments>", "DATE_ADD(day, 1, 'x')": "<EvaluatorInvalidArguments>", "DATE_ADD(week, 1, `2017T`)": "<ParseExpectedDatePart>", "DATE_ADD(timezone_hour, 1, `2017T`)": "<ParseExpectedDatePart>",
		"DATE_ADD(day, 1, NULL)": "null", "DATE_ADD(day, 1)": "<EvaluatorInvalidArguments>",
		"DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)": "1", "DATE_DIFF(month, `2010-01-01T`, `2010-05T`)": "4", "DATE_DIFF(month, `2010T`, `2011T`)": "12", "DATE_DIFF(month, `2011T`, `2010T`)": "-12",
		"DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)": "0", "DATE_DIFF(day, `2010-01-01T01:00Z`, `2010-01-02T01:00Z`)": "1", "DATE_DIFF(year, `2010-12-31T`, `2011-01-01T`)": "0",
		"DATE_DIFF(second, `2010-01-01T00:00:00.9Z`, `2010-01-01T00:00:01.1Z`)": "0",
		"EXTRACT(year FROM `2010-01-01T`)":                                      "2010", "EXTRACT(day FROM `2010-12-31T`)": "31", "EXTRACT(timezone_hour FROM `2010-01-01T02:03:04+07:08`)": "7", "EXTRACT(timezone_minute FROM `2010-01-01T02:03:04+07:08`)": "8",
		"EXTRACT(minute FROM 1)": "<EvaluatorInvalidArguments>", "EXTRACT(era FROM `2010T`)": "<ParseExpectedDatePart>",
		"TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y')": `"July 20, 1969"`, "TO_STRING(`1969-07-20T20:18Z`, 'MMM d, yyyy')": `"Jul 20, 1969"`, "TO_STRING(`1969-07-20T20:18Z`, 'M-d-yy')": `"7-20-69"`, "TO_STRING(`1969-07-20T20:18Z`, 'MM-d-y')": `"07-20-1969"`,
		"TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y h:m a')": `"July 20, 1969 8:18 PM"`, "TO_STRING(`1969-07-20T20:18Z`, 'y-MM-dd''T''H:m:ssX')": `"1969-07-20T20:18:00Z"`, "TO_STRING(`1969-07-20T20:18:00+08:00`, 'y-MM-dd''T''H:m:ssXXXX')": `"1969-07-20T20:18:00+0800"`,
		"TO_STRING(`1969-07-20T20:18:00+08:00`, 'XXXXX')": `"+08:00"`, "TO_STRING(`1969-07-20T20:18:00.123Z`, 'ss.SSS')": `"00.123"`, "TO_STRING(`1969T`, 'q')": "<EvaluatorInvalidTimestampFormatPattern>", "TO_STRING(1, 'y')": "<IllegalSqlFunctionArgument>",
		"UTCNOW()": `"2026-11-27T19:45:00Z"`, "UTCNOW(1)": "<EvaluatorInvalidArguments>",
	} {
		if !strings.HasPrefix(want, "<") {
			want = `{"v":` + want + `}`
		}
		if got := ask(t, "SELECT "+expr+" AS v FROM S3Object", `{}`); got != want {
			t.Errorf("%s is %s, want %s", expr, got, want)
		}
	}
}
