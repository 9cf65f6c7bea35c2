package glacier

import (
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
	"github.com/brume-cloud/brume/state/kv"
)

// Usage implements meter.Metered: every call is a request.
// AWS: "Amazon S3 Glacier pricing": uploads have a price, all else is free.
func (s *Service) Usage(c *aws.Call) []meter.Usage {
	dimension := "Requests-Tier2"
	switch c.Operation {
	case "UploadArchive", "InitiateMultipartUpload", "UploadMultipartPart", "CompleteMultipartUpload":
		dimension = "Requests-Tier1"
	case "PurchaseProvisionedCapacity":
		if c.ErrorCode == "" {
			return []meter.Usage{{Dimension: dimension, Amount: 1}, {Dimension: "ProvisionedCapacity-Units", Amount: 1}}
		}
	}
	return []meter.Usage{{Dimension: dimension, Amount: 1}}
}

// Meter counts usage; *meter.Meter is one.
type Meter interface {
	Add(call *aws.Call, used []meter.Usage)
}

// meterRetrieval counts an archive retrieval that was accepted: each tier has
// its prices for requests and for bytes.
func (s *Service) meterRetrieval(tx kv.Tx, sc kv.Scope, r *retrieval) {
	if s.Meter == nil || r.Action != actionArchive {
		return
	}
	tx.OnCommit(func(uint64) {
		call := aws.Call{Service: "glacier", Account: sc.Account, Region: sc.Region}
		s.Meter.Add(&call, []meter.Usage{
			{Dimension: r.Tier + "-Retrieval-Requests", Amount: 1},
			{Dimension: r.Tier + "-Retrieval-Bytes", Amount: r.To - r.From},
		})
	})
}
