package sql

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Functions of dates. AWS: "Date functions", SQL reference for Amazon S3 Select.

// datePart is a part of a timestamp that a query names without quotes.
type datePart string

// The parts that can be extracted; the zone's can be nothing else.
var dateParts = []datePart{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "TIMEZONE_HOUR", "TIMEZONE_MINUTE"}

func (d datePart) ofZone() bool { return strings.HasPrefix(string(d), "TIMEZONE") }

func (p *parser) datePart() (datePart, error) {
	t := p.next()
	d := datePart(strings.ToUpper(t.text))
	if t.kind != word || !slices.Contains(dateParts, d) {
		return "", errorf("ParseExpectedDatePart", "Expected a date part instead of %v at position %d", t, t.at)
	}
	return d, nil
}

// dated is a call that a part of dates belongs to: EXTRACT, DATE_ADD or DATE_DIFF.
type dated struct {
	name string
	part datePart
	list []node
}

func (d *dated) varies() bool { return anyVaries(d.list) }

// extract parses EXTRACT(part FROM timestamp).
func (p *parser) extract() (node, error) {
	part, err := p.datePart()
	if err == nil {
		err = p.expect("FROM")
	}
	if err != nil {
		return nil, err
	}
	of, err := p.expression()
	if err != nil {
		return nil, err
	}
	return &dated{"EXTRACT", part, []node{of}}, p.expect(")")
}

// dateMath parses DATE_ADD(part, quantity, timestamp) and DATE_DIFF(part, from, to).
func (p *parser) dateMath(name string) (node, error) {
	part, err := p.datePart()
	if err == nil && part.ofZone() {
		err = errorf("ParseExpectedDatePart", "%s does not take the date part %s", name, part)
	}
	if err == nil {
		err = p.expect(",")
	}
	if err != nil {
		return nil, err
	}
	list, err := p.arguments(")")
	if err == nil && len(list) != 2 {
		err = errorf("EvaluatorInvalidArguments", "Incorrect number of arguments in the call of %s", name)
	}
	return &dated{name, part, list}, err
}

func (d *dated) eval(e *env) (Value, error) {
	var args []Value
	for _, n := range d.list {
		v, err := n.eval(e)
		if err != nil || v.absent() {
			return Value{Kind: Null}, err
		}
		args = append(args, v)
	}
	for i, a := range args {
		if a.Kind != Time && !(d.name == "DATE_ADD" && i == 0) {
			return a, errorf("EvaluatorInvalidArguments", "Illegal argument was used in the SQL function: %s needs a timestamp", d.name)
		}
	}
	switch d.name {
	case "EXTRACT":
		return integer(d.part.of(args[0].Time)), nil
	case "DATE_DIFF":
		return integer(d.part.between(args[0].Time, args[1].Time)), nil
	}
	n, ok := args[0].number()
	if !ok || n.Kind != Int || n.Int != int64(int32(n.Int)) {
		return n, errorf("EvaluatorInvalidArguments", "Illegal argument was used in the SQL function: %s needs an integer", d.name)
	}
	t := d.part.add(args[1].Time, int(n.Int))
	if t.Year() < 1 || t.Year() > 9999 {
		return n, errorf("EvaluatorTimestampFormatPatternOverflow", "The result of %s is no year from 1 to 9999", d.name)
	}
	return Value{Kind: Time, Time: t}, nil
}

func (d datePart) of(t time.Time) int64 {
	_, offset := t.Zone()
	switch d {
	case "YEAR":
		return int64(t.Year())
	case "MONTH":
		return int64(t.Month())
	case "DAY":
		return int64(t.Day())
	case "HOUR":
		return int64(t.Hour())
	case "MINUTE":
		return int64(t.Minute())
	case "SECOND":
		return int64(t.Second())
	case "TIMEZONE_HOUR":
		return int64(offset / 3600)
	}
	return int64(offset % 3600 / 60)
}

// length is how long a part is, of those that are always alike.
func (d datePart) length() time.Duration {
	switch d {
	case "DAY":
		return 24 * time.Hour
	case "HOUR":
		return time.Hour
	case "MINUTE":
		return time.Minute
	}
	return time.Second
}

// add adds n parts. A day that the month does not have becomes its last.
func (d datePart) add(t time.Time, n int) time.Time {
	switch d {
	case "YEAR":
		return addMonths(t, 12*n)
	case "MONTH":
		return addMonths(t, n)
	}
	if limit := int(math.MaxInt64 / d.length()); n > limit || n < -limit {
		return time.Time{}.AddDate(-1, 0, 0)
	}
	return t.Add(time.Duration(n) * d.length())
}

func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location()).AddDate(0, n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// between counts the whole parts from one moment to another.
// AWS: DATE_DIFF: two moments must be 24 hours apart to be a day apart.
func (d datePart) between(from, to time.Time) int64 {
	if from.After(to) {
		return -d.between(to, from)
	}
	switch d {
	case "YEAR":
		return datePart("MONTH").between(from, to) / 12
	case "MONTH":
		to = to.In(from.Location())
		n := (to.Year()-from.Year())*12 + int(to.Month()-from.Month())
		if addMonths(from, n).After(to) {
			n--
		}
		return int64(n)
	}
	return int64(to.Unix()-from.Unix())/int64(d.length()/time.Second) - borrowed(from, to, d)
}

// borrowed is 1 when the fractions of seconds keep the last part from being whole.
func borrowed(from, to time.Time, d datePart) int64 {
	if (to.Unix()-from.Unix())%int64(d.length()/time.Second) == 0 && to.Nanosecond() < from.Nanosecond() {
		return 1
	}
	return 0
}

// format writes a timestamp by a pattern.
// AWS: TO_STRING: the letters of the pattern, each with the number of times that
// it may stand in a row.
func format(t time.Time, pattern string) (string, error) {
	var b strings.Builder
	for rest := pattern; rest != ""; {
		c := rest[0]
		n := len(rest) - len(strings.TrimLeft(rest, rest[:1]))
		switch {
		case c == '\'': // text, in which two quotes are one
			end := strings.IndexByte(rest[1:], '\'')
			if end < 0 {
				return "", errPattern(pattern)
			}
			if text := rest[1 : end+1]; text != "" {
				b.WriteString(text)
			} else {
				b.WriteByte(c)
			}
			rest = rest[end+2:]
			continue
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			s, ok := letters(t, c, n)
			if !ok {
				return "", errPattern(pattern)
			}
			b.WriteString(s)
		default:
			b.WriteString(rest[:n])
		}
		rest = rest[n:]
	}
	return b.String(), nil
}

func errPattern(pattern string) error {
	return errorf("EvaluatorInvalidTimestampFormatPattern", "Time stamp format pattern contains an invalid pattern in the SQL expression: %s", strconv.Quote(pattern))
}

// letters is what n times the letter c stands for.
func letters(t time.Time, c byte, n int) (string, bool) {
	number := func(v, most int) (string, bool) { return pad(v, n), n <= most }
	switch c {
	case 'y':
		switch n {
		case 1:
			return strconv.Itoa(t.Year()), true
		case 2:
			return pad(t.Year()%100, 2), true
		}
		return pad(t.Year(), 4), n <= 4
	case 'M':
		switch n {
		case 3:
			return t.Format("Jan"), true
		case 4:
			return t.Format("January"), true
		case 5:
			return t.Format("January")[:1], true
		}
		return number(int(t.Month()), 2)
	case 'd':
		return number(t.Day(), 2)
	case 'a':
		return t.Format("PM"), n == 1
	case 'h':
		return number((t.Hour()+11)%12+1, 2)
	case 'H':
		return number(t.Hour(), 2)
	case 'm':
		return number(t.Minute(), 2)
	case 's':
		return number(t.Second(), 2)
	case 'S':
		return pad(t.Nanosecond(), 9)[:min(n, 9)], n <= 9
	case 'n':
		return strconv.Itoa(t.Nanosecond()), n == 1
	case 'X', 'x':
		return zone(t, c == 'X', n)
	}
	return "", false
}

// zone writes the offset: in hours, in hours and minutes, or with a colon.
func zone(t time.Time, zulu bool, n int) (string, bool) {
	_, offset := t.Zone()
	switch {
	case n > 5:
		return "", false
	case zulu && offset == 0:
		return "Z", true
	case n == 1 && offset%3600 == 0:
		return t.Format("-07"), true
	case n == 3 || n == 5:
		return t.Format("-07:00"), true
	}
	return t.Format("-0700"), true
}

func pad(v, width int) string {
	s := strconv.Itoa(v)
	return strings.Repeat("0", max(0, width-len(s))) + s
}
