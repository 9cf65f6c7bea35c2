package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// While calls come fast the garbage of a few milliseconds is as large as all
// that lives, and collecting it at that size, as Go does by default, is a tenth
// of what a call costs. A busy process gets this much room instead; an idle one
// stays small. With a full cache as much as lives would be far too much: it gets
// no more room than that either.
const (
	room         = 64 << 20               // bytes of garbage before a collection
	busy         = 500 * time.Millisecond // collections that follow each other sooner
	leastPercent = 40                     // of what lives
	usualPercent = 100                    // Go's default: an idle process has no more
	mostPercent  = 800
)

// collectLessWhileBusy adapts Go's collector to the load for as long as the
// process runs, unless GOGC in the environment says how it is to be.
func collectLessWhileBusy() {
	if os.Getenv("GOGC") == "" {
		watchCollections(time.Now(), usualPercent)
	}
}

// watchCollections decides about the next collection when one has ended: that
// is when the sentinel, which nobody refers to, is found gone.
func watchCollections(last time.Time, percent int) {
	sentinel := new([16]byte)
	runtime.AddCleanup(sentinel, func(struct{}) {
		now, most := time.Now(), usualPercent
		if now.Sub(last) < busy {
			most = mostPercent
		}
		wanted := min(max(leastPercent, int(room*100/max(liveHeap(), 1))), most)
		if wanted > percent+percent/4 || wanted < percent-percent/4 {
			debug.SetGCPercent(wanted)
			percent = wanted
		}
		watchCollections(now, percent)
	}, struct{}{})
}

// liveHeap is how many bytes the last collection left.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
