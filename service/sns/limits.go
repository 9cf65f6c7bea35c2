package sns

import "time"

// Quotas and defaults.
// AWS: "Amazon SNS endpoints and quotas", "Filter policy constraints in Amazon
// SNS" and the API reference.
const (
	maxTopicName   = 256
	maxTopics      = 100_000
	maxFIFOTopics  = 1000
	maxDisplayName = 100
	maxTags        = 50
	maxTagKey      = 128
	maxTagValue    = 256
	maxPage        = 100
	maxPolicy      = 30 << 10

	maxMessage        = 256 << 10 // bytes of body and attributes, in a batch together
	maxSubject        = 99        // characters: "must be less than 100"
	maxSMS            = 1600      // bytes
	maxBatch          = 10
	maxBatchID        = 80
	maxID             = 128 // of a deduplication or group id
	maxAttributeName  = 256
	maxRawAttributes  = 10 // what a queue takes
	maxCustomUserData = 2048

	maxFilterSize         = 256 << 10
	maxFilterKeys         = 5
	maxFilterCombinations = 150
	maxTopicFilters       = 200
	maxFIFOSubscriptions  = 100

	dedupInterval  = 5 * time.Minute
	confirmWithin  = 48 * time.Hour // a subscription that is pending for longer is deleted
	maxArchiveDays = 365

	defaultSpendLimit = "1" // US dollars a month
)

const fifoSuffix = ".fifo"

// Values of FilterPolicyScope and of FifoThroughputScope.
const (
	scopeAttributes = "MessageAttributes"
	scopeBody       = "MessageBody"

	throughputTopic = "Topic"
	throughputGroup = "MessageGroup"
)
