package apigatewayv2

import "github.com/brume-cloud/brume/aws"

// Quotas. AWS: "Quotas for configuring and running an HTTP API", "… a WebSocket API".
const (
	maxAPIs         = 600 // per account and region
	maxRoutes       = 300 // per API
	maxIntegrations = 300 // per API
	maxAuthorizers  = 10  // per API
	maxStages       = 10  // per API
	maxDomains      = 120 // per account and region
	maxMappings     = 200 // per domain
	maxVPCLinks     = 10  // per account and region
	maxTags         = 50  // per resource
	maxScopes       = 10  // authorization scopes per route
	maxAudience     = 50  // of a JWT authorizer
	maxVariable     = 512 // characters
	maxPage         = 500 // of a listing
	maxName         = 128 // characters
	maxDescription  = 1024
)

// Lengths of ids.
const (
	apiIDLength = 10
	edgeLabel   = 13 // of a host of CloudFront
	longID      = 7  // routes, integrations
	shortID     = 6  // authorizers, deployments, models, mappings
)

const idAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

func (s *Service) id(length int) string { return aws.Text(s.Random, idAlphabet, length) }
