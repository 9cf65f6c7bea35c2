package cognitoidentity

import "time"

// Quotas and defaults.
// AWS: "Quotas in Amazon Cognito", Developer Guide.
const (
	maxPools     = 1000 // in a region
	maxProviders = 50   // user pools of a pool
	maxRules     = 25   // of a role mapping
	maxTags      = 50
	maxPage      = 60 // of any listing
)

// How long tokens are good for.
// AWS: GetOpenIdToken, GetOpenIdTokenForDeveloperIdentity.
const (
	tokenTime          = 10 * time.Minute
	developerTokenTime = 15 * time.Minute
	maxTokenTime       = 24 * time.Hour
)
