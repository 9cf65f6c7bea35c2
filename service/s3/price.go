package s3

import (
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
)

// Usage implements meter.Metered: requests by their tier, and the bytes that go
// out. Deleting and cancelling is free.
// AWS: "Amazon S3 pricing", requests and data retrievals.
func (s *Service) Usage(c *aws.Call) []meter.Usage {
	all := make([]meter.Usage, 0, 2)
	tier := tierOf(c.Operation)
	if tier != "" {
		if c.Caller.Zonal != nil || strings.Contains(c.Resource, ":s3express:") {
			tier = strings.Replace(tier, "-", "-XZ-", 1)
		}
		all = append(all, meter.Usage{Dimension: tier, Amount: 1})
	}
	if c.BytesOut > 0 {
		all = append(all, meter.Usage{Dimension: "DataTransfer-Out-Bytes", Amount: c.BytesOut})
	}
	return all
}

// transitionTier is the tier of the request that a lifecycle's move is.
// AWS: "Understanding your AWS billing and usage reports for Amazon S3": Tier 3
// to an archive, Tier 4 to the classes that are read at once.
func transitionTier(class string) string {
	if class == classGlacier || class == classDeep {
		return "Requests-Tier3"
	}
	return "Requests-Tier4"
}

func tierOf(operation string) string {
	switch {
	case strings.HasPrefix(operation, "Delete"), strings.HasPrefix(operation, "Abort"), operation == "":
		return ""
	case operation == "RestoreObject":
		return "Requests-Tier3"
	case strings.HasPrefix(operation, "Put"), strings.HasPrefix(operation, "Copy"), strings.HasPrefix(operation, "Create"), strings.HasPrefix(operation, "Upload"),
		strings.HasPrefix(operation, "Complete"), strings.HasPrefix(operation, "List"):
		return "Requests-Tier1"
	}
	return "Requests-Tier2"
}
