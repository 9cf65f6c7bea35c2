package apigatewayv2

import (
	"net/http"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
)

// Meter counts usage; *meter.Meter is one.
type Meter interface {
	Add(call *aws.Call, used []meter.Usage)
}

// What is paid for. AWS: "Amazon API Gateway pricing": requests to HTTP APIs by 512 KB,
// messages of WebSocket APIs in either direction by 32 KB, connections by the minute.
const (
	requestUnit = 512 << 10 // bytes
	messageUnit = 32 << 10  // bytes
)

// units is how many parts of a size there are, at least one.
func units(bytes, size int64) int64 { return max(1, (bytes+size-1)/size) }

// Usage implements meter.Metered. The API itself is free, and so is what it refuses.
func (s *Service) Usage(c *aws.Call) []meter.Usage {
	switch c.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return nil
	}
	switch c.Operation {
	case visiting:
		return []meter.Usage{{Dimension: "ApiGatewayHttpRequest", Amount: units(c.BytesIn, requestUnit)}}
	case posting:
		if c.Status == http.StatusOK {
			return messages(c.BytesIn)
		}
	}
	return nil
}

func messages(bytes int64) []meter.Usage {
	return []meter.Usage{{Dimension: "ApiGatewayMessage", Amount: units(bytes, messageUnit)}}
}

// billMessage counts a message that came or went by a connection.
func (s *Service) billMessage(x *exchange, text []byte) {
	s.Meter.Add(x.call(), messages(int64(len(text))))
}

// billConnection counts how long a connection was open.
func (s *Service) billConnection(c *connection) {
	at := c.at()
	minutes := max(1, int64((s.Clock.Now().Sub(c.Connected)+time.Minute-1)/time.Minute))
	s.Meter.Add(&aws.Call{Account: at.Account, Region: at.Region, Service: "apigatewayv2"}, []meter.Usage{{Dimension: "ApiGatewayMinute", Amount: minutes}})
}
