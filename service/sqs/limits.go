package sqs

import "time"

// Quotas and defaults.
// AWS: "Amazon SQS message quotas", "Amazon SQS queue quotas" and the API
// reference's CreateQueue.
const (
	maxName            = 80
	minSize            = 1 << 10
	maxSize            = 1 << 20
	maxBatch           = 10
	maxBatchID         = 80
	maxAttributes      = 10
	maxAttributeName   = 256
	maxReceive         = 10
	maxInFlight        = 120_000 // both kinds of queue
	maxID              = 128     // of a deduplication, group or attempt id
	maxTags            = 50
	maxTagKey          = 128
	maxTagValue        = 256
	maxPermissions     = 20
	maxPermissionUsers = 50
	maxActions         = 7
	maxList            = 1000
	maxReceiveCount    = 1000
	maxSourceQueues    = 10
	maxMoveRate        = 500 // messages a second
	maxMoveTasks       = 10  // listed, and kept

	maxDelay      = 15 * time.Minute
	minRetention  = time.Minute
	maxRetention  = 14 * 24 * time.Hour
	maxWait       = 20 * time.Second
	maxVisibility = 12 * time.Hour
	minKMSReuse   = time.Minute
	maxKMSReuse   = 24 * time.Hour

	defaultRetention  = 4 * 24 * time.Hour
	defaultVisibility = 30 * time.Second
	defaultKMSReuse   = 5 * time.Minute

	dedupInterval   = 5 * time.Minute
	attemptInterval = 5 * time.Minute
	purgeInterval   = time.Minute // between two PurgeQueue calls
	deletedInterval = time.Minute // before a deleted queue's name can be used again
)

const fifoSuffix = ".fifo"

// Sizes of our own, which change cost and not behaviour.
const (
	apartSize     = 16 << 10               // bodies from here on are kept in a row of their own
	sweepInterval = 100 * time.Millisecond // at most so much later do messages become visible
	sweepBatch    = 1000                   // messages that one sweep brings back
	headEvery     = 64                     // one in so many receives remembers the head
	expiryBatch   = 1000                   // messages that one run of the expiry job drops
	expiryRound   = time.Second            // expiry jobs are due at whole seconds
)
