package apigateway

import "time"

// AWS: "Quotas for configuring and running a REST API".
const (
	maxPayload   = 10 << 20 // bytes of a request and of an answer
	maxHeaders   = 10240    // bytes of all header values
	maxResources = 300      // of an API
	maxStages    = 10       // of an API
	maxTags      = 50
	maxTTL       = 3600 // seconds an authorizer's answer, or an integration's, is kept for

	minTimeout     = 50 * time.Millisecond
	defaultTimeout = 29 * time.Second
	maxTimeout     = 29 * time.Second
)

// AWS: "Throttle requests to your REST APIs", account-level throttling.
const (
	accountRate  = 10000 // requests a second
	accountBurst = 5000
)
