package function

import "time"

// wall is the time that real processes go by: the cloud's clock may jump a day
// while a function computes for a second. Tests put their own in its place.
type wall struct {
	now   func() time.Time
	after func(time.Duration, func()) (stop func() bool)
}

func realTime(now func() time.Time) wall {
	return wall{now: now, after: func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }}
}
