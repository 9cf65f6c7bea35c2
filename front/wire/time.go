package wire

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/brume-cloud/brume/front/wire/schema"
)

const (
	httpDate     = "Mon, 02 Jan 2006 15:04:05 GMT"
	httpDateFrac = "Mon, 02 Jan 2006 15:04:05.999999999 GMT"
	iso8601      = "2006-01-02T15:04:05Z"
)

var errTime = errors.New("not a timestamp")

// parseTime reads a timestamp in its declared format, else in the protocol's
// default; like AWS it accepts the other formats as well.
func parseTime(s string, f, def schema.TimeFormat) (time.Time, error) {
	if f == schema.DefaultTime {
		f = def
	}
	if f == schema.HTTPDate {
		if t, err := time.Parse(httpDateFrac, s); err == nil {
			return t.UTC(), nil
		}
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), nil
	}
	if sec, err := strconv.ParseFloat(s, 64); err == nil {
		return epoch(sec)
	}
	for _, layout := range []string{httpDateFrac, time.RFC1123, time.RFC850, time.ANSIC, "2006-01-02", "2006-01-02T15:04:05", "20060102T150405Z"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errTime
}

// maxEpoch is the last second of the year 9999, the last that the formats can write.
const maxEpoch = 253402300799

// epoch turns seconds since 1970 into a time, to the millisecond.
func epoch(sec float64) (time.Time, error) {
	if math.IsNaN(sec) || math.Abs(sec) > maxEpoch {
		return time.Time{}, errTime
	}
	whole, frac := math.Modf(sec)
	return time.Unix(int64(whole), int64(math.Round(frac*1e3))*1e6).UTC(), nil
}

// appendTime writes a timestamp as text, without quotes.
func appendTime(b []byte, t time.Time, f, def schema.TimeFormat) []byte {
	if f == schema.DefaultTime || f == schema.ISO8601 && def == schema.ISO8601Milli {
		f = def
	}
	t = t.UTC()
	switch f {
	case schema.HTTPDate:
		return t.AppendFormat(b, httpDate)
	case schema.Epoch:
		b = strconv.AppendInt(b, t.Unix(), 10)
		if ms := t.Nanosecond() / 1e6; ms != 0 {
			b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
		}
		return b
	}
	return appendISO8601(b, t, f == schema.ISO8601Milli)
}

// appendISO8601 is time.AppendFormat for the one layout that long lists are
// full of: with milliseconds where there are any, or always.
func appendISO8601(b []byte, t time.Time, always bool) []byte {
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(b, iso8601)
	}
	hour, minute, second := t.Clock()
	b = appendDigits(appendDigits(b, year/100), year%100)
	b = appendDigits(append(b, '-'), int(month))
	b = appendDigits(append(b, '-'), day)
	b = appendDigits(append(b, 'T'), hour)
	b = appendDigits(append(b, ':'), minute)
	b = appendDigits(append(b, ':'), second)
	if ms := t.Nanosecond() / 1e6; ms != 0 || always {
		b = append(b, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	}
	return append(b, 'Z')
}

// appendDigits appends n, which is below 100, as two digits.
func appendDigits(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }
