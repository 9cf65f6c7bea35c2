package logs

import "time"

// Quotas and defaults.
// AWS: "CloudWatch Logs quotas", and the API reference's PutLogEvents.
const (
	maxBatchBytes    = 1 << 20 // of messages, with overhead
	maxEventBytes    = 1 << 20 // with overhead
	eventOverhead    = 26      // bytes that each event counts more than its message
	maxPageBytes     = 1 << 20 // of messages that one read returns
	maxPageEvents    = 10_000
	maxList          = 50   // groups, streams and filters that one call lists
	maxListGroups    = 1000 // ListLogGroups
	maxTags          = 50
	maxSubscriptions = 2
	maxPolicies      = 10 // resource policies in a region

	maxBatchSpan = 24 * time.Hour
	maxAge       = 14 * 24 * time.Hour // of an event that comes
	maxFuture    = 2 * time.Hour
)

// isRetention reports whether events can be kept for so many days.
// AWS: PutRetentionPolicy, "retentionInDays".
func isRetention(days int32) bool {
	switch days {
	case 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653:
		return true
	}
	return false
}

// Sizes of our own, which change cost and not behaviour.
const (
	blockSize   = 64 << 10  // bytes of a block of several events
	blockSpan   = 10_000    // milliseconds from a block's first event to its last
	readBudget  = 8 << 20   // bytes that one call searches before it answers with a token
	removeBatch = 500       // blocks that one run of a job takes away
	expiryRound = time.Hour // expiry jobs are due at whole hours
	maxRounds   = 10        // attempts of a delivery
)
