package sns

import (
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
	"github.com/brume-cloud/brume/state/kv"
)

// requestChunk is the payload that one request is billed for.
// AWS: "Amazon SNS pricing": every 64 KB chunk is a request.
const requestChunk = 64 << 10

// Usage implements meter.Metered: every call is a request, large ones several.
func (s *Service) Usage(c *aws.Call) []meter.Usage {
	n := max(1, (max(c.BytesIn, c.BytesOut)+requestChunk-1)/requestChunk)
	return []meter.Usage{{Dimension: "Requests-Tier1", Amount: n}}
}

// Meter counts usage; *meter.Meter is one.
type Meter interface {
	Add(call *aws.Call, used []meter.Usage)
}

// deliveryDimension is what a delivery is billed as.
// AWS: "Amazon SNS pricing": deliveries have a price for each protocol; those
// to queues and functions are counted and free.
func deliveryDimension(protocol string) string {
	switch protocol {
	case protocolHTTP, protocolHTTPS:
		return "DeliveryAttempts-HTTP"
	case protocolEmail, protocolEmailJSON:
		return "DeliveryAttempts-SMTP"
	case protocolSMS:
		return "DeliveryAttempts-SMS"
	case protocolApplication:
		return "DeliveryAttempts-PUSH"
	case protocolFirehose:
		return "DeliveryAttempts-FIREHOSE"
	case protocolLambda:
		return "DeliveryAttempts-LAMBDA"
	}
	return "DeliveryAttempts-SQS"
}

// metered counts deliveries by a protocol for the topic's account.
func (s *Service) metered(sc kv.Scope, protocol string, n int64) {
	if s.Meter == nil || n == 0 {
		return
	}
	call := aws.Call{Service: "sns", Account: sc.Account, Region: sc.Region}
	s.Meter.Add(&call, []meter.Usage{{Dimension: deliveryDimension(protocol), Amount: n}})
}

// tally is deliveries by a protocol that a transaction has made.
type tally struct {
	protocol string
	n        int64
}

// count notes a delivery, to be metered when the transaction commits.
func (b *broadcast) count(protocol string) {
	for i := range b.made {
		if b.made[i].protocol == protocol {
			b.made[i].n++
			return
		}
	}
	b.made = append(b.made, tally{protocol, 1})
}

// meterOnCommit has what was counted metered once it is sure.
func (b *broadcast) meterOnCommit() {
	if len(b.made) == 0 {
		return
	}
	b.tx.OnCommit(func(uint64) {
		for _, m := range b.made {
			b.metered(b.t.at.Scope, m.protocol, m.n)
		}
	})
}
