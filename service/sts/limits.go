package sts

import "time"

// Quotas and defaults. AWS: the API reference of each operation, and "IAM and
// AWS STS quotas".
const (
	roleDefault      = time.Hour      // "AssumeRole", DurationSeconds
	chainLimit       = time.Hour      // "AssumeRole", role chaining
	userDefault      = 12 * time.Hour // "GetSessionToken", "GetFederationToken"
	userLimit        = 36 * time.Hour
	rootLimit        = time.Hour
	maxSessionPolicy = 2048 // characters of the inline and the managed ones together
	maxPolicyARNs    = 10
	maxTags          = 50
	maxTagKey        = 128
	maxTagValue      = 256
	packedLimit      = 2048 // bytes of policies, ARNs and tags when packed; AWS does not say its own
	fetchTimeout     = 5 * time.Second
	maxTokenAge      = 24 * time.Hour

	// keepExpired is how long a session is kept after its end, so that its use is
	// told to be too late rather than wrong.
	keepExpired = 7 * 24 * time.Hour
	// sweepBatch is how many ended sessions are removed when one is made: more
	// than one, so that they become fewer.
	sweepBatch = 4
)
