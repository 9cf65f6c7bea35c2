package apigateway

import (
	"net/http"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
)

// Usage implements meter.Metered: requests to APIs are paid for, the API is free.
// AWS: "Amazon API Gateway pricing": neither are requests that were not authorised,
// nor those beyond a rate or a quota.
func (s *Service) Usage(c *aws.Call) []meter.Usage {
	if c.Operation != visiting || c.Status == http.StatusUnauthorized || c.Status == http.StatusForbidden || c.Status == http.StatusTooManyRequests {
		return nil
	}
	return []meter.Usage{{Dimension: "ApiGatewayRequest", Amount: 1}}
}
