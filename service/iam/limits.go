package iam

import "time"

// Quotas and defaults. AWS: "IAM and AWS STS quotas" unless another page is named.
const (
	maxUsers           = 5000
	maxGroups          = 300
	maxRoles           = 1000
	maxPolicies        = 1500
	maxProfiles        = 1000
	maxCertificates    = 20
	maxOIDCProviders   = 100
	maxSAMLProviders   = 100
	maxGroupsPerUser   = 10
	maxAttached        = 10 // managed policies attached to one user, group or role
	maxVersions        = 5
	maxAccessKeys      = 2
	maxMFADevices      = 8
	maxSigningCerts    = 2
	maxSSHKeys         = 5
	maxServiceCreds    = 2 // for one service and user
	maxTags            = 50
	maxClientIDs       = 100
	maxThumbprints     = 5
	maxPolicySize      = 6144 // characters that are not whitespace, as in all of these
	maxTrustSize       = 2048
	maxUserInlineSize  = 2048 // of all inline policies together, as the two below
	maxGroupInlineSize = 5120
	maxRoleInlineSize  = 10240

	defaultPath       = "/"
	defaultMaxSession = time.Hour // AWS: "CreateRole"
	defaultPage       = 100       // AWS: "Paginate results", MaxItems
	maxPage           = 1000
	// passwordRounds are of PBKDF2-HMAC-SHA256, as OWASP's "Password Storage
	// Cheat Sheet" has them.
	passwordRounds = 600_000

	// useGranularity is how exact "last used" is. AWS: "GetAccessKeyLastUsed"
	// promises none; a row a request would be a write a request.
	useGranularity = 15 * time.Minute
	// reportLifetime is how long a credential report is kept before a new one is
	// made. AWS: "Generate credential reports for your AWS account".
	reportLifetime = 4 * time.Hour
)
