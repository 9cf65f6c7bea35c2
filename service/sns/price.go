package sns

import (
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
)

// requestChunk is the payload that one request is billed for.
// AWS: "Amazon SNS pricing": every 64 KB chunk is a request.
const requestChunk = 64 << 10

// Usage implements meter.Metered: every call is a request, large ones several.
func (s *Service) Usage(c *aws.Call) []meter.Usage {
	n := max(1, (max(c.BytesIn, c.BytesOut)+requestChunk-1)/requestChunk)
	return []meter.Usage{{Dimension: "Requests-Tier1", Amount: n}}
}
