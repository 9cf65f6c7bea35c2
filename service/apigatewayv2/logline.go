package apigatewayv2

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/logwriter"
	"github.com/brume-cloud/brume/front/proxyevent"
)

// outcome is what became of a request.
type outcome struct {
	status  int    // what the integration answered to the API
	backend int    // what the backend answered to the integration
	message string // what went wrong
	latency time.Duration
}

// logVisit writes a line of the access log. AWS: "Configure logging for HTTP APIs".
func (s *Service) logVisit(call *aws.Call, v *visit) {
	s.writeLog(v.program, v.at, v.stage, logwriter.Line{At: call.Start, Text: v.program.log.Line(func(name string) string { return v.context(call, name) })})
}

// writeLog writes a line to the log of a stage.
func (s *Service) writeLog(p *program, at address, stage string, line logwriter.Line) {
	sum := md5.Sum([]byte(at.ID + "/" + stage))
	s.Logs.Write(logwriter.Destination{
		Group: p.group, Stream: hex.EncodeToString(sum[:]),
		// AWS: who sets a log up has been asked for the rights to deliver to it.
		Actor: aws.Actor{Caller: aws.Caller{Kind: aws.Root, Account: at.Account}, Account: at.Account, Region: at.Region},
	}, []logwriter.Line{line})
}

// context is a variable of $context. It is empty where there is nothing.
// AWS: "Customize HTTP API access logs".
func (v *visit) context(call *aws.Call, name string) string {
	if rest, ok := strings.CutPrefix(name, "authorizer."); ok {
		return v.found(rest)
	}
	if rest, ok := strings.CutPrefix(name, "identity."); ok {
		return identity(call, rest)
	}
	if rest, ok := strings.CutPrefix(name, "error."); ok {
		return mistake(call, rest)
	}
	switch name {
	case "accountId":
		return string(v.at.Account)
	case "apiId":
		return v.api
	case "domainName":
		host, _ := v.domainName(call)
		return host
	case "domainPrefix":
		_, prefix := v.domainName(call)
		return prefix
	case "stage":
		return v.stage
	case "routeKey":
		if v.plan != nil {
			return v.plan.route.RouteKey
		}
	case "httpMethod":
		return v.request.Method
	case "path":
		return proxyevent.Decoded(v.whole)
	case "protocol":
		return v.request.Proto
	case "requestId", "extendedRequestId":
		return call.RequestID
	case "requestTime":
		return proxyevent.Written(call.Start)
	case "requestTimeEpoch":
		return strconv.FormatInt(call.Start.UnixMilli(), 10)
	case "status":
		return strconv.Itoa(call.Status)
	case "responseLength":
		return strconv.FormatInt(call.BytesOut, 10)
	case "dataProcessed":
		return strconv.FormatInt(call.BytesIn+call.BytesOut, 10)
	case "responseLatency":
		return strconv.FormatInt(call.Took.Milliseconds(), 10)
	}
	return v.outcome.integrated(name)
}

// integrated are the variables of the integration.
func (o *outcome) integrated(name string) string {
	switch name {
	case "integration.status", "integrationStatus":
		if name == "integration.status" && o.status != 0 {
			return strconv.Itoa(o.status)
		}
		if o.backend != 0 {
			return strconv.Itoa(o.backend)
		}
	case "integration.integrationStatus":
		if o.backend != 0 {
			return strconv.Itoa(o.backend)
		}
	case "integration.latency", "integrationLatency":
		if o.latency != 0 {
			return strconv.FormatInt(o.latency.Milliseconds(), 10)
		}
	case "integration.error", "integrationErrorMessage":
		return o.message
	}
	return ""
}

// found is what the authorizer has found out.
func (v *visit) found(name string) string {
	if claim, ok := strings.CutPrefix(name, "claims."); ok && v.token != nil {
		return v.token.Claims[claim]
	}
	if name == "principalId" {
		return v.principal
	}
	switch value := v.said[name].(type) {
	case nil:
		return ""
	case string:
		return value
	default:
		b, _ := json.Marshal(value) // cannot fail: it came out of JSON
		return string(b)
	}
}

func identity(call *aws.Call, name string) string {
	c := &call.Caller
	switch name {
	case "sourceIp":
		return call.SourceIP
	case "userAgent":
		return call.UserAgent
	case "accountId":
		if c.Kind != aws.Anonymous {
			return string(c.Account)
		}
	case "caller", "user":
		return c.UserID
	case "userArn":
		return c.ARN
	case "accessKey":
		return c.AccessKeyID
	}
	return ""
}

// mistake tells of the error that the API answered with.
func mistake(call *aws.Call, name string) string {
	if call.ErrorCode == "" {
		return ""
	}
	return mistaken(call.Status, name)
}

// mistaken tells of an answer with a status.
func mistaken(status int, name string) string {
	message := map[int]string{400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 413: "Request Entity Too Large", 429: "Too Many Requests", 503: "Service Unavailable"}[status]
	if message == "" {
		message = "Internal Server Error"
	}
	switch name {
	case "message":
		return message
	case "messageString":
		return strconv.Quote(message)
	case "responseType":
		return strings.ToUpper(strings.ReplaceAll(message, " ", "_"))
	}
	return ""
}
