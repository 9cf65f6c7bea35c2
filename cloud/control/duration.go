package control

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that is written as text, such as "90d".
type Duration time.Duration

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// dayOrWeek finds the units that Go lacks.
var dayOrWeek = regexp.MustCompile(`([0-9]*\.?[0-9]+)([dw])`)

// ParseDuration reads Go's durations and, besides, days and weeks: 90d, 2w3d,
// 1d12h30m.
func ParseDuration(s string) (time.Duration, error) {
	inHours := dayOrWeek.ReplaceAllStringFunc(s, func(m string) string {
		n, err := strconv.ParseFloat(m[:len(m)-1], 64)
		if err != nil {
			return m
		}
		unit := day
		if strings.HasSuffix(m, "w") {
			unit = week
		}
		return strconv.FormatFloat(n*unit.Hours(), 'f', -1, 64) + "h"
	})
	d, err := time.ParseDuration(inHours)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration: write it like 90d, 2w3d or 1h30m", s)
	}
	return d, nil
}

// FormatDuration writes a duration as ParseDuration reads it, to the second
// when it is longer than a minute.
func FormatDuration(d time.Duration) string {
	if d < 0 && d != math.MinInt64 {
		return "-" + FormatDuration(-d)
	}
	if d >= time.Minute {
		d = d.Round(time.Second)
	}
	days := ""
	if d >= day {
		days = strconv.FormatInt(int64(d/day), 10) + "d"
		if d %= day; d == 0 {
			return days
		}
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return days + text
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := ParseDuration(string(text))
	*d = Duration(parsed)
	return err
}

// String returns the duration as ParseDuration reads it.
func (d Duration) String() string { return FormatDuration(time.Duration(d)) }
