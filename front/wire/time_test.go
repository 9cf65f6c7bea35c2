package wire

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestISO8601 holds the writing by hand against the standard library's.
func TestISO8601(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		at := time.Unix(r.Int64N(300e9)-60e9, r.Int64N(1e9)).UTC()
		for _, at := range []time.Time{at, at.Truncate(time.Second)} {
			layout := "2006-01-02T15:04:05.000Z"
			if at.Nanosecond() < 1e6 {
				layout = iso8601
			}
			if got, want := string(appendISO8601(nil, at, false)), at.Format(layout); got != want {
				t.Fatalf("%s, want %s", got, want)
			}
		}
	}
}
