package cognitoidp

import "time"

// Quotas and defaults.
// AWS: "Quotas in Amazon Cognito", Developer Guide.
const (
	maxPools            = 1000 // in a region
	maxClients          = 1000 // of a pool
	maxCustomAttributes = 50   // of a pool
	maxTags             = 50
	maxGroups           = 10000 // of a pool
	maxMemberships      = 100   // groups of a user
	maxResourceServers  = 25    // of a pool
	maxScopes           = 100   // of a resource server
	maxCallbackURLs     = 100
	maxPage             = 60 // of any listing

	maxAttributeLength = 2048 // characters of any attribute's value
)

// AWS: "Adding user pool password requirements" and PasswordPolicyType.
const (
	defaultMinimumLength = 8
	leastMinimumLength   = 6
	mostMinimumLength    = 99
	maxPasswordLength    = 256
	defaultTemporaryDays = 7
)

// AWS: CreateUserPoolClient, "RefreshTokenValidity" and its neighbours.
const (
	defaultAccessValidity  = time.Hour
	defaultRefreshValidity = 30 * 24 * time.Hour
	leastTokenValidity     = 5 * time.Minute // of access and id tokens
	mostTokenValidity      = 24 * time.Hour
	leastRefreshValidity   = time.Hour
	mostRefreshValidity    = 10 * 365 * 24 * time.Hour
	defaultAuthSession     = 3  // minutes
	maxRotationGrace       = 60 // seconds
)

// How long codes are good for, and how often they may be asked for and tried.
// AWS: "Quotas in Amazon Cognito": between 5 and 20 of them an hour, depending
// on what it thinks of the caller. Here it is always the same.
const (
	codeValidity      = 24 * time.Hour // of sign-up and of attributes
	resetCodeValidity = time.Hour
	maxCodesSent      = 5 // of a kind to a user in an hour
	maxCodesTried     = 10
	tallyTime         = time.Hour
)

// How long what browsers have is good for.
// AWS: "Authorize endpoint" and "Managed login session".
const (
	permitValidity = 5 * time.Minute // of authorization codes
	stayTime       = time.Hour       // of a browser's sign-in
	stateLength    = 43              // characters, about 256 bits
)

// AWS: "Lockout behavior for failed sign-in attempts": after five failures 2^(n-5)
// seconds, at most about 15 minutes, which is also when failures are forgotten.
const (
	freeFailures = 5
	maxLockout   = 15 * time.Minute
)
