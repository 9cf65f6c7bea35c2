package apigatewayv2

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/front/logwriter"
)

// logExchange writes a line of the access log.
// AWS: "Configure logging for a WebSocket API in API Gateway".
func (s *Service) logExchange(x *exchange) {
	if x.program == nil || x.program.log == nil {
		return
	}
	s.writeLog(x.program, x.connection.at(), x.connection.Stage, logwriter.Line{At: x.at, Text: x.program.log.Line(x.logged)})
}

// logged is a variable of $context in the access log.
func (x *exchange) logged(name string) string {
	if rest, ok := strings.CutPrefix(name, "error."); ok {
		if x.status == http.StatusOK {
			return ""
		}
		return mistaken(x.status, rest)
	}
	if name == "status" {
		return strconv.Itoa(x.status)
	}
	if value := x.variable(name); value != "" {
		return value
	}
	return x.outcome.integrated(name)
}
