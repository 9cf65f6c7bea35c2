package dynamodb

import (
	"testing"
	"time"
)

func TestLastWriterWins(t *testing.T) {
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	for _, c := range []struct {
		name      string
		v, o      version
		newer     bool
		eitherWay bool // neither is newer
	}{
		{"by time", version{late, 1, "a"}, version{early, 9, "b"}, true, false},
		{"by what it saw", version{early, 2, "a"}, version{early, 1, "b"}, true, false},
		{"by region, so that all agree", version{early, 1, "b"}, version{early, 1, "a"}, true, false},
		{"a write over none", version{early, 1, "a"}, version{}, true, false},
		{"what is there before all writes over none", version{time.Time{}, 1, "a"}, version{}, true, false},
		{"the same write", version{early, 1, "a"}, version{early, 1, "a"}, false, true},
	} {
		if got := c.v.newer(&c.o); got != c.newer {
			t.Errorf("%s: %t", c.name, got)
		}
		if got := c.o.newer(&c.v); got == c.newer && !c.eitherWay {
			t.Errorf("%s, the other way: %t", c.name, got)
		}
	}
}
