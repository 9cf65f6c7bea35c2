package glacier

import "time"

// Quotas and defaults.
// AWS: "Working with Vaults", "Uploading Large Archives in Parts", "Upload
// Archive", "Retrieving S3 Glacier Archives" and the API reference.
const (
	maxVaults        = 1000 // an account may have in a region
	maxVaultName     = 255
	maxDescription   = 1024
	maxUpload        = 4 << 30 // bytes of an archive uploaded in one request
	minPartSize      = mebibyte
	maxPartSize      = 4 << 30
	maxParts         = 10_000
	maxPolicy        = 20 << 10 // bytes of a vault's policy
	maxTags          = 50
	maxTagsRequest   = 10
	maxTagKey        = 128
	maxTagValue      = 256
	maxListedVaults  = 10 // in one answer; also the default
	maxListed        = 50 // of all else
	maxCapacityUnits = 2

	archiveIDLength  = 138
	jobIDLength      = 92 // of uploads, too
	lockIDLength     = 24
	capacityIDLength = 24
)

// Times.
// AWS: "Initiate Job": Expedited takes 1–5 minutes, Standard 3–5 hours, Bulk
// 5–12 hours. Here each takes the longest: what copes with that copes with less.
const (
	expeditedTime  = 5 * time.Minute
	standardTime   = 5 * time.Hour
	bulkTime       = 12 * time.Hour
	inventoryTime  = 5 * time.Hour
	jobLife        = 24 * time.Hour // after a job's completion
	lockLife       = 24 * time.Hour // of a lock id
	inventoryEvery = 24 * time.Hour
	repeatTime     = time.Hour // a finished multipart upload can be finished again
)

// Data retrieval policies.
const (
	// AWS: "Amazon S3 Glacier FAQs": the rate of a retrieval is its bytes over
	// four hours.
	rateHours = 4
	// AWS: "S3 pricing": 10 GB of Standard retrievals a month are free, which
	// "S3 Glacier Data Retrieval Policies" prorates by the day.
	freeBytes = 10 << 30
)

// Sizes of our own, which change cost and not behaviour.
const (
	bufferSize = 128 << 10 // that a body is read by
	pageSize   = 1000      // archives that one transaction reads for an inventory, or forgets
)
