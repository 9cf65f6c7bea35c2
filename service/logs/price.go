package logs

import (
	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
)

// Meter counts usage; *meter.Meter is one.
type Meter interface {
	Add(call *aws.Call, used []meter.Usage)
}

// Usage implements meter.Metered. AWS: "Amazon CloudWatch pricing": calls are
// free; what is ingested is paid for.
func (s *Service) Usage(*aws.Call) []meter.Usage { return nil }

// ingested is the usage of bytes that come into a group of a class.
func ingested(class string, bytes int64) []meter.Usage {
	dimension := "DataProcessing-Bytes"
	switch logs.LogGroupClass(class) {
	case logs.LogGroupClassINFREQUENTACCESS:
		dimension = "DataProcessingIA-Bytes"
	case logs.LogGroupClassDELIVERY:
		dimension = "DeliveryDataProcessing-Bytes"
	}
	return []meter.Usage{{Dimension: dimension, Amount: bytes}}
}
