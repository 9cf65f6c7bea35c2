package apigatewayv2

import (
	"regexp"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

var (
	stageName     = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)
	variableName  = regexp.MustCompile(`^[a-zA-Z0-9_]{1,64}$`)
	variableValue = regexp.MustCompile(`^[A-Za-z0-9\-._~:/?#&=,@]*$`)
)

// checkStage checks the settings of a stage.
func (a address) checkStage(tx kv.Tx, d *apigatewayv2.Api, st *apigatewayv2.Stage) error {
	http := d.ProtocolType == apigatewayv2.ProtocolTypeHTTP
	switch {
	case !stageName.MatchString(st.StageName) && !(http && st.StageName == defaultStage):
		return bad("Stage name only allows a-zA-Z0-9_-")
	case len(deref(st.Description)) > maxDescription:
		return bad("Invalid description specified: it must have at most %d characters", maxDescription)
	case st.ClientCertificateId != nil && http:
		return bad("ClientCertificateId is only supported for WebSocket APIs")
	case st.ClientCertificateId != nil:
		return unbuilt("client certificates")
	}
	for k, v := range st.StageVariables {
		if !variableName.MatchString(k) || len(v) > maxVariable || !variableValue.MatchString(v) {
			return bad("Stage variables may only contain alphanumeric characters and underscores in their names, and their values must match the regular expression [A-Za-z0-9-._~:/?#&=,]+: %s", k)
		}
	}
	if err := checkSettings(http, st.DefaultRouteSettings); err != nil {
		return err
	}
	keys := map[string]bool{}
	for _, r := range routes.all(tx, a.Scope, a.ID) {
		keys[r.RouteKey] = true
	}
	for key, settings := range st.RouteSettings {
		if !keys[key] {
			return noRouteSettings(key)
		}
		if err := checkSettings(http, &settings); err != nil {
			return err
		}
	}
	return checkAccessLog(st.AccessLogSettings)
}

func noRouteSettings(routeKey string) error {
	return apigatewayv2.ErrNotFoundException(&apigatewayv2.NotFoundException{}, "Unable to find Route by key %s within the provided RouteSettings", routeKey)
}

// checkSettings checks how routes are throttled and logged.
func checkSettings(http bool, r *apigatewayv2.RouteSettings) error {
	switch {
	case r == nil:
		return nil
	case http && (deref(r.DataTraceEnabled) || r.LoggingLevel != "" && r.LoggingLevel != apigatewayv2.LoggingLevelOFF):
		return bad("Execution logs are not supported on protocolType HTTP")
	case deref(r.ThrottlingRateLimit) < 0 || deref(r.ThrottlingBurstLimit) < 0:
		return bad("Throttling limits must not be negative")
	}
	return nil
}

// checkAccessLog checks where requests are logged, and how.
// AWS: "Customize HTTP API access logs": a log group is the only place, and the
// format must have a request's id.
func checkAccessLog(l *apigatewayv2.AccessLogSettings) error {
	if l == nil {
		return nil
	}
	at, err := aws.ParseARN(deref(l.DestinationArn))
	if err != nil || at.Service != "logs" || !strings.HasPrefix(at.Resource, "log-group:") {
		return bad("Invalid ARN specified in the request. ARNs must start with 'arn:' and AccessLogSettings need that of a log group: %s", deref(l.DestinationArn))
	}
	f := deref(l.Format)
	if strings.ContainsAny(strings.TrimSpace(f), "\r\n") {
		return bad("Invalid access log format: it must be a single line")
	}
	if !strings.Contains(f, "$context.requestId") && !strings.Contains(f, "$context.extendedRequestId") {
		return bad("Access Log format must be single line, new line character is allowed only at end of the format and format should contain '$context.requestId'")
	}
	return nil
}
