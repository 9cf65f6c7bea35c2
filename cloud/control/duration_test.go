package control

import (
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90d": 90 * day, "2w3d": 17 * day, "1d12h30m": 36*time.Hour + 30*time.Minute, "0.5d": 12 * time.Hour, ".5w": 84 * time.Hour,
		"1h": time.Hour, "1500ms": 1500 * time.Millisecond, "-1d": -day, "0s": 0, "1h30m": 90 * time.Minute,
	} {
		got, err := ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("%s is %v, %v", text, got, err)
		}
		if back, err := ParseDuration(FormatDuration(want)); err != nil || back != want {
			t.Errorf("%v is written %s", want, FormatDuration(want))
		}
	}
	for _, text := range []string{"", "d", "90", "3x", "1d-1h", "99999999w", "1dd"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
	for d, want := range map[time.Duration]string{
		90 * day: "90d", day + time.Hour: "1d1h", 90 * time.Minute: "1h30m", time.Minute + 1500*time.Millisecond: "1m2s",
		2 * time.Second: "2s", -36 * time.Hour: "-1d12h", 0: "0s", day + 5*time.Second: "1d5s",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%v is written %s, want %s", d, got, want)
		}
	}
}

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"90d", "2w3d", "1h30m", "-0.5d", "1d5s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		text := FormatDuration(d)
		back, err := ParseDuration(text)
		if err != nil || (back-d).Abs() > time.Second {
			t.Errorf("%q is %v, written %s, which is %v, %v", s, d, text, back, err)
		}
	})
}
