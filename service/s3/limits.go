package s3

import "time"

// Quotas and defaults.
// AWS: "Amazon S3 multipart upload limits", "Bucket quotas, limitations, and
// restrictions", "Object key naming guidelines" and the API reference.
const (
	minName          = 3
	maxName          = 63
	maxPointName     = 50
	maxKey           = 1024
	maxMeta          = 2 << 10 // bytes of all names and values
	maxTags          = 10      // of an object
	maxBucketTags    = 50
	maxTagKey        = 128
	maxTagValue      = 256
	maxList          = 1000 // keys, versions, uploads or parts in one answer
	maxBuckets       = 10_000
	maxDirectories   = 1000 // directory buckets in one answer
	maxDelete        = 1000
	maxPart          = 10_000
	minPartSize      = 5 << 20
	maxPut           = 5 << 30 // bytes in one request
	maxObject        = 50 << 40
	maxPolicy        = 20 << 10
	maxGrants        = 100
	maxRules         = 1000 // of a lifecycle or replication
	maxCORSRules     = 100
	maxRoutingRules  = 50
	maxConfigs       = 1000 // analytics, inventory, metrics, intelligent-tiering
	maxForm          = 20 << 10
	pageConfigs      = 100 // of them in one answer
	maxRestoreDays   = 36_500
	maxRetentionDays = 36_500
	infrequentDays   = 30 // without access, until Intelligent-Tiering moves an object
	instantDays      = 90
	leastArchive     = 90 // days that its archive tiers may be set to
	leastDeep        = 180
	maxTierDays      = 730

	replicationMinutes = 15 // in which S3 Replication Time Control has objects copied
	copyAttempts       = 8  // at a copy whose destination does not answer
)

// Sessions with directory buckets.
// AWS: "CreateSession".
const (
	sessionLife   = 5 * time.Minute
	sessionSecret = 40
	sessionToken  = 340

	sessionKept  = time.Hour // after its end, so that it is told that it has expired
	sessionSweep = 100       // that are removed when one is made
)

// Sizes of our own, which change cost and not behaviour.
const (
	inlineSize = 16 << 10  // bodies up to here are rows
	bufferSize = 256 << 10 // through which larger ones are read
	walked     = 8         // keys of a common prefix that are walked before it is jumped over
	openAhead  = 64        // blobs of an object that are open while it is read
	looks      = 8         // at an object that is replaced again and again while it is read
	batch      = 500       // objects that one run of a lifecycle job looks at

	scrubPeriod = 7 * 24 * time.Hour // between the end of a scrub and the next
	scrubPause  = time.Minute        // between its runs
	scrubBytes  = 256 << 20          // that one run reads, and the rest of an object
	scrubRow    = 4 << 10            // what a row counts for
)
