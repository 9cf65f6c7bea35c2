package dynamodb

import (
	"strings"
	"testing"
)

func TestNumbersOutOfRangeAreToldByTheOlderChecksInTheirWay(t *testing.T) {
	for s, want := range map[string][2]string{
		"1e126":                 {"Number overflow", "Number overflow"},
		"1e2147483647":          {"Number overflow", "Number underflow"},
		"1e2147483648":          {"Number overflow", "The parameter cannot be converted to a numeric value: 1e2147483648"},
		"1e-2147483648":         {"Number underflow", "The parameter cannot be converted to a numeric value: 1e-2147483648"},
		"1.5e-2147483647":       {"Number underflow", "The parameter cannot be converted to a numeric value: 1.5e-2147483647"},
		"1e9223372036854775808": {"The parameter cannot be converted to a numeric value: 1e9223372036854775808", "The parameter cannot be converted to a numeric value: 1e9223372036854775808"},
		"":                      {"The parameter cannot be converted to a numeric value: ", "The parameter cannot be converted to a numeric value"},
		"0e126":                 {"Number overflow", "Number overflow"},
	} {
		_, err := parseNumber(s)
		bad, ok := err.(*badValue)
		if !ok || !strings.HasPrefix(bad.now, want[0]) || !strings.HasPrefix(bad.old, want[1]) {
			t.Errorf("%q: %+v, want %q", s, err, want)
		}
	}
}
