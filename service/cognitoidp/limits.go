package cognitoidp

import "time"

// Quotas and defaults.
// AWS: "Quotas in Amazon Cognito", Developer Guide.
const (
	maxPools            = 1000 // in a region
	maxClients          = 1000 // of a pool
	maxCustomAttributes = 50   // of a pool
	maxTags             = 50
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
